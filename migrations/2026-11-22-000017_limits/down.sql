ALTER TABLE account_limits ADD COLUMN set_at timestamptz, ADD COLUMN binds_older_from timestamptz;
UPDATE account_limits SET
    set_at = greatest(life_since, network_since, everything_since),
    binds_older_from = greatest(life_older_from, network_older_from, everything_older_from);
ALTER TABLE account_limits
    ALTER COLUMN set_at SET NOT NULL,
    DROP COLUMN life_since,
    DROP COLUMN life_older_from,
    DROP COLUMN network_since,
    DROP COLUMN network_older_from,
    DROP COLUMN everything_since,
    DROP COLUMN everything_older_from;
COMMENT ON COLUMN account_limits.set_at IS 'Tokens made from then on are bound.';
COMMENT ON COLUMN account_limits.binds_older_from IS 'From when older tokens are bound too; NULL: never.';
COMMENT ON COLUMN account_limits.write_needs_network IS NULL;
