#include "codec/rmcp.h"

#include <string.h>

#include "base/cursor.h"
#include "base/err.h"

#define RMCP_VERSION     0x06
#define CLASS_ASF        0x06
#define CLASS_ACK        0x80 /* bit 7 of the class byte: an acknowledgement, which is 4 bytes long */
#define TYPE_PING        0x80
#define TYPE_PONG        0x40
#define PONG_DATA_LEN    16
#define PONG_DATA_LEAST  8
#define STATE_BOTH_PORTS 0x04

struct header {
	uint8_t sequence;
	uint8_t type;
	uint8_t tag;
	uint8_t data_len;
};

static void header_encode(const struct header *h, uint8_t to[RMCP_PING_SIZE])
{
	static const uint8_t common[RMCP_PING_SIZE] = {RMCP_VERSION, 0, 0, CLASS_ASF, 0x00, 0x00, 0x11, 0xbe};
	memcpy(to, common, sizeof(common));
	to[2] = h->sequence;
	to[8] = h->type;
	to[9] = h->tag;
	to[11] = h->data_len;
}

void rmcp_ping_encode(const struct rmcp_ping *ping, uint8_t to[RMCP_PING_SIZE])
{
	header_encode(&(struct header){ping->sequence, TYPE_PING, ping->tag, 0}, to);
}

void rmcp_pong_encode(const struct rmcp_pong *pong, uint8_t to[RMCP_PONG_SIZE])
{
	memset(to, 0, RMCP_PONG_SIZE);
	header_encode(&(struct header){pong->sequence, TYPE_PONG, pong->tag, PONG_DATA_LEN}, to);
	for (int i = 0; i < 4; i++)
		to[12 + i] = (uint8_t)(pong->enterprise >> (24 - 8 * i));
	to[16] = (uint8_t)(pong->port >> 8);
	to[17] = (uint8_t)pong->port;
	if (pong->major < 16 && pong->minor < 16) {
		to[18] = (uint8_t)(pong->major << 4 | pong->minor);
	} else {
		to[22] = pong->major;
		to[23] = pong->minor;
	}
	to[19] = (uint8_t)((pong->provisioning & 0x03) | (pong->both_ports ? STATE_BOTH_PORTS : 0));
	to[20] = pong->entities;
	to[21] = pong->interactions;
}

static int header_parse(struct cursor *c, uint8_t type, struct header *ret, struct err *e)
{
	uint8_t version = cursor_u8(c);
	cursor_skip(c, 1);
	uint8_t sequence = cursor_u8(c);
	uint8_t class = cursor_u8(c);
	if (c->failed || version != RMCP_VERSION)
		return err_set(e, ERR_MALFORMED, "datagram: not RMCP");
	if (class != CLASS_ASF)
		return err_set(e, ERR_UNSUPPORTED, "datagram: RMCP of class 0x%02x%s", class,
			       class & CLASS_ACK ? ", an acknowledgement" : "");
	uint32_t enterprise = cursor_be32(c);
	struct header h = {.sequence = sequence, .type = cursor_u8(c), .tag = cursor_u8(c)};
	cursor_skip(c, 1);
	h.data_len = cursor_u8(c);
	if (c->failed)
		return err_set(e, ERR_MALFORMED, "datagram: RMCP header cut short");
	if (enterprise != RMCP_IANA_ASF || h.type != type)
		return err_set(e, ERR_UNSUPPORTED, "datagram: message 0x%02x of enterprise %u", h.type, enterprise);
	*ret = h;
	return 0;
}

int rmcp_ping_parse(struct bytes in, struct rmcp_ping *ret, struct err *e)
{
	struct cursor c;
	cursor_init(&c, in);
	struct header h = {0};
	int rc = header_parse(&c, TYPE_PING, &h, e);
	if (rc)
		return rc;
	*ret = (struct rmcp_ping){.sequence = h.sequence, .tag = h.tag};
	return 0;
}

/* Byte 18 holds both halves of the version; it is 0 before 6.0, and from 16 on, where 22 and 23 hold it. */
static void version_read(struct rmcp_pong *pong, uint8_t packed, uint8_t major, uint8_t minor)
{
	pong->major = packed ? packed >> 4 : major;
	pong->minor = packed ? packed & 0x0f : minor;
}

int rmcp_pong_parse(struct bytes in, struct rmcp_pong *ret, struct err *e)
{
	struct cursor c;
	cursor_init(&c, in);
	struct header h = {0};
	int rc = header_parse(&c, TYPE_PONG, &h, e);
	if (rc)
		return rc;
	struct rmcp_pong pong = {.sequence = h.sequence, .tag = h.tag};
	pong.enterprise = cursor_be32(&c);
	pong.port = cursor_be16(&c);
	uint8_t packed = cursor_u8(&c);
	uint8_t state = cursor_u8(&c);
	if (c.failed || h.data_len < PONG_DATA_LEAST)
		return err_set(e, ERR_MALFORMED, "presence pong: cut short");
	pong.provisioning = state & 0x03;
	pong.both_ports = (state & STATE_BOTH_PORTS) != 0;
	/* Zero where the datagram ends before. */
	pong.entities = cursor_u8(&c);
	pong.interactions = cursor_u8(&c);
	uint8_t major = cursor_u8(&c);
	uint8_t minor = cursor_u8(&c);
	bool whole = in.len >= RMCP_PONG_SIZE;
	version_read(&pong, packed, whole ? major : 0, whole ? minor : 0);
	*ret = pong;
	return 0;
}

bool rmcp_pong_is_amt(const struct rmcp_pong *pong)
{
	return pong->enterprise == RMCP_IANA_INTEL;
}
