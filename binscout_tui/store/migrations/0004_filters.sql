-- What filters start from. Those on `image` hold what counts (or what is in the trash) in the order of ids.
CREATE INDEX image_in_trash ON image (id) WHERE trashed_at IS NOT NULL AND withheld IS NULL;
-- They hold what their own condition asks too: SQLite would read the row for that.
DROP INDEX image_live;
CREATE INDEX image_live ON image (id, trashed_at, withheld) WHERE trashed_at IS NULL AND withheld IS NULL;
CREATE INDEX image_origin ON image (origin, id, trashed_at, withheld) WHERE trashed_at IS NULL AND withheld IS NULL;
CREATE INDEX image_format ON image (format, id, trashed_at, withheld) WHERE trashed_at IS NULL AND withheld IS NULL;
CREATE INDEX image_health ON image (health, id) WHERE trashed_at IS NULL AND withheld IS NULL AND health <> 'ok';
CREATE INDEX image_warned ON image (id) WHERE trashed_at IS NULL AND withheld IS NULL AND warnings <> '[]';
CREATE INDEX image_phash ON image (phash) WHERE trashed_at IS NULL AND withheld IS NULL AND phash IS NOT NULL;
CREATE INDEX label_state ON label (state, image_id);
CREATE INDEX label_by ON label (uid, image_id);
CREATE INDEX prediction_label ON prediction (model_id, label, image_id);
CREATE INDEX prediction_unknown ON prediction (model_id, image_id, unknown) WHERE unknown = 1;
CREATE INDEX capture_place ON capture (compartment_id, state, image_id);
CREATE INDEX image_set_noted ON image_set (id) WHERE note <> '';

-- Parts of names of three characters. A zone's names go in together when the zone is `named`: one by one costs ten
-- times as much.
CREATE VIRTUAL TABLE image_name USING fts5 (name, content = 'image', content_rowid = 'id', tokenize = 'trigram',
    detail = 'none', columnsize = 0);
INSERT INTO image_name (image_name) VALUES ('rebuild');

-- The least and the greatest that occurs among each 128 consecutive ids, or a little more than that: what lies wholly
-- beside a wanted range is not looked at. One small table instead of an index a column. A zone is summed up when the
-- next one begins; until then it is neither `known` nor `named`, and is always looked at.
CREATE TABLE image_zone (
    zone INTEGER PRIMARY KEY,
    known INTEGER NOT NULL DEFAULT 0 CHECK (known IN (0, 1)),
    named INTEGER NOT NULL DEFAULT 0 CHECK (named IN (0, 1)),
    added_low TEXT, added_high TEXT,
    taken_low TEXT, taken_high TEXT,
    bytes_low INTEGER, bytes_high INTEGER,
    width_low INTEGER, width_high INTEGER,
    height_low INTEGER, height_high INTEGER,
    sharpness_low REAL, sharpness_high REAL
) STRICT;
INSERT INTO image_zone (known, named, zone, added_low, added_high, taken_low, taken_high, bytes_low, bytes_high, width_low, width_high, height_low, height_high, sharpness_low, sharpness_high)
    SELECT 1, 1, id >> 7, min(added_at), max(added_at), min(taken_at), max(taken_at), min(bytes), max(bytes), min(width), max(width), min(height), max(height), min(sharpness), max(sharpness)
    FROM image GROUP BY id >> 7;
UPDATE image_zone SET known = 0 WHERE zone = (SELECT max(zone) FROM image_zone);
CREATE TRIGGER image_zone_begun AFTER INSERT ON image
    WHEN NOT EXISTS (SELECT 1 FROM image_zone WHERE zone = new.id >> 7) BEGIN
    INSERT INTO image_name (rowid, name) SELECT id, name FROM
        (SELECT zone AS ended, named FROM image_zone WHERE zone < new.id >> 7 ORDER BY zone DESC LIMIT 1)
        CROSS JOIN image ON id BETWEEN ended << 7 AND (ended << 7) + 127 WHERE NOT named;
    INSERT INTO image_zone (zone) VALUES (new.id >> 7);
    INSERT OR REPLACE INTO image_zone (known, named, zone, added_low, added_high, taken_low, taken_high, bytes_low, bytes_high, width_low, width_high, height_low, height_high, sharpness_low, sharpness_high)
        SELECT 1, 1, id >> 7, min(added_at), max(added_at), min(taken_at), max(taken_at), min(bytes), max(bytes), min(width), max(width), min(height), max(height), min(sharpness), max(sharpness)
        FROM image JOIN (SELECT zone AS ended FROM image_zone WHERE zone < new.id >> 7 ORDER BY zone DESC LIMIT 1)
            ON id BETWEEN ended << 7 AND (ended << 7) + 127
        GROUP BY id >> 7;
END;
-- An id may be given out of order.
CREATE TRIGGER image_name_added AFTER INSERT ON image
    WHEN (SELECT named FROM image_zone WHERE zone = new.id >> 7) BEGIN
    INSERT INTO image_name (rowid, name) VALUES (new.id, new.name);
