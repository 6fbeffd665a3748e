-- How AMT interfaces and inventory records are brought together: when, and what the last run found. rule is the text of
-- codec/recur.h; everything due until `handled` was done. ended_at before started_at: a run is under way.
CREATE TABLE reconcile (
	one            SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
	rule           TEXT NOT NULL,
	time_zone      TEXT NOT NULL,
	handled        BIGINT NOT NULL,
	started_at     BIGINT NOT NULL,
	ended_at       BIGINT NOT NULL,
	started_by     TEXT NOT NULL,
	linked         BIGINT NOT NULL,
	unmatched_amt  BIGINT NOT NULL,
	unmatched_host BIGINT NOT NULL,
	conflicts      BIGINT NOT NULL,
	changed        BIGINT NOT NULL
);

-- What could not be brought together in the last run. kind 0: discovered, 1: a device with AMT and without a record, 2: a
-- device with a record, or without either. reason: zone/match.tbl.h. other: the device that it is about; 0 none.
CREATE TABLE reconcile_finding (
	kind     SMALLINT NOT NULL,
	object   BIGINT NOT NULL,
	reason   SMALLINT NOT NULL,
	key_kind SMALLINT NOT NULL,
	other    BIGINT NOT NULL,
	PRIMARY KEY (kind, object)
);

-- The MAC address of AMT's wired port, and whose interface a login realm belongs to.
ALTER TABLE amt_state ADD COLUMN mac TEXT NOT NULL DEFAULT '';
CREATE INDEX amt_state_realm ON amt_state (realm) WHERE realm <> '';
