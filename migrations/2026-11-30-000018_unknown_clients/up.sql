-- A client whose address no trusted proxy says readably is at an unknown address: NULL.
ALTER TABLE token_use ALTER COLUMN address DROP NOT NULL;
COMMENT ON COLUMN token_use.address IS 'NULL: an unknown address.';
COMMENT ON COLUMN sessions.address IS 'NULL: an unknown address.';
COMMENT ON COLUMN sightings.address IS 'NULL: an unknown address.';
COMMENT ON COLUMN leak_reports.address IS 'NULL: an unknown address.';
COMMENT ON COLUMN audit_events.address IS 'NULL: of users and tokens an unknown address, of others none.';

-- All unknown addresses are one network of a token, so that a use from there is told once.
ALTER TABLE token_networks
    DROP CONSTRAINT token_networks_pkey,
    ALTER COLUMN network DROP NOT NULL,
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
COMMENT ON COLUMN token_networks.network IS 'NULL: an unknown address.';
CREATE UNIQUE INDEX token_networks_network_idx ON token_networks (token_id, network);
CREATE UNIQUE INDEX token_networks_unknown_idx ON token_networks (token_id) WHERE network IS NULL;
