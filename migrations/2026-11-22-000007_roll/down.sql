ALTER TABLE token_secrets
    DROP CONSTRAINT token_secrets_ended_check,
    DROP CONSTRAINT token_secrets_first_used_check,
    DROP COLUMN rolled,
    DROP COLUMN ends_at,
    DROP COLUMN first_used_at;
COMMENT ON COLUMN token_secrets.ended_at IS NULL;
COMMENT ON COLUMN token_secrets.ends_when_successor_used IS NULL;
