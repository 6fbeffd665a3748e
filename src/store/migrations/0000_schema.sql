-- Run before every look at the schema; must stay harmless when it is there. The one row of schema_lock is what
-- servers that start at once wait for.
CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS schema_lock (one SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1), holder TEXT NOT NULL);
INSERT INTO schema_lock (one, holder) VALUES (1, '') ON CONFLICT (one) DO NOTHING;
