DELETE FROM sightings WHERE kind = 'code_refused';
ALTER TABLE sightings DROP CONSTRAINT sightings_kind_check, ADD CONSTRAINT sightings_kind_check
    CHECK (kind IN ('signed_in', 'sign_in_refused', 'first_use', 'new_network'));
DELETE FROM user_links WHERE purpose = 'factor';
ALTER TABLE user_links DROP CONSTRAINT user_links_purpose_check, DROP note,
    ADD CONSTRAINT user_links_purpose_check CHECK (purpose IN ('password', 'address'));
COMMENT ON TABLE user_links IS 'Links by which a person sets a new password or verifies an address. The newest of a purpose is the only one; used ones are deleted.';
COMMENT ON COLUMN user_links.made_by IS 'The site admin who created it; NULL: the person.';
DROP TABLE begun, recovery_codes, authenticators;
ALTER TABLE accounts DROP factor_from;
ALTER TABLE sessions DROP proved_fully_at;
COMMENT ON COLUMN sessions.password_at IS 'When the password was last entered in this session.';
ALTER TABLE users DROP epoch, DROP factor_since;
