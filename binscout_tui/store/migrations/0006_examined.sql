-- A picture that stayed in place is an image as soon as its bytes are hashed; a guarded worker decodes it later. Until
-- then `examined` is 0, and what its row says of the picture is what the file's first bytes say.
ALTER TABLE image ADD COLUMN examined INTEGER NOT NULL DEFAULT 1 CHECK (examined IN (0, 1));
CREATE INDEX image_unexamined ON image (examined, health, id) WHERE examined = 0;

-- Why an image that could not be decoded is withheld as rejected.
CREATE TABLE image_damage (
    image_id INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
