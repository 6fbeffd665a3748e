-- What a device said of itself when it asked to be set up (TCP 9971): 0 nothing, 2 by a pre-shared key, 3 by certificates.
ALTER TABLE discovered ADD COLUMN hello INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discovered ADD COLUMN hello_retry BIGINT NOT NULL DEFAULT 0;
ALTER TABLE discovered ADD COLUMN hello_at BIGINT NOT NULL DEFAULT 0;       -- the last one
ALTER TABLE discovered ADD COLUMN hello_since BIGINT NOT NULL DEFAULT 0;    -- the first one of the present series
ALTER TABLE discovered ADD COLUMN hello_until BIGINT NOT NULL DEFAULT 0;    -- end of the time in which it can be set up
ALTER TABLE discovered ADD COLUMN hello_admin_set INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discovered ADD COLUMN hello_pid TEXT NOT NULL DEFAULT '';
ALTER TABLE discovered ADD COLUMN hello_hashes BYTEA;                       -- type, length, bytes, again and again

CREATE INDEX discovered_only_hello ON discovered (seen_at) WHERE sources = 8 AND device IS NULL;
