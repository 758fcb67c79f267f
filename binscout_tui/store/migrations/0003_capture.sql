-- A captured picture is an image from the start, but nothing uses it before it was accepted.
ALTER TABLE image ADD COLUMN withheld TEXT CHECK (withheld IN ('staged', 'superseded', 'rejected'));
DROP INDEX image_live;
CREATE INDEX image_live ON image (id) WHERE trashed_at IS NULL AND withheld IS NULL;

-- A class counts the labels of images that are not withheld.
DROP TRIGGER label_added;
DROP TRIGGER label_removed;
DROP TRIGGER label_changed;
CREATE TRIGGER label_added AFTER INSERT ON label WHEN new.class_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND withheld IS NOT NULL) BEGIN
    UPDATE class SET images = images + 1 WHERE id = new.class_id;
END;
CREATE TRIGGER label_removed AFTER DELETE ON label WHEN old.class_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM image WHERE id = old.image_id AND withheld IS NOT NULL) BEGIN
    UPDATE class SET images = images - 1 WHERE id = old.class_id;
END;
CREATE TRIGGER label_changed AFTER UPDATE OF class_id ON label
    WHEN NOT EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND withheld IS NOT NULL) BEGIN
    UPDATE class SET images = images - 1 WHERE id = old.class_id;
    UPDATE class SET images = images + 1 WHERE id = new.class_id;
END;
CREATE TRIGGER image_withheld AFTER UPDATE OF withheld ON image WHEN old.withheld IS NULL AND new.withheld IS NOT NULL BEGIN
    UPDATE class SET images = images - 1 WHERE id = (SELECT class_id FROM label WHERE image_id = new.id);
END;
CREATE TRIGGER image_accepted AFTER UPDATE OF withheld ON image WHEN old.withheld IS NOT NULL AND new.withheld IS NULL BEGIN
    UPDATE class SET images = images + 1 WHERE id = (SELECT class_id FROM label WHERE image_id = new.id);
END;
-- While the image is there its label is still counted rightly.
CREATE TRIGGER image_purged BEFORE DELETE ON image BEGIN
    DELETE FROM label WHERE image_id = old.id;
END;

-- `target` is how many pictures are wanted; NULL means the number in the settings.
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    number TEXT NOT NULL DEFAULT '',
    class_id INTEGER REFERENCES class ON DELETE SET NULL,
    target INTEGER CHECK (target >= 0),
    note TEXT NOT NULL DEFAULT '',
    archived_at TEXT,
    added_at TEXT NOT NULL,
    added_by INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT
) STRICT;
CREATE INDEX item_class ON item (class_id);

-- `code` is what stands on the label of a compartment.
CREATE TABLE compartment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 100),
    name TEXT NOT NULL DEFAULT '',
    organiser TEXT NOT NULL DEFAULT '',
    archived_at TEXT,
    added_at TEXT NOT NULL,
    added_by INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT
) STRICT;

-- Which item lives in which compartment; the row without an end is what is so now.
CREATE TABLE placement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    compartment_id INTEGER NOT NULL REFERENCES compartment ON DELETE CASCADE,
    item_id INTEGER NOT NULL REFERENCES item ON DELETE RESTRICT,
    at TEXT NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    ended_at TEXT,
    ended_by INTEGER REFERENCES user ON DELETE RESTRICT
) STRICT;
CREATE UNIQUE INDEX placement_now ON placement (compartment_id) WHERE ended_at IS NULL;
CREATE INDEX placement_item ON placement (item_id);

CREATE TABLE capture_source (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    kind TEXT NOT NULL CHECK (kind IN ('inbox', 'command', 'http', 'v4l2')),
    config TEXT NOT NULL CHECK (json_valid(config)),
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    state TEXT NOT NULL DEFAULT 'off' CHECK (state IN ('off', 'ready', 'working', 'failing')),
    message TEXT NOT NULL DEFAULT '',
    state_at TEXT NOT NULL,
    added_at TEXT NOT NULL,
    added_by INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT
) STRICT;

