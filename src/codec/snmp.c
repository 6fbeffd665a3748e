#include "codec/snmp.h"

#include "base/err.h"
#include "base/text.h"

#define SEQUENCE  0x30
#define TRAP2_PDU 0xa7
#define PART_MAX  65000 /* a datagram holds no more */
#define ARCS_MAX  128

static void put_length(struct buf *out, size_t len)
{
	if (len < 128) {
		(void)buf_addc(out, (char)len); /* a full buf is marked */
	} else if (len < 256) {
		(void)buf_addc(out, (char)0x81);
		(void)buf_addc(out, (char)len);
	} else {
		(void)buf_addc(out, (char)0x82);
		(void)buf_add_be16(out, (uint16_t)len);
	}
}

static void put(struct buf *out, int tag, struct bytes content)
{
	(void)buf_addc(out, (char)tag);
	put_length(out, content.len);
	(void)buf_add_bytes(out, content);
}

/* As short as two's complement allows (X.690 8.3.2); ticks are unsigned and so may need a zero before them. */
static void put_number(struct buf *out, int tag, int64_t v)
{
	uint8_t b[8];
	size_t first = 0;
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)((uint64_t)v >> (56 - 8 * i));
	while (first < 7 && ((b[first] == 0 && b[first + 1] < 0x80) || (b[first] == 0xff && b[first + 1] >= 0x80)))
		first++;
	put(out, tag, BYTES(b + first, sizeof(b) - first));
}

static void put_arc(struct buf *out, uint64_t arc)
{
	int shift = 0;
	while (shift < 63 && arc >> (shift + 7))
		shift += 7;
	for (; shift >= 0; shift -= 7)
		(void)buf_addc(out, (char)(((arc >> shift) & 0x7f) | (shift ? 0x80 : 0)));
}

static int read_arcs(const char *text, uint64_t arcs[ARCS_MAX], size_t *ret_count, struct err *e)
{
	size_t n = 0;
	for (const char *p = text;; p++) {
		size_t len = strcspn(p, ".");
		if (n == ARCS_MAX || !text_to_u64(BYTES(p, len), &arcs[n]) || arcs[n] > UINT32_MAX)
			return err_set(e, ERR_INVALID, "\"%s\" is not an object identifier", text);
		n++;
		p += len;
		if (!*p)
			break;
	}
	if (n < 2 || arcs[0] > 2 || arcs[1] > 39)
		return err_set(e, ERR_INVALID, "\"%s\" is not an object identifier", text);
	*ret_count = n;
	return 0;
}

static int put_oid(struct buf *out, const char *text, struct err *e)
{
	uint64_t arcs[ARCS_MAX];
	size_t n;
	struct buf content;
	int rc = read_arcs(text, arcs, &n, e);
	if (rc)
		return rc;
	buf_init(&content, PART_MAX);
	put_arc(&content, arcs[0] * 40 + arcs[1]);
	for (size_t i = 2; i < n; i++)
		put_arc(&content, arcs[i]);
	put(out, SNMP_OID, buf_bytes(&content));
	buf_release(&content);
	return 0;
}

static int put_value(struct buf *out, const struct snmp_var *v, struct err *e)
{
	bool is_ticks = v->type == SNMP_TICKS;
	switch (v->type) {
	case SNMP_INTEGER:
	case SNMP_TICKS:
		if (v->i < (is_ticks ? 0 : INT32_MIN) || v->i > (is_ticks ? (int64_t)UINT32_MAX : INT32_MAX))
			return err_set(e, ERR_INVALID, "%lld does not fit into 32 bits", (long long)v->i);
		put_number(out, v->type, v->i);
		return 0;
	case SNMP_OCTETS:
		put(out, SNMP_OCTETS, v->s);
		return 0;
	case SNMP_OID:
		return put_oid(out, v->ref, e);
	}
	return err_set(e, ERR_INVALID, "unknown type of a variable");
}

static int put_var(struct buf *out, const struct snmp_var *v, struct err *e)
{
	struct buf content;
	buf_init(&content, PART_MAX);
	int rc = put_oid(&content, v->oid, e);
	rc = rc ? rc : put_value(&content, v, e);
	rc = rc ? rc : buf_check(&content, e, "trap");
	if (!rc)
		put(out, SEQUENCE, buf_bytes(&content));
	buf_release(&content);
	return rc;
}

/* sysUpTime.0 and snmpTrapOID.0 come first (RFC 3416 4.2.6). */
static int put_vars(struct buf *out, const struct snmp_trap *t, struct err *e)
{
	const struct snmp_var first[] = {
		{.oid = "1.3.6.1.2.1.1.3.0", .type = SNMP_TICKS, .i = t->uptime},
		{.oid = "1.3.6.1.6.3.1.1.4.1.0", .type = SNMP_OID, .ref = t->trap_oid},
	};
	struct buf vars;
	buf_init(&vars, PART_MAX);
	int rc = put_var(&vars, &first[0], e);
	rc = rc ? rc : put_var(&vars, &first[1], e);
	for (size_t i = 0; i < t->var_count && !rc; i++)
		rc = put_var(&vars, &t->vars[i], e);
	rc = rc ? rc : buf_check(&vars, e, "trap");
	if (!rc)
		put(out, SEQUENCE, buf_bytes(&vars));
	buf_release(&vars);
	return rc;
}

int snmp_trap_encode(const struct snmp_trap *t, struct buf *out, struct err *e)
{
	struct buf pdu, message;
	buf_init(&pdu, PART_MAX);
	buf_init(&message, PART_MAX);
	put_number(&pdu, SNMP_INTEGER, t->request_id);
	put_number(&pdu, SNMP_INTEGER, 0); /* error-status */
	put_number(&pdu, SNMP_INTEGER, 0); /* error-index */
	int rc = put_vars(&pdu, t, e);
	put_number(&message, SNMP_INTEGER, 1); /* version: v2c */
	put(&message, SNMP_OCTETS, t->community);
	put(&message, TRAP2_PDU, buf_bytes(&pdu));
	rc = rc ? rc : buf_check(&pdu, e, "trap");
	rc = rc ? rc : buf_check(&message, e, "trap");
	if (!rc) {
		put(out, SEQUENCE, buf_bytes(&message));
		rc = buf_check(out, e, "trap");
	}
	buf_release(&pdu);
	buf_release(&message);
	return rc;
}
