CREATE TABLE user (
    uid INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Ids grow in the order of arrival, which is the default order everywhere.
CREATE TABLE image (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    origin TEXT NOT NULL CHECK (origin IN ('captured', 'imported', 'generated')),
    storage TEXT NOT NULL CHECK (storage IN ('copy', 'in_place')),
    path BLOB NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    health TEXT NOT NULL DEFAULT 'ok' CHECK (health IN ('ok', 'changed', 'missing')),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    mtime_ns INTEGER NOT NULL,
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    format TEXT NOT NULL,
    mode TEXT NOT NULL,
    frames INTEGER NOT NULL DEFAULT 1 CHECK (frames > 0),
    orientation INTEGER NOT NULL DEFAULT 1 CHECK (orientation BETWEEN 1 AND 8),
    taken_at TEXT,
    family TEXT NOT NULL DEFAULT '',
    source_group TEXT NOT NULL,
    phash INTEGER,
    sharpness REAL,
    warnings TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(warnings)),
    added_at TEXT NOT NULL,
    added_by INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    trashed_at TEXT,
    trashed_by INTEGER REFERENCES user ON DELETE RESTRICT,
    CHECK ((trashed_at IS NULL) = (trashed_by IS NULL))
) STRICT;
-- A path that was overwritten by other bytes stays on record for the image that is gone.
CREATE UNIQUE INDEX image_path ON image (path) WHERE health = 'ok';
CREATE INDEX image_live ON image (id) WHERE trashed_at IS NULL;
CREATE INDEX image_trash ON image (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX image_in_place ON image (id) WHERE storage = 'in_place';
CREATE INDEX image_source_group ON image (source_group);

-- `chosen_image_id` is one column of the set, so two chosen images cannot be written down.
CREATE TABLE image_set (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('folder', 'burst', 'stage', 'similar', 'hand')),
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'skipped', 'rejected')),
    chosen_image_id INTEGER,
    note TEXT NOT NULL DEFAULT '',
    added_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by INTEGER REFERENCES user ON DELETE RESTRICT,
    CHECK ((state = 'done') = (chosen_image_id IS NOT NULL)),
    FOREIGN KEY (id, chosen_image_id) REFERENCES set_member (set_id, image_id)
        ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX image_set_state ON image_set (state, id);

CREATE TABLE set_member (
    set_id INTEGER NOT NULL REFERENCES image_set ON DELETE CASCADE,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE RESTRICT,
    position INTEGER NOT NULL CHECK (position >= 0),
    PRIMARY KEY (set_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX set_member_image ON set_member (image_id);

-- A crop with `set_id` belongs to the choice of that set; others are free boxes on an image.
CREATE TABLE crop (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    set_id INTEGER UNIQUE REFERENCES image_set ON DELETE CASCADE,
    x1 REAL NOT NULL, y1 REAL NOT NULL, x2 REAL NOT NULL, y2 REAL NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    CHECK (0 <= x1 AND x1 < x2 AND x2 <= 1 AND 0 <= y1 AND y1 < y2 AND y2 <= 1)
) STRICT;
CREATE INDEX crop_image ON crop (image_id);

CREATE TABLE class (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    key TEXT CHECK (length(key) = 1),
    archived_at TEXT,
    images INTEGER NOT NULL DEFAULT 0 CHECK (images >= 0)
) STRICT;

-- No row: unlabelled. `empty`: a person says that there is nothing. `skipped`: a person passed by.
CREATE TABLE label (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('class', 'empty', 'skipped')),
    class_id INTEGER REFERENCES class ON DELETE RESTRICT,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    CHECK ((state = 'class') = (class_id IS NOT NULL))
) STRICT;
CREATE INDEX label_class ON label (class_id, image_id);

CREATE TRIGGER label_added AFTER INSERT ON label WHEN new.class_id IS NOT NULL BEGIN
    UPDATE class SET images = images + 1 WHERE id = new.class_id;
END;
CREATE TRIGGER label_removed AFTER DELETE ON label WHEN old.class_id IS NOT NULL BEGIN
    UPDATE class SET images = images - 1 WHERE id = old.class_id;
END;
CREATE TRIGGER label_changed AFTER UPDATE OF class_id ON label BEGIN
    UPDATE class SET images = images - 1 WHERE id = old.class_id;
    UPDATE class SET images = images + 1 WHERE id = new.class_id;
END;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    area TEXT NOT NULL,
    action TEXT NOT NULL,
    target INTEGER,
    before TEXT NOT NULL CHECK (json_valid(before)),
    after TEXT NOT NULL CHECK (json_valid(after)),
    suggested TEXT CHECK (suggested IS NULL OR json_valid(suggested)),
    undoes INTEGER REFERENCES journal ON DELETE RESTRICT,
    redoes INTEGER REFERENCES journal ON DELETE RESTRICT
) STRICT;
CREATE INDEX journal_target ON journal (area, target);
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- Which decisions undo and redo can still walk, by person and area.
CREATE TABLE undo_entry (
    journal_id INTEGER PRIMARY KEY REFERENCES journal ON DELETE RESTRICT,
    uid INTEGER NOT NULL,
    area TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1))
) STRICT;
CREATE INDEX undo_walk ON undo_entry (uid, area, undone, journal_id);

CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    pid INTEGER,
    pid_started TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    heartbeat_at TEXT,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    cancel_asked INTEGER NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1)),
    error TEXT,
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    created_at TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
) STRICT;
CREATE INDEX job_open ON job (state, id) WHERE state IN ('queued', 'running');

-- `name` is the one that was given last.
CREATE TABLE dataset (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    task TEXT NOT NULL CHECK (task IN ('classify', 'select', 'count')),
    manifest TEXT NOT NULL,
    counts TEXT NOT NULL CHECK (json_valid(counts)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every build names a version; a name means the version that was built under it last.
CREATE TABLE dataset_name (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX dataset_name_newest ON dataset_name (name, id);
CREATE INDEX dataset_name_version ON dataset_name (dataset_id, id);

CREATE TABLE dataset_item (
    dataset_id TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    label TEXT NOT NULL,
    split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
    source_group TEXT NOT NULL,
    PRIMARY KEY (dataset_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_item_image ON dataset_item (sha256);

-- A group keeps its split for ever, so that adding data never moves a test image into training.
CREATE TABLE split_assignment (
    task TEXT NOT NULL,
    source_group TEXT NOT NULL,
    split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
    PRIMARY KEY (task, source_group)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES dataset ON DELETE RESTRICT,
    preset TEXT NOT NULL,
    job_id INTEGER NOT NULL UNIQUE REFERENCES job ON DELETE RESTRICT,
    config TEXT NOT NULL CHECK (json_valid(config)),
    metrics TEXT CHECK (metrics IS NULL OR json_valid(metrics)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
    id TEXT PRIMARY KEY,
    run_id TEXT REFERENCES run ON DELETE RESTRICT,
    task TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    bytes INTEGER NOT NULL,
    card TEXT NOT NULL CHECK (json_valid(card)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE known_good (
    task TEXT NOT NULL,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE RESTRICT,
    expected TEXT NOT NULL,
    must_pass INTEGER NOT NULL DEFAULT 0 CHECK (must_pass IN (0, 1)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    PRIMARY KEY (task, image_id)
) STRICT, WITHOUT ROWID;

-- A verdict holds for these weights, this known-good list, these floors, beside this active model, and no others.
CREATE TABLE gate (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id TEXT NOT NULL REFERENCES model ON DELETE RESTRICT,
    passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
    checks TEXT NOT NULL CHECK (json_valid(checks)),
    model_hash TEXT NOT NULL,
    list_hash TEXT NOT NULL,
    floors_hash TEXT NOT NULL,
    active_model_id TEXT REFERENCES model ON DELETE RESTRICT,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX gate_model ON gate (model_id, id);

CREATE TABLE activation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL,
    model_id TEXT REFERENCES model ON DELETE RESTRICT,
    previous_model_id TEXT REFERENCES model ON DELETE RESTRICT,
    action TEXT NOT NULL CHECK (action IN ('activate', 'rollback')),
    gate_id INTEGER REFERENCES gate ON DELETE RESTRICT,
    reason TEXT NOT NULL DEFAULT '',
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    CHECK (action = 'rollback' OR gate_id IS NOT NULL OR trim(reason) <> '')
) STRICT;

CREATE TABLE active_model (
    task TEXT PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES model ON DELETE RESTRICT,
    activation_id INTEGER NOT NULL REFERENCES activation ON DELETE RESTRICT
) STRICT, WITHOUT ROWID;

CREATE TABLE prediction (
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    model_id TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
    label TEXT,
    score REAL CHECK (score BETWEEN 0 AND 1),
    unknown INTEGER NOT NULL CHECK (unknown IN (0, 1)),
    error TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (image_id, model_id),
    CHECK ((label IS NULL) = (error IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX prediction_model ON prediction (model_id, score);

-- Where a person stopped reading a run's log, and where in an area they were.
CREATE TABLE log_cursor (
    uid INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    run_id TEXT NOT NULL REFERENCES run ON DELETE CASCADE,
    cursor TEXT NOT NULL CHECK (json_valid(cursor)),
    PRIMARY KEY (uid, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE place (
    uid INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    area TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    at TEXT NOT NULL,
    PRIMARY KEY (uid, area)
) STRICT, WITHOUT ROWID;
