-- What a call's decision reads can be read: a row that can't would refuse its token every call with a 500.
ALTER TABLE token_grants
    ADD CONSTRAINT token_grants_permission_check CHECK (permission COLLATE "C" ~ '^[a-z_]+$'),
    ADD CONSTRAINT token_grants_access_check CHECK (access IN ('read', 'full')),
    ADD CONSTRAINT token_grants_patterns_check CHECK (
        NOT jsonb_path_exists(parts, 'strict $.* ? (@.type() != "array")')
        AND NOT jsonb_path_exists(parts, 'strict $.* ? (@.type() == "array") ? (@.size() == 0)')
        AND NOT jsonb_path_exists(parts, 'strict $.* ? (@.type() == "array")[*] ? (@.type() != "string")')
    );
ALTER TABLE token_grant_resources
    ADD CONSTRAINT token_grant_resources_kind_check CHECK (kind COLLATE "C" ~ '^[a-z][a-z0-9_]{0,30}$');
ALTER TABLE resources
    ADD CONSTRAINT resources_kind_check CHECK (kind COLLATE "C" ~ '^[a-z][a-z0-9_]{0,30}$');
