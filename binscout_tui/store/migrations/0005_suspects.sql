-- Labels that are probably wrong, found by the last look; can be made again. `class_id` is the label at that time: a
-- row whose image has another label by now says nothing any more.
CREATE TABLE suspect (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    class_id INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,
    likely_class_id INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,
    probability REAL NOT NULL CHECK (probability BETWEEN 0 AND 1),
    likely_probability REAL NOT NULL CHECK (likely_probability BETWEEN 0 AND 1),
    margin REAL NOT NULL CHECK (margin BETWEEN 0 AND 1),
    rank INTEGER NOT NULL UNIQUE CHECK (rank > 0),
    features TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX suspect_probability ON suspect (probability, image_id);

-- A person says that a label is right all the same. It holds for this label, looked at by these features.
CREATE TABLE suspect_dismissed (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    class_id INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,
    features TEXT NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;
