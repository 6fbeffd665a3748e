#include "lamp/cut.h"

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "codec/csv.h"
#include "codec/json.h"

#define PART_BYTES (512u << 10) /* a part ends behind the row that passes it */
#define PART_ROWS  5000

static bool is_json(struct bytes text)
{
	struct bytes start = bytes_trim(text);
	return start.len && (start.p[0] == '[' || start.p[0] == '{');
}

/* Empty rows before the header belong to nothing; they are counted, as a spreadsheet does. */
static void find_header(struct cut *cut)
{
	cut->at = bytes_starts_with(cut->text, "\xef\xbb\xbf") ? 3 : 0; /* byte order mark */
	do {
		struct bytes rest = BYTES(cut->text.p + cut->at, cut->text.len - cut->at);
		cut->header = BYTES(rest.p, csv_row_len(rest));
		cut->at += cut->header.len;
		cut->row++;
	} while (cut->at < cut->text.len && !bytes_trim(cut->header).len);
}

int cut_start(struct cut *cut, struct bytes text, struct err *e)
{
	*cut = (struct cut){.text = text, .row = 1};
	if (!text_is_utf8(text))
		return err_set(e, ERR_INVALID, "the file is not UTF-8; save it as UTF-8");
	if (is_json(text))
		return json_parse(bytes_trim(text), CUT_WHOLE_MAX, &cut->json, e);
	find_header(cut);
	return 0;
}

void cut_end(struct cut *cut)
{
	json_free(cut->json);
}

static bool next_json(struct cut *cut, struct buf *ret)
{
	const struct json_t *items = json_member(cut->json, "items");
	const struct json_t *list = items ? items : cut->json;
	size_t count = json_count(list), first = cut->at;
	if (!count) { /* as it is, for the server to say what is wrong with it */
		(void)buf_add_bytes(ret, cut->text);
		return !cut->begun;
	}
	(void)buf_addc(ret, '['); /* a full buf stays marked */
	for (; cut->at < count && cut->at - first < PART_ROWS && ret->len < PART_BYTES; cut->at++) {
		(void)buf_adds(ret, cut->at > first ? "," : "");
		(void)json_dump(ret, json_at(list, cut->at));
	}
	(void)buf_addc(ret, ']');
	cut->row += (int64_t)(cut->at - first);
	return cut->at > first;
}

static bool next_csv(struct cut *cut, struct buf *ret)
{
	int64_t first = cut->row;
	(void)buf_add_bytes(ret, cut->header); /* a full buf stays marked */
	while (cut->at < cut->text.len && cut->row - first < PART_ROWS && ret->len < PART_BYTES) {
		struct bytes rest = BYTES(cut->text.p + cut->at, cut->text.len - cut->at);
		size_t len = csv_row_len(rest);
		(void)buf_add(ret, rest.p, len);
		cut->at += len;
		cut->row++;
	}
	return cut->row > first || !cut->begun; /* a header alone goes once */
}

bool cut_next(struct cut *cut, struct buf *ret, int64_t *ret_row)
{
	*ret_row = cut->row;
	buf_reset(ret);
	bool more = cut->json ? next_json(cut, ret) : next_csv(cut, ret);
	cut->begun = true;
	return more;
}
