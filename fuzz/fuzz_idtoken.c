/* ID tokens and the keys that they are checked by: the first line is the set of keys, the rest the token. None is taken
 * that names another issuer than ours. */
#include "base/base.h"
#include "codec/json.h"
#include "directory/idtoken.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct idtoken_rules r = {"joe", "us", NULL, 1300819000};
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	struct json_t *claims = NULL;
	const char *issuer = "";
	if (!end)
		return 0;
	size_t len = (size_t)(end - data);
	if (idtoken_check(BYTES(end + 1, size - len - 1), BYTES(data, len), &r, &claims, NULL) == 0)
		ASSERT(json_get_str(claims, "iss", 16, &issuer, NULL) == 0 && strcmp(issuer, "joe") == 0);
	json_free(claims);
	return 0;
}
