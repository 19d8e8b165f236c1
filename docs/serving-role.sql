-- What a role that only serves may do: read and change rows as the pages and the API do, and nothing
-- else. It can't create, change or drop a table, rewrite the audit log, make anyone a site admin, or
-- change what an existing token may do.
--
-- Run it as the role that owns the tables, after each `tokenhouse migrate`:
--
--   psql "$URL_OF_THE_OWNER" -v ON_ERROR_STOP=1 -v role=tokenhouse_serve -f docs/serving-role.sql
--
-- The role has to exist: CREATE ROLE tokenhouse_serve LOGIN PASSWORD '…'
-- It takes away what the role had before, so it can be run again at any time.

BEGIN;

-- Before Postgres 15 everyone may create tables in it, and only a superuser can take that away: where this
-- warns that nothing was revoked, run this line as one.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

REVOKE ALL ON SCHEMA public FROM :"role";
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"role";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM :"role";

GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"role";

-- Rows that are written once. Columns that number themselves need no right to their sequence; the
-- audit log asks for its next number itself.
GRANT INSERT ON audit_events, token_grants, token_grant_resources, token_networks
    TO :"role";
GRANT USAGE ON SEQUENCE audit_events_id_seq TO :"role";

-- Rows that are created and changed. What takes them away goes by way of their owner's row.
GRANT INSERT, UPDATE ON account_limits, catalogues, invitations, token_secrets, token_use TO :"role";

-- Rows that are created and taken away.
GRANT INSERT, DELETE ON begun, live_tokens, recovery_codes, sightings, token_blocks TO :"role";

GRANT INSERT, UPDATE, DELETE ON authenticators, budgets, leak_reports, mails, memberships, resources,
    sessions, throttles, token_refusals, user_links
    TO :"role";

-- The tables of the DNS example, which a build without it doesn't have.
SET LOCAL tokenhouse.role = :"role";
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT * FROM (VALUES
            ('platform_messages', 'INSERT'),
            ('domains', 'INSERT, UPDATE'), ('whois_privacies', 'INSERT, UPDATE'), ('zones', 'INSERT, UPDATE'),
            ('record_templates', 'INSERT, DELETE'), ('webhooks', 'INSERT, DELETE'),
            ('contacts', 'INSERT, UPDATE, DELETE'), ('records', 'INSERT, UPDATE, DELETE')
        ) AS rights (name, acts)
        WHERE to_regclass(name) IS NOT NULL
    LOOP
        EXECUTE format('GRANT %s ON %I TO %I', one.acts, one.name, current_setting('tokenhouse.role'));
    END LOOP;
END
$$;

-- Accounts are created on the command line.
GRANT UPDATE, DELETE ON accounts TO :"role";

-- The policy of a token never changes after its creation.
GRANT INSERT, DELETE ON tokens TO :"role";
GRANT UPDATE (name, search_words, updated_at, disabled_at, disabled_by, disabled_why,
              deleted_at, deleted_by, deleted_why, deleted_event, deleted_note)
    ON tokens TO :"role";

-- Everything but `site_admin_since`, which is set on the command line. Nobody is deleted.
GRANT INSERT (email, name, password_hash, created_at, updated_at, email_verified_at) ON users TO :"role";
GRANT UPDATE (email, name, password_hash, deactivated_at, updated_at, email_verified_at, notices_off_at,
              reclaimed_at, epoch, factor_since, passkey_handle)
    ON users TO :"role";

-- The first node creates the key. With --signing-key-file nothing of this is needed: replace the line by
-- REVOKE SELECT ON signing_keys FROM :"role";
GRANT INSERT ON signing_keys TO :"role";

COMMIT;
