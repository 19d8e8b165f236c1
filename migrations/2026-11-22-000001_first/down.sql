DROP TABLE audit_events, signing_keys, throttles, sessions, token_use, token_grant_resources, token_grants,
    token_secrets, tokens, resources, memberships, users, accounts;
