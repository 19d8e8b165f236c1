DELETE FROM begun;
ALTER TABLE begun DROP CONSTRAINT begun_kind_check, DROP state,
    ADD CONSTRAINT begun_kind_check CHECK (kind IN ('second'));
COMMENT ON TABLE begun IS 'Sign-ins that began and are not finished. Taken by whoever finishes them, once.';
DELETE FROM authenticators WHERE kind = 'passkey';
ALTER TABLE authenticators DROP CONSTRAINT authenticators_kind_check, DROP name, DROP credential, DROP passkey, DROP rp_id,
    ADD CONSTRAINT authenticators_kind_check CHECK (kind IN ('totp'));
COMMENT ON TABLE authenticators IS 'Second factors: authenticator apps.';
ALTER TABLE users DROP passkey_handle;
