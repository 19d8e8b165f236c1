-- Each demand of an account has its own moments: with one for all of them, a change of one let tokens
-- in again that another refused.
ALTER TABLE account_limits
    ADD COLUMN life_since timestamptz,
    ADD COLUMN life_older_from timestamptz,
    ADD COLUMN network_since timestamptz,
    ADD COLUMN network_older_from timestamptz,
    ADD COLUMN everything_since timestamptz,
    ADD COLUMN everything_older_from timestamptz;
UPDATE account_limits SET
    life_since = set_at, life_older_from = binds_older_from,
    network_since = set_at, network_older_from = binds_older_from,
    everything_since = set_at, everything_older_from = binds_older_from;
ALTER TABLE account_limits
    ALTER COLUMN life_since SET NOT NULL,
    ALTER COLUMN network_since SET NOT NULL,
    ALTER COLUMN everything_since SET NOT NULL,
    DROP COLUMN set_at,
    DROP COLUMN binds_older_from;
COMMENT ON COLUMN account_limits.life_since IS 'Tokens that were made, or whose user joined, from then on are bound to the longest life, and to have an end.';
COMMENT ON COLUMN account_limits.life_older_from IS 'From when older tokens are bound too; NULL: never.';
COMMENT ON COLUMN account_limits.write_needs_network IS 'Whether a token that may change something names addresses, in networks of /8 (IPv6: /16) or narrower.';
COMMENT ON COLUMN account_limits.network_since IS 'The same as life_since, for write_needs_network.';
COMMENT ON COLUMN account_limits.network_older_from IS 'The same as life_older_from, for write_needs_network.';
COMMENT ON COLUMN account_limits.everything_since IS 'The same as life_since, for everything_allowed.';
COMMENT ON COLUMN account_limits.everything_older_from IS 'The same as life_older_from, for everything_allowed.';
