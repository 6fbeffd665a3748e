-- The message log. id as in event and audit. number and severity stand in store/message.tbl.h; kind and
-- object say what it is about (0 zone, 1 folder, 2 device, 3 server, 4 credential, 5 certificate, 6 token, 7 target,
-- 8 job, 9 scan), related is the number of a job or scan.
CREATE TABLE message (
	id       BIGINT PRIMARY KEY,
	time     BIGINT NOT NULL,
	number   INTEGER NOT NULL,
	severity SMALLINT NOT NULL,
	actor    TEXT NOT NULL,
	kind     SMALLINT NOT NULL,
	object   BIGINT NOT NULL,
	name     TEXT NOT NULL,
	related  BIGINT NOT NULL,
	text     TEXT NOT NULL,
	more     TEXT NOT NULL,
	acked_at BIGINT NOT NULL,
	acked_by TEXT NOT NULL
);
CREATE INDEX message_of ON message (kind, object, id);
CREATE INDEX message_open ON message (kind, object, severity) WHERE acked_at = 0;
