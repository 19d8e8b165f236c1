-- What somebody did is read newest first; the older index had no moments.
CREATE INDEX audit_events_actor_at_idx ON audit_events (actor_kind, actor_id, at DESC, id DESC) WHERE actor_id IS NOT NULL;
DROP INDEX audit_events_actor_idx;

-- Who made an account's tokens is found by leaping from maker to maker.
CREATE INDEX tokens_maker_idx ON tokens (account_id, created_by) WHERE account_id IS NOT NULL AND deleted_at IS NULL;

CREATE INDEX sightings_token_idx ON sightings (token_id, at DESC, id DESC) WHERE token_id IS NOT NULL;

-- A network that a token was last used from is none that is new for it.
INSERT INTO token_networks (token_id, network, first_at)
SELECT token_id, network, min(last_used_at) FROM (
    SELECT token_secrets.token_id, token_use.last_used_at,
           network(set_masklen(token_use.address, CASE family(token_use.address) WHEN 4 THEN 24 ELSE 48 END)) AS network
    FROM token_use JOIN token_secrets ON token_secrets.id = token_use.secret_id
) AS used GROUP BY token_id, network ON CONFLICT DO NOTHING;
