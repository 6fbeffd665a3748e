/* setting.tbl.h - every setting of a zone, once: its range check, help text, API description and console form.
 *
 * SETTING(NAME, "name", TYPE, UNIT, min, max, "default", SCOPES, "sentence")
 * TYPE: DURATION (stored and ranged in milliseconds, written "30s", "10m", "24h"), COUNT, BOOL ("on", "off"),
 * CIDRS (list of networks, separated by commas or blanks), CHOICE (the unit column holds the words, split by |), SPAN
 * (a DURATION, or the word never, which is 0), TIMEZONE (a name of the IANA time zone database),
 * NAMES (names of things, separated by commas, at most max of them; or the word none).
 * SCOPES: the deepest scope where it may be set: ZONE; FOLDER: also for a folder and all below it; DEVICE: also for one
 * device. What lies nearest to a device counts. */
/* clang-format off */
SETTING(ACT_DEADLINE,       "act-deadline",       DURATION, "", 10000, 86400000, "10m", DEVICE,
        "how long an act may wait and try before it expires")
SETTING(ACT_TRIES,          "act-tries",          COUNT, "", 1, 1000, "4", DEVICE,
        "how often an act that changes power is started, when its order did not reach the device or met a busy one")
SETTING(OBSERVE_TIME,       "observe-time",       DURATION, "", 1000, 600000, "60s", DEVICE,
        "how long the power state is read after an accepted order before it counts as not reached")
SETTING(IN_DOUBT_DRAIN,     "in-doubt-drain",     DURATION, "", 1000, 600000, "60s", ZONE,
        "how long an order without a reply may still be on its way, before the device's log may prove that it never came")
SETTING(IN_DOUBT_SETTLE,    "in-doubt-settle",    DURATION, "", 1000, 600000, "60s", ZONE,
        "how long after the drain evidence is looked for, before the outcome is called unknown")
SETTING(LEASE,              "lease",              DURATION, "", 1000, 600000, "30s", ZONE,
        "how long a server holds an act that it claimed, without renewing")
SETTING(DISCOVERY_VALIDITY, "discovery-validity", DURATION, "", 3600000, 2592000000, "24h", ZONE,
        "how long a discovered device counts as there before it must be rediscovered")
SETTING(DISCOVERY_NAMES,    "discovery-names",    BOOL, "", 0, 1, "on", ZONE,
        "looks up the host name of what is discovered, by reverse DNS; devices imported of it are named so")
SETTING(POWER_ON_RATE,      "power-on-rate",      COUNT, "in 10 s", 0, 100000, "0", FOLDER,
        "most computers of one folder (those below count for themselves) that are switched on within 10 s, evenly apart, where a circuit does not stand the inrush current of all; 0 is no bound; who waits longer than act-deadline expires")
SETTING(IN_FLIGHT_ZONE,     "in-flight-zone",     COUNT, "acts", 1, 100000, "4096", ZONE,
        "most acts with a conversation open at once in the zone")
SETTING(IN_FLIGHT_SUBNET,   "in-flight-subnet",   COUNT, "acts", 1, 65536, "256", ZONE,
        "most acts with a conversation open at once in one /24 (IPv6: /64)")
SETTING(BREAKER_SHARE,      "breaker-share",      COUNT, "%", 0, 100, "50", ZONE,
        "share of a /24 (of 20 or more devices tried) that cannot be reached, from which on one device at a time is tried; 0 is never")
SETTING(BREAKER_PAUSE,      "breaker-pause",      DURATION, "", 1000, 3600000, "30s", ZONE,
        "pause between two tries in such a subnet, until one device answers")
SETTING(ALLOWED_NETS,       "allowed-nets",       CIDRS, "", 0, 64, "", ZONE,
        "networks that the zone may scan and talk to; empty is the private ranges of IPv4 (RFC 1918) and IPv6 (fc00::/7); never loopback or link-local")
SETTING(ALLOW_LOOPBACK,     "allow-loopback",     BOOL, "", 0, 1, "off", ZONE,
        "lets the zone talk to 127.0.0.0/8 and ::1, for the simulator and for tests")
SETTING(TLS_DEFAULT,        "tls-default",        CHOICE, "auto|require|never", 0, 0, "auto", FOLDER,
        "TLS policy of a device for which none was chosen")
SETTING(SCAN_RATE,          "scan-rate",          COUNT, "datagrams/s", 1, 1000000, "10000", ZONE,
        "most presence pings a second of one scan")
SETTING(SCAN_PASSES,        "scan-passes",        COUNT, "", 1, 10, "3", ZONE,
        "how often a silent address is asked before it counts as silent")
SETTING(PROBE_PARALLEL,     "probe-parallel",     COUNT, "", 1, 10000, "512", ZONE,
        "most connections open at once while a scan probes what answered")
SETTING(CONFIRM_ABOVE,      "confirm-above",      COUNT, "%", 0, 100, "10", FOLDER,
        "share of the zone's devices above which off, reset and cycle ask for the number of devices; the least of all that are meant")
