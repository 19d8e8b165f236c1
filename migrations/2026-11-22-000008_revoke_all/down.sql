ALTER TABLE tokens DROP COLUMN deleted_event;
