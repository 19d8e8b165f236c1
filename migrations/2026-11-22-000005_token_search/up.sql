-- Lists of tokens are searched by word and by hint, and sorted by name; a resource's page finds the
-- tokens that reach it. All of it has to stay quick with 100,000 tokens in one account.

ALTER TABLE tokens ADD COLUMN search_words text[] NOT NULL DEFAULT '{}'
    CHECK (array_position(search_words, NULL) IS NULL);
COMMENT ON COLUMN tokens.search_words IS 'Words of the name in lower case, each behind its owner: a1010/deploy, u7/deploy.';

-- What is there already is split by the database, whose idea of case depends on its locale; renaming
-- a token brings its words to what the program makes of them.
UPDATE tokens SET search_words = array(
    SELECT DISTINCT CASE kind WHEN 'account' THEN 'a' || account_id ELSE 'u' || user_id END || '/' || word
    FROM regexp_split_to_table(lower(name), '[[:space:][:punct:]]+') AS word WHERE word <> '');

-- A tsvector only for its index, which finds by prefix; no dictionary and no parser take part.
CREATE INDEX tokens_search_words_idx ON tokens USING gin (array_to_tsvector(search_words));
CREATE INDEX tokens_account_name_idx ON tokens (account_id, lower(name), id);
CREATE INDEX tokens_account_everything_idx ON tokens (account_id, created_at DESC, id DESC)
    WHERE full_access AND deleted_at IS NULL;
CREATE INDEX token_secrets_hint_end_idx ON token_secrets (right(hint, 4));
CREATE INDEX token_grants_account_id_idx ON token_grants (account_id, permission, token_id)
    WHERE account_id IS NOT NULL;
