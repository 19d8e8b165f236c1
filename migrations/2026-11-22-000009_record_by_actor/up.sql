-- Before a member is taken out, the page says whose secrets were shown to them: that is in the
-- record, which never stops growing.
CREATE INDEX audit_events_actor_idx ON audit_events (actor_id, id DESC) WHERE actor_id IS NOT NULL;
