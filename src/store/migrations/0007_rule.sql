-- Registration rules: the first by place whose filter (codec/devfilter.h) fits puts a new device into its folder and
-- groups, with its tags. tags: joined with commas.
CREATE TABLE registration_rule (
	id         BIGINT PRIMARY KEY,
	place      BIGINT NOT NULL,
	name       TEXT NOT NULL UNIQUE,
	filter     TEXT NOT NULL,
	folder     BIGINT NOT NULL REFERENCES folder (id),
	tags       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX registration_rule_folder ON registration_rule (folder);

CREATE TABLE rule_group (
	rule     BIGINT NOT NULL REFERENCES registration_rule (id) ON DELETE CASCADE,
	group_id BIGINT NOT NULL REFERENCES device_group (id) ON DELETE CASCADE,
	PRIMARY KEY (rule, group_id)
);
CREATE INDEX rule_group_group ON rule_group (group_id);
