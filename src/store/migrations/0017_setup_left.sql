-- Interfaces whose set-up was begun to be changed and is not proven to have ended: from before the device is told until it
-- is known what it has. credential: whose password its admin may have, beside that of amt.credential. drawn: that
-- credential was made for this device. told: AMT was told to be taken down.
CREATE TABLE setup_left (
	amt        BIGINT PRIMARY KEY REFERENCES amt (id) ON DELETE CASCADE,
	credential BIGINT REFERENCES credential (id),
	drawn      SMALLINT NOT NULL,
	told       SMALLINT NOT NULL,
	step       TEXT NOT NULL,
	changed_at BIGINT NOT NULL
);
CREATE INDEX setup_left_credential ON setup_left (credential);
