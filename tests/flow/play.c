#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/err.h"

#define ANONYMOUS "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

static void begin(struct play *p, enum verb verb, enum act_mode mode, enum boot_choice boot, bool left)
{
	*p = (struct play){.wall_ms = 1900000000000, .client = xml_parser_new(), .device = xml_parser_new()};
	buf_init(&p->request, WSMAN_MAX_REQUEST);
	buf_init(&p->reply, 65536);
	buf_init(&p->scratch, 4096);
	p->order.verb = verb;
	p->order.mode = mode;
	p->order.boot = boot;
	p->order.boot_left = left;
	p->order.act = 7;
	p->order.fence = 3;
	p->order.at.id = 11;
	p->order.observe_ms = 60000;
	(void)snprintf(p->order.at.login, sizeof(p->order.at.login), "admin");
	flow_begin(&p->ctx, &p->order, &p->out);
	p->ctx.realm = "Digest:F3EB554784E729164447A89F60B641C5";
	p->ctx.tls = "";
	p->ctx.scratch = &p->scratch;
}

void play_begin(struct play *p, enum verb verb, enum act_mode mode)
{
	begin(p, verb, mode, BOOT_NONE, false);
}

void play_begin_boot(struct play *p, enum verb verb, enum boot_choice boot)
{
	begin(p, verb, ACT_RUN, boot, false);
}

void play_begin_left(struct play *p, enum verb verb)
{
	begin(p, verb, ACT_RUN, BOOT_NONE, true);
}

void play_end(struct play *p)
{
	flow_release(&p->ctx);
	xml_parser_free(p->client);
	xml_parser_free(p->device);
	buf_release(&p->request);
	buf_release(&p->reply);
	buf_release(&p->scratch);
}

static void assert_same_tree(const struct xml_node *ours, const struct xml_node *theirs)
{
	assert_true(bytes_equal(ours->name, theirs->name) && bytes_equal(ours->uri, theirs->uri));
	if (!bytes_equal_str(ours->name, "MessageID") && !bytes_equal(xml_text(ours), xml_text(theirs)))
		fail_msg("%.*s is %.*s", (int)ours->name.len, (const char *)ours->name.p, (int)xml_text(ours).len,
			 (const char *)xml_text(ours).p);
	const struct xml_node *a = ours->child, *b = theirs->child;
	for (; a && b; a = a->next, b = b->next)
		assert_same_tree(a, b);
	assert_true(!a && !b);
}

static void check_golden(struct play *p, const char *name)
{
	char path[512], text[4096];
	const struct xml_node *ours, *theirs;
	struct xml_parser *other = xml_parser_new();
	(void)snprintf(path, sizeof(path), "%s/tests/golden/boot/%s.bin", getenv("LAMPLIGHTER_SOURCE"), name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t len = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	assert_int_equal(xml_parse(p->device, buf_bytes(&p->request), &ours, &p->e), 0);
	assert_int_equal(xml_parse(other, BYTES((const uint8_t *)text, len), &theirs, &p->e), 0);
	assert_same_tree(ours, theirs);
	xml_parser_free(other);
}

static void check_request(struct play *p, const struct row *row)
{
	struct wsman_call call;
	buf_reset(&p->request);
	assert_int_equal(flow_write(&p->ctx, &p->request, &p->e), 0);
	assert_int_equal(wsman_call_parse(p->device, buf_bytes(&p->request), &call, &p->e), 0);
	assert_int_equal(call.op, row->op);
	assert_true(bytes_equal_str(call.class_name, row->class_name));
	assert_true(row->op != WSMAN_METHOD || bytes_equal_str(call.method, row->method));
	uint64_t state;
	if (call.body && xml_u64(xml_child(call.body, XML_NS_ANY, "PowerState"), &state))
		p->ordered = (int)state;
	if (row->golden)
		check_golden(p, row->golden);
}

static const char *prefix_of(const char *class_name)
{
	if (strncmp(class_name, "CIM_", 4) == 0)
		return "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
	return strncmp(class_name, "IPS_", 4) == 0 ? "http://intel.com/wbem/wscim/1/ips-schema/1/"
						   : "http://intel.com/wbem/wscim/1/amt-schema/1/";
}

static void answer(struct play *p, const struct row *row, const char *id)
{
	const char *prefix = row->ns ? "" : prefix_of(row->class_name);
	buf_addf(&p->reply,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a:Envelope xmlns:a=\"http://www.w3.org/2003/05/"
		 "soap-envelope\" xmlns:b=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
		 "xmlns:c=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" "
		 "xmlns:e=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" xmlns:g=\"%s%s\" "
		 "xmlns:h=\"%s%s\"><a:Header>"
		 "<b:To>" ANONYMOUS
		 "</b:To><b:RelatesTo>%s</b:RelatesTo><b:Action a:mustUnderstand=\"true\">x</b:Action>"
		 "<b:MessageID>uuid:00000000-8086-8086-8086-000000000A3F</b:MessageID></a:Header><a:Body>%s</a:Body>"
		 "</a:Envelope>",
		 prefix, row->ns ? row->ns : row->class_name, prefix_of("CIM_"), "CIM_AssociatedPowerManagementService",
		 id, row->body);
}

/* A recorded reply, with our MessageID in the place of its own. */
static void answer_recorded(struct play *p, const char *path, const char *id)
{
	char name[512];
	const char *folder = getenv("LAMPLIGHTER_RECORDED");
	assert_non_null(folder);
	(void)snprintf(name, sizeof(name), "%s/%s", folder, path);
	FILE *f = fopen(name, "r");
	assert_non_null(f);
	char text[16384];
	size_t len = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[len] = 0;
	char *from = strstr(text, "RelatesTo>");
	assert_non_null(from);
	from += strlen("RelatesTo>");
	buf_add(&p->reply, text, (size_t)(from - text));
	buf_adds(&p->reply, id);
	buf_adds(&p->reply, strchr(from, '<'));
}

int play_script(struct play *p, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count && (!p->ctx.over || flow_undo(&p->ctx)); i++) {
		p->undone += p->ctx.undoing;
		unsigned flags = flow_step(&p->ctx)->flags;
		p->gates += (flags & STEP_FLAG_GATE) != 0;
		if (flags & STEP_FLAG_OBSERVE)
			p->waits[p->wait_count++] = flow_wait_ms(&p->ctx);
		p->ctx.message_id.b[15]++;
		check_request(p, &rows[i]);
		p->ctx.asked_at_ms = p->wall_ms;
		p->ctx.answered_at_ms = p->wall_ms += 100;
		char id[WSMAN_MESSAGE_ID_SIZE];
		wsman_message_id(&p->ctx.message_id, id);
		buf_reset(&p->reply);
		if (rows[i].file)
			answer_recorded(p, rows[i].body, id);
		else
			answer(p, &rows[i], id);
		assert_int_equal(buf_check(&p->reply, &p->e, "reply"), 0);
		struct wsman_reply r;
		int rc = wsman_reply_parse(p->client, buf_bytes(&p->reply), &r, &p->e);
		if (!rc)
			rc = flow_read(&p->ctx, &r, &p->e);
		if (rc)
			return rc;
		p->out.requests++;
	}
	return 0;
}
