DROP TRIGGER tokens_are_live ON tokens;
DROP FUNCTION make_tokens_live();
DROP TABLE live_tokens;
