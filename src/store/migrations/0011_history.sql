-- Final acts of jobs that ended, a day later: what is worth keeping, in a quarter of the room. id is the act's, so a job's acts
-- stay a range. verb is the job's; outcome = state + 16 * evidence + 64 * attempts (at most 1,023) + 65536 * reason;
-- power = before + 256 * after; took: seconds from the job's beginning to the act's end.
CREATE TABLE history (
	id      BIGINT PRIMARY KEY,
	job     BIGINT NOT NULL,
	device  BIGINT NOT NULL,
	outcome BIGINT NOT NULL,
	power   INTEGER NOT NULL,
	took    BIGINT NOT NULL
);
CREATE INDEX history_device ON history (device, job);

CREATE INDEX job_archived ON job (verb, ended_at) WHERE state = 3;
