-- What a hidden tag or collection conceals is withheld like a capture that nobody accepted, so it is in no list, queue
-- or number, and every index and every count that is kept knows it already; that goes before whatever else keeps it out
-- of use. A CHECK can only be changed in the schema's
-- text: https://sqlite.org/lang_altertable.html#otheralter.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''superseded'', ''rejected''))', '''superseded'', ''rejected'', ''hidden''))')
    WHERE type = 'table' AND name = 'image';
PRAGMA writable_schema = RESET;

-- `tags` and `collections` are under how many of those that were not deleted it is.
ALTER TABLE image ADD COLUMN starred INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1));
ALTER TABLE image ADD COLUMN collections INTEGER NOT NULL DEFAULT 0 CHECK (collections >= 0);
ALTER TABLE image ADD COLUMN tags INTEGER NOT NULL DEFAULT 0 CHECK (tags >= 0);
CREATE INDEX image_starred ON image (id, trashed_at, withheld)
    WHERE trashed_at IS NULL AND withheld IS NULL AND starred = 1;
CREATE INDEX image_loose ON image (id, trashed_at, withheld)
    WHERE trashed_at IS NULL AND withheld IS NULL AND collections = 0;
CREATE INDEX image_untagged ON image (id, trashed_at, withheld)
    WHERE trashed_at IS NULL AND withheld IS NULL AND tags = 0;
CREATE INDEX image_collected ON image (id, trashed_at, withheld)
    WHERE trashed_at IS NULL AND withheld IS NULL AND collections > 0;
CREATE INDEX image_tagged ON image (id, trashed_at, withheld)
    WHERE trashed_at IS NULL AND withheld IS NULL AND tags > 0;
CREATE INDEX image_hidden ON image (id) WHERE withheld = 'hidden';

-- While it is on, what is sensitive is hidden too. While `turning` the numbers of very many images are added up at once
-- and not one by one, which takes several times as long.
CREATE TABLE safe_mode (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    turning INTEGER NOT NULL DEFAULT 0 CHECK (turning IN (0, 1))
) STRICT;
INSERT INTO safe_mode (id, is_on) VALUES (1, 0);

