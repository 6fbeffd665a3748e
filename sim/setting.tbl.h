/* setting.tbl.h - what can be switched where firmware differs or where no source says what it does.
 *
 * SETTING(name, identifier, default, least, most, "unit", "sentence")
 *
 * Given as --set NAME=VALUE at the start or by "amtsim ctl set NAME=VALUE" while it runs; for all devices. */

/* clang-format off */
SETTING("nonce-lifetime", nonce_lifetime, 3600, 1, 1000000, "s", "how long a digest nonce is accepted; after that the 401 says stale")
SETTING("nonce-bound", nonce_bound, 0, 0, 1, "0|1", "a nonce is accepted on the TCP connection it was given on only")
SETTING("nonce-count", nonce_count, 1, 0, 1, "0|1", "a nonce count that does not grow is refused")
SETTING("close-after-401", close_after_401, 1, 0, 1, "0|1", "the connection is closed after each 401, as captured firmware does")
SETTING("close-after-fault", close_after_fault, 1, 0, 1, "0|1", "the connection is closed after each SOAP fault, as captured firmware does")
SETTING("digest-session", digest_session, 1, 0, 1, "0|1", "firmware from 6.0 on asks for the login once per TLS connection")
SETTING("tls-resume", tls_resume, 1, 0, 1, "0|1", "TLS sessions can be resumed with tickets")
SETTING("ping-16", ping_16, 1, 0, 1, "0|1", "16.1 and later still answer RMCP pings")
SETTING("rmcp-ack", rmcp_ack, 0, 0, 1, "0|1", "each RMCP message that asks for it gets an RMCP ACK too")
SETTING("power-time", power_time, 100, 0, 600000, "ms", "from the answer to a power request to the new power state")
SETTING("cycle-time", cycle_time, 400, 0, 600000, "ms", "how long a power cycle stays off")
SETTING("busy-window", busy_window, 0, 0, 60000, "ms", "after an accepted power request further ones are refused (4099) until BIOS has taken it")
SETTING("invalid-transition", invalid_transition, 4097, 1, 65535, "ReturnValue", "answer to a power request that the state forbids; firmware is known to use 4097 or 2")
SETTING("lms", lms, 1, 0, 1, "0|1", "the LMS service of the host runs while the host is on")
SETTING("connections", connections, 4, 1, 1000, "count", "simultaneous connections that a device takes; further ones are closed")
SETTING("context-lifetime", context_lifetime, 60, 1, 3600, "s", "how long an enumeration context lives between pulls")
SETTING("idle-timeout", idle_timeout, 60, 1, 86400, "s", "an idle connection is closed after this time")
SETTING("sleep-after", sleep_after, 60, 0, 86400, "s", "preset s5: the controller sleeps after this silence, and its next answer takes 1 to 2 s")
SETTING("lockout-delay", lockout_delay, 0, 0, 60000, "ms", "from the third wrong password in a row each 401 waits this long")
SETTING("strict-boot", strict_boot, 0, 0, 1, "0|1", "a Put of AMT_BootSettingData with read-only properties is a fault")
SETTING("boot-choices", boot_choices, 15, 0, 15, "sum", "what the firmware can boot into once: 1 BIOS set-up, 2 PXE, 4 hard disk, 8 CD where the profile has a drive")
SETTING("enforce-consent", enforce_consent, 1, 0, 1, "0|1", "boot options are refused while consent is required and missing")
SETTING("new-realm", new_realm, 1, 0, 1, "0|1", "full unprovisioning gives the device another digest realm")
SETTING("setup-login", setup_login, 1, 0, 2, "0..2", "the TLS session of a set-up server asks for a digest login: 0 never, 1 once the admin's password was set, 2 always (first admin, admin)")
SETTING("setup-mebx", setup_mebx, 1, 0, 1, "0|1", "CommitChanges of a set-up is refused while the MEBx password is the factory's")
SETTING("setup-times", setup_times, 0, 0, 1, "0|1", "a set-up server's certificate out of its time is refused; firmware only records it")
SETTING("setup-alert", setup_alert, 1, 0, 1, "0|1", "each refusal of a certificate has its own TLS alert; 0: always bad_certificate")
SETTING("setup-chain-most", setup_chain_most, 4, 1, 16, "count", "certificates in a set-up server's chain, root and leaf included")
SETTING("setup-window-first", setup_window_first, 24, 0, 255, "h", "how long a device can be set up after its network interface opens for the first time")
SETTING("setup-window-again", setup_window_again, 6, 0, 255, "h", "how long it can be set up each further time")
SETTING("psk-checksum", psk_checksum, 0, 0, 1, "0|1", "PID and PPS must hold the checksums that generators put into them")
/* clang-format on */
