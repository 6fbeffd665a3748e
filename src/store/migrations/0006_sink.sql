-- Where messages (feed 0) and audit records (feed 1) are passed on to. kind stands in store/sink.tbl.h; secret is sealed,
-- its place is (sink, id, secret, version). severity: the mildest that is passed on. components: separated by blanks,
-- empty for all.
CREATE TABLE sink (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	kind       SMALLINT NOT NULL,
	feed       SMALLINT NOT NULL,
	enabled    SMALLINT NOT NULL,
	address    TEXT NOT NULL,
	options    TEXT NOT NULL,
	secret     BYTEA,
	version    BIGINT NOT NULL,
	severity   SMALLINT NOT NULL,
	components TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL
);
INSERT INTO sink (id, name, kind, feed, enabled, address, options, secret, version, severity, components, created_at,
	changed_at) VALUES
	(10, 'local-log', 0, 0, 1, 'messages.log', '{}', NULL, 0, 4, '', 0, 0),
	(11, 'local-audit', 0, 1, 0, 'audit.csv', '{}', NULL, 0, 4, '', 0, 0);

-- How far each server has got: position is the id of the last message or record that the target took.
CREATE TABLE sink_state (
	sink      BIGINT NOT NULL REFERENCES sink (id) ON DELETE CASCADE,
	server    BIGINT NOT NULL,
	position  BIGINT NOT NULL,
	sent      BIGINT NOT NULL,
	missed    BIGINT NOT NULL,
	failed_at BIGINT NOT NULL,
	error     TEXT NOT NULL,
	PRIMARY KEY (sink, server)
);
