ALTER TABLE resources DROP title;
