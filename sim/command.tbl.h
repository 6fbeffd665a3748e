/* command.tbl.h - what "amtsim ctl" can ask for.
 *
 * COMMAND("words", handler, "arguments by place", "options with a value", "options without", "sentence")
 *
 * On the socket a request is one line: an object with "command" and the arguments and options as members, texts or
 * numbers or true. The answer is one or more lines, each an object, then an empty line; {"error": "..."} when it
 * failed. */

/* clang-format off */
COMMAND("list",         do_list,        "device", "",      "",      "the devices: address, name, UUID, profile, mode, power, what they boot and have booted into")
COMMAND("stats",        do_stats,       "device", "",      "each",  "sums of what the devices counted; --each: one line a device")
COMMAND("wire",         do_wire,        "device", "since", "clear", "every power request that a device obeyed; --since N: from the N-th on; --clear: forget them after this")
COMMAND("power",        do_power,       "device state", "", "all",  "by hand: on, off, sleep or hibernate; without a state: say it, and what was booted into")
COMMAND("clock show",   do_clock_show,  "",       "",      "",      "the time of the devices")
COMMAND("clock advance", do_clock_advance, "time", "",     "",      "moves a driven clock (--clock driven): 500, 30s, 10m, 24h, 7d")
COMMAND("clock set",    do_clock_set,   "time",   "",      "",      "sets a driven clock's time of day: 2026-11-22T15:03:16Z")
COMMAND("fault add",    do_fault_add,   "kind",   "kind device share chance on about request times after seed", "", "makes devices misbehave; see --help for the kinds")
COMMAND("fault list",   do_fault_list,  "",       "",      "",      "the faults in force, and how often each struck")
COMMAND("fault clear",  do_fault_clear, "fault",  "",      "",      "ends one fault, or all")
COMMAND("fault",        do_fault,       "",       "kind device share chance on about request times after seed", "", "with --kind: fault add; without: fault list")
COMMAND("mebx",         do_mebx,        "device", "mode password new-password host-name domain dhcp address mask gateway dns dns2 server port server-fqdn remote-configuration preinstalled pki-dns-suffix hash hash-name hash-delete hash-enable hash-disable pid pps", "all", "changes devices by hand, as in the MEBx menus, and saves with Y")
COMMAND("setup",        do_setup,       "device", "",      "",      "how far devices are set up: state, server, suffix, time left, and why they refused last")
COMMAND("hashes",       do_hashes,      "device", "",      "",      "the certificate hashes that a device holds, those of its firmware first")
COMMAND("agent",        do_agent,       "device action", "otp password", "all", "what a program of the host asks for: start or stop (being set up over the network), otp, activate (client control mode), unprovision")
COMMAND("dhcp",         do_dhcp,        "device suffix", "", "all", "what DHCP tells in option 15 from now on; none: nothing")
COMMAND("dns",          do_dns,         "name address", "",  "",    "what the name server of the devices tells: sets a name (none: takes it away), or lists all")
COMMAND("usb",          do_usb,         "device file", "", "all",  "starts devices from a USB key: its setup.bin, or the image of a key; a record that is used up is marked in the file")
COMMAND("clear-cmos",   do_clear,       "device", "",      "all",   "makes devices as they came from the factory, MEBx password included")
COMMAND("set",          do_set,         "setting", "",     "",      "changes a setting (NAME=VALUE), or lists all")
COMMAND("session",      do_session,     "device state", "", "all",  "open or close: a redirection session, which blocks off and cycle")
COMMAND("audit",        do_audit,       "device state", "", "all",  "on or off: power acts are written to the audit log")
COMMAND("consent",      do_consent,     "device", "",      "",      "the six digits of user consent that the device's screen shows now")
COMMAND("pin",          do_pin,         "device", "",      "",      "SHA-256 of the certificate that the device shows on its TLS port")
COMMAND("reset-counters", do_reset_counters, "", "",       "",      "sets all counters to zero and forgets the wire")
COMMAND("stop",         do_stop,        "",       "",      "",      "ends amtsim")
/* clang-format on */
