/* err.tbl.h - every way something can go wrong, once.
 *
 * ERR(name, number, class, "sentence for a person", "what to do next")
 *
 * The number is part of the API and of the database: it is never reused. The lower-case name is the reason code
 * that people see in job results, API errors and the documentation (docs/guide/reasons.md is made from this table).
 * Classes: RETRY unreachable or busy, may work later; REFUSED the device or a rule said no; AUTH; INPUT;
 * UNCERTAIN sent, no answer; BUG ours. */

/* clang-format off */
ERR(FAILED,              1, BUG,       "an internal operation failed", "look at the server's log for the cause and report it")
ERR(TOO_BIG,             2, INPUT,     "larger than the limit", "make it smaller")
ERR(MALFORMED,           3, REFUSED,   "the other side sent something that does not follow its protocol", "check that the address belongs to an AMT device; look at its firmware version")
ERR(INVALID,             4, INPUT,     "a value is not valid", "correct the value that is named")
ERR(MISSING,             5, INPUT,     "a required value is missing", "give the value that is named")
ERR(NOT_FOUND,           6, INPUT,     "there is no such thing", "check the name; the list command of the same noun shows what exists")
ERR(EXISTS,              7, INPUT,     "a thing of this name exists already", "choose another name, or change the existing one")
ERR(IN_USE,              8, INPUT,     "it is still in use", "remove what uses it first, or force the removal")
ERR(CONFLICT,            9, INPUT,     "it was changed by somebody else meanwhile", "read it again and repeat the change")
ERR(NOT_ALLOWED,        10, AUTH,      "not allowed", "sign in with an account or token that has this right")
ERR(NO_SERVER,          11, RETRY,     "the zone server cannot be reached", "check that lampd runs and that LAMP_SERVER names it")
ERR(BUSY,               12, RETRY,     "the server is too busy to take this now", "try again in a few seconds")
ERR(CANCELLED,          13, REFUSED,   "cancelled before it was sent", "start it again if it is still wanted")
ERR(EXPIRED,            14, REFUSED,   "its deadline passed before it could be done", "start it again if it is still wanted")
ERR(HELD,               15, REFUSED,   "an emergency hold stops everything that changes power or set-up here", "lift the hold first")
ERR(CONFIRM,            16, INPUT,     "needs a confirmation", "repeat it with the number of devices as confirmation")
ERR(TIMEOUT,            17, RETRY,     "took longer than allowed", "try again; if it stays so, check the device and the network")
ERR(CLOSED,             18, RETRY,     "the connection was closed", "try again")
ERR(DISK,               19, RETRY,     "the disk is full or cannot be written", "make room on the server's disk; acts stop until then")
ERR(DATABASE,           20, RETRY,     "the database failed", "look at the server's log for the database's own words")
ERR(DATABASE_NEWER,     21, INPUT,     "the database belongs to a newer version of lampd", "install that version or newer; nothing was changed")
ERR(LOCKED,             22, INPUT,     "another lampd uses this data folder", "stop the other one, or give --data another folder")
ERR(TAMPERED,           23, BUG,       "a sealed value does not match its seal", "restore the database and key file from the same backup")
ERR(UNSUPPORTED,        24, REFUSED,   "not supported", "see what the device or version supports")
ERR(SYSTEM,             25, BUG,       "the operating system refused an operation", "the message names the operation and the system's reason")
ERR(PORT_TAKEN,         26, INPUT,     "another program listens on this port already", "stop that program or choose another port")
ERR(PRIVILEGE,          27, INPUT,     "the operating system does not allow this user to do that", "the message names the right that is missing")
ERR(END,                28, RETRY,     "the input ended", "nothing; it is a normal end where it is expected")

ERR(NOT_DELIVERED,      30, RETRY,     "a target did not take a message", "the message says why; correct the target's address or login, or mend what answers there")

/* Reaching a device. */
ERR(NAME_UNRESOLVED,    40, RETRY,     "the name does not resolve to an address", "add the name to DNS, or set the device's AMT address to its IP address")
ERR(NET_NOT_ALLOWED,    41, INPUT,     "the address is outside the networks that this zone may talk to", "add the network to the setting allowed-nets if it is meant")
ERR(UNREACHABLE,        42, RETRY,     "nothing answers at this address", "check that the computer has mains power and network, and that AMT is set up on it")
ERR(REFUSED_PORT,       43, RETRY,     "the address answers but refuses the AMT port", "AMT is not set up, or uses the other port (16992 plain, 16993 TLS)")
ERR(NO_ANSWER,          44, RETRY,     "the device accepted the connection but did not answer in time", "try again; a controller in a low-power state needs a moment to wake")
ERR(LOST_CONNECTION,    45, RETRY,     "the device closed the connection without an answer", "try again; if it stays so, look at the device's firmware version")
ERR(NOT_AMT,            46, REFUSED,   "something else than Intel AMT answers there", "check the address")
ERR(WRONG_DEVICE,       47, REFUSED,   "another device answers at this address", "rediscover the device, or correct its AMT address")
ERR(SUBNET_DOWN,        48, RETRY,     "most devices of this subnet cannot be reached, so its breaker lets through one try at a time", "look at the network of this subnet; what waits goes on by itself as soon as one device there answers")

