-- What a person says of the things in a picture, apart from its class label: boxes, that there is nothing, or nothing yet.
-- No row: nobody looked for boxes. `boxes`: there is at least one row in `label_box`.
CREATE TABLE box_label (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('boxes', 'empty', 'skipped')),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX box_label_state ON box_label (state, image_id);

-- A box of the upright picture, normalised; without a class where it only says that there is something.
CREATE TABLE label_box (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES box_label ON DELETE CASCADE,
    class_id INTEGER REFERENCES class ON DELETE RESTRICT,
    x1 REAL NOT NULL, y1 REAL NOT NULL, x2 REAL NOT NULL, y2 REAL NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    CHECK (0 <= x1 AND x1 < x2 AND x2 <= 1 AND 0 <= y1 AND y1 < y2 AND y2 <= 1)
) STRICT;
CREATE INDEX label_box_image ON label_box (image_id);
CREATE INDEX label_box_class ON label_box (class_id, image_id);

-- How many a person counted, of a class or of all things; what a model counts is a prediction.
CREATE TABLE label_count (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    class_id INTEGER REFERENCES class ON DELETE RESTRICT,
    count INTEGER NOT NULL CHECK (count >= 0),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX label_count_one ON label_count (image_id, coalesce(class_id, 0));
CREATE INDEX label_count_class ON label_count (class_id, image_id);

-- `position` NULL: after those that somebody put in order, as they were made.
ALTER TABLE class ADD COLUMN colour TEXT CHECK (colour GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]');
ALTER TABLE class ADD COLUMN grp TEXT NOT NULL DEFAULT '';
ALTER TABLE class ADD COLUMN parent_id INTEGER REFERENCES class ON DELETE SET NULL;
ALTER TABLE class ADD COLUMN position INTEGER CHECK (position >= 0);
