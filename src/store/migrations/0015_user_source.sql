-- Directories that say who somebody is. kind stands in directory/source.h; options is a JSON object of
-- directory/source.tbl.h; secret is sealed, its place is (user_source, id, secret, version). failed_at: since when it
-- does not answer, 0 it does.
CREATE TABLE user_source (
	id         BIGINT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	kind       SMALLINT NOT NULL,
	enabled    SMALLINT NOT NULL,
	is_default SMALLINT NOT NULL,
	options    TEXT NOT NULL,
	secret     BYTEA,
	version    BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	failed_at  BIGINT NOT NULL,
	error      TEXT NOT NULL
);

-- Whoever is in the group outside of a source is in our group grp.
CREATE TABLE user_source_map (
	source     BIGINT NOT NULL REFERENCES user_source (id) ON DELETE CASCADE,
	outside    TEXT NOT NULL,
	grp        BIGINT NOT NULL REFERENCES admin_group (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	PRIMARY KEY (source, outside, grp)
);
CREATE INDEX user_source_map_grp ON user_source_map (grp);

-- Accounts of a source: origin 1. is_gone: the source says that he may not log in any more.
ALTER TABLE admin ADD COLUMN source BIGINT NOT NULL DEFAULT 0;
ALTER TABLE admin ADD COLUMN is_gone SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE admin ADD COLUMN checked_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX admin_subject ON admin (source, subject) WHERE source <> 0;

-- Memberships that a source gave, and takes away; 0: given by hand.
ALTER TABLE admin_member ADD COLUMN source BIGINT NOT NULL DEFAULT 0;
