-- Tokens that ended together point to the one line of the record that says so.
ALTER TABLE tokens ADD COLUMN deleted_event bigint;
COMMENT ON COLUMN tokens.deleted_event IS 'The line of the record that ended this token together with others; the record has no foreign keys.';
