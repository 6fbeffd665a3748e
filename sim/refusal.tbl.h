/* refusal.tbl.h - why a device refuses to be set up over the network, or says nothing at all.
 *
 * REFUSAL(id, "word", X509_V_ERR_*, alert, "sentence")
 *
 * word is what "amtsim ctl setup" tells; the third column makes OpenSSL send the alert that the fourth names ("" for
 * none: the port is closed, or no hello is sent). Which alerts firmware sends is not known, so all but those that TLS
 * itself prescribes are assumed; with the setting setup-alert they are all the same. */

/* clang-format off */
REFUSAL(NO_CHAIN,     "no-certificate",   0, "handshake_failure",       "the client showed no certificate")
REFUSAL(TOO_LONG,     "chain-too-long",   X509_V_ERR_CERT_CHAIN_TOO_LONG, "unknown_ca", "the chain has more certificates than setup-chain-most")
REFUSAL(ORDER,        "chain-order",      X509_V_ERR_CERT_SIGNATURE_FAILURE, "decrypt_error", "a certificate of the chain is not signed by the next one")
REFUSAL(NO_ROOT,      "no-root",          X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown_ca", "the chain does not end in a self-signed root")
REFUSAL(HASH,         "hash-unknown",     X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown_ca", "the device holds no active hash of the root")
REFUSAL(HASH_OFF,     "hash-disabled",    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown_ca", "the hash of the root is there but not enabled")
REFUSAL(USAGE,        "no-server-auth",   X509_V_ERR_INVALID_PURPOSE, "unsupported_certificate", "the leaf lacks the extended key usage serverAuth")
REFUSAL(PURPOSE,      "no-oid-or-ou",     X509_V_ERR_INVALID_PURPOSE, "unsupported_certificate", "the leaf has neither 2.16.840.1.113741.1.2.3 nor the OU Intel(R) Client Setup Certificate")
REFUSAL(NO_SUFFIX,    "no-suffix",        X509_V_ERR_HOSTNAME_MISMATCH, "bad_certificate", "no PKI DNS suffix is set and DHCP gave no option 15")
REFUSAL(SUFFIX,       "wrong-suffix",     X509_V_ERR_HOSTNAME_MISMATCH, "bad_certificate", "the common name of the leaf does not fit the DNS suffix")
REFUSAL(FQDN,         "wrong-server",     X509_V_ERR_HOSTNAME_MISMATCH, "bad_certificate", "the common name of the leaf is not the server's FQDN that was set")
REFUSAL(KEY_TYPE,     "key-not-rsa",      X509_V_ERR_EE_KEY_TOO_SMALL, "bad_certificate", "a key of the chain is not RSA")
REFUSAL(KEY_SMALL,    "key-too-small",    X509_V_ERR_CA_KEY_TOO_SMALL, "bad_certificate", "a key of the chain is smaller than the firmware takes")
REFUSAL(SHA1,         "sha1-signature",   X509_V_ERR_CA_MD_TOO_WEAK, "bad_certificate", "the chain is signed with SHA-1, which this firmware refuses")
REFUSAL(EXPIRED,      "expired",          X509_V_ERR_CERT_HAS_EXPIRED, "certificate_expired", "a certificate has expired by the device's clock (setup-times, or mutual TLS)")
REFUSAL(NOT_YET,      "not-yet-valid",    X509_V_ERR_CERT_NOT_YET_VALID, "bad_certificate", "a certificate is not yet valid by the device's clock (setup-times, or mutual TLS)")
REFUSAL(UNTRUSTED,    "untrusted-client", X509_V_ERR_CERT_UNTRUSTED, "bad_certificate", "mutual TLS: no trusted root of the device has signed the client's certificate")
REFUSAL(CONSOLE,      "no-console-usage", X509_V_ERR_INVALID_PURPOSE, "unsupported_certificate", "mutual TLS: the client's certificate lacks clientAuth or 2.16.840.1.113741.1.2.1")
REFUSAL(TRUSTED_CN,   "wrong-client-name", X509_V_ERR_HOSTNAME_MISMATCH, "bad_certificate", "mutual TLS: the client's common name fits no TrustedCN")
REFUSAL(PID,          "unknown-pid",      0, "unknown_psk_identity",    "TLS-PSK: the identity is not the device's PID")
REFUSAL(PPS,          "wrong-pps",        0, "bad_record_mac",          "TLS-PSK: the key is not the device's PPS")
REFUSAL(REMOTE_OFF,   "remote-configuration-off", 0, "",                "remote configuration is switched off")
REFUSAL(STATIC,       "static-address",   0, "",                        "remote configuration needs DHCP, and the address is static")
REFUSAL(NO_HASHES,    "no-hashes",        0, "",                        "no certificate hash is enabled that this firmware takes")
REFUSAL(NO_SERVER,    "no-server",        0, "",                        "no set-up server is configured and none is found in DNS")
REFUSAL(CLOSED,       "window-closed",    0, "",                        "the time for being set up is over; the network interface is closed")
/* clang-format on */