-- `owns_image` is 0 where the same picture was in the workspace before: then only the capture is decided on.
-- `fingerprint` makes a second look at the same file the same capture.
-- A failed one has no image, also when it was rejected or taken again.
CREATE TABLE capture (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER REFERENCES capture_source ON DELETE SET NULL,
    state TEXT NOT NULL CHECK (state IN ('staged', 'accepted', 'superseded', 'rejected', 'failed')),
    image_id INTEGER REFERENCES image ON DELETE RESTRICT,
    owns_image INTEGER NOT NULL DEFAULT 0 CHECK (owns_image IN (0, 1)),
    compartment_id INTEGER REFERENCES compartment ON DELETE SET NULL,
    item_id INTEGER REFERENCES item ON DELETE SET NULL,
    attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 1),
    replaces INTEGER REFERENCES capture ON DELETE RESTRICT,
    origin TEXT NOT NULL DEFAULT '',
    path BLOB,
    fingerprint TEXT UNIQUE,
    checks TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(checks)),
    codes TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(codes)),
    error_code TEXT,
    error TEXT,
    reason TEXT NOT NULL DEFAULT '',
    added_at TEXT NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    decided_at TEXT,
    decided_by INTEGER REFERENCES user ON DELETE RESTRICT,
    CHECK ((image_id IS NULL) = (error IS NOT NULL)),
    CHECK (state <> 'failed' OR image_id IS NULL),
    CHECK (state NOT IN ('staged', 'accepted') OR image_id IS NOT NULL)
) STRICT;
CREATE INDEX capture_state ON capture (state, id);
CREATE INDEX capture_image ON capture (image_id);
CREATE INDEX capture_item ON capture (item_id, state, image_id);
CREATE INDEX capture_compartment ON capture (compartment_id, item_id, state);
CREATE INDEX capture_replaces ON capture (replaces) WHERE replaces IS NOT NULL;

-- How many captures are in each state, kept and not counted.
CREATE TABLE capture_count (
    state TEXT PRIMARY KEY CHECK (state IN ('staged', 'accepted', 'superseded', 'rejected', 'failed')),
    captures INTEGER NOT NULL DEFAULT 0 CHECK (captures >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO capture_count (state) VALUES ('staged'), ('accepted'), ('superseded'), ('rejected'), ('failed');
CREATE TRIGGER capture_added AFTER INSERT ON capture BEGIN
    UPDATE capture_count SET captures = captures + 1 WHERE state = new.state;
END;
CREATE TRIGGER capture_removed AFTER DELETE ON capture BEGIN
    UPDATE capture_count SET captures = captures - 1 WHERE state = old.state;
END;
CREATE TRIGGER capture_moved AFTER UPDATE OF state ON capture WHEN old.state <> new.state BEGIN
    UPDATE capture_count SET captures = captures - 1 WHERE state = old.state;
    UPDATE capture_count SET captures = captures + 1 WHERE state = new.state;
END;

-- A shot that a person wants; the process that holds the cameras takes it.
CREATE TABLE capture_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL REFERENCES capture_source ON DELETE CASCADE,
    compartment_id INTEGER REFERENCES compartment ON DELETE SET NULL,
    item_id INTEGER REFERENCES item ON DELETE SET NULL,
    replaces INTEGER REFERENCES capture ON DELETE SET NULL,
    reason TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'working', 'done', 'failed')),
    capture_id INTEGER REFERENCES capture ON DELETE SET NULL,
    error TEXT,
    at TEXT NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT
) STRICT;
CREATE INDEX capture_request_open ON capture_request (id) WHERE state IN ('waiting', 'working');

-- A candidate that a person ruled out, while the set is not decided.
ALTER TABLE set_member ADD COLUMN ruled_out INTEGER NOT NULL DEFAULT 0 CHECK (ruled_out IN (0, 1));

-- Free boxes may say what is in them; images wait in a queue to get them.
ALTER TABLE crop ADD COLUMN item_id INTEGER REFERENCES item ON DELETE SET NULL;
CREATE TABLE crop_task (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'skipped')),
    at TEXT NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT
) STRICT;
CREATE INDEX crop_task_waiting ON crop_task (image_id) WHERE state = 'waiting';

-- What a model, or a rule called by its name, says of a set.
CREATE TABLE set_suggestion (
    set_id INTEGER NOT NULL REFERENCES image_set ON DELETE CASCADE,
    by TEXT NOT NULL,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    score REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
    crop TEXT CHECK (crop IS NULL OR json_valid(crop)),
    at TEXT NOT NULL,
    PRIMARY KEY (set_id, by)
) STRICT, WITHOUT ROWID;
