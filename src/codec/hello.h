/* hello.h - the message by which an AMT device in setup mode asks TCP port 9971 of its server to set it up (Intel AMT
 * guide, "Setup Mode Hello Messages"). All numbers are little-endian; the server answers nothing. Pure; any thread.
 *
 * What a hello says is a hint and no more: anybody can send one. */
#ifndef CODEC_HELLO_H
#define CODEC_HELLO_H

#include "base/text.h"

struct err;

#define HELLO_PORT       9971
#define HELLO_SIZE_MAX   4096 /* a full table of 33 SHA-384 hashes needs 1,675 */
#define HELLO_HASHES_MAX 64   /* tables of firmware hold 23 or 33 */
#define HELLO_HASH_MAX   48
#define HELLO_PID_LEN    8

/* When messages are sent, in milliseconds since the first of their series: five a minute apart, five ten minutes apart,
 * five an hour apart. Then the device is silent until its network interface is opened again. */
#define HELLO_SERIES_MS (INT64_C(354) * 60000)
int64_t hello_sent_after_ms(uint32_t retry); /* of a retry past the last: the last */

/* How long a device can be set up: from its first hello ever, and from that of each later series. */
#define HELLO_WINDOW_MS       (INT64_C(24) * 3600000)
#define HELLO_WINDOW_AGAIN_MS (INT64_C(6) * 3600000)

enum hello_version {
	HELLO_VERSION_PSK = 2, /* up to AMT 10: the device has a PID and its PPS, made by us */
	HELLO_VERSION_PKI = 3, /* the device says which roots it trusts */
};

/* As in files for USB keys and in the firmware's table. */
enum hello_hash_type {
	HELLO_HASH_SHA1 = 1,
	HELLO_HASH_SHA256 = 2,
	HELLO_HASH_SHA384 = 3,
};

struct hello_hash {
	enum hello_hash_type type;
	struct bytes value; /* 20, 32 or 48 bytes */
};

struct hello {
	bool admin_set; /* the password of admin was changed from its factory value */
	enum hello_version version;
	uint32_t retry; /* 0 with the first message; firmware goes up to 14 */
	struct uuid uuid;
	char pid[HELLO_PID_LEN + 1]; /* PSK; else "" */
	size_t hash_count;           /* PKI; else 0 */
	struct hello_hash hashes[HELLO_HASHES_MAX];
};

/* Reads what came so far. The hashes point into in. Returns 0 when in is exactly one message; ERR_END when it is the
 * beginning of one (wait for more; at the end of the connection: cut short); ERR_UNSUPPORTED for another version than 2
 * and 3; ERR_TOO_BIG for more than HELLO_HASHES_MAX hashes; ERR_MALFORMED for a hash whose length is not that of its
 * type, a PID that is not of printable ASCII, and for bytes behind the end. */
int hello_parse(struct bytes in, struct hello *ret, struct err *e);

/* The next of hashes that are back to back as in a message, without their number; *rest goes on behind it. False at the
 * end, and where it is no hash. */
bool hello_hash_next(struct bytes *rest, struct hello_hash *ret);

/* Appends the message. ERR_INVALID for what hello_parse would refuse; ERR_TOO_BIG past out's ceiling. */
int hello_encode(const struct hello *h, struct buf *out, struct err *e);

size_t hello_hash_size(enum hello_hash_type type);      /* 20, 32, 48; 0 for what is none */
const char *hello_hash_name(enum hello_hash_type type); /* "sha1", "sha256", "sha384"; NULL for what is none */

#endif
