COMMENT ON COLUMN begun.digest IS 'SHA-256 of the number that the page''s form holds: random, or the challenge of a passkey.';
COMMENT ON COLUMN begun.state IS 'What a passkey was asked, as webauthn-rs writes it, without the challenge.';
