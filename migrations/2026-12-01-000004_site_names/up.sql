-- NULL where two accounts may have one of the same name: adding such a column changes no row.
ALTER TABLE resources ADD site_key text, ADD CONSTRAINT resources_kind_site_key_key UNIQUE (kind, site_key);
COMMENT ON COLUMN resources.site_key IS 'The name, for a kind whose names are given once on the whole site.';
