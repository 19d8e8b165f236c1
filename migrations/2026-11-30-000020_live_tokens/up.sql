-- Deleting a row needs no space, and every other way to end a token does: an index has room for the
-- token as it is then, the audit log for its line. So a token works only while it has a row here.
CREATE TABLE live_tokens (
    token_id bigint PRIMARY KEY REFERENCES tokens ON DELETE CASCADE
);
COMMENT ON TABLE live_tokens IS 'Tokens that may work. On a full disk deleting the row ends the token; the token''s own row says the same later.';
INSERT INTO live_tokens SELECT id FROM tokens WHERE deleted_at IS NULL;

-- A trigger, so that a node of the version before gives its tokens a row, too.
CREATE FUNCTION make_tokens_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO live_tokens SELECT id FROM created WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_are_live AFTER INSERT ON tokens
    REFERENCING NEW TABLE AS created FOR EACH STATEMENT EXECUTE FUNCTION make_tokens_live();
