-- What ended, or is about to, by these columns must not come back to life without them.
UPDATE token_secrets SET ended_at = coalesce(ends_at, created_at), ended_why = 'replaced', ends_when_successor_used = false
    WHERE ended_at IS NULL AND (ends_at IS NOT NULL OR ends_when_successor_used);
ALTER TABLE token_secrets
    DROP CONSTRAINT token_secrets_ended_check,
    DROP CONSTRAINT token_secrets_first_used_check,
    DROP COLUMN rolled,
    DROP COLUMN ends_at,
    DROP COLUMN first_used_at;
COMMENT ON COLUMN token_secrets.ended_at IS NULL;
COMMENT ON COLUMN token_secrets.ends_when_successor_used IS NULL;
