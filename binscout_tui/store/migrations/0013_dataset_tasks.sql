-- Versions of other tasks than classes. What a line says besides its class: of `count` how many there are, and boxes.
-- `item` is what is counted, '' for everything.
ALTER TABLE dataset_item ADD COLUMN detail TEXT CHECK (detail IS NULL OR json_valid(detail));
ALTER TABLE dataset ADD COLUMN item TEXT NOT NULL DEFAULT '';

-- The decided sets of a version of `select`; their images are lines of `dataset_item` too, so that whatever knows the
-- images of a version knows these. An image may stand in two sets. `key` is a hash of the members in their order.
CREATE TABLE dataset_set (
    dataset_id TEXT NOT NULL REFERENCES dataset ON DELETE CASCADE,
    key TEXT NOT NULL,
    split TEXT NOT NULL CHECK (split IN ('train', 'val', 'test')),
    source_group TEXT NOT NULL,
    chosen INTEGER NOT NULL CHECK (chosen >= 0),
    crop TEXT CHECK (crop IS NULL OR json_valid(crop)),
    PRIMARY KEY (dataset_id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE dataset_set_member (
    dataset_id TEXT NOT NULL,
    key TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    sha256 TEXT NOT NULL,
    PRIMARY KEY (dataset_id, key, position),
    FOREIGN KEY (dataset_id, key) REFERENCES dataset_set (dataset_id, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_set_member_image ON dataset_set_member (dataset_id, sha256);
