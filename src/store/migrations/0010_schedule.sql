-- When a verb is applied by itself. One row is one entry of the list of a level (scope 0 zone, 1 folder, 2 device) or
-- one task of a group (scope 4). rule is the canonical text of codec/recur.h; time_zone '' is that of each device.
-- spread: milliseconds over which the devices of one occurrence start, -1 by their number. What fell due before `since`
-- is not this entry's: it was made, changed or resumed then.
CREATE TABLE schedule (
	id           BIGINT PRIMARY KEY,
	scope        SMALLINT NOT NULL,
	object       BIGINT NOT NULL,
	name         TEXT NOT NULL UNIQUE,
	verb         SMALLINT NOT NULL,
	boot         TEXT NOT NULL,
	rule         TEXT NOT NULL,
	time_zone    TEXT NOT NULL,
	spread       BIGINT NOT NULL,
	is_protected SMALLINT NOT NULL,
	is_suspended SMALLINT NOT NULL,
	since        BIGINT NOT NULL,
	created_by   TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	changed_at   BIGINT NOT NULL
);
CREATE INDEX schedule_level_entries ON schedule (scope, object, name);

-- Levels that have a list of their own instead of the inherited one. is_kept: also when it is empty.
CREATE TABLE schedule_level (
	scope   SMALLINT NOT NULL,
	object  BIGINT NOT NULL,
	is_kept SMALLINT NOT NULL,
	PRIMARY KEY (scope, object)
);

-- One due time of one entry in one time zone: what was done stays here, so that the same local time is never done
-- twice, whatever the clock does. state 0: it became a job (0: no device was meant), 1: left out for a reason.
CREATE TABLE occurrence (
	schedule  BIGINT NOT NULL,
	time_zone TEXT NOT NULL,
	local     TEXT NOT NULL,
	due       BIGINT NOT NULL,
	state     SMALLINT NOT NULL,
	reason    SMALLINT NOT NULL,
	job       BIGINT NOT NULL,
	made_at   BIGINT NOT NULL,
	PRIMARY KEY (schedule, local, time_zone)
);
CREATE INDEX occurrence_made ON occurrence (made_at);
CREATE INDEX occurrence_due ON occurrence (schedule, due, local, time_zone);

-- Everything that fell due until then was handled by this server.
CREATE TABLE schedule_cursor (
	server BIGINT PRIMARY KEY,
	until  BIGINT NOT NULL
);
