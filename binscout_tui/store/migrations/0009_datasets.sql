-- A version's images are found by the class and the split that they have in it. Who writes a version down fills
-- `dataset_image` in one statement: a trigger for each of 100,000 rows takes three times as long.
ALTER TABLE dataset_image ADD COLUMN label TEXT NOT NULL DEFAULT '';
UPDATE dataset_image SET label = (SELECT label FROM dataset_item
    WHERE dataset_item.dataset_id = dataset_image.dataset_id
        AND sha256 = (SELECT sha256 FROM image WHERE image.id = image_id));
CREATE INDEX dataset_image_label ON dataset_image (dataset_id, label, image_id);
DROP TRIGGER dataset_image_built;

-- Lines whose image is not here (any more): what comes in is looked for among these few. An index over the hashes of all
-- versions would be written from end to end by each new version.
CREATE TABLE dataset_gone (
    sha256 TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
    PRIMARY KEY (sha256, dataset_id)
) STRICT, WITHOUT ROWID;
INSERT INTO dataset_gone SELECT sha256, dataset_id FROM dataset_item WHERE sha256 NOT IN (SELECT sha256 FROM image);
DROP INDEX dataset_item_image;
DROP TRIGGER dataset_image_unbuilt;
DROP TRIGGER dataset_image_returned;
DROP TRIGGER dataset_image_purged;
CREATE TRIGGER dataset_image_unbuilt AFTER DELETE ON dataset_item BEGIN
    DELETE FROM dataset_image WHERE dataset_id = old.dataset_id
        AND image_id = (SELECT id FROM image WHERE sha256 = old.sha256);
    DELETE FROM dataset_gone WHERE sha256 = old.sha256 AND dataset_id = old.dataset_id;
END;
CREATE TRIGGER dataset_image_returned AFTER INSERT ON image
    WHEN EXISTS (SELECT 1 FROM dataset_gone WHERE sha256 = new.sha256) BEGIN
    INSERT INTO dataset_image SELECT dataset_id, new.id, split, label FROM dataset_gone
        JOIN dataset_item USING (dataset_id, sha256) WHERE dataset_gone.sha256 = new.sha256;
    DELETE FROM dataset_gone WHERE sha256 = new.sha256;
END;
CREATE TRIGGER dataset_image_purged AFTER DELETE ON image BEGIN
    INSERT OR IGNORE INTO dataset_gone SELECT old.sha256, dataset.id FROM dataset
        CROSS JOIN dataset_image ON dataset_image.dataset_id = dataset.id AND image_id = old.id;
    DELETE FROM dataset_image WHERE image_id = old.id AND dataset_id IN (SELECT id FROM dataset);
END;
