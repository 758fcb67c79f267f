-- A person says that an image is not of a class, whatever it is: no model that says so is believed again.
CREATE TABLE class_ruled_out (
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    class_id INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    PRIMARY KEY (image_id, class_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX class_ruled_out_class ON class_ruled_out (class_id);

-- What a model is sure of and nobody has said: unlabelled images that count, but for those that were ruled out.
CREATE VIEW verifiable AS SELECT prediction.image_id, prediction.model_id, prediction.label, prediction.score
    FROM prediction CROSS JOIN unlabelled ON unlabelled.image_id = prediction.image_id
    CROSS JOIN image ON image.id = prediction.image_id
    WHERE prediction.unknown = 0 AND prediction.label IS NOT NULL AND prediction.score IS NOT NULL
        AND image.trashed_at IS NULL AND image.withheld IS NULL
        AND NOT EXISTS (SELECT 1 FROM class_ruled_out JOIN class ON class.id = class_ruled_out.class_id
            WHERE class_ruled_out.image_id = prediction.image_id AND class.name = prediction.label);

-- It is kept, so that a page of one class costs the same however many were verified, and however many wait.
CREATE TABLE to_verify (
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    label TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (image_id, model_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX to_verify_sure ON to_verify (model_id, label, score, image_id);
CREATE TABLE to_verify_count (
    model_id TEXT NOT NULL,
    label TEXT NOT NULL,
    images INTEGER NOT NULL CHECK (images >= 0),
    PRIMARY KEY (model_id, label)
) STRICT, WITHOUT ROWID;
INSERT INTO to_verify SELECT image_id, model_id, label, score FROM verifiable;
INSERT INTO to_verify_count SELECT model_id, label, count(*) FROM to_verify GROUP BY model_id, label;
CREATE TRIGGER to_verify_more AFTER INSERT ON to_verify BEGIN
    INSERT INTO to_verify_count VALUES (new.model_id, new.label, 1) ON CONFLICT DO UPDATE SET images = images + 1;
END;
CREATE TRIGGER to_verify_less AFTER DELETE ON to_verify BEGIN
    UPDATE to_verify_count SET images = images - 1 WHERE model_id = old.model_id AND label = old.label;
END;
CREATE TRIGGER to_verify_predicted AFTER INSERT ON prediction BEGIN
    DELETE FROM to_verify WHERE image_id = new.image_id AND model_id = new.model_id;
    INSERT INTO to_verify SELECT image_id, model_id, label, score FROM verifiable
        WHERE image_id = new.image_id AND model_id = new.model_id;
END;
CREATE TRIGGER to_verify_predicted_again AFTER UPDATE ON prediction BEGIN
    DELETE FROM to_verify WHERE image_id = old.image_id AND model_id = old.model_id;
    INSERT INTO to_verify SELECT image_id, model_id, label, score FROM verifiable
        WHERE image_id = new.image_id AND model_id = new.model_id;
END;
CREATE TRIGGER to_verify_withdrawn AFTER DELETE ON prediction BEGIN
    DELETE FROM to_verify WHERE image_id = old.image_id AND model_id = old.model_id;
END;
CREATE TRIGGER to_verify_labelled AFTER DELETE ON unlabelled BEGIN
    DELETE FROM to_verify WHERE image_id = old.image_id;
END;
CREATE TRIGGER to_verify_unlabelled AFTER INSERT ON unlabelled
    WHEN EXISTS (SELECT 1 FROM prediction WHERE image_id = new.image_id) BEGIN
    DELETE FROM to_verify WHERE image_id = new.image_id;
    INSERT INTO to_verify SELECT image_id, model_id, label, score FROM verifiable WHERE image_id = new.image_id;
END;
CREATE TRIGGER to_verify_counts AFTER UPDATE OF trashed_at, withheld ON image
    WHEN (old.trashed_at IS NULL AND old.withheld IS NULL) <> (new.trashed_at IS NULL AND new.withheld IS NULL) BEGIN
    DELETE FROM to_verify WHERE image_id = new.id;
    INSERT INTO to_verify SELECT image_id, model_id, label, score FROM verifiable WHERE image_id = new.id;
END;
CREATE TRIGGER to_verify_ruled_out AFTER INSERT ON class_ruled_out BEGIN
    DELETE FROM to_verify WHERE image_id = new.image_id
        AND label = (SELECT name FROM class WHERE id = new.class_id);
END;
CREATE TRIGGER to_verify_ruled_in AFTER DELETE ON class_ruled_out BEGIN
    DELETE FROM to_verify WHERE image_id = old.image_id;
    INSERT INTO to_verify SELECT image_id, model_id, label, score FROM verifiable WHERE image_id = old.image_id;
END;
