/* act.tbl.h - the states of an act: ACT_STATE(NAME, number, is final, "name", "what it means").
 * The number is in the database, the name in the API; neither is ever reused. */
/* clang-format off */
ACT_STATE(QUEUED,    0, 0, "queued",    "waits for its time, for the device's other act, or for a free place")
ACT_STATE(CLAIMED,   1, 0, "claimed",   "a server talks to the device; nothing that changes power was sent")
ACT_STATE(SENT,      2, 0, "sent",      "the order is on its way or was accepted; its outcome is being observed")
ACT_STATE(DONE,      3, 1, "done",      "done, with a matched reply or evidence")
ACT_STATE(ALREADY,   4, 1, "already",   "the wanted state was there already; nothing was sent")
ACT_STATE(FAILED,    5, 1, "failed",    "proven that it was not done, or that the wanted state was not reached")
ACT_STATE(UNKNOWN,   6, 1, "unknown",   "sent, and neither proven done nor proven not done")
ACT_STATE(CANCELLED, 7, 1, "cancelled", "taken back before it was sent")
ACT_STATE(EXPIRED,   8, 1, "expired",   "its deadline passed before it could be sent")
ACT_STATE(SKIPPED,   9, 1, "skipped",   "left out by a rule; the reason says which")
/* clang-format on */
