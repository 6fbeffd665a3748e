/* W1: what one exchange with a device costs the codec: write the request for the power state, answer the digest
 * challenge, read the reply (2.5 kB, the shape of AMT 11.8) into a struct; beside libxml2's DOM, which reads the same
 * property out of the same reply and nothing more.
 *
 * usage: wsman_codec [ours|parse|libxml2 COUNT]
 * ours: all of it; parse: reading the reply alone, to be set beside libxml2. Without arguments each is timed, and the
 * program fails when ours asks the system for memory: the gate is 0 allocations a message once the first has passed.
 * Instructions: bench/wsman_codec.sh. */
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "codec/cim.h"
#include "codec/digest.h"
#ifdef HAVE_LIBXML2
#include <libxml/parser.h>
#endif

#define ID_TEXT "6f1d6fcd-0d36-4e6c-9d4b-1f3f5a3b7c11"

static uint64_t allocations;

#ifdef __SANITIZE_ADDRESS__
#define COUNTS_ALLOCATIONS false
#else
#define COUNTS_ALLOCATIONS true
/* glibc's own names; what is defined here is used by all libraries of the process. */
void *__libc_malloc(size_t len);
void *__libc_calloc(size_t n, size_t len);
void *__libc_realloc(void *p, size_t len);
void *malloc(size_t len);
void *calloc(size_t n, size_t len);
void *realloc(void *p, size_t len);

void *malloc(size_t len)
{
	allocations++;
	return __libc_malloc(len);
}

void *calloc(size_t n, size_t len)
{
	allocations++;
	return __libc_calloc(n, len);
}

void *realloc(void *p, size_t len)
{
	allocations++;
	return __libc_realloc(p, len);
}
#endif

static struct buf reply, request;
static struct xml_parser *parser;
static struct digest_session session;
static struct digest_key key;
static struct wsman_request rq = {.op = WSMAN_GET, .class_name = "CIM_AssociatedPowerManagementService"};

/* The golden reply, as an answer to our request. */
static int load(const char *path)
{
	struct err e = ERR_INIT;
	struct buf file;
	buf_init(&file, XML_MAX_LEN);
	buf_init(&reply, XML_MAX_LEN);
	buf_init(&request, WSMAN_MAX_REQUEST);
	if (file_read(path, &file, &e)) {
		(void)fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	const char *text = buf_cstr(&file), *at = strstr(text, ">7</b:RelatesTo>");
	ASSERT(at);
	buf_add(&reply, text, (size_t)(at - text) + 1);
	buf_adds(&reply, "uuid:" ID_TEXT);
	buf_adds(&reply, at + 2);
	buf_release(&file);
	return 0;
}

static void prepare(void)
{
	static const uint8_t random[16] = {1};
	static const struct bytes challenge =
		BYTES_LIT("Digest realm=\"Digest:F3EB554784E729164447A89F60B641C5\", "
			  "nonce=\"fVNueyEAAAAAAAAAcO8WqJ8s+WdyFUIY\",stale=\"false\",qop=\"auth\"");
	struct digest_challenge c;
	ASSERT(uuid_parse(BYTES_LIT(ID_TEXT), &rq.message_id));
	ASSERT(digest_challenge_parse(&challenge, 1, 0, &c, NULL) == 0);
	digest_session_start(&session, &c, random);
	digest_key_make(DIGEST_MD5, BYTES_LIT("admin"), bytes_str(c.realm), BYTES_LIT("P@ssw0rd"), &key);
	parser = xml_parser_new();
}

static void parse_once(void)
{
	struct wsman_reply r;
	const struct xml_node *n;
	struct cim_power power;
	ASSERT(wsman_reply_read(parser, buf_bytes(&reply), &rq, &r, NULL) == 0);
	ASSERT(wsman_instance_read(&r, rq.class_name, &n, NULL) == 0);
	ASSERT(cim_power_read(n, &power, NULL) == 0 && power.state == CIM_POWER_ON && power.available_count == 4);
}

static void ours_once(void)
{
	buf_reset(&request);
	ASSERT(wsman_request_write(&request, &rq, NULL) == 0);
	struct bytes body = buf_bytes(&request);
	ASSERT(digest_session_answer(&session, &key, "admin", "POST", WSMAN_PATH, body, &request, NULL) == 0);
	parse_once();
}

#ifdef HAVE_LIBXML2
static const xmlNode *child(const xmlNode *n, const char *name)
{
	n = n ? n->children : NULL;
	while (n && strcmp((const char *)n->name, name) != 0)
		n = n->next;
	return n;
}

static void libxml2_once(void)
{
	xmlDoc *doc = xmlReadMemory((const char *)reply.p, (int)reply.len, NULL, NULL, XML_PARSE_NONET);
	ASSERT(doc);
	const xmlNode *n = child(xmlDocGetRootElement(doc), "Body");
	n = child(child(n, "CIM_AssociatedPowerManagementService"), "PowerState");
	ASSERT(n && n->children && strcmp((const char *)n->children->content, "2") == 0);
	xmlFreeDoc(doc);
}
#endif

static const struct {
	const char *name;
	void (*once)(void);
	bool is_gated;
} workloads[] = {
	{"ours", ours_once, true},
	{"parse", parse_once, true},
#ifdef HAVE_LIBXML2
	{"libxml2", libxml2_once, false},
#endif
};

static bool measure(size_t which)
{
	enum { COUNT = 200000 };
	workloads[which].once();
	uint64_t before = allocations;
	int64_t start = clock_mono_ms(clock_real());
	for (int i = 0; i < COUNT; i++)
		workloads[which].once();
	int64_t ms = clock_mono_ms(clock_real()) - start;
	uint64_t made = allocations - before;
	printf("%-8s %6.2f us a message, %.2f allocations\n", workloads[which].name, (double)ms * 1000 / COUNT,
	       (double)made / COUNT);
	return !workloads[which].is_gated || made == 0;
}

static void repeat(const char *name, long count)
{
	for (size_t i = 0; i < ARRAY_LEN(workloads); i++)
		for (long j = 0; strcmp(workloads[i].name, name) == 0 && j < count; j++)
			workloads[i].once();
}

int main(int argc, char **argv)
{
	const char *root = getenv("LAMPLIGHTER_SOURCE");
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/tests/golden/wsman/get-power.bin", root ? root : ".");
	if (load(path))
		return 2;
	prepare();
	bool good = true;
	if (argc == 3)
		repeat(argv[1], strtol(argv[2], NULL, 10));
	for (size_t i = 0; argc < 3 && i < ARRAY_LEN(workloads); i++)
		good &= measure(i);
	if (!COUNTS_ALLOCATIONS)
		printf("allocations are not counted in a build with AddressSanitizer\n");
	xml_parser_free(parser);
	buf_release(&reply);
	buf_release(&request);
	return good ? 0 : 1;
}
