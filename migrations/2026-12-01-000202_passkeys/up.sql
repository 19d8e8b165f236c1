ALTER TABLE users ADD passkey_handle uuid CONSTRAINT users_passkey_handle_key UNIQUE;
COMMENT ON COLUMN users.passkey_handle IS 'What passkeys call the user: random, so that they tell nothing.';

ALTER TABLE authenticators DROP CONSTRAINT authenticators_kind_check,
    ADD name text CONSTRAINT authenticators_name_check CHECK (length(name) BETWEEN 1 AND 80),
    ADD credential bytea CONSTRAINT authenticators_credential_key UNIQUE
        CONSTRAINT authenticators_credential_check CHECK (octet_length(credential) BETWEEN 1 AND 1023),
    ADD passkey jsonb,
    ADD rp_id text,
    ADD CONSTRAINT authenticators_kind_check CHECK (kind IN ('totp', 'passkey')),
    ADD CONSTRAINT authenticators_passkey_check CHECK (kind <> 'passkey' OR name IS NOT NULL
        AND credential IS NOT NULL AND passkey IS NOT NULL AND rp_id IS NOT NULL AND proved_at IS NOT NULL);
COMMENT ON TABLE authenticators IS 'Second factors: authenticator apps and passkeys.';
COMMENT ON COLUMN authenticators.credential IS 'What the passkey is known by.';
COMMENT ON COLUMN authenticators.passkey IS 'The passkey as webauthn-rs writes it: public key, counter, flags.';
COMMENT ON COLUMN authenticators.rp_id IS 'The host that the passkey was created for; it works for no other.';

ALTER TABLE begun DROP CONSTRAINT begun_kind_check, ADD state jsonb,
    ADD CONSTRAINT begun_kind_check CHECK (kind IN ('second', 'passkey', 'register', 'prove')),
    ADD CONSTRAINT begun_state_check CHECK (kind = 'second' OR state IS NOT NULL);
COMMENT ON TABLE begun IS 'Sign-ins and questions to a passkey that began and are not finished. Taken by whoever finishes them, once.';
COMMENT ON COLUMN begun.state IS 'What a passkey was asked, with its challenge, as webauthn-rs writes it.';
