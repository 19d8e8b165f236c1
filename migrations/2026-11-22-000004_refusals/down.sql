DROP TABLE token_refusals;