END;
CREATE TRIGGER image_name_gone AFTER DELETE ON image
    WHEN (SELECT named FROM image_zone WHERE zone = old.id >> 7) BEGIN
    INSERT INTO image_name (image_name, rowid, name) VALUES ('delete', old.id, old.name);
END;
CREATE TRIGGER image_name_changed AFTER UPDATE OF name ON image
    WHEN old.name <> new.name AND (SELECT named FROM image_zone WHERE zone = new.id >> 7) BEGIN
    INSERT INTO image_name (image_name, rowid, name) VALUES ('delete', old.id, old.name);
    INSERT INTO image_name (rowid, name) VALUES (new.id, new.name);
END;
CREATE TRIGGER image_zone_reopened AFTER INSERT ON image
    WHEN (SELECT known FROM image_zone WHERE zone = new.id >> 7) BEGIN
    UPDATE image_zone SET known = 0 WHERE zone = new.id >> 7;
END;
CREATE TRIGGER image_zone_changed
    AFTER UPDATE OF added_at, taken_at, bytes, width, height, sharpness ON image BEGIN
    UPDATE image_zone SET
        added_low = min(coalesce(added_low, new.added_at), coalesce(new.added_at, added_low)),
        added_high = max(coalesce(added_high, new.added_at), coalesce(new.added_at, added_high)),
        taken_low = min(coalesce(taken_low, new.taken_at), coalesce(new.taken_at, taken_low)),
        taken_high = max(coalesce(taken_high, new.taken_at), coalesce(new.taken_at, taken_high)),
        bytes_low = min(coalesce(bytes_low, new.bytes), coalesce(new.bytes, bytes_low)),
        bytes_high = max(coalesce(bytes_high, new.bytes), coalesce(new.bytes, bytes_high)),
        width_low = min(coalesce(width_low, new.width), coalesce(new.width, width_low)),
        width_high = max(coalesce(width_high, new.width), coalesce(new.width, width_high)),
        height_low = min(coalesce(height_low, new.height), coalesce(new.height, height_low)),
        height_high = max(coalesce(height_high, new.height), coalesce(new.height, height_high)),
        sharpness_low = min(coalesce(sharpness_low, new.sharpness), coalesce(new.sharpness, sharpness_low)),
        sharpness_high = max(coalesce(sharpness_high, new.sharpness), coalesce(new.sharpness, sharpness_high))
    WHERE zone = new.id >> 7 AND known;
END;

-- Images without any word on them: the last hundred among a million are found at once.
CREATE TABLE unlabelled (image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE) STRICT;
INSERT INTO unlabelled SELECT id FROM image WHERE id NOT IN (SELECT image_id FROM label);
CREATE TRIGGER unlabelled_image AFTER INSERT ON image BEGIN
    INSERT INTO unlabelled VALUES (new.id);
END;
CREATE TRIGGER unlabelled_no_more AFTER INSERT ON label BEGIN
    DELETE FROM unlabelled WHERE image_id = new.image_id;
END;
CREATE TRIGGER unlabelled_again AFTER DELETE ON label WHEN EXISTS (SELECT 1 FROM image WHERE id = old.image_id) BEGIN
    INSERT OR IGNORE INTO unlabelled VALUES (old.image_id);
END;

-- Images that count and have the same perceptual hash as another that counts.
CREATE TABLE twin (image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE) STRICT;
INSERT INTO twin SELECT id FROM image WHERE trashed_at IS NULL AND withheld IS NULL AND phash IN
    (SELECT phash FROM image WHERE trashed_at IS NULL AND withheld IS NULL AND phash IS NOT NULL
        GROUP BY phash HAVING count(*) > 1);
