/* setup_bin.tbl.h - what a record of setup.bin can set in the firmware. Source: Intel AMT guide, "USB Key Provisioning
 * File", and the files of tools that are used with real machines.
 *
 * SETUP_BIN(NAME, module, variable, "name", KIND, least, most, SINCE, SECRET, "words")
 *   KIND   TEXT printable ASCII, RAW bytes: least and most are lengths; NUMBER_1, NUMBER_2, NUMBER_4 bytes: values
 *   SINCE  V1, V2, V2_1, V3: the first version of the file that may hold it
 *   SECRET 1: never shown
 * Module 1 is the firmware of the platform, 2 is AMT. The layouts of 2,15 and 2,19 to 2,22 are in no public source, so
 * these are bytes for us. */

/* clang-format off */
SETUP_BIN(PASSWORD,           1,  1, "password",            TEXT,     1,  32,    V1,   1, "current MEBx password; admin in a new computer")
SETUP_BIN(NEW_PASSWORD,       1,  2, "new-password",        TEXT,     8,  32,    V1,   1, "new MEBx password")
SETUP_BIN(MANAGEABILITY,      1,  3, "manageability",       NUMBER_1, 0,  1,     V2,   0, "manageability: 0 none, 1 AMT")
SETUP_BIN(LOCAL_UPDATE,       1,  4, "local-update",        NUMBER_1, 0,  2,     V2,   0, "local update of firmware: 0 off, 1 on, 2 with a password")
SETUP_BIN(UPDATE_QUALIFIER,   1,  5, "update-qualifier",    NUMBER_1, 0,  2,     V2,   0, "update of firmware: 0 always, 1 never, 2 restricted")
SETUP_BIN(POWER_PACKAGE,      1,  6, "power-package",       RAW,      16, 16,    V2_1, 0, "in which power states the controller is on")

SETUP_BIN(PID,                2,  1, "pid",                 TEXT,     8,  8,     V1,   0, "name of the pre-shared key")
SETUP_BIN(PPS,                2,  2, "pps",                 TEXT,     32, 32,    V1,   1, "pre-shared key")
SETUP_BIN(DNS_SUFFIX,         2,  3, "dns-suffix",          TEXT,     0,  255,   V2,   0, "DNS suffix of servers that may set it up")
SETUP_BIN(SERVER_FQDN,        2,  4, "server-fqdn",         TEXT,     0,  255,   V2,   0, "name of the server that sets it up")
SETUP_BIN(REMOTE_SETUP,       2,  5, "remote-setup",        NUMBER_1, 0,  1,     V2,   0, "remote (zero-touch) configuration: 0 off, 1 on")
SETUP_BIN(FACTORY_HASHES,     2,  6, "factory-hashes",      NUMBER_1, 0,  1,     V2,   0, "built-in root certificates: 0 off, 1 on")
SETUP_BIN(USER_HASHES,        2,  7, "user-hashes",         NUMBER_1, 0,  2,     V2,   0, "added root certificates: 0 off, 1 on, 2 delete")
SETUP_BIN(HASH,               2,  8, "hash",                RAW,      23, 82,    V2,   0, "root certificate to trust")
SETUP_BIN(REDIRECTION,        2, 10, "redirection",         NUMBER_1, 0,  7,     V2,   0, "sum of 1 SOL, 2 IDE-R, 4 login by user and password")
SETUP_BIN(HOST_NAME,          2, 11, "host-name",           TEXT,     0,  63,    V2,   0, "host name")
SETUP_BIN(DOMAIN_NAME,        2, 12, "domain-name",         TEXT,     0,  255,   V2,   0, "domain name")
SETUP_BIN(DHCP,               2, 13, "dhcp",                NUMBER_1, 1,  2,     V2,   0, "DHCP: 1 off, 2 on")
SETUP_BIN(SECURE_UPDATE,      2, 14, "secure-update",       NUMBER_1, 0,  1,     V2,   0, "secure update of firmware: 0 off, 1 on")
SETUP_BIN(IDLE_TIMEOUT,       2, 15, "idle-timeout",        RAW,      0,  480,   V2,   0, "idle time before the controller sleeps")
SETUP_BIN(MODE,               2, 16, "mode",                NUMBER_1, 1,  2,     V2,   0, "mode: 1 enterprise, 2 small business")
SETUP_BIN(SERVER_ADDRESS,     2, 17, "server-address",      RAW,      4,  4,     V2,   0, "IPv4 address of the server that sets it up, last byte first")
SETUP_BIN(SERVER_PORT,        2, 18, "server-port",         NUMBER_2, 1,  65535, V2,   0, "port of the server that sets it up")
SETUP_BIN(STATIC_IPV4,        2, 19, "static-ipv4",         RAW,      0,  480,   V2,   0, "addresses without DHCP")
SETUP_BIN(VLAN,               2, 20, "vlan",                RAW,      0,  480,   V2,   0, "VLAN")
SETUP_BIN(PASSWORD_POLICY,    2, 21, "password-policy",     RAW,      0,  480,   V2,   0, "when the MEBx password may be set over the network")
SETUP_BIN(IPV6,               2, 22, "ipv6",                RAW,      0,  480,   V3,   0, "IPv6")
SETUP_BIN(SHARED_FQDN,        2, 23, "shared-fqdn",         NUMBER_1, 0,  1,     V3,   0, "host name: 0 of its own, 1 that of the operating system")
SETUP_BIN(DYNAMIC_DNS,        2, 24, "dynamic-dns",         NUMBER_1, 0,  1,     V3,   0, "dynamic update of DNS: 0 off, 1 on")
SETUP_BIN(KVM,                2, 25, "kvm",                 NUMBER_1, 0,  1,     V3,   0, "KVM: 0 off, 1 on")
SETUP_BIN(USER_CONSENT,       2, 26, "user-consent",        NUMBER_1, 0,  255,   V3,   0, "consent of the user: 0 never, 1 for KVM, 255 for all")
SETUP_BIN(CONSENT_POLICY,     2, 27, "consent-policy",      NUMBER_1, 0,  1,     V3,   0, "consent can be changed over the network: 0 no, 1 yes")
SETUP_BIN(START,              2, 28, "start",               NUMBER_1, 0,  1,     V3,   0, "0 stop, 1 start sending hellos")
SETUP_BIN(MANUAL_SETUP,       2, 29, "manual-setup",        NUMBER_1, 0,  1,     V3,   0, "0 set up by a server, 1 by hand")
SETUP_BIN(CHANNEL_ID,         2, 30, "channel-id",          NUMBER_4, 1,  65535, V3,   0, "support channel")
SETUP_BIN(CHANNEL_TEXT,       2, 31, "channel-text",        TEXT,     0,  60,    V3,   0, "name of the support channel")
SETUP_BIN(ACCOUNT,            2, 32, "account",             TEXT,     0,  32,    V3,   0, "service account number")
SETUP_BIN(PASSCODE,           2, 33, "passcode",            TEXT,     0,  32,    V3,   1, "enrolment passcode")
SETUP_BIN(SERVICE_TYPE,       2, 34, "service-type",        NUMBER_4, 1,  4,     V3,   0, "service: 1 reactive, 2 proactive, 4 one session")
SETUP_BIN(PROVIDER,           2, 35, "provider",            RAW,      16, 16,    V3,   0, "service provider")
/* clang-format on */
