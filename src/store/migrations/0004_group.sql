-- Groups of devices: they carry tasks and never settings, and a device may be in many. filter '': static, with members in
-- group_member; else whoever fits the filter (codec/devfilter.h) at the moment of the question is a member.
CREATE TABLE device_group (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	note       TEXT NOT NULL,
	filter     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL
);

CREATE TABLE group_member (
	member_of BIGINT NOT NULL REFERENCES device_group (id) ON DELETE CASCADE,
	device    BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
	PRIMARY KEY (member_of, device)
);
CREATE INDEX group_member_device ON group_member (device);
