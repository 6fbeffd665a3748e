/* sink.tbl.h - kinds of targets: SINK_KIND(NAME, number, "name", "address, as people write it", "what it is").
 * The number is in the database, the name in the API. */
/* clang-format off */
SINK_KIND(FILE,    0, "file",    "messages.log",             "a file in the folder log of the data folder, rolled by size or by day, 13 old ones kept")
SINK_KIND(SYSLOG,  1, "syslog",  "udp:log.example:514",      "a system log (RFC 5424): unix:PATH, udp:HOST:PORT, tcp:HOST:PORT or tls:HOST:PORT")
SINK_KIND(SMTP,    2, "smtp",    "smtp://mail.example:25",   "a mail server: smtp:// (TLS where it is offered) or smtps://")
SINK_KIND(UDP,     3, "udp",     "log.example:5140",         "a datagram with the line of the log file for each message")
SINK_KIND(SNMP,    4, "snmp",    "manager.example:162",      "SNMPv2c traps")
SINK_KIND(WEBHOOK, 5, "webhook", "https://hook.example/amt", "JSON by HTTP POST, signed with the secret")
/* clang-format on */
