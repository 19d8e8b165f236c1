CREATE TABLE catalogues (
    digest bytea CONSTRAINT catalogues_pkey PRIMARY KEY
        CONSTRAINT catalogues_digest_check CHECK (octet_length(digest) = 32),
    text   text NOT NULL,
    since  timestamptz NOT NULL
);
COMMENT ON TABLE catalogues IS 'Catalogues that nodes have run with: what one of them no longer offers is shown by the title that it had last.';
COMMENT ON COLUMN catalogues.digest IS 'SHA-256 of the text.';
COMMENT ON COLUMN catalogues.since IS 'When a node last started with it in place of another one.';
