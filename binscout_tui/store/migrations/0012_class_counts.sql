-- A class counts the labels of images that count: neither in the trash nor withheld.
DROP TRIGGER label_added;
DROP TRIGGER label_removed;
DROP TRIGGER label_changed;
DROP TRIGGER image_withheld;
DROP TRIGGER image_accepted;
CREATE TRIGGER label_added AFTER INSERT ON label WHEN new.class_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    UPDATE class SET images = images + 1 WHERE id = new.class_id;
END;
CREATE TRIGGER label_removed AFTER DELETE ON label WHEN old.class_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM image WHERE id = old.image_id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    UPDATE class SET images = images - 1 WHERE id = old.class_id;
END;
CREATE TRIGGER label_changed AFTER UPDATE OF class_id ON label
    WHEN EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND trashed_at IS NULL AND withheld IS NULL) BEGIN
    UPDATE class SET images = images - 1 WHERE id = old.class_id;
    UPDATE class SET images = images + 1 WHERE id = new.class_id;
END;
CREATE TRIGGER class_image_changed AFTER UPDATE OF trashed_at, withheld ON image
    WHEN (old.trashed_at IS NULL AND old.withheld IS NULL) <> (new.trashed_at IS NULL AND new.withheld IS NULL) BEGIN
    UPDATE class SET images = images
        + CASE WHEN new.trashed_at IS NULL AND new.withheld IS NULL THEN 1 ELSE -1 END
        WHERE id = (SELECT class_id FROM label WHERE image_id = new.id);
END;
UPDATE class SET images = (
    SELECT count(*) FROM label JOIN image ON image.id = image_id
        WHERE class_id = class.id AND trashed_at IS NULL AND withheld IS NULL
);
