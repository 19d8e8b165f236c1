DROP INDEX sightings_token_idx, tokens_maker_idx;
CREATE INDEX audit_events_actor_idx ON audit_events (actor_id, id DESC) WHERE actor_id IS NOT NULL;
DROP INDEX audit_events_actor_at_idx;
