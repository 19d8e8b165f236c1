-- Deleted and expired tokens are counted on every list page: without these, in an account with
-- many tokens of which few have ended, every one of them was read for it.
CREATE INDEX tokens_account_deleted_idx ON tokens (account_id, created_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX tokens_account_expiry_idx ON tokens (account_id, expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;
