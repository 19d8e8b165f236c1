-- NULL until somebody says it: adding such a column changes no row.
ALTER TABLE accounts ADD reference text CONSTRAINT accounts_reference_key UNIQUE;
COMMENT ON COLUMN accounts.reference IS 'What the owner of the API calls the account.';
ALTER TABLE users ADD reference text CONSTRAINT users_reference_key UNIQUE;
COMMENT ON COLUMN users.reference IS 'What the owner of the API calls the user.';