CREATE TRIGGER twin_added AFTER INSERT ON image
    WHEN new.trashed_at IS NULL AND new.withheld IS NULL AND EXISTS (SELECT 1 FROM image
        WHERE phash = new.phash AND id <> new.id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    INSERT OR IGNORE INTO twin SELECT id FROM image
        WHERE phash = new.phash AND id <> new.id AND trashed_at IS NULL AND withheld IS NULL LIMIT 1;
    INSERT OR IGNORE INTO twin VALUES (new.id);
END;
-- One that goes leaves at most one other without a twin; one that comes makes at most one other a twin.
CREATE TRIGGER twin_changed AFTER UPDATE OF trashed_at, withheld, phash ON image
    WHEN (old.trashed_at IS NULL AND old.withheld IS NULL) <> (new.trashed_at IS NULL AND new.withheld IS NULL)
        OR old.phash IS NOT new.phash BEGIN
    DELETE FROM twin WHERE image_id = new.id;
    DELETE FROM twin WHERE image_id = (SELECT min(id) FROM (SELECT id FROM image
        WHERE phash = old.phash AND trashed_at IS NULL AND withheld IS NULL LIMIT 2) HAVING count(*) = 1);
    INSERT OR IGNORE INTO twin SELECT id FROM image
        WHERE phash = new.phash AND id <> new.id AND trashed_at IS NULL AND withheld IS NULL
            AND new.trashed_at IS NULL AND new.withheld IS NULL LIMIT 1;
    INSERT OR IGNORE INTO twin SELECT new.id WHERE new.trashed_at IS NULL AND new.withheld IS NULL AND EXISTS
        (SELECT 1 FROM image WHERE phash = new.phash AND id <> new.id AND trashed_at IS NULL AND withheld IS NULL);
END;
CREATE TRIGGER twin_purged AFTER DELETE ON image WHEN old.phash IS NOT NULL BEGIN
    DELETE FROM twin WHERE image_id = (SELECT min(id) FROM (SELECT id FROM image
        WHERE phash = old.phash AND trashed_at IS NULL AND withheld IS NULL LIMIT 2) HAVING count(*) = 1);
END;

-- Where a model is sure of another class than the one that a person gave.
CREATE TABLE disagreement (
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    model_id TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
    PRIMARY KEY (image_id, model_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX disagreement_model ON disagreement (model_id, image_id);
INSERT INTO disagreement SELECT prediction.image_id, model_id FROM prediction
    JOIN label ON label.image_id = prediction.image_id JOIN class ON class.id = class_id
    WHERE unknown = 0 AND prediction.label <> class.name;
CREATE TRIGGER disagreement_labelled AFTER INSERT ON label BEGIN
    INSERT OR IGNORE INTO disagreement SELECT image_id, model_id FROM prediction
        WHERE image_id = new.image_id AND unknown = 0 AND label <> (SELECT name FROM class WHERE id = new.class_id);
END;
CREATE TRIGGER disagreement_relabelled AFTER UPDATE OF class_id ON label BEGIN
    DELETE FROM disagreement WHERE image_id = new.image_id;
    INSERT INTO disagreement SELECT image_id, model_id FROM prediction
        WHERE image_id = new.image_id AND unknown = 0 AND label <> (SELECT name FROM class WHERE id = new.class_id);
END;
CREATE TRIGGER disagreement_cleared AFTER DELETE ON label BEGIN
    DELETE FROM disagreement WHERE image_id = old.image_id;
END;
CREATE TRIGGER disagreement_predicted AFTER INSERT ON prediction BEGIN
    DELETE FROM disagreement WHERE image_id = new.image_id AND model_id = new.model_id;
    INSERT INTO disagreement SELECT new.image_id, new.model_id FROM label JOIN class ON class.id = class_id
        WHERE image_id = new.image_id AND new.unknown = 0 AND new.label <> class.name;
END;
CREATE TRIGGER disagreement_predicted_again AFTER UPDATE ON prediction BEGIN
    DELETE FROM disagreement WHERE image_id = old.image_id AND model_id = old.model_id;
    INSERT INTO disagreement SELECT new.image_id, new.model_id FROM label JOIN class ON class.id = class_id
        WHERE image_id = new.image_id AND new.unknown = 0 AND new.label <> class.name;
END;
CREATE TRIGGER disagreement_withdrawn AFTER DELETE ON prediction BEGIN
    DELETE FROM disagreement WHERE image_id = old.image_id AND model_id = old.model_id;
END;
CREATE TRIGGER disagreement_renamed AFTER UPDATE OF name ON class WHEN old.name <> new.name BEGIN
    DELETE FROM disagreement WHERE image_id IN (SELECT image_id FROM label WHERE class_id = new.id);
    INSERT INTO disagreement SELECT prediction.image_id, model_id FROM label
        JOIN prediction ON prediction.image_id = label.image_id
        WHERE class_id = new.id AND unknown = 0 AND prediction.label <> new.name;
END;

-- The images of a dataset version by their ids, in their order.
CREATE TABLE dataset_image (
    dataset_id TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
    image_id INTEGER NOT NULL,
    split TEXT NOT NULL,
    PRIMARY KEY (dataset_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_image_split ON dataset_image (dataset_id, split, image_id);
INSERT INTO dataset_image SELECT dataset_id, image.id, split FROM dataset_item JOIN image USING (sha256);
CREATE TRIGGER dataset_image_built AFTER INSERT ON dataset_item BEGIN
    INSERT INTO dataset_image SELECT new.dataset_id, id, new.split FROM image WHERE sha256 = new.sha256;
END;
CREATE TRIGGER dataset_image_unbuilt AFTER DELETE ON dataset_item BEGIN
    DELETE FROM dataset_image WHERE dataset_id = old.dataset_id
        AND image_id = (SELECT id FROM image WHERE sha256 = old.sha256);
END;
CREATE TRIGGER dataset_image_returned AFTER INSERT ON image BEGIN
    INSERT INTO dataset_image SELECT dataset_id, new.id, split FROM dataset_item WHERE sha256 = new.sha256;
END;
CREATE TRIGGER dataset_image_purged AFTER DELETE ON image BEGIN
    DELETE FROM dataset_image WHERE image_id = old.id
        AND dataset_id IN (SELECT dataset_id FROM dataset_item WHERE sha256 = old.sha256);
END;
