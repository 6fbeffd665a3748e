-- Files for USB keys (setup.bin). A file is given once and kept nowhere; kept is by what the computers that took its
-- records can be reached.
CREATE TABLE setup_file (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	version    TEXT NOT NULL,      -- of the format
	is_shared  SMALLINT NOT NULL,  -- one record for all
	fqdn       TEXT NOT NULL,
	suffix     TEXT NOT NULL,
	created_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);

-- The password is sealed for the credential that it becomes when a computer appears that took the record; the id is that
-- credential's.
CREATE TABLE setup_record (
	id       BIGINT PRIMARY KEY,
	file     BIGINT NOT NULL REFERENCES setup_file (id) ON DELETE CASCADE,
	number   BIGINT NOT NULL,
	password BYTEA NOT NULL,
	pid      TEXT UNIQUE,
	pps      BYTEA,
	used_at  BIGINT NOT NULL,      -- 0: not yet
	device   BIGINT REFERENCES device (id) ON DELETE SET NULL,
	UNIQUE (file, number)
);
CREATE INDEX setup_record_device ON setup_record (device);
