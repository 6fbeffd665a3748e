-- Administrators. origin 0: the password is here; hash is an argon2id string, empty when none was set.
CREATE TABLE admin (
	id          BIGINT PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	full_name   TEXT NOT NULL,
	origin      SMALLINT NOT NULL,
	subject     TEXT NOT NULL,
	hash        TEXT NOT NULL,
	version     BIGINT NOT NULL,
	is_disabled SMALLINT NOT NULL,
	created_at  BIGINT NOT NULL,
	changed_at  BIGINT NOT NULL,
	login_at    BIGINT NOT NULL,
	login_from  TEXT NOT NULL
);
CREATE TABLE admin_group (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	note       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE TABLE admin_member (
	grp   BIGINT NOT NULL REFERENCES admin_group (id) ON DELETE CASCADE,
	admin BIGINT NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
	PRIMARY KEY (grp, admin)
);
CREATE INDEX admin_member_admin ON admin_member (admin);

-- Roles of the zone's own; those of the product stand in codec/right.tbl.h.
CREATE TABLE role (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	note       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

-- Who may, or may not, do what and where. holder_kind: 0 admin, 1 group, 2 role, 3 token. what: the name of a right, or
-- role:NAME. tree: 0 the zone (folder 0), 1 a folder of devices, 2 a folder of the vault. effect: 1 allow, 2 deny.
CREATE TABLE right_grant (
	holder_kind SMALLINT NOT NULL,
	holder      BIGINT NOT NULL,
	what        TEXT NOT NULL,
	tree        SMALLINT NOT NULL,
	folder      BIGINT NOT NULL,
	effect      SMALLINT NOT NULL,
	created_at  BIGINT NOT NULL,
	created_by  TEXT NOT NULL,
	PRIMARY KEY (holder_kind, holder, what, tree, folder)
);
CREATE INDEX right_grant_what ON right_grant (what);
CREATE INDEX right_grant_folder ON right_grant (folder);

-- hash: SHA-256 of the secret that the person's program holds.
CREATE TABLE session (
	id         BIGINT PRIMARY KEY,
	hash       BYTEA NOT NULL UNIQUE,
	admin      BIGINT NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
	source     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL,
	idle_ms    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX session_admin ON session (admin);

-- Failed logins. kind: 0 of an account, whether there is one of this name or not; 1 from a source.
CREATE TABLE login_guard (
	kind     SMALLINT NOT NULL,
	name     TEXT NOT NULL,
	failures BIGINT NOT NULL,
	last_at  BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	PRIMARY KEY (kind, name)
);

-- What a token may do stands in right_grant now. owner: the administrator whose rights limit it; 0 none.
INSERT INTO right_grant (holder_kind, holder, what, tree, folder, effect, created_at, created_by)
	SELECT 3, id, CASE WHEN role = 'admin' THEN 'role:administrator' ELSE 'role:' || role END, 0, 0, 1, created_at,
	created_by FROM token;
ALTER TABLE token DROP COLUMN role;
ALTER TABLE token ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
