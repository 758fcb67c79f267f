-- Zones of whose images that count a model has said something of every one: `pred:none` looks at none of them.
CREATE TABLE zone_predicted (
    zone INTEGER NOT NULL,
    model_id TEXT NOT NULL REFERENCES model ON DELETE CASCADE,
    PRIMARY KEY (zone, model_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX zone_predicted_model ON zone_predicted (model_id);
INSERT INTO zone_predicted SELECT DISTINCT image_id >> 7, model_id FROM prediction;
DELETE FROM zone_predicted WHERE EXISTS (SELECT 1 FROM image
    WHERE id BETWEEN zone << 7 AND (zone << 7) + 127 AND trashed_at IS NULL AND withheld IS NULL AND NOT EXISTS
        (SELECT 1 FROM prediction WHERE image_id = image.id AND prediction.model_id = zone_predicted.model_id));
CREATE TRIGGER zone_predicted_grew AFTER INSERT ON image BEGIN
    DELETE FROM zone_predicted WHERE zone = new.id >> 7;
END;
CREATE TRIGGER zone_predicted_returned AFTER UPDATE OF trashed_at, withheld ON image
    WHEN new.trashed_at IS NULL AND new.withheld IS NULL BEGIN
    DELETE FROM zone_predicted WHERE zone = new.id >> 7;
END;
CREATE TRIGGER zone_predicted_withdrawn AFTER DELETE ON prediction BEGIN
    DELETE FROM zone_predicted WHERE zone = old.image_id >> 7 AND model_id = old.model_id;
END;

-- For two characters of a name: the parts of names that are in the index by their beginning, and the few names whose
-- last two characters are in no such part.
CREATE VIRTUAL TABLE image_name_part USING fts5vocab ('image_name', 'instance');
CREATE INDEX image_name_end ON image (lower(substr(name, -2)), id, trashed_at, withheld)
    WHERE trashed_at IS NULL AND withheld IS NULL AND lower(substr(name, -4)) NOT IN ('.jpg', '.png', 'jpeg');
