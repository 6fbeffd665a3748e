-- Roles of certificates beside 'ca' and 'server': 'management' (a server's, with which it sets up AMT). chain: the
-- certificates above it, DER behind DER, the root last. note: what was unusual when it was imported.
ALTER TABLE certificate ADD COLUMN chain BYTEA NOT NULL DEFAULT '';
ALTER TABLE certificate ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- Certificate requests that wait for an authority outside. key is sealed; its place is (certificate_request, id, key,
-- key_version).
CREATE TABLE certificate_request (
	id          BIGINT PRIMARY KEY,
	server      BIGINT NOT NULL REFERENCES server (id),
	kind        TEXT NOT NULL,
	is_ca       SMALLINT NOT NULL,
	name        TEXT NOT NULL,
	request     BYTEA NOT NULL,
	key         BYTEA NOT NULL,
	key_version BIGINT NOT NULL,
	created_at  BIGINT NOT NULL
);
