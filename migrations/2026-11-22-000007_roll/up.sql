-- A token's secret can be rolled: a newer one stands beside it, and the older one goes on for as
-- long as somebody chose.

ALTER TABLE token_secrets
    ADD COLUMN rolled boolean NOT NULL DEFAULT false,
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN first_used_at timestamptz,
    ADD CONSTRAINT token_secrets_ended_check CHECK ((ended_at IS NULL) = (ended_why IS NULL)),
    ADD CONSTRAINT token_secrets_first_used_check CHECK (first_used_at IS NULL OR rolled);
COMMENT ON COLUMN token_secrets.rolled IS 'Whether a roll made it, and not the form that made the token.';
COMMENT ON COLUMN token_secrets.ends_at IS 'When it ends by itself, once a newer one stands beside it.';
COMMENT ON COLUMN token_secrets.ended_at IS 'Since when it no longer works, whatever the clocks of other nodes say; NULL where it ends by itself.';
COMMENT ON COLUMN token_secrets.ends_when_successor_used IS 'Whether the first use of the newer one ends it.';
COMMENT ON COLUMN token_secrets.first_used_at IS 'The first call that a rolled secret was accepted for, but for those that only ask what it is. Written before that call is answered.';
