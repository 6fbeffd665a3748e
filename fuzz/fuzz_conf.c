/* Configuration files: values that are taken are printable and within their limit. */
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/conf.h"
#include "fuzz/fuzz.h"

static int take(void *arg, const char *value, struct err *e)
{
	ASSERT(strlen(value) <= CONF_LINE_MAX && text_is_printable(bytes_str(value)));
	return strcmp(value, "bad") == 0 ? err_set(e, ERR_INVALID, "bad value") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf_key keys[] = {{"listen", false, take}, {"allow-net", true, take}, {0}};
	struct err e = ERR_INIT;
	int rc = conf_parse(BYTES(data, size), "fuzz.conf", keys, NULL, &e);
	ASSERT(rc == 0 || strncmp(e.msg, "fuzz.conf line ", 15) == 0);
	return 0;
}
