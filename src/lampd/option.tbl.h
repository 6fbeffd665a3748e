/* option.tbl.h - the options of lampd, once: flags, keys of the configuration file, --help and the man pages.
 *
 * OPTION(NAME, "name", ARGUMENT or NULL for a switch, MANY, WHERE, "default", "sentence")
 *   MANY   MANY: may be given several times; ONCE
 *   WHERE  BOTH: flag and key of the file; FLAG: flag only; TEST: flag only, and only in builds with -Dtest-clock=true
 */
/* clang-format off */
OPTION(DATA,       "data",       "DIR",       ONCE, BOTH, "/var/lib/lamplighter", "folder of database, keys and local socket; made when missing")
OPTION(LISTEN,     "listen",     "ADDR:PORT", ONCE, BOTH, "127.0.0.1:8443", "where the API is served over TLS; the word none: only on the local socket")
OPTION(HELLO,      "hello",      "ADDR:PORT", ONCE, BOTH, "0.0.0.0:9971", "where devices that want to be set up say hello; the word none: nowhere")
OPTION(FQDN,       "fqdn",       "NAME",      ONCE, BOTH, "the host's name", "full DNS name of this server, for its certificate")
OPTION(SERVER,     "name",       "NAME",      ONCE, BOTH, "the host's name", "name of this server in the zone; it must not change between starts")
OPTION(DATABASE,   "database",   "TARGET",    ONCE, BOTH, "DIR/lampd.db", "file of the database")
OPTION(ALLOW_NET,  "allow-net",  "CIDR",      MANY, BOTH, "none", "network that may be talked to beside the setting allowed-nets; also of loopback, for the simulator")
OPTION(LOG_LEVEL,  "log-level",  "LEVEL",     ONCE, BOTH, "info", "error, warning, notice, info or debug")
OPTION(CONFIG,     "config",     "FILE",      ONCE, FLAG, "none", "configuration file; flags win over it")
OPTION(FOREGROUND, "foreground", NULL,        ONCE, FLAG, "always", "stay in the foreground: lampd always does, so that whoever starts it knows how it ends")
OPTION(SEED,       "seed",       "NUMBER",    ONCE, TEST, "chance", "seed of the generator for back-off and spreading")
OPTION(TEST_CLOCK, "test-clock", "SOCK",      ONCE, TEST, "none", "stand still, and take the time from lines on this socket: advance MS, set TIME, show")
OPTION(VERSION,    "version",    NULL,        ONCE, FLAG, "", "print the version and exit")
OPTION(HELP,       "help",       NULL,        ONCE, FLAG, "", "print this and exit")
/* clang-format on */
