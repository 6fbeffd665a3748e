/* Address ranges: what follows a "!" is excluded. The canonical text of a set is the same set. */
#include "base/base.h"
#include "codec/range.h"
#include "fuzz/fuzz.h"

static void check_place(const struct range *r, uint64_t i)
{
	struct range_addr a, b;
	struct sockaddr_storage sa;
	char text[RANGE_ADDR_TEXT_SIZE];
	ASSERT(range_at(r, i, &a) && range_contains(r, &a));
	range_addr_text(&a, text);
	ASSERT(range_addr_parse(bytes_str(text), &b, NULL) == 0 && range_addr_equal(&a, &b));
	ASSERT(range_addr_to_sockaddr(&a, 623, &sa) > 0);
	ASSERT(range_addr_from_sockaddr((struct sockaddr *)(void *)&sa, &b) && range_addr_equal(&a, &b));
}

static void check(const struct range *r)
{
	struct range again;
	struct range_addr a;
	struct buf text;
	buf_init(&text, 1 << 20);
	range_init(&again);
	check_place(r, 0);
	check_place(r, range_count(r) / 2);
	check_place(r, range_count(r) - 1);
	ASSERT(!range_at(r, range_count(r), &a));
	ASSERT(range_text(r, &text) == 0);
	/* subtracting may leave more pieces than a text may have parts */
	if (r->v4_len + r->v6_len <= RANGE_PARTS_MAX)
		ASSERT(range_parse(buf_cstr(&text), NULL, UINT64_MAX, &again, NULL) == 0 &&
		       range_count(&again) == range_count(r));
	buf_release(&text);
	range_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range r;
	struct range_addr a;
	range_init(&r);
	AUTO_FREE char *text = bytes_dup_str(BYTES(data, size));
	char *exclude = strchr(text, '!');
	if (exclude)
		*exclude++ = '\0';
	if (range_parse(text, exclude, size & 1 ? UINT64_MAX : 65536, &r, NULL) == 0)
		check(&r);
	(void)range_addr_parse(BYTES(data, size), &a, NULL);
	range_release(&r);
	return 0;
}
