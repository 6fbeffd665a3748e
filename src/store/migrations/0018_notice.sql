-- When an administrator was last told that something expires soon. kind and object as in message; admin 0: whoever is on
-- the server itself.
CREATE TABLE notice (
	admin    BIGINT NOT NULL,
	kind     SMALLINT NOT NULL,
	object   BIGINT NOT NULL,
	shown_at BIGINT NOT NULL,
	PRIMARY KEY (admin, kind, object)
);
