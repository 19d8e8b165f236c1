COMMENT ON COLUMN tokens.deleted_why IS NULL;
UPDATE tokens SET deleted_why = 'revoke_all' WHERE deleted_why = 'unverified_address';
ALTER TABLE tokens
    DROP CONSTRAINT tokens_deleted_why_check,
    ADD CONSTRAINT tokens_deleted_why_check CHECK (deleted_why IN ('person', 'revoke_all', 'admin', 'leak', 'itself', 'command_line'));
ALTER TABLE users DROP COLUMN reclaimed_at;
