-- Someone can join with a copied invitation as an address that isn't theirs. Once the real owner gets a new
-- password, nothing that was created before may outlive that.
ALTER TABLE users ADD COLUMN reclaimed_at timestamptz;
COMMENT ON COLUMN users.reclaimed_at IS 'When someone else last had a new password set for the user, whose address was never verified until then. What the user sent before may be a stranger''s.';

ALTER TABLE tokens
    DROP CONSTRAINT tokens_deleted_why_check,
    ADD CONSTRAINT tokens_deleted_why_check CHECK (deleted_why IN ('person', 'revoke_all', 'admin', 'leak', 'itself', 'command_line', 'unverified_address'));
COMMENT ON COLUMN tokens.deleted_why IS 'Why it was deleted. unverified_address: its user got a new password before the address was ever verified.';
