-- MACs beside the hashes of the audit, with a key that is not in the database: of rows, of the head and of checkpoints.
-- audit_seal: the last row of a server that was written before there was a key.
ALTER TABLE audit ADD COLUMN mac BYTEA;
ALTER TABLE audit_head ADD COLUMN mac BYTEA;
ALTER TABLE audit_checkpoint ADD COLUMN mac BYTEA;
CREATE TABLE audit_seal (
	server BIGINT PRIMARY KEY,
	id     BIGINT NOT NULL,
	time   BIGINT NOT NULL,
	hash   BYTEA NOT NULL,
	mac    BYTEA NOT NULL
);
