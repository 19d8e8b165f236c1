DROP INDEX tokens_account_expiry_idx;
DROP INDEX tokens_account_deleted_idx;
