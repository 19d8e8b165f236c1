-- Tokens that ended together are asked for by the line of the record that says so.
CREATE INDEX tokens_deleted_event_idx ON tokens (deleted_event) WHERE deleted_event IS NOT NULL;

-- Lines of one kind, and those of the command line, are few among many: without these an account's
-- whole record would be walked through for them.
CREATE INDEX audit_events_account_kind_idx ON audit_events (account_id, split_part(action, '.', 1), at DESC, id DESC)
    WHERE account_id IS NOT NULL;
CREATE INDEX audit_events_account_command_line_idx ON audit_events (account_id, at DESC, id DESC)
    WHERE actor_kind = 'command_line';
