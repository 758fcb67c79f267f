-- A verdict is pass, fail, or error (what could not be tried). `broken` are samples that the active model had right,
-- `replay` what the model said of a few of them: at its activation it must say that again.
ALTER TABLE gate ADD COLUMN state TEXT NOT NULL DEFAULT 'fail' CHECK (state IN ('pass', 'fail', 'error'));
ALTER TABLE gate ADD COLUMN broken TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(broken));
ALTER TABLE gate ADD COLUMN replay TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(replay));
UPDATE gate SET state = CASE passed WHEN 1 THEN 'pass' ELSE 'fail' END;

-- What a person writes about a model. A deleted one has no files any more; its verdicts and activations stay told.
ALTER TABLE model ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE model ADD COLUMN deleted_at TEXT;
ALTER TABLE model ADD COLUMN deleted_by INTEGER REFERENCES user ON DELETE RESTRICT;

-- Known-good images for counting: how many there are, of a class or of anything.
CREATE TABLE known_good_count (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE RESTRICT,
    class_id INTEGER REFERENCES class ON DELETE SET NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    must_pass INTEGER NOT NULL DEFAULT 0 CHECK (must_pass IN (0, 1)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;

-- Known-good sets, as they were when they were listed: a set that is grouped or decided anew changes nothing here.
CREATE TABLE known_good_set (
    key TEXT PRIMARY KEY,
    set_id INTEGER REFERENCES image_set ON DELETE SET NULL,
    crop TEXT CHECK (crop IS NULL OR json_valid(crop)),
    must_pass INTEGER NOT NULL DEFAULT 0 CHECK (must_pass IN (0, 1)),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE known_good_member (
    key TEXT NOT NULL REFERENCES known_good_set ON DELETE CASCADE,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE RESTRICT,
    position INTEGER NOT NULL CHECK (position >= 0),
    chosen INTEGER NOT NULL CHECK (chosen IN (0, 1)),
    PRIMARY KEY (key, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_good_member_image ON known_good_member (image_id);

-- The model that is asked beside the active one, and what both said of an image nobody had labelled then. Never a
-- suggestion.
CREATE TABLE shadow_model (
    task TEXT PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES model ON DELETE RESTRICT,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE shadow_answer (
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    model_id TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
    label TEXT,
    score REAL CHECK (score BETWEEN 0 AND 1),
    unknown INTEGER NOT NULL CHECK (unknown IN (0, 1)),
    error TEXT,
    active_model_id TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
    active_label TEXT NOT NULL,
    active_score REAL NOT NULL CHECK (active_score BETWEEN 0 AND 1),
    active_unknown INTEGER NOT NULL CHECK (active_unknown IN (0, 1)),
    at TEXT NOT NULL,
    PRIMARY KEY (model_id, active_model_id, image_id),
    CHECK ((label IS NULL) = (error IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX shadow_answer_image ON shadow_answer (image_id);
