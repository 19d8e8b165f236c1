ALTER TABLE resources DROP site_key;