-- `fold` is the name without case, `images` the number of images that count, `conceals` whether its images are hidden
-- now. A deleted one keeps its images for undo.
CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    fold TEXT NOT NULL,
    colour TEXT CHECK (colour GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    sensitive INTEGER NOT NULL DEFAULT 0 CHECK (sensitive IN (0, 1)),
    conceals INTEGER NOT NULL DEFAULT 0 CHECK (conceals IN (0, 1)),
    archived_at TEXT,
    images INTEGER NOT NULL DEFAULT 0 CHECK (images >= 0)
) STRICT;
CREATE UNIQUE INDEX tag_fold ON tag (fold) WHERE archived_at IS NULL;
CREATE TABLE image_tag (
    tag_id INTEGER NOT NULL REFERENCES tag ON DELETE CASCADE,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    PRIMARY KEY (tag_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX image_tag_image ON image_tag (image_id, tag_id);

CREATE TABLE collection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    fold TEXT NOT NULL,
    colour TEXT CHECK (colour GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    sensitive INTEGER NOT NULL DEFAULT 0 CHECK (sensitive IN (0, 1)),
    conceals INTEGER NOT NULL DEFAULT 0 CHECK (conceals IN (0, 1)),
    archived_at TEXT,
    images INTEGER NOT NULL DEFAULT 0 CHECK (images >= 0)
) STRICT;
CREATE UNIQUE INDEX collection_fold ON collection (fold) WHERE archived_at IS NULL;
CREATE TABLE collection_image (
    collection_id INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    PRIMARY KEY (collection_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX collection_image_image ON collection_image (image_id, collection_id);

-- What an image is to be withheld as: `hidden` by its names, `rejected` as damaged, else the state of the capture that
-- brought it, unless one of them was accepted.
CREATE VIEW withholding AS SELECT image.id AS image_id, CASE
    WHEN EXISTS (SELECT 1 FROM image_tag JOIN tag ON tag.id = tag_id WHERE image_id = image.id AND conceals = 1)
        OR EXISTS (SELECT 1 FROM collection_image JOIN collection ON collection.id = collection_id
            WHERE image_id = image.id AND conceals = 1) THEN 'hidden'
    WHEN EXISTS (SELECT 1 FROM image_damage WHERE image_id = image.id) THEN 'rejected'
    ELSE (SELECT CASE
        WHEN max(owns_image) = 0 OR max(state = 'accepted') = 1 THEN NULL
        WHEN max(state = 'staged') = 1 THEN 'staged'
        WHEN max(state = 'superseded') = 1 THEN 'superseded'
        WHEN max(owns_image) = 1 THEN 'rejected' END FROM capture WHERE image_id = image.id) END AS state
    FROM image;

CREATE TRIGGER safe_mode_switched AFTER UPDATE OF is_on ON safe_mode WHEN new.is_on <> old.is_on BEGIN
    UPDATE tag SET conceals = new.is_on WHERE sensitive = 1 AND hidden = 0 AND archived_at IS NULL;
    UPDATE collection SET conceals = new.is_on WHERE sensitive = 1 AND hidden = 0 AND archived_at IS NULL;
END;
CREATE TRIGGER tag_made AFTER INSERT ON tag WHEN new.hidden = 1 OR new.sensitive = 1 BEGIN
    UPDATE tag SET conceals = archived_at IS NULL
        AND (hidden = 1 OR (sensitive = 1 AND (SELECT is_on FROM safe_mode) = 1)) WHERE id = new.id;
END;
CREATE TRIGGER tag_turned AFTER UPDATE OF hidden, sensitive, archived_at ON tag BEGIN
    UPDATE tag SET conceals = archived_at IS NULL
        AND (hidden = 1 OR (sensitive = 1 AND (SELECT is_on FROM safe_mode) = 1)) WHERE id = new.id;
END;
CREATE TRIGGER tag_conceals AFTER UPDATE OF conceals ON tag WHEN new.conceals > old.conceals BEGIN
    UPDATE tag SET images = images - more FROM (SELECT theirs.tag_id AS whose, count(*) AS more
        FROM image_tag AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN image_tag AS theirs
            ON theirs.image_id = image.id
        WHERE ours.tag_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
    UPDATE collection SET images = images - more FROM (SELECT theirs.collection_id AS whose, count(*) AS more
        FROM image_tag AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN collection_image AS theirs
            ON theirs.image_id = image.id
        WHERE ours.tag_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
    UPDATE safe_mode SET turning = 1;
    UPDATE image SET withheld = 'hidden' WHERE withheld IS NOT 'hidden'
        AND id IN (SELECT image_id FROM image_tag WHERE tag_id = new.id);
    UPDATE safe_mode SET turning = 0;
END;
CREATE TRIGGER tag_reveals AFTER UPDATE OF conceals ON tag WHEN new.conceals < old.conceals BEGIN
    UPDATE safe_mode SET turning = 1;
    UPDATE image SET withheld = (SELECT state FROM withholding WHERE image_id = image.id)
        WHERE id IN (SELECT image_id FROM image_tag WHERE tag_id = new.id);
    UPDATE safe_mode SET turning = 0;
    UPDATE tag SET images = images + more FROM (SELECT theirs.tag_id AS whose, count(*) AS more
        FROM image_tag AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN image_tag AS theirs
            ON theirs.image_id = image.id
        WHERE ours.tag_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
    UPDATE collection SET images = images + more FROM (SELECT theirs.collection_id AS whose, count(*) AS more
        FROM image_tag AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN collection_image AS theirs
            ON theirs.image_id = image.id
        WHERE ours.tag_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
END;
CREATE TRIGGER image_tag_put AFTER INSERT ON image_tag BEGIN
    UPDATE tag SET images = images + 1 WHERE id = new.tag_id AND EXISTS
        (SELECT 1 FROM image WHERE id = new.image_id AND trashed_at IS NULL AND withheld IS NULL);
    UPDATE image SET tags = tags + 1 WHERE id = new.image_id
        AND (SELECT archived_at FROM tag WHERE id = new.tag_id) IS NULL;
    UPDATE image SET withheld = 'hidden' WHERE id = new.image_id
        AND (SELECT conceals FROM tag WHERE id = new.tag_id) = 1;
END;
CREATE TRIGGER image_tag_taken AFTER DELETE ON image_tag BEGIN
    UPDATE tag SET images = images - 1 WHERE id = old.tag_id AND EXISTS
        (SELECT 1 FROM image WHERE id = old.image_id AND trashed_at IS NULL AND withheld IS NULL);
    UPDATE image SET tags = tags - 1 WHERE id = old.image_id
        AND (SELECT archived_at FROM tag WHERE id = old.tag_id) IS NULL;
    UPDATE image SET withheld = (SELECT state FROM withholding WHERE image_id = old.image_id)
        WHERE id = old.image_id AND withheld = 'hidden';
END;
CREATE TRIGGER tag_deleted AFTER UPDATE OF archived_at ON tag
    WHEN (old.archived_at IS NULL) <> (new.archived_at IS NULL) BEGIN
    UPDATE image SET tags = tags + CASE WHEN new.archived_at IS NULL THEN 1 ELSE -1 END
        WHERE id IN (SELECT image_id FROM image_tag WHERE tag_id = new.id);
END;

CREATE TRIGGER collection_made AFTER INSERT ON collection WHEN new.hidden = 1 OR new.sensitive = 1 BEGIN
    UPDATE collection SET conceals = archived_at IS NULL
        AND (hidden = 1 OR (sensitive = 1 AND (SELECT is_on FROM safe_mode) = 1)) WHERE id = new.id;
END;
CREATE TRIGGER collection_turned AFTER UPDATE OF hidden, sensitive, archived_at ON collection BEGIN
    UPDATE collection SET conceals = archived_at IS NULL
        AND (hidden = 1 OR (sensitive = 1 AND (SELECT is_on FROM safe_mode) = 1)) WHERE id = new.id;
END;
CREATE TRIGGER collection_conceals AFTER UPDATE OF conceals ON collection WHEN new.conceals > old.conceals BEGIN
    UPDATE tag SET images = images - more FROM (SELECT theirs.tag_id AS whose, count(*) AS more
        FROM collection_image AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN image_tag AS theirs
            ON theirs.image_id = image.id
        WHERE ours.collection_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
    UPDATE collection SET images = images - more FROM (SELECT theirs.collection_id AS whose, count(*) AS more
        FROM collection_image AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN collection_image AS theirs
            ON theirs.image_id = image.id
        WHERE ours.collection_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
    UPDATE safe_mode SET turning = 1;
    UPDATE image SET withheld = 'hidden' WHERE withheld IS NOT 'hidden'
        AND id IN (SELECT image_id FROM collection_image WHERE collection_id = new.id);
    UPDATE safe_mode SET turning = 0;
END;
CREATE TRIGGER collection_reveals AFTER UPDATE OF conceals ON collection WHEN new.conceals < old.conceals BEGIN
    UPDATE safe_mode SET turning = 1;
    UPDATE image SET withheld = (SELECT state FROM withholding WHERE image_id = image.id)
        WHERE id IN (SELECT image_id FROM collection_image WHERE collection_id = new.id);
    UPDATE safe_mode SET turning = 0;
    UPDATE tag SET images = images + more FROM (SELECT theirs.tag_id AS whose, count(*) AS more
        FROM collection_image AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN image_tag AS theirs
            ON theirs.image_id = image.id
        WHERE ours.collection_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
    UPDATE collection SET images = images + more FROM (SELECT theirs.collection_id AS whose, count(*) AS more
        FROM collection_image AS ours CROSS JOIN image ON image.id = ours.image_id CROSS JOIN collection_image AS theirs
            ON theirs.image_id = image.id
        WHERE ours.collection_id = new.id AND trashed_at IS NULL AND withheld IS NULL GROUP BY 1) WHERE id = whose;
END;
CREATE TRIGGER collection_image_put AFTER INSERT ON collection_image BEGIN
    UPDATE collection SET images = images + 1 WHERE id = new.collection_id AND EXISTS
        (SELECT 1 FROM image WHERE id = new.image_id AND trashed_at IS NULL AND withheld IS NULL);
    UPDATE image SET collections = collections + 1 WHERE id = new.image_id
        AND (SELECT archived_at FROM collection WHERE id = new.collection_id) IS NULL;
    UPDATE image SET withheld = 'hidden' WHERE id = new.image_id
        AND (SELECT conceals FROM collection WHERE id = new.collection_id) = 1;
END;
CREATE TRIGGER collection_image_taken AFTER DELETE ON collection_image BEGIN
    UPDATE collection SET images = images - 1 WHERE id = old.collection_id AND EXISTS
        (SELECT 1 FROM image WHERE id = old.image_id AND trashed_at IS NULL AND withheld IS NULL);
    UPDATE image SET collections = collections - 1 WHERE id = old.image_id
        AND (SELECT archived_at FROM collection WHERE id = old.collection_id) IS NULL;
    UPDATE image SET withheld = (SELECT state FROM withholding WHERE image_id = old.image_id)
        WHERE id = old.image_id AND withheld = 'hidden';
END;
CREATE TRIGGER collection_deleted AFTER UPDATE OF archived_at ON collection
    WHEN (old.archived_at IS NULL) <> (new.archived_at IS NULL) BEGIN
    UPDATE image SET collections = collections + CASE WHEN new.archived_at IS NULL THEN 1 ELSE -1 END
        WHERE id IN (SELECT image_id FROM collection_image WHERE collection_id = new.id);
END;

CREATE TRIGGER image_groups_changed AFTER UPDATE OF trashed_at, withheld ON image
    WHEN (old.trashed_at IS NULL AND old.withheld IS NULL) <> (new.trashed_at IS NULL AND new.withheld IS NULL)
        AND (SELECT turning FROM safe_mode) = 0 BEGIN
    UPDATE tag SET images = images + CASE WHEN new.trashed_at IS NULL AND new.withheld IS NULL THEN 1 ELSE -1 END
        WHERE id IN (SELECT tag_id FROM image_tag WHERE image_id = new.id);
    UPDATE collection SET images = images + CASE WHEN new.trashed_at IS NULL AND new.withheld IS NULL THEN 1 ELSE -1 END
        WHERE id IN (SELECT collection_id FROM collection_image WHERE image_id = new.id);
END;
-- Its rows go with the image, and change nothing when it is gone: a row that is being deleted must not be shown again.
CREATE TRIGGER image_groups_gone BEFORE DELETE ON image WHEN old.trashed_at IS NULL AND old.withheld IS NULL BEGIN
    UPDATE tag SET images = images - 1 WHERE id IN (SELECT tag_id FROM image_tag WHERE image_id = old.id);
    UPDATE collection SET images = images - 1
        WHERE id IN (SELECT collection_id FROM collection_image WHERE image_id = old.id);
END;

-- Captures whose picture is hidden are in no number.
DROP TRIGGER capture_added;
DROP TRIGGER capture_removed;
DROP TRIGGER capture_moved;
CREATE TRIGGER capture_added AFTER INSERT ON capture
    WHEN NOT EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND withheld = 'hidden') BEGIN
    UPDATE capture_count SET captures = captures + 1 WHERE state = new.state;
END;
CREATE TRIGGER capture_removed AFTER DELETE ON capture
    WHEN NOT EXISTS (SELECT 1 FROM image WHERE id = old.image_id AND withheld = 'hidden') BEGIN
    UPDATE capture_count SET captures = captures - 1 WHERE state = old.state;
END;
CREATE TRIGGER capture_moved AFTER UPDATE OF state, image_id ON capture BEGIN
    UPDATE capture_count SET captures = captures - 1 WHERE state = old.state
        AND NOT EXISTS (SELECT 1 FROM image WHERE id = old.image_id AND withheld = 'hidden');
    UPDATE capture_count SET captures = captures + 1 WHERE state = new.state
        AND NOT EXISTS (SELECT 1 FROM image WHERE id = new.image_id AND withheld = 'hidden');
END;
CREATE TRIGGER capture_image_changed AFTER UPDATE OF withheld ON image
    WHEN (old.withheld IS 'hidden') <> (new.withheld IS 'hidden')
        AND EXISTS (SELECT 1 FROM capture WHERE image_id = new.id) BEGIN
    UPDATE capture_count SET captures = captures + CASE WHEN new.withheld IS 'hidden' THEN -1 ELSE 1 END
        * (SELECT count(*) FROM capture WHERE image_id = new.id AND capture.state = capture_count.state);
END;

-- How many images a view has; counting a million takes longer than a key may.
CREATE TABLE view_count (
    view TEXT PRIMARY KEY,
    images INTEGER NOT NULL CHECK (images >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO view_count VALUES ('all', 0), ('starred', 0), ('trash', 0), ('uncategorised', 0),
    ('captured', 0), ('imported', 0), ('generated', 0);
INSERT OR REPLACE INTO view_count SELECT origin, count(*) FROM image
    WHERE trashed_at IS NULL AND withheld IS NULL GROUP BY origin;
UPDATE view_count SET images = (SELECT count(*) FROM image WHERE trashed_at IS NULL AND withheld IS NULL)
    WHERE view IN ('all', 'uncategorised');
UPDATE view_count SET images = (SELECT count(*) FROM image WHERE trashed_at IS NOT NULL AND withheld IS NULL)
    WHERE view = 'trash';
CREATE TRIGGER view_image AFTER INSERT ON image WHEN new.trashed_at IS NULL AND new.withheld IS NULL BEGIN
    UPDATE view_count SET images = images + 1 WHERE view IN ('all', 'uncategorised', new.origin);
END;
CREATE TRIGGER view_image_changed AFTER UPDATE OF trashed_at, withheld ON image
    WHEN (old.trashed_at IS NULL AND old.withheld IS NULL) <> (new.trashed_at IS NULL AND new.withheld IS NULL) BEGIN
    UPDATE view_count SET images = images + CASE WHEN new.trashed_at IS NULL AND new.withheld IS NULL THEN 1 ELSE -1 END
        WHERE view IN ('all', new.origin) OR (view = 'starred' AND new.starred = 1)
            OR (view = 'uncategorised' AND new.collections = 0);
END;
CREATE TRIGGER view_trash_changed AFTER UPDATE OF trashed_at, withheld ON image
    WHEN (old.trashed_at IS NOT NULL AND old.withheld IS NULL) <> (new.trashed_at IS NOT NULL AND new.withheld IS NULL)
    BEGIN
    UPDATE view_count SET images = images
        + CASE WHEN new.trashed_at IS NOT NULL AND new.withheld IS NULL THEN 1 ELSE -1 END WHERE view = 'trash';
END;
CREATE TRIGGER view_starred AFTER UPDATE OF starred ON image
    WHEN old.starred <> new.starred AND new.trashed_at IS NULL AND new.withheld IS NULL BEGIN
    UPDATE view_count SET images = images + new.starred - old.starred WHERE view = 'starred';
END;
CREATE TRIGGER view_collected AFTER UPDATE OF collections ON image
    WHEN (old.collections = 0) <> (new.collections = 0) AND new.trashed_at IS NULL AND new.withheld IS NULL BEGIN
    UPDATE view_count SET images = images + CASE WHEN new.collections = 0 THEN 1 ELSE -1 END
        WHERE view = 'uncategorised';
END;
CREATE TRIGGER view_image_gone AFTER DELETE ON image WHEN old.withheld IS NULL BEGIN
    UPDATE view_count SET images = images - 1
        WHERE (old.trashed_at IS NOT NULL AND view = 'trash') OR (old.trashed_at IS NULL
            AND (view IN ('all', old.origin) OR (view = 'starred' AND old.starred = 1)
                OR (view = 'uncategorised' AND old.collections = 0)));
END;

-- What people and files say of an image in words, and what words it is found by.
CREATE TABLE image_text (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    title TEXT NOT NULL DEFAULT '',
    prompt TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX image_text_title ON image_text (image_id) WHERE title <> '';
CREATE INDEX image_text_prompt ON image_text (image_id) WHERE prompt <> '';
CREATE VIRTUAL TABLE image_words USING fts5 (
    title, prompt, note, prefix = '1 2 3 4', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE image_term USING fts5vocab('image_words', 'instance');
INSERT INTO image_words (rowid, title, prompt, note) SELECT image_id, '', '', text FROM image_note;
CREATE TRIGGER image_text_made AFTER INSERT ON image_text BEGIN
    DELETE FROM image_words WHERE rowid = new.image_id;
    INSERT INTO image_words (rowid, title, prompt, note) SELECT new.image_id, new.title, new.prompt,
        coalesce((SELECT text FROM image_note WHERE image_id = new.image_id), '');
END;
CREATE TRIGGER image_text_changed AFTER UPDATE ON image_text BEGIN
    UPDATE image_words SET title = new.title, prompt = new.prompt WHERE rowid = new.image_id;
END;
CREATE TRIGGER image_text_gone AFTER DELETE ON image_text BEGIN
    UPDATE image_words SET title = '', prompt = '' WHERE rowid = old.image_id;
END;
CREATE TRIGGER image_note_made AFTER INSERT ON image_note BEGIN
    DELETE FROM image_words WHERE rowid = new.image_id;
    INSERT INTO image_words (rowid, title, prompt, note)
        SELECT new.image_id, coalesce(max(title), ''), coalesce(max(prompt), ''), new.text
        FROM image_text WHERE image_id = new.image_id;
END;
CREATE TRIGGER image_note_changed AFTER UPDATE OF text ON image_note BEGIN
    UPDATE image_words SET note = new.text WHERE rowid = new.image_id;
END;
CREATE TRIGGER image_note_gone AFTER DELETE ON image_note BEGIN
    UPDATE image_words SET note = '' WHERE rowid = old.image_id;
END;
CREATE TRIGGER image_words_gone AFTER DELETE ON image BEGIN
    DELETE FROM image_words WHERE rowid = old.id;
END;

-- What a file says of itself; can be read from it again.
CREATE TABLE image_meta (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE TABLE saved_filter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    fold TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL CHECK (text <> ''),
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL
) STRICT;

-- What the last look found; can be made again. `same` when all of a group show the same without any doubt.
CREATE TABLE duplicate_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('exact', 'pixels', 'near')),
    same INTEGER NOT NULL CHECK (same IN (0, 1))
) STRICT;
CREATE TABLE duplicate_member (
    group_id INTEGER NOT NULL REFERENCES duplicate_group ON DELETE CASCADE,
    image_id INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    place INTEGER NOT NULL,
    relation TEXT NOT NULL,
    PRIMARY KEY (group_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_member_image ON duplicate_member (image_id);

-- A person says that two images are no duplicates of each other.
CREATE TABLE not_duplicate (
    one INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    other INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    uid INTEGER NOT NULL REFERENCES user ON DELETE RESTRICT,
    at TEXT NOT NULL,
    PRIMARY KEY (one, other),
    CHECK (one < other)
) STRICT, WITHOUT ROWID;
CREATE INDEX not_duplicate_other ON not_duplicate (other);

-- Originals whose image was deleted for ever and whose file is not gone yet; `path` is relative to the workspace.
CREATE TABLE purged_file (
    sha256 TEXT PRIMARY KEY,
    path BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- Deleting an image looks for it in every table that names one.
CREATE INDEX set_suggestion_image ON set_suggestion (image_id);
CREATE INDEX label_check_image ON label_check (image_id);
CREATE TRIGGER image_came_back AFTER INSERT ON image WHEN new.storage = 'copy' BEGIN
    DELETE FROM purged_file WHERE sha256 = new.sha256;
END;
CREATE TRIGGER image_came_home AFTER UPDATE OF storage ON image WHEN new.storage = 'copy' BEGIN
    DELETE FROM purged_file WHERE sha256 = new.sha256;
END;
