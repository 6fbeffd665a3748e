-- The newest row of each server's audit chain once more, so that rows taken from its end are missed; and the checkpoints
-- up to which old rows were cut off.
CREATE TABLE audit_head (
	server BIGINT PRIMARY KEY,
	id     BIGINT NOT NULL,
	hash   BYTEA NOT NULL
);
INSERT INTO audit_head (server, id, hash)
	SELECT a.id / 1099511627776, a.id, a.hash FROM audit a WHERE NOT EXISTS (SELECT 1 FROM audit b
		WHERE b.id > a.id AND b.id < (a.id / 1099511627776 + 1) * 1099511627776);

-- id, hash: the last row that was cut off; removed: how many rows this cut took.
CREATE TABLE audit_checkpoint (
	id      BIGINT PRIMARY KEY,
	time    BIGINT NOT NULL,
	hash    BYTEA NOT NULL,
	removed BIGINT NOT NULL
);

CREATE INDEX audit_time ON audit (time, action);
CREATE INDEX audit_object ON audit (object, id);
