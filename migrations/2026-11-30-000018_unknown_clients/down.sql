DELETE FROM token_networks WHERE network IS NULL;
DROP INDEX token_networks_unknown_idx, token_networks_network_idx;
ALTER TABLE token_networks DROP COLUMN id, ADD PRIMARY KEY (token_id, network);
COMMENT ON COLUMN token_networks.network IS NULL;

COMMENT ON COLUMN audit_events.address IS NULL;
COMMENT ON COLUMN leak_reports.address IS NULL;
COMMENT ON COLUMN sightings.address IS NULL;
COMMENT ON COLUMN sessions.address IS NULL;
COMMENT ON COLUMN token_use.address IS NULL;
-- The unspecified address stands for one that is unknown.
UPDATE token_use SET address = '::' WHERE address IS NULL;
ALTER TABLE token_use ALTER COLUMN address SET NOT NULL;
