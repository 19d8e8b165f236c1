DROP TABLE mails, sightings, audit_events, leak_reports, throttles, budgets, token_refusals, token_networks,
    token_use, account_limits, token_blocks, token_grant_resources, token_grants, token_secrets, live_tokens,
    tokens, resources, signing_keys, sessions, user_links, invitations, memberships, users, accounts;
DROP FUNCTION make_tokens_live, bare_words;
