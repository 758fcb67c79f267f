-- Somebody is to look at the image again.
CREATE TABLE image_review (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE image_note (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    text TEXT NOT NULL CHECK (text <> ''),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;

-- Images whose class an admin knows; apart from their labels. They are shown between the others without telling.
CREATE TABLE gold (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('class', 'empty')),
    class_id INTEGER REFERENCES class ON DELETE RESTRICT,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    CHECK ((state = 'class') = (class_id IS NOT NULL))
) STRICT;

-- What a person said of a gold image, or of one that was labelled already and shown as if it were not; never a label.
-- `expected` is what was known of it at that time: the truth, or the label that `of_uid` had given.
CREATE TABLE label_check (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    kind TEXT NOT NULL CHECK (kind IN ('gold', 'own', 'other')),
    of_uid INTEGER REFERENCES user ON DELETE RESTRICT,
    expected_state TEXT NOT NULL CHECK (expected_state IN ('class', 'empty')),
    expected_class_id INTEGER REFERENCES class ON DELETE RESTRICT,
    state TEXT NOT NULL CHECK (state IN ('class', 'empty', 'skipped')),
    class_id INTEGER REFERENCES class ON DELETE RESTRICT,
    at TEXT NOT NULL,
    CHECK ((kind = 'gold') = (of_uid IS NULL)),
    CHECK ((expected_state = 'class') = (expected_class_id IS NOT NULL)),
    CHECK ((state = 'class') = (class_id IS NOT NULL))
) STRICT;
CREATE INDEX label_check_person ON label_check (uid, image_id, at);

-- An order of images that was worked out for a person; can be made again.
CREATE TABLE label_order (
    uid INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    rank INTEGER NOT NULL CHECK (rank > 0),
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    PRIMARY KEY (uid, rank)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX label_order_image ON label_order (image_id, uid);

-- How sure models are of images without any word on them: the least sure ones among a million are found at once.
CREATE TABLE open_prediction (
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (image_id, model_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_prediction_score ON open_prediction (model_id, score, image_id);
INSERT INTO open_prediction SELECT prediction.image_id, model_id, score FROM prediction
    JOIN unlabelled ON unlabelled.image_id = prediction.image_id WHERE score IS NOT NULL;
CREATE TRIGGER open_prediction_made AFTER INSERT ON prediction BEGIN
    DELETE FROM open_prediction WHERE image_id = new.image_id AND model_id = new.model_id;
    INSERT INTO open_prediction SELECT image_id, new.model_id, new.score FROM unlabelled
        WHERE image_id = new.image_id AND new.score IS NOT NULL;
END;
CREATE TRIGGER open_prediction_made_again AFTER UPDATE ON prediction BEGIN
    DELETE FROM open_prediction WHERE image_id = old.image_id AND model_id = old.model_id;
    INSERT INTO open_prediction SELECT image_id, new.model_id, new.score FROM unlabelled
        WHERE image_id = new.image_id AND new.score IS NOT NULL;
END;
CREATE TRIGGER open_prediction_withdrawn AFTER DELETE ON prediction BEGIN
    DELETE FROM open_prediction WHERE image_id = old.image_id AND model_id = old.model_id;
END;
CREATE TRIGGER open_prediction_labelled AFTER DELETE ON unlabelled BEGIN
    DELETE FROM open_prediction WHERE image_id = old.image_id;
END;
CREATE TRIGGER open_prediction_unlabelled AFTER INSERT ON unlabelled
    WHEN EXISTS (SELECT 1 FROM prediction WHERE image_id = new.image_id) BEGIN
    INSERT OR IGNORE INTO open_prediction SELECT image_id, model_id, score FROM prediction
        WHERE image_id = new.image_id AND score IS NOT NULL;
END;

-- How many images that count have which word on them; counting a million takes longer than a key may.
CREATE TABLE label_state_count (
    state TEXT PRIMARY KEY CHECK (state IN ('unlabelled', 'class', 'empty', 'skipped')),
    images INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO label_state_count VALUES ('unlabelled', 0), ('class', 0), ('empty', 0), ('skipped', 0);
INSERT OR REPLACE INTO label_state_count SELECT coalesce(state, 'unlabelled'), count(*)
    FROM image LEFT JOIN label ON image_id = image.id WHERE trashed_at IS NULL AND withheld IS NULL GROUP BY 1;
CREATE TRIGGER label_state_image AFTER INSERT ON image WHEN new.trashed_at IS NULL AND new.withheld IS NULL BEGIN
    UPDATE label_state_count SET images = images + 1 WHERE state = 'unlabelled';
END;
CREATE TRIGGER label_state_image_changed AFTER UPDATE OF trashed_at, withheld ON image
    WHEN (old.trashed_at IS NULL AND old.withheld IS NULL) <> (new.trashed_at IS NULL AND new.withheld IS NULL) BEGIN
    UPDATE label_state_count SET images = images
        + CASE WHEN new.trashed_at IS NULL AND new.withheld IS NULL THEN 1 ELSE -1 END
        WHERE state = coalesce((SELECT state FROM label WHERE image_id = new.id), 'unlabelled');
END;
CREATE TRIGGER label_state_image_gone BEFORE DELETE ON image
    WHEN old.trashed_at IS NULL AND old.withheld IS NULL BEGIN
    -- It would go with the image, but whether that is there by then is left open.
    DELETE FROM label WHERE image_id = old.id;
    UPDATE label_state_count SET images = images - 1 WHERE state = 'unlabelled';
END;
CREATE TRIGGER label_state_given AFTER INSERT ON label
    WHEN EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    UPDATE label_state_count SET images = images - 1 WHERE state = 'unlabelled';
    UPDATE label_state_count SET images = images + 1 WHERE state = new.state;
END;
CREATE TRIGGER label_state_changed AFTER UPDATE OF state ON label WHEN old.state <> new.state
    AND EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    UPDATE label_state_count SET images = images - 1 WHERE state = old.state;
    UPDATE label_state_count SET images = images + 1 WHERE state = new.state;
END;
CREATE TRIGGER label_state_taken AFTER DELETE ON label
    WHEN EXISTS (SELECT 1 FROM image WHERE id = old.image_id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    UPDATE label_state_count SET images = images - 1 WHERE state = old.state;
    UPDATE label_state_count SET images = images + 1 WHERE state = 'unlabelled';
END;
