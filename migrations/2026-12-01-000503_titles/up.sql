ALTER TABLE resources ADD title text CONSTRAINT resources_title_check CHECK (length(title) BETWEEN 1 AND 255);
COMMENT ON COLUMN resources.title IS 'What people call it; NULL: by its name. Nothing is decided by it.';
