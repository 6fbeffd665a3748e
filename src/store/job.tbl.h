/* job.tbl.h - JOB_STATE(NAME, number, "name", "what it means"). Numbers below 2 are open. */
/* clang-format off */
JOB_STATE(EXPANDING, 0, "expanding", "accepted; its acts are still being made")
JOB_STATE(OPEN,      1, "open",      "at least one act is not final")
JOB_STATE(ENDED,     2, "ended",     "all acts are final")
JOB_STATE(ARCHIVED,  3, "archived",  "all acts are final and stand in the history")
/* clang-format on */
