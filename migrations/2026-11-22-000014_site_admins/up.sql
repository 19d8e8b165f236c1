-- Whoever runs the site looks for tokens of everybody by the words of their names. The index of the
-- lists has each word behind its owner, and so cannot be asked without one.
CREATE FUNCTION bare_words(words text[]) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT array(SELECT split_part(word, ''/'', 2) FROM unnest(words) AS word)';
COMMENT ON FUNCTION bare_words IS 'Words of a token''s name as they are stored, without their owner.';
CREATE INDEX tokens_bare_words_idx ON tokens USING gin (array_to_tsvector(bare_words(search_words)));

-- What was reported together is worked off together.
CREATE INDEX leak_reports_report_idx ON leak_reports (report, id);
