-- Named lists of black-out ranges, in which schedules do nothing. from_s and to_s (excluded) are seconds since 1970 on the
-- wall clock of the device (is_utc 0) or of UTC; name is what a range is called.
CREATE TABLE calendar (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	note       TEXT NOT NULL,
	ranges     BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL
);

CREATE TABLE calendar_range (
	calendar BIGINT NOT NULL,
	from_s   BIGINT NOT NULL,
	to_s     BIGINT NOT NULL,
	is_utc   SMALLINT NOT NULL,
	name     TEXT NOT NULL,
	PRIMARY KEY (calendar, from_s, to_s, is_utc, name)
);
