-- Interfaces in which a boot choice of ours stands, or may: from the moment an act with one starts until it is known to be
-- used up or taken back.
CREATE TABLE boot_left (
	amt BIGINT PRIMARY KEY REFERENCES amt (id) ON DELETE CASCADE
);