/* Talking to it. */
ERR(TLS_FAILED,         50, REFUSED,   "no TLS connection could be agreed", "see the detail; old firmware needs the device's setting old-tls")
ERR(TLS_PIN,            51, AUTH,      "the device shows another certificate than the one it was pinned to", "find out why it changed; accept the new one with 'lamp device repin' only if that was meant")
ERR(TLS_REQUIRED,       52, REFUSED,   "TLS is required for this device but it offers none", "set up TLS on the device, or allow plain for it")
ERR(WRONG_PASSWORD,     53, AUTH,      "the device does not accept this login", "check the credential's user and password; the password is the one set in MEBx")
ERR(WEAK_AUTH,          54, AUTH,      "the device offers a weaker login than Digest with qop=auth", "check the address; a real AMT device does not do this")
ERR(REALM_CHANGED,      55, AUTH,      "the device's digest realm changed", "it was set up again or is another device; run 'lamp device test' and accept it there")
ERR(ACCESS_DENIED,      56, REFUSED,   "this AMT user may not do that", "use a credential with the right realm, usually admin")
ERR(DEVICE_BUSY,        57, RETRY,     "the device says it is busy", "try again in a few seconds")
ERR(DEVICE_FAULT,       58, REFUSED,   "the device answered with a fault", "the detail holds the device's own words")
ERR(INVALID_STATE,      59, REFUSED,   "the device refuses this change in its present power state", "read its state; reset and cycle need a computer that is on")
ERR(SESSION_OPEN,       60, REFUSED,   "a redirection session is open on the device, which blocks off and cycle", "close the KVM, SOL or IDE-R session, then repeat")
ERR(CONSENT_REQUIRED,   61, REFUSED,   "the device asks for the consent of the person in front of it", "ask for consent first")
ERR(TOO_OLD,            62, REFUSED,   "firmware before AMT 3.0 speaks only the old SOAP interface, which is not yet supported", "update the firmware or wait for a release that supports it")
ERR(NOT_PROVISIONED,    63, REFUSED,   "AMT is present but not set up", "set it up in MEBx, or provision it")
ERR(NO_CHANGE,          64, REFUSED,   "the device accepted the order but no change was seen", "look at the device; repeat the order if it is still wanted")
ERR(BOOT_UNSUPPORTED,   65, REFUSED,   "the device's firmware does not offer this boot choice", "choose another of bios, pxe, disk and cd")
ERR(ALREADY_ON,         66, REFUSED,   "it is on or asleep, so it would not boot now", "use reset or cycle to boot it with this choice; nothing was sent")

ERR(ALREADY_SET_UP,     68, REFUSED,   "the device is set up already", "adopt it with its password, or unprovision it first")
ERR(NOT_IN_SETUP,       69, REFUSED,   "the device does not wait to be set up", "start its set-up in MEBx, with a USB key, or by a program on it")
ERR(UNPROVISION_BLOCKED, 67, REFUSED, "the device's audit log forbids to take AMT down", "its auditor must release the lock of the audit log first")

/* What an act can lack before it starts. */
ERR(NOT_CONFIGURED,     70, INPUT,     "not configured for AMT", "give the device an AMT address and a credential")
ERR(NO_CREDENTIAL,      71, INPUT,     "the device has no credential", "choose one with 'lamp device set NAME --credential CREDENTIAL'")
ERR(PASSWORD_RULE,      72, INPUT,     "AMT would refuse this password", "8 to 32 characters with upper case, lower case, digit and special; none of : , and the double quote")
ERR(PROTECTED,          73, REFUSED,   "this device is protected because it is a zone server", "it is handled last with --include-protected")
ERR(SUPERSEDED,         74, REFUSED,   "a newer order for the same device replaced this one", "nothing; the newer order's result counts")
ERR(DISCOVERY_EXPIRED,  75, INPUT,     "this discovery is no longer valid", "rediscover it")
ERR(MISSED,             76, REFUSED,   "it was due while no server could do it, and it is too late now", "switch by hand what is still wanted; the schedule's next time is not touched")
ERR(BLACKED_OUT,        77, REFUSED,   "its time lies in a black-out", "nothing; the calendar says so")
ERR(SUSPENDED,          78, REFUSED,   "its schedule is suspended", "resume the schedule when it shall run again")
ERR(CLASH,              79, INPUT,     "two schedules would order the same device at the same instant", "change the time of one of them")

