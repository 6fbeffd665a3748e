#include "lamp/list.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "lamp/client.h"
#include "lamp/print.h"

#define PAGE         1000u
#define PATH_MAX_LEN 8192

static int ask_page(struct client *c, const char *path, uint32_t rows, const char *after, struct json_t **ret,
		    struct err *e)
{
	struct buf full;
	struct reply r = {0};
	buf_init(&full, PATH_MAX_LEN);
	buf_addf(&full, "%s%climit=%u", path, strchr(path, '?') ? '&' : '?', rows);
	if (*after)
		buf_addf(&full, "&after=%s", after);
	int rc = buf_check(&full, e, "the request");
	if (!rc)
		rc = client_ask(c, "GET", buf_cstr(&full), BYTES_NONE, &r, e);
	if (!rc)
		rc = reply_check(&r, e);
	if (!rc)
		rc = json_parse(buf_bytes(&r.body), r.body.len, ret, e);
	buf_release(&full);
	buf_release(&r.body);
	return rc;
}

/* Prints the rows of one page; *ret_after is "" after the last one. */
static int print_page(const struct json_t *page, const char *kind, struct table *table, bool csv, size_t *ret_count,
		      char *ret_after, size_t after_size, struct err *e)
{
	const struct json_t *items;
	const char *next = "";
	int rc = json_get_array(page, "items", PAGE, &items, e);
	if (!rc)
		rc = json_opt_str(page, "next", after_size - 1, &next, e);
	if (rc)
		return rc;
	*ret_count = json_count(items);
	for (size_t i = 0; i < *ret_count; i++) {
		if (table)
			table_add(table, json_at(items, i));
		else if (csv)
			print_object_csv(kind, json_at(items, i));
		else
			print_object_json(json_at(items, i));
	}
	if (table)
		table_flush(table);
	(void)bytes_to_str(bytes_str(next), ret_after, after_size); /* its length was checked */
	return 0;
}

int list_all(struct client *c, const char *path, const char *kind, enum list_format format, uint32_t most,
	     struct err *e)
{
	struct table *table = format == LIST_TABLE ? table_new(kind) : NULL;
	char after[512] = "";
	uint32_t left = most ? most : UINT32_MAX;
	int rc;
	if (format == LIST_CSV)
		print_header_csv(kind);
	do {
		struct json_t *page = NULL;
		size_t count = 0;
		rc = ask_page(c, path, left < PAGE ? left : PAGE, after, &page, e);
		if (!rc)
			rc = print_page(page, kind, table, format == LIST_CSV, &count, after, sizeof(after), e);
		json_free(page);
		left -= (uint32_t)count;
	} while (!rc && *after && left);
	table_free(table);
	return rc;
}
