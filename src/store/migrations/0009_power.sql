-- Power states as they were seen, one row where a state differs from the one seen before (power: CIM number). A state
-- counts from when it was seen until another is seen.
CREATE TABLE power_seen (
	device BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
	time   BIGINT NOT NULL,
	power  SMALLINT NOT NULL,
	PRIMARY KEY (device, time)
);
CREATE INDEX power_seen_time ON power_seen (time);
