ALTER TABLE resources DROP CONSTRAINT resources_kind_check;
ALTER TABLE token_grant_resources DROP CONSTRAINT token_grant_resources_kind_check;
ALTER TABLE token_grants
    DROP CONSTRAINT token_grants_permission_check,
    DROP CONSTRAINT token_grants_access_check,
    DROP CONSTRAINT token_grants_patterns_check;