SETTING(KEEP_STATUS,        "keep-status",        DURATION, "", 3600000, 31536000000, "24h", ZONE,
        "how long finished status jobs are kept")
SETTING(KEEP_JOBS,          "keep-jobs",          DURATION, "", 86400000, 315360000000, "400d", ZONE,
        "how long finished jobs that change something are kept")
SETTING(KEEP_MESSAGES,      "keep-messages",      DURATION, "", 3600000, 315360000000, "90d", ZONE,
        "how long messages are kept")
SETTING(MESSAGE_ACK,        "message-ack",        DURATION, "", 0, 315360000000, "14d", ZONE,
        "after what time a message counts as acknowledged by itself; 0s: never")
SETTING(TIME_ZONE,          "time-zone",          TIMEZONE, "", 0, 0, "UTC", DEVICE,
        "time zone in which the local times of schedules are meant")
SETTING(MISSED_ON_LIMIT,    "missed-on-limit",    DURATION, "", 0, 86400000, "60m", DEVICE,
        "how late a switching on that a schedule missed may still be made up for, where the schedule says so")
SETTING(MISSED_OFF_LIMIT,   "missed-off-limit",   DURATION, "", 0, 86400000, "5m", DEVICE,
        "the same for off, reset and cycle, which hurt when they come late")
SETTING(BLACK_OUTS,         "black-outs",         NAMES, "calendars", 0, 16, "none", DEVICE,
        "calendars in whose ranges schedules do nothing, separated by commas")
SETTING(WATTS_ON,           "watts-on",           COUNT, "W", 0, 10000, "60", FOLDER,
        "what a computer that is on draws, for the power report")
SETTING(WATTS_SLEEP,        "watts-sleep",        COUNT, "W", 0, 10000, "3", FOLDER,
        "the same of one that sleeps or hibernates")
SETTING(WATTS_OFF,          "watts-off",          COUNT, "W", 0, 10000, "1", FOLDER,
        "the same of one that is off")
SETTING(PRICE_KWH,          "price-kwh",          COUNT, "hundredths", 0, 1000000, "30", FOLDER,
        "price of one kilowatt-hour for the power report, in hundredths of the currency")
SETTING(KEEP_POWER,         "keep-power",         DURATION, "", 86400000, 315360000000, "400d", ZONE,
        "how long the power states that were seen are kept for the power report")
SETTING(REMOVAL_AFTER,      "removal-after",      SPAN, "", 86400000, 315360000000, "never", FOLDER,
        "how long a device may go unseen before 'lamp device list --overdue' proposes to remove it; nothing goes by itself")
SETTING(KEEP_AUDIT,         "keep-audit",         DURATION, "", 86400000, 315360000000, "730d", ZONE,
        "how long audit records are kept; older ones are cut off at a recorded checkpoint")
SETTING(AUDIT_CHANGES,      "audit-changes",      BOOL, "", 0, 1, "on", DEVICE,
        "write changes of people and programs into the audit; refusals always are, and so is what changes administrators, rights, tokens, sessions, the vault, settings, targets and the zone")
SETTING(AUDIT_DEVICES,      "audit-devices",      BOOL, "", 0, 1, "on", DEVICE,
        "write a device event into the audit for each job and credential that changes devices, where it is on for one of them")
SETTING(MESSAGE_DEBUG,      "message-debug",      BOOL, "", 0, 1, "off", ZONE,
        "write messages of severity debug into the local log file")
SETTING(SCHEDULE_ORDERS,    "schedule-orders",    COUNT, "acts", 1, 65536, "10", ZONE,
        "most acts of schedules in one /24 (IPv6: /64) whose order may be on the wire at once")
SETTING(SCHEDULE_STARTS,    "schedule-starts",    COUNT, "acts/s", 1, 10000, "20", ZONE,
        "most acts of schedules that are started in one /24 (IPv6: /64) in a second")
SETTING(KEEP_ACTS,          "keep-acts",          DURATION, "", 3600000, 315360000000, "24h", ZONE,
        "how long the acts of finished jobs are kept with every detail, before they move to the compact history")
SETTING(SESSION_IDLE,       "session-idle",       DURATION, "", 60000, 86400000, "30m", ZONE,
        "how long after its last use the session of an administrator ends")
SETTING(SESSION_LIFETIME,   "session-lifetime",   DURATION, "", 60000, 2592000000, "12h", ZONE,
        "how long after the login a session ends in any case")
SETTING(OIDC_SESSION,       "oidc-session",       DURATION, "", 60000, 2592000000, "1h", ZONE,
        "how long after a login by an OpenID provider a session ends in any case: until then nothing is heard of who left")
SETTING(OIDC_ABSENCE,       "oidc-absence",       DURATION, "", 3600000, 31536000000, "30d", ZONE,
        "how long after the last login of somebody of an OpenID provider his API tokens rest until he logs in again")
SETTING(DIRECTORY_RECHECK,  "directory-recheck",  DURATION, "", 60000, 86400000, "15m", ZONE,
        "how often a directory is asked whether an administrator who is logged in or has tokens is still there, and in which groups")
/* clang-format on */
