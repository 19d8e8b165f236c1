COMMENT ON COLUMN begun.digest IS 'SHA-256 of the number that the page''s form holds.';
COMMENT ON COLUMN begun.state IS 'What a passkey was asked, with its challenge, as webauthn-rs writes it.';
