ALTER TABLE users DROP reference;
ALTER TABLE accounts DROP reference;
