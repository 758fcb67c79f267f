-- Rows with the same `batch` (the journal id of the first of them) are one decision on several things.
ALTER TABLE undo_entry ADD COLUMN batch INTEGER;
UPDATE undo_entry SET batch = journal_id;
CREATE INDEX undo_batch ON undo_entry (batch);
