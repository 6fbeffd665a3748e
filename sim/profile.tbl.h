/* profile.tbl.h - the firmware generations that a simulated device can be, once.
 *
 * PROFILE(name, major, minor, "version", build, "Server value", tls_least, tls_most, "qop", flags, "where it is known
 * from")
 *
 * version is what CIM_SoftwareIdentity says of AMT; the Server value is sent with every HTTP reply. Flags: see
 * profile.h. "IG" is the Intel AMT Implementation and Reference Guide. What no source says is marked "assumed". */

/* clang-format off */
PROFILE("2.6", 2, 6, "2.6.30", 1077, "Intel(R) Active Management Technology 2.6.30",
	TLS10, TLS11, "auth", EOI | NOTEBOOK,
	"IG: SOAP (EOI) only, WS-Management came with 3.0, no answer to RMCP pings before 4.0; build assumed")
PROFILE("5.2", 5, 2, "5.2.70", 1036, "Intel(R) Active Management Technology 5.2.70",
	TLS10, TLS11, "auth", EOI | WSMAN,
	"IG: EOI and WS-Management, pongs without version; no opt-in and no KVM before 6.0; build assumed")
PROFILE("7.1", 7, 1, "7.1.91", 3272, "Intel(R) Active Management Technology 7.1.91",
	TLS10, TLS11, "auth", EOI | WSMAN | KVM,
	"Server value with three parts as seen in scanners' test data; build of the INTEL-SA-00075 fix")
PROFILE("8.1", 8, 1, "8.1.71", 3608, "Intel(R) Active Management Technology 8.1.71",
	TLS10, TLS11, "auth", EOI | WSMAN | KVM,
	"401 captured from 8.0.3 (three parts); build of the INTEL-SA-00075 fix")
PROFILE("9.5", 9, 5, "9.5.61", 3012, "Intel(R) Active Management Technology 9.5.61",
	TLS10, TLS11, "auth", WSMAN | KVM,
	"IG: EOI gone in 9.0, graceful power states since 9.0; build of the INTEL-SA-00075 fix")
PROFILE("11.8", 11, 8, "11.8.50", 3425, "Intel(R) Active Management Technology 11.8.50.3425",
	TLS10, TLS11, "auth", WSMAN | KVM,
	"unformatted captures of 11.8.50: four parts in Server, AvailableRequestedPowerStates 10 8 5 11")
PROFILE("11.8-notebook", 11, 8, "11.8.50", 3425, "Intel(R) Active Management Technology 11.8.50.3425",
	TLS10, TLS11, "auth", WSMAN | KVM | NOTEBOOK,
	"as 11.8, with the battery and Wi-Fi classes of a notebook")
PROFILE("12", 12, 0, "12.0.67", 1579, "Intel(R) Active Management Technology 12.0.67.1579",
	TLS11, TLS12, "auth", WSMAN | KVM | LMS,
	"recorded replies of 12.0.67; IG: TLS 1.2 came and 1.0 went with 12.0")
PROFILE("15", 15, 0, "15.0.23", 1706, "Intel(R) Active Management Technology 15.0.23.1706",
	TLS12, TLS12, "auth", WSMAN | KVM | LMS,
	"401 captured from 15.0.23; IG: desktops of 15 have TLS 1.2 only")
PROFILE("15-notebook", 15, 0, "15.0.23", 1706, "Intel(R) Active Management Technology 15.0.23.1706",
	TLS11, TLS12, "auth", WSMAN | KVM | LMS | NOTEBOOK | NO_CD,
	"IG: mobile 15 still takes TLS 1.1; battery and Wi-Fi classes of a notebook; boots from no CD (assumed)")
PROFILE("16.1", 16, 1, "16.1.25", 1917, "Intel(R) Active Management Technology 16.1.25.1917",
	TLS12, TLS12, "auth", WSMAN | KVM | LMS | TLS_ONLY,
	"401 captured from 16.1.25; IG: remote access without TLS is gone from 16.1 on")
PROFILE("18", 18, 0, "18.0.5", 2141, "Intel(R) Active Management Technology 18.0.5.2141",
	TLS12, TLS12, "auth-int, auth", WSMAN | KVM | LMS | TLS_ONLY | NO_CD,
	"IG: firmware from 14 on may offer auth-int; TLS as 16.1; build assumed; boots from no CD (assumed)")
/* clang-format on */
