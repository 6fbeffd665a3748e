/* Filters of devices: what parses matches without harm, and its canonical text is the same filter. */
#include "base/base.h"
#include "codec/devfilter.h"
#include "fuzz/fuzz.h"

static void check(const struct devfilter *f)
{
	struct devfilter_facts d = {
		"/Workstations/lab/", "desk-17", "a,b", "11.8.79", "smb", "on", "rmcp", false, {0}, 1};
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
	if (devfilter_parse(text, NULL, &f, NULL))
		return 0;
	check(f);
	devfilter_free(f);
	return 0;
}
