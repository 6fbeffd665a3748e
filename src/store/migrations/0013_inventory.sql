-- What an inventory says of a device: the keys by which its AMT is recognised. macs and addresses are joined with commas,
-- in the order of their text. pin 0: as the keys say, 1: linked by hand, 2: kept apart by hand.
CREATE TABLE inventory (
	device     BIGINT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
	uuid       BYTEA,
	macs       TEXT NOT NULL,
	fqdn       TEXT NOT NULL,
	addresses  TEXT NOT NULL,
	serial     TEXT NOT NULL,
	source     TEXT NOT NULL,
	pin        SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL
);
