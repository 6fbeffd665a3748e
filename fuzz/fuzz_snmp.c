/* Traps of outside texts: community, object of the trap, and variables, a line each ("s 1.3.6.1 text"; i, t and o for
 * number, ticks and object). What is written is nested as X.690 says, to the last byte, and holds each text. */
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/snmp.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

#define VARS_MAX 16

/* One value from *in, which loses it; its content. */
static struct bytes take_value(struct bytes *in, int *ret_tag)
{
	ASSERT(in->len >= 2);
	size_t len = in->p[1], head = 2;
	*ret_tag = in->p[0];
	if (len >= 0x80) {
		size_t more = len & 0x7f;
		ASSERT((more == 1 || more == 2) && in->len >= 2 + more);
		len = more == 1 ? in->p[2] : (size_t)(in->p[2] << 8 | in->p[3]);
		head += more;
		ASSERT(len >= (more == 1 ? 128 : 256)); /* as short as can be */
	}
	ASSERT(in->len - head >= len);
	struct bytes content = BYTES(in->p + head, len);
	*in = BYTES(content.p + len, in->len - head - len);
	return content;
}

static struct bytes take(struct bytes *in, int wanted)
{
	int tag;
	struct bytes content = take_value(in, &tag);
	ASSERT(tag == wanted);
	return content;
}

static void check(const struct snmp_trap *t, struct bytes out)
{
	struct bytes message = take(&out, 0x30);
	ASSERT(!out.len && bytes_equal(take(&message, SNMP_INTEGER), BYTES_LIT("\1")));
	ASSERT(bytes_equal(take(&message, SNMP_OCTETS), t->community));
	struct bytes pdu = take(&message, 0xa7);
	for (size_t i = 0; i < 3; i++)
		ASSERT(take(&pdu, SNMP_INTEGER).len <= 4);
	struct bytes vars = take(&pdu, 0x30);
	ASSERT(!message.len && !pdu.len);
	for (size_t i = 0; i < t->var_count + 2; i++) {
		struct bytes var = take(&vars, 0x30);
		int tag;
		ASSERT(take(&var, SNMP_OID).len);
		struct bytes value = take_value(&var, &tag);
		const struct snmp_var *v = i < 2 ? NULL : &t->vars[i - 2];
		ASSERT(!var.len && (!v || tag == (int)v->type));
		ASSERT(!v || v->type != SNMP_OCTETS || bytes_equal(value, v->s));
	}
	ASSERT(!vars.len);
}

static bool read_var(char *line, struct snmp_var *ret)
{
	char *oid = line[0] && line[1] == ' ' ? line + 2 : NULL, *value = oid ? strchr(oid, ' ') : NULL;
	if (!value)
		return false;
	*value++ = '\0';
	*ret = (struct snmp_var){.oid = oid, .type = SNMP_OCTETS, .s = bytes_str(value), .ref = value};
	(void)text_to_i64(bytes_str(value), &ret->i); /* 0 where it is none */
	if (line[0] == 'i')
		ret->type = SNMP_INTEGER;
	else if (line[0] == 't')
		ret->type = SNMP_TICKS;
	else if (line[0] == 'o')
		ret->type = SNMP_OID;
	else if (line[0] == '?')
		ret->type = 0;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snmp_var vars[VARS_MAX];
	struct snmp_trap t = {.request_id = -(int32_t)size, .uptime = UINT32_MAX - (uint32_t)size, .vars = vars};
	struct err e = ERR_INIT;
	struct buf out;
	AUTO_FREE char *text = bytes_dup_str(BYTES(data, size));
	char *rest = text, *community = strsep(&rest, "\n"), *trap = strsep(&rest, "\n");
	t.community = bytes_str(community);
	t.trap_oid = trap ? trap : "1.3";
	for (char *line; t.var_count < VARS_MAX && (line = strsep(&rest, "\n"));)
		t.var_count += read_var(line, &vars[t.var_count]);
	buf_init(&out, size % 2 ? 65507 : 512);
	int rc = snmp_trap_encode(&t, &out, &e);
	ASSERT(rc ? rc == e.code && *e.msg : out.len > 0);
	if (!rc)
		check(&t, buf_bytes(&out));
	buf_release(&out);
	return 0;
}
