-- The first schema. Written once for PostgreSQL and SQLite: BIGINT keys are made by the application, times are
-- milliseconds UTC (0: never), booleans SMALLINT 0 or 1, numbers of states stand in the .tbl.h files of src/store.

CREATE TABLE zone (
	one        SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
	id         BYTEA NOT NULL,
	name       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE server (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	uuid       BYTEA,
	fqdn       TEXT NOT NULL,
	address    TEXT NOT NULL,
	version    TEXT NOT NULL,
	epoch      BIGINT NOT NULL,
	started_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL
);

-- Ids and job numbers come from blocks that are reserved here.
CREATE TABLE id_block (
	name    TEXT NOT NULL PRIMARY KEY,
	next_id BIGINT NOT NULL
);
INSERT INTO id_block (name, next_id) VALUES ('object', 100), ('act', 1), ('job', 1), ('discovered', 1), ('server', 1);

-- scope: 0 zone (object 0), 1 folder, 2 device, 3 server
CREATE TABLE setting (
	scope  SMALLINT NOT NULL,
	object BIGINT NOT NULL,
	name   TEXT NOT NULL,
	value  TEXT NOT NULL,
	PRIMARY KEY (scope, object, name)
);

-- tree: 0 devices, 1 credentials. path begins and ends with a slash and is kept with every rename and move.
CREATE TABLE folder (
	id         BIGINT PRIMARY KEY,
	tree       SMALLINT NOT NULL,
	parent     BIGINT REFERENCES folder (id),
	name       TEXT NOT NULL,
	path       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX folder_path ON folder (tree, path);
CREATE INDEX folder_parent ON folder (parent);
INSERT INTO folder (id, tree, parent, name, path, created_at) VALUES
	(1, 0, NULL, '', '/', 0),
	(2, 0, 1, 'Servers', '/Servers/', 0),
	(3, 0, 1, 'Workstations', '/Workstations/', 0),
	(4, 1, NULL, '', '/', 0);

CREATE TABLE device (
	id           BIGINT PRIMARY KEY,
	folder       BIGINT NOT NULL REFERENCES folder (id),
	name         TEXT NOT NULL UNIQUE,
	note         TEXT NOT NULL,
	is_protected SMALLINT NOT NULL,
	created_at   BIGINT NOT NULL,
	changed_at   BIGINT NOT NULL
);
CREATE INDEX device_folder ON device (folder, name);

CREATE TABLE tag (
	name   TEXT NOT NULL,
	device BIGINT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
	PRIMARY KEY (name, device)
);
CREATE INDEX tag_device ON tag (device);

CREATE TABLE credential (
	id          BIGINT PRIMARY KEY,
	folder      BIGINT NOT NULL REFERENCES folder (id),
	name        TEXT NOT NULL,
	login       TEXT NOT NULL,
	description TEXT NOT NULL,
	secret      BYTEA NOT NULL,
	version     BIGINT NOT NULL,
	created_at  BIGINT NOT NULL,
	changed_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX credential_name ON credential (folder, name);

CREATE TABLE discovered (
	id          BIGINT PRIMARY KEY,
	address     TEXT NOT NULL UNIQUE,
	name        TEXT NOT NULL,
	port        INTEGER NOT NULL,
	uuid        BYTEA,
	version     TEXT NOT NULL,
	provisioned SMALLINT NOT NULL,
	mode        SMALLINT NOT NULL,
	transport   SMALLINT NOT NULL,
	realm       TEXT NOT NULL,
	sources     SMALLINT NOT NULL,
	first_at    BIGINT NOT NULL,
	seen_at     BIGINT NOT NULL,
	valid_until BIGINT NOT NULL,
	reason      SMALLINT NOT NULL,
	detail      TEXT NOT NULL,
	device      BIGINT REFERENCES device (id) ON DELETE SET NULL,
	plain       SMALLINT NOT NULL,
	tls         SMALLINT NOT NULL
);
CREATE INDEX discovered_uuid ON discovered (uuid);
CREATE INDEX discovered_valid ON discovered (valid_until);
CREATE INDEX discovered_device ON discovered (device);

CREATE TABLE amt (
	id         BIGINT PRIMARY KEY,
	device     BIGINT UNIQUE REFERENCES device (id) ON DELETE CASCADE,
	discovered BIGINT UNIQUE REFERENCES discovered (id) ON DELETE CASCADE,
	host       TEXT NOT NULL,
	port_plain INTEGER NOT NULL,
	port_tls   INTEGER NOT NULL,
	mode       SMALLINT NOT NULL,
	credential BIGINT REFERENCES credential (id),
	server     BIGINT REFERENCES server (id),
	tls_policy SMALLINT NOT NULL,
	old_tls    SMALLINT NOT NULL,
	changed_at BIGINT NOT NULL
);
CREATE INDEX amt_credential ON amt (credential);
CREATE INDEX amt_host ON amt (host);

-- What an act learns of an interface: one row write per act. tls_pin, realm and transport are latches.
CREATE TABLE amt_state (
	amt        BIGINT PRIMARY KEY REFERENCES amt (id) ON DELETE CASCADE,
	uuid       BYTEA,
	version    TEXT NOT NULL,
	transport  SMALLINT NOT NULL,
	tls_pin    BYTEA,
	realm      TEXT NOT NULL,
	digest     TEXT NOT NULL,
	power      SMALLINT NOT NULL,
	power_at   BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	last_act   BIGINT NOT NULL,
	last_verb  SMALLINT NOT NULL,
	last_state SMALLINT NOT NULL,
	last_reason SMALLINT NOT NULL,
	last_at    BIGINT NOT NULL
);
CREATE INDEX amt_state_uuid ON amt_state (uuid) WHERE uuid IS NOT NULL;

CREATE TABLE scan (
	id           BIGINT PRIMARY KEY,
	spec         TEXT NOT NULL,
	state        SMALLINT NOT NULL,
	server       BIGINT NOT NULL,
	requested_by TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL,
	total        BIGINT NOT NULL,
	asked        BIGINT NOT NULL,
	found        BIGINT NOT NULL,
	found_new    BIGINT NOT NULL,
	reason       SMALLINT NOT NULL,
	detail       TEXT NOT NULL,
	started_at   BIGINT NOT NULL
);

-- The id is the job's number. The acts of a job have the ids act_first .. act_first + total - 1.
CREATE TABLE job (
	id           BIGINT PRIMARY KEY,
	verb         SMALLINT NOT NULL,
	state        SMALLINT NOT NULL,
	requested_by TEXT NOT NULL,
	idempotency  TEXT,
	server       BIGINT NOT NULL,
	created_at   BIGINT NOT NULL,
	deadline     BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL,
	target       TEXT NOT NULL,
	options      TEXT NOT NULL,
	act_first    BIGINT NOT NULL,
	total        BIGINT NOT NULL,
	expanded     BIGINT NOT NULL,
	done         BIGINT NOT NULL,
	already      BIGINT NOT NULL,
	failed       BIGINT NOT NULL,
	unknown      BIGINT NOT NULL,
	cancelled    BIGINT NOT NULL,
	expired      BIGINT NOT NULL,
	skipped      BIGINT NOT NULL,
	cancelled_at BIGINT NOT NULL,
	UNIQUE (requested_by, idempotency)
);
CREATE INDEX job_open ON job (id) WHERE state < 2;
CREATE INDEX job_ended ON job (verb, ended_at) WHERE state = 2;

-- The frozen selection of a job that is too big for one commit: up to 1,000 device ids a part, gone when expanded.
CREATE TABLE job_selection (
	job  BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	part BIGINT NOT NULL,
	ids  BYTEA NOT NULL,
	PRIMARY KEY (job, part)
);

-- No foreign keys: an act outlives its device, and a status act must cost little.
CREATE TABLE act (
	id            BIGINT PRIMARY KEY,
	job           BIGINT NOT NULL,
	device        BIGINT NOT NULL,
	amt           BIGINT NOT NULL,
	server        BIGINT NOT NULL,
	verb          SMALLINT NOT NULL,
	state         SMALLINT NOT NULL,
	fence         BIGINT NOT NULL,
	epoch         BIGINT NOT NULL,
	attempt       INTEGER NOT NULL,
	due           BIGINT NOT NULL,
	deadline      BIGINT NOT NULL,
	lease_end     BIGINT NOT NULL,
	sent_at       BIGINT NOT NULL,
	settle_after  BIGINT NOT NULL,
	ended_at      BIGINT NOT NULL,
	evidence_kind SMALLINT NOT NULL,
	reason        SMALLINT NOT NULL,
	device_status INTEGER NOT NULL,
	power_before  SMALLINT NOT NULL,
	power_after   SMALLINT NOT NULL,
	message_id    TEXT,
	evidence      TEXT,
	detail        TEXT,
	UNIQUE (amt, job)
);
-- R9: one live act per interface, by an index and not by code. 1 claimed, 2 sent.
CREATE UNIQUE INDEX one_live_act ON act (amt) WHERE state IN (1, 2);
CREATE INDEX act_due ON act (server, due, id) WHERE state = 0;

-- scope: 0 zone (object 0), 1 folder, 2 device
CREATE TABLE hold (
	scope      SMALLINT NOT NULL,
	object     BIGINT NOT NULL,
	actor      TEXT NOT NULL,
	reason     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (scope, object)
);

-- id = server * 2^40 + sequence; rows of one server rise with time. Kept 24 hours.
CREATE TABLE event (
	id     BIGINT PRIMARY KEY,
	time   BIGINT NOT NULL,
	kind   TEXT NOT NULL,
	object BIGINT NOT NULL,
	body   TEXT NOT NULL
);

-- One hash chain per server; id as in event.
CREATE TABLE audit (
	id     BIGINT PRIMARY KEY,
	time   BIGINT NOT NULL,
	actor  TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash   BYTEA NOT NULL
);

CREATE TABLE token (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	hash       BYTEA NOT NULL UNIQUE,
	role       TEXT NOT NULL,
	created_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);

-- kind: 'ca' or 'server'. key is sealed; its place is (certificate, id, key, key_version).
CREATE TABLE certificate (
	id          BIGINT PRIMARY KEY,
	kind        TEXT NOT NULL,
	server      BIGINT REFERENCES server (id),
	cert        BYTEA NOT NULL,
	key         BYTEA NOT NULL,
	key_version BIGINT NOT NULL,
	not_before  BIGINT NOT NULL,
	not_after   BIGINT NOT NULL,
	created_at  BIGINT NOT NULL
);
CREATE INDEX certificate_kind ON certificate (kind, server);
