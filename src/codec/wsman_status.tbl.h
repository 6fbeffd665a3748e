/* wsman_status.tbl.h - ReturnValues of methods.
 *
 * PT_STATUS(value, err, "name"): AMT_ and IPS_ methods; names as in the Intel AMT guide, in words.
 * STATE_CHANGE(value, err, "name"): methods that request a state change (DSP1027, DSP1039 value maps).
 * BOOT(value, err, "name"): ChangeBootOrder and SetBootConfigRole (DSP1012 value maps).
 * METHOD_MAP("method", map): which map a method uses; those that are not named use PT_STATUS. */
/* clang-format off */
#ifdef PT_STATUS
PT_STATUS(1,    DEVICE_FAULT,     "internal error")
PT_STATUS(2,    DEVICE_BUSY,      "not ready")
PT_STATUS(3,    DEVICE_FAULT,     "invalid mode")
PT_STATUS(4,    DEVICE_FAULT,     "invalid message length")
PT_STATUS(9,    DEVICE_FAULT,     "invalid registration data")
PT_STATUS(10,   DEVICE_FAULT,     "application does not exist")
PT_STATUS(11,   DEVICE_FAULT,     "not enough storage")
PT_STATUS(12,   DEVICE_FAULT,     "invalid name")
PT_STATUS(16,   ACCESS_DENIED,    "not permitted")
PT_STATUS(23,   DEVICE_FAULT,     "maximum limit reached")
PT_STATUS(24,   DEVICE_FAULT,     "invalid authentication type")
PT_STATUS(26,   DEVICE_FAULT,     "invalid DHCP mode")
PT_STATUS(27,   DEVICE_FAULT,     "invalid IP address")
PT_STATUS(28,   DEVICE_FAULT,     "invalid domain name")
PT_STATUS(30,   DEVICE_FAULT,     "request unexpected")
PT_STATUS(32,   DEVICE_FAULT,     "invalid provisioning state")
PT_STATUS(34,   DEVICE_FAULT,     "invalid time")
PT_STATUS(35,   DEVICE_FAULT,     "invalid index")
PT_STATUS(36,   DEVICE_FAULT,     "invalid parameter")
PT_STATUS(37,   DEVICE_FAULT,     "invalid netmask")
PT_STATUS(38,   DEVICE_FAULT,     "flash write limit exceeded")
PT_STATUS(2049, UNSUPPORTED,      "unsupported OEM number")
PT_STATUS(2050, UNSUPPORTED,      "unsupported boot option")
PT_STATUS(2051, DEVICE_FAULT,     "invalid command")
PT_STATUS(2052, DEVICE_FAULT,     "invalid special command")
PT_STATUS(2053, DEVICE_FAULT,     "invalid handle")
PT_STATUS(2054, DEVICE_FAULT,     "invalid password")
PT_STATUS(2055, DEVICE_FAULT,     "invalid realm")
PT_STATUS(2056, DEVICE_FAULT,     "storage ACL entry in use")
PT_STATUS(2057, DEVICE_FAULT,     "data missing")
PT_STATUS(2058, DEVICE_FAULT,     "duplicate")
PT_STATUS(2059, DEVICE_FAULT,     "event log frozen")
PT_STATUS(2060, DEVICE_FAULT,     "PKI missing keys")
PT_STATUS(2061, DEVICE_BUSY,      "PKI generating keys")
PT_STATUS(2062, DEVICE_FAULT,     "invalid key")
PT_STATUS(2063, DEVICE_FAULT,     "invalid certificate")
PT_STATUS(2064, DEVICE_FAULT,     "certificate and key do not match")
PT_STATUS(2065, DEVICE_FAULT,     "maximum of Kerberos domains reached")
PT_STATUS(2066, UNSUPPORTED,      "unsupported")
PT_STATUS(2067, DEVICE_FAULT,     "invalid priority")
PT_STATUS(2068, DEVICE_FAULT,     "not found")
PT_STATUS(2069, ACCESS_DENIED,    "invalid credentials")
PT_STATUS(2070, DEVICE_FAULT,     "invalid passphrase")
PT_STATUS(2072, DEVICE_FAULT,     "no association")
PT_STATUS(2075, DEVICE_FAULT,     "audit failed")
PT_STATUS(2076, DEVICE_FAULT,     "blocking component")
PT_STATUS(2081, CONSENT_REQUIRED, "user consent required")
PT_STATUS(2082, DEVICE_BUSY,      "operation in progress")
#endif

#ifdef STATE_CHANGE
STATE_CHANGE(1,    UNSUPPORTED,   "not supported")
STATE_CHANGE(2,    DEVICE_FAULT,  "unknown or unspecified error")
STATE_CHANGE(3,    DEVICE_FAULT,  "cannot complete within the timeout")
STATE_CHANGE(4,    DEVICE_FAULT,  "failed")
STATE_CHANGE(5,    DEVICE_FAULT,  "invalid parameter")
STATE_CHANGE(6,    DEVICE_BUSY,   "in use")
STATE_CHANGE(4096, DEVICE_BUSY,   "job started")
STATE_CHANGE(4097, INVALID_STATE, "invalid state transition")
STATE_CHANGE(4098, DEVICE_FAULT,  "timeout parameter not supported")
STATE_CHANGE(4099, DEVICE_BUSY,   "busy")
#endif

#ifdef BOOT
BOOT(1, UNSUPPORTED,   "not supported")
BOOT(2, DEVICE_FAULT,  "unknown or unspecified error")
BOOT(3, DEVICE_BUSY,   "busy")
BOOT(4, DEVICE_FAULT,  "invalid reference")
BOOT(5, DEVICE_FAULT,  "invalid parameter")
BOOT(6, ACCESS_DENIED, "access denied")
#endif

#ifdef METHOD_MAP
METHOD_MAP("RequestStateChange",              state_change)
METHOD_MAP("RequestPowerStateChange",         state_change)
METHOD_MAP("RequestOSPowerSavingStateChange", state_change)
METHOD_MAP("ChangeBootOrder",                 boot)
METHOD_MAP("SetBootConfigRole",               boot)
#endif
/* clang-format on */