/* After the order was sent. */
ERR(NO_REPLY,           80, UNCERTAIN, "the order was sent but no reply came", "read the device's state; repeat the order only if it is still wanted")
ERR(BAD_REPLY,          81, UNCERTAIN, "the order was sent but the reply could not be understood", "read the device's state; repeat the order only if it is still wanted")
ERR(RESTARTED,          82, UNCERTAIN, "the server restarted between sending and the reply", "read the device's state; repeat the order only if it is still wanted")

/* Logging in. */
ERR(WRONG_LOGIN,       90, AUTH,      "name or password is wrong", "try again; after some failures one has to wait between them")
ERR(LOCKED_OUT,        91, AUTH,      "too many logins failed", "wait as long as the message says, or have an administrator run 'lamp admin unlock NAME'")
ERR(WEAK_PASSWORD,     92, INPUT,     "this password is too weak for an administrator", "12 to 128 bytes; several words are easier to remember than signs")
ERR(LAST_ADMINISTRATOR, 93, REFUSED,  "somebody must stay who may change administrators", "give the role administrator to another account first")
ERR(SOURCE_DOWN,       94, RETRY,     "a user source cannot be asked who somebody is", "local accounts log in as ever; try it with 'lamp user-source test NAME' and mend what the message names")
ERR(LOGIN_PENDING,      95, RETRY,     "the login was not confirmed at the provider yet", "open the address that was shown, type the code, and wait")

/* Certificates of servers and devices. */
ERR(CERT_UNREADABLE,    100, INPUT,   "no certificate can be read from this file", "give it in PEM, DER, PKCS#7 or PKCS#12, as the certificate authority sent it")
ERR(CERT_PASSPHRASE,    101, INPUT,   "the file is locked and the password does not open it", "give its password with --password-file")
ERR(CERT_KEY,           102, INPUT,   "the private key does not belong to the certificate", "import the certificate that was signed for the newest certificate request of this server, or give the key that belongs to it")
ERR(CERT_NO_KEY,        103, INPUT,   "no private key is known for this certificate", "make a certificate request first and have that signed, or give a file that holds the key too (PKCS#12, or PEM with the key)")
ERR(CERT_EXPIRED,       104, INPUT,   "the certificate has expired", "have a new one signed; if the date looks right, correct this server's clock")
ERR(CERT_NOT_YET,       105, INPUT,   "the certificate is not valid yet", "wait until then; if the date looks right, correct this server's clock")
ERR(CERT_CHAIN,         106, INPUT,   "the chain of certificates up to the root is not complete", "give the missing certificates too, with --chain")
ERR(CERT_USAGE,         107, INPUT,   "AMT would refuse it: neither OID 2.16.840.1.113741.1.2.3 nor OU Intel(R) Client Setup Certificate", "have it signed with that OID in the extended key usage, or with exactly that OU in the subject")
ERR(CERT_PURPOSE,       108, INPUT,   "AMT would refuse it: its extended key usage has no server authentication (1.3.6.1.5.5.7.3.1)", "have it signed with that OID in the extended key usage")
ERR(CERT_SUFFIX,        109, INPUT,   "AMT would refuse it: its common name does not lie under the DNS suffix of the devices", "have it signed for a name under that suffix, or name the devices' suffix with --suffix")
ERR(CERT_WEAK_KEY,      110, INPUT,   "a key in the chain is too short", "use RSA keys of at least 2048 bits")
ERR(CERT_WEAK_SIGNATURE, 111, INPUT,  "a certificate is signed with MD5 or SHA-1", "have it signed with SHA-256 or SHA-384")
ERR(CERT_KEY_KIND,      112, INPUT,   "AMT takes RSA keys only", "make a certificate request here, or use an RSA key")
ERR(CERT_NAME,          113, INPUT,   "the certificate is made out to another name", "give the certificate whose common name, DNS name or UUID is the device's")
ERR(NO_MANAGEMENT_CERT, 114, INPUT,   "this server has no management certificate", "make one with 'lamp certificate create', or import one with 'lamp certificate import'")
/* clang-format on */
