/* match.tbl.h - what a reconciliation can say of an AMT interface or of a device, besides that they belong together.
 *
 * MATCH(ID, number, KIND, "code", "sentence", "next step"). Numbers are kept in databases: they never change. KIND:
 * UNMATCHED_AMT, UNMATCHED_HOST, CONFLICT. */
/* clang-format off */
MATCH(NO_HOST,         1, UNMATCHED_AMT,  "no_record",       "no inventory record has any of its keys", "import its computer's record, or link it by hand")
MATCH(AMT_NO_KEYS,     2, UNMATCHED_AMT,  "no_keys",         "nothing that tells computers apart is known of it", "test the connection, which reads its UUID")
MATCH(NO_AMT,         10, UNMATCHED_HOST, "no_amt",          "no AMT interface has any of its keys", "look for it with 'lamp discover'; it may have no AMT")
MATCH(HOST_NO_KEYS,   11, UNMATCHED_HOST, "no_keys",         "its record has no key that tells computers apart", "import its UUID, MAC address, fqdn or address")
MATCH(NOT_INVENTORIED,12, UNMATCHED_HOST, "not_inventoried", "it has neither an inventory record nor AMT settings", "import its record")
MATCH(IN_CONFLICT,    13, UNMATCHED_HOST, "in_conflict",     "an AMT interface has its key, but there is a conflict", "see the conflicts that name it")
MATCH(APART,          14, UNMATCHED_HOST, "kept_apart",      "it is kept apart by hand", "link it by hand, or 'lamp reconcile release' it")
MATCH(DUPLICATE_HOST, 20, CONFLICT,       "duplicate_record","several inventory records have the same key", "correct the records, or link it by hand")
MATCH(DUPLICATE_AMT,  21, CONFLICT,       "duplicate_amt",   "several AMT interfaces have the same key of one record", "find out which one it is and link it by hand")
MATCH(STRONGER,       22, CONFLICT,       "stronger_match",  "another AMT interface has a stronger key of the same record", "correct the weaker key of the record")
MATCH(DIFFERS,        23, CONFLICT,       "key_differs",     "a weaker key is the same, but a stronger one differs", "correct the record, or link it by hand if it is the same computer")
MATCH(HAS_AMT,        24, CONFLICT,       "has_amt",         "the device has AMT settings of its own", "remove the settings that are wrong")
MATCH(PINNED,         25, CONFLICT,       "pinned",          "the device was linked or kept apart by hand", "'lamp reconcile release' it if that no longer holds")
MATCH(BUSY,           26, CONFLICT,       "busy",            "an act of it is not final", "nothing; the next run links it")
MATCH(OWN_RULES,      27, CONFLICT,       "own_rules",       "the device of the AMT interface is protected, or has schedules, settings or a hold of its own", "take them away or give them to the other device, then run it again")
MATCH(OWN_DIFFERS,    28, CONFLICT,       "uuid_differs",    "the UUID of its AMT is not that of its record", "correct the record, or unlink the device")
/* clang-format on */
