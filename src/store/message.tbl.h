/* message.tbl.h - every message that a zone writes for people, once.
 *
 * MESSAGE(NAME, number, SEVERITY, "component", "what it says", "what to do about it")
 *
 * The number and the lower-case name are the message's stable id: they stand in the database, in the log file, in traps
 * and in docs/guide/messages.md (made from this table), and are never used again for something else. A row may be
 * added anywhere; its number is the next free one of its hundred.
 * SEVERITY: ERROR a person soon; WARNING noticed and carried on; INFORMATION something ended or changed; DEBUG goes to
 * the local log file only, never into the database. */
/* clang-format off */
MESSAGE(SERVER_STARTED,       100, INFORMATION, "server",      "a zone server started", "nothing")
MESSAGE(SERVER_RESUMED,       101, WARNING,     "server",      "a server found orders of the run before without an outcome; it looks for evidence and never repeats them blindly", "look at the jobs that are named; acts that end as unknown need a person")

MESSAGE(JOB_ENDED,            200, INFORMATION, "power",       "all acts of a job are final and none failed", "nothing")
MESSAGE(JOB_FAILED,           201, WARNING,     "power",       "a job ended, and some of its acts failed, expired or are unknown", "list them: lamp job acts NUMBER --state failed (or unknown, expired)")
MESSAGE(ACT_FAILED,           202, WARNING,     "power",       "an order to a device failed; nothing was done, or the wanted state was not reached", "the reason names the next step; see the list of reasons")
MESSAGE(ACT_UNKNOWN,          203, ERROR,       "power",       "an order was sent and nothing tells whether the device obeyed", "look at the device; repeat the order only if it is still wanted")
MESSAGE(ACT_ENDED,            204, DEBUG,       "power",       "an act is final", "nothing")
MESSAGE(HOLD_SET,             210, WARNING,     "power",       "an emergency hold stops everything that changes power where it applies", "lift it when it is over: lamp hold remove TARGET")
MESSAGE(HOLD_LIFTED,          211, INFORMATION, "power",       "an emergency hold was lifted", "nothing")
MESSAGE(SUBNET_DOWN,          220, WARNING,     "power",       "most devices of a subnet cannot be reached; its breaker lets through one try at a time, and what is ordered there waits", "look at the network of this subnet; it goes on by itself as soon as one device there answers")
MESSAGE(SUBNET_BACK,          221, INFORMATION, "power",       "a device answered in a subnet that could not be reached; what waited there goes on", "nothing")

MESSAGE(DEVICE_IDENTITY,      300, ERROR,       "device",      "something that does not look like the device any more answers at its address: certificate, realm or UUID differ", "find out why; accept the new identity with 'lamp device repin' only if the change was meant")
MESSAGE(DEVICE_LOGIN,         301, ERROR,       "device",      "a device does not accept the login of its credential", "correct the credential; the password is the one that is in force on the device")

MESSAGE(SCAN_ENDED,           400, INFORMATION, "discovery",   "a discovery task ended", "nothing")
MESSAGE(SCAN_FAILED,          401, WARNING,     "discovery",   "a discovery task failed", "the reason names the next step; start it again")
MESSAGE(RECONCILED,           410, INFORMATION, "inventory",   "a reconciliation of AMT interfaces and inventory records ended and changed something", "nothing")
MESSAGE(RECONCILE_CONFLICTS,  411, WARNING,     "inventory",   "a reconciliation of AMT interfaces and inventory records ended with conflicts", "see them: lamp reconcile report --state conflict")

MESSAGE(COMMAND_REFUSED,      500, WARNING,     "security",    "somebody asked for what he is not allowed to do; it is in the audit", "nothing, or look at who asks and why")
MESSAGE(SOURCE_DOWN,          501, WARNING,     "security",    "a user source does not answer; its people cannot log in, those who are logged in stay so, local accounts are not concerned", "the text says what went wrong; try it with: lamp user-source test NAME")
MESSAGE(SOURCE_BACK,          502, INFORMATION, "security",    "a user source answers again", "nothing")
MESSAGE(ADMIN_GONE,           503, WARNING,     "security",    "a user source says that an administrator may not log in any more; his sessions have ended, his tokens rest", "nothing, or put the person back into a group that may")
MESSAGE(AUDIT_CUT,            510, INFORMATION, "audit",       "audit records older than the setting keep-audit were removed, up to a recorded checkpoint", "nothing")
MESSAGE(AUDIT_TAMPERED,       511, ERROR,       "audit",       "the audit was changed from outside: a row does not follow from the rows before it", "compare with an export or the copy on a log server; find out who could write to the database")

MESSAGE(CERTIFICATE_EXPIRING, 600, WARNING,     "certificate", "a certificate of the zone expires within 90 days; from 5 days on this is an error", "renew it before it ends")
MESSAGE(TOKEN_EXPIRING,       601, WARNING,     "certificate", "an API token expires within 5 days", "make a new one: lamp token add NAME --role ROLE")

MESSAGE(TARGET_FAILED,        700, WARNING,     "target",      "messages cannot be delivered to a target; they wait and are tried again", "the text says what went wrong; try it with: lamp target test NAME")
MESSAGE(TARGET_BACK,          701, INFORMATION, "target",      "a target takes messages again", "nothing")
MESSAGE(TARGET_MISSED,        702, WARNING,     "target",      "a target was away for so long that messages were purged before it got them", "keep messages longer (setting keep-messages), or mend the target sooner")
MESSAGE(TARGET_TEST,          703, INFORMATION, "target",      "somebody tries a target; this message goes to that target only", "nothing")
/* clang-format on */
