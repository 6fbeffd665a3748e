/* Filters of devices: what parses matches without harm, and its canonical text is the same filter. */
#include "base/base.h"
#include "codec/devfilter.h"
#include "fuzz/fuzz.h"

static bool known(enum devfilter_key k, const char *word)
{
	return strcmp(word, "purple") != 0;
}

/* The value that a filter names as the only one is that of every device that fits. */
static void check_only(const struct devfilter *f, const struct devfilter_facts *d)
{
	const char *folder = devfilter_only(f, DEVFILTER_FOLDER), *tag = devfilter_only(f, DEVFILTER_TAG);
	bool fits = devfilter_match(f, d);
	ASSERT(!folder ||
	       (devfilter_uses(f, DEVFILTER_FOLDER) && (!fits || strncmp(d->folder, folder, strlen(folder)) == 0)));
	ASSERT(!tag || (devfilter_uses(f, DEVFILTER_TAG) && (!fits || strstr(d->tags, tag))));
}

/* Folders that moved: still a filter, or too long for one. */
static void check_moved(const struct devfilter *f)
{
	struct buf there;
	struct devfilter *moved;
	buf_init(&there, 64 * DEVFILTER_TEXT_MAX);
	ASSERT(devfilter_text(f, "/Workstations/", "/Moved there/", &there) == 0);
	if (devfilter_parse(buf_cstr(&there), NULL, &moved, NULL) == 0) {
		ASSERT(devfilter_uses(moved, DEVFILTER_FOLDER) == devfilter_uses(f, DEVFILTER_FOLDER));
		devfilter_free(moved);
	} else {
		ASSERT(there.len > DEVFILTER_TEXT_MAX);
	}
	buf_release(&there);
}

static void check(const struct devfilter *f)
{
	struct devfilter_facts d = {
		"/Workstations/lab/", "desk-17", "a,b", "11.8.79", "smb", "on", "rmcp", true, {0}, 40000};
	ASSERT(range_addr_parse(bytes_str("10.1.0.17"), &d.address, NULL) == 0);
	check_only(f, &d);
	check_moved(f);
	struct devfilter *again;
	struct buf text, text_again;
	buf_init(&text, 4 * DEVFILTER_TEXT_MAX);
	buf_init(&text_again, 4 * DEVFILTER_TEXT_MAX);
	ASSERT(devfilter_text(f, NULL, NULL, &text) == 0);
	/* quotes may make it longer than a filter may be */
	if (devfilter_parse(buf_cstr(&text), NULL, &again, NULL) == 0) {
		ASSERT(devfilter_text(again, NULL, NULL, &text_again) == 0);
		ASSERT(bytes_equal(buf_bytes(&text), buf_bytes(&text_again)));
		ASSERT(devfilter_match(f, &d) == devfilter_match(again, &d));
		devfilter_free(again);
	} else {
		ASSERT(text.len > DEVFILTER_TEXT_MAX);
	}
	buf_release(&text);
	buf_release(&text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct devfilter *f;
	AUTO_FREE char *text = bytes_dup_str(BYTES(data, size));
	if (devfilter_parse(text, known, &f, NULL))
		return 0;
	check(f);
	devfilter_free(f);
	return 0;
}
