-- Calls with a real secret that were refused, and why; for the page of the token.

CREATE TABLE token_refusals (
    token_id   bigint NOT NULL REFERENCES tokens ON DELETE CASCADE,
    permission text NOT NULL,
    access     text NOT NULL CHECK (access IN ('', 'read', 'full')),
    reason     text NOT NULL CHECK (reason ~ '^[a-z_]+$'),
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL CHECK (last_at >= first_at),
    calls      bigint NOT NULL CHECK (calls > 0),
    PRIMARY KEY (token_id, permission, access, reason),
    CHECK ((permission = '') = (access = ''))
);
COMMENT ON TABLE token_refusals IS 'Refused calls of each token, at most 50 kinds of them. Nothing in it was chosen by the caller.';
COMMENT ON COLUMN token_refusals.permission IS 'Key of the permission that guards the route; empty where the route needs none.';
COMMENT ON COLUMN token_refusals.access IS 'The access that the route needs; empty where it needs no permission.';
COMMENT ON COLUMN token_refusals.reason IS 'Why, as a word of the code.';
