#include <stdio.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "codec/api.h"
#include "codec/api_priv.h"
#include "codec/json.h"

/* What is being checked: the value as bytes, so that path, query, JSON and command line share one check. */
static int check_text(const struct api_arg *a, struct bytes v, struct err *e)
{
	if (v.len > API_STR_MAX)
		return err_set(e, ERR_TOO_BIG, "'%s' is longer than %d bytes", a->name, API_STR_MAX);
	if (!text_is_utf8(v))
		return err_set(e, ERR_INVALID, "'%s' is not valid UTF-8", a->name);
	if (!text_is_printable(v))
		return err_set(e, ERR_INVALID, "'%s' holds a control character", a->name);
	if (a->required && !v.len)
		return err_set(e, ERR_MISSING, "'%s' is empty (%s)", a->name, a->sentence);
	return 0;
}

static int check_secret(const struct api_arg *a, struct bytes v, struct err *e)
{
	if (!v.len)
		return err_set(e, ERR_MISSING, "'%s' is empty (%s)", a->name, a->sentence);
	if (v.len > API_STR_MAX / 8)
		return err_set(e, ERR_TOO_BIG, "'%s' is longer than %d bytes", a->name, API_STR_MAX / 8);
	return 0;
}

/* A text file as it is: lines, tabs, whatever; but no NUL. */
static int check_file(const struct api_arg *a, struct bytes v, struct err *e)
{
	if (!v.len)
		return err_set(e, ERR_MISSING, "'%s' is empty (%s)", a->name, a->sentence);
	if (v.len > API_FILE_MAX)
		return err_set(e, ERR_TOO_BIG, "'%s' is larger than %d KiB", a->name, API_FILE_MAX / 1024);
	if (!text_is_utf8(v) || memchr(v.p, 0, v.len))
		return err_set(e, ERR_INVALID, "'%s' is not UTF-8 text", a->name);
	return 0;
}

/* Base64 of any bytes. */
static int check_data(const struct api_arg *a, struct bytes v, struct err *e)
{
	struct buf data;
	buf_init(&data, API_FILE_MAX);
	int code = v.len ? base64_decode(v, &data) : 0;
	bool empty = !data.len;
	secret_wipe(data.p, data.cap);
	buf_release(&data);
	if (code == ERR_TOO_BIG)
		return err_set(e, code, "'%s' is larger than %d KiB", a->name, API_FILE_MAX / 1024);
	if (code)
		return err_set(e, code, "'%s' is not base64", a->name);
	return empty ? err_set(e, ERR_MISSING, "'%s' is empty (%s)", a->name, a->sentence) : 0;
}

static int read_int(const struct api_arg *a, struct bytes v, int64_t *ret, struct err *e)
{
	uint64_t n;
	if (!text_to_u64(v, &n) || n > API_INT_MAX)
		return err_set(e, ERR_INVALID, "'%s' is not a whole number of at least 0", a->name);
	*ret = (int64_t)n;
	return 0;
}

static int read_bool(const struct api_arg *a, struct bytes v, int64_t *ret, struct err *e)
{
	bool yes = bytes_equal_str(v, "true");
	if (!yes && !bytes_equal_str(v, "false"))
		return err_set(e, ERR_INVALID, "'%s' is neither true nor false", a->name);
	*ret = yes;
	return 0;
}

static int read_time(const struct api_arg *a, struct bytes v, int64_t *ret, struct err *e)
{
	char text[CLOCK_TEXT_SIZE];
	if (!bytes_to_str(v, text, sizeof(text)) || !clock_parse(text, ret))
		return err_set(e, ERR_INVALID, "'%s' is not a UTC time such as 2026-11-22T15:03:16Z", a->name);
	return 0;
}

static int read_duration(const struct api_arg *a, struct bytes v, int64_t *ret, struct err *e)
{
	char text[32];
	if (!bytes_to_str(v, text, sizeof(text)) || !text_to_duration_ms(text, ret) || *ret > API_INT_MAX)
		return err_set(e, ERR_INVALID, "'%s' is not a duration such as 30s, 10m or 24h", a->name);
	return 0;
}

/* A value as text; numbers and the like come back in *ret_i. */
static int read_text(const struct api_arg *a, struct bytes v, int64_t *ret_i, struct err *e)
{
	switch (a->type) {
	case API_INT:
		return read_int(a, v, ret_i, e);
	case API_BOOL:
		return read_bool(a, v, ret_i, e);
	case API_TIME:
		return read_time(a, v, ret_i, e);
	case API_DURATION:
		return read_duration(a, v, ret_i, e);
	case API_SECRET:
		return check_secret(a, v, e);
	case API_FILE:
		return check_file(a, v, e);
	case API_DATA:
		return check_data(a, v, e);
	case API_MAP: /* of answers only */
	case API_STR:
	case API_PLACE:
	case API_STRS:
	case API_TARGETS:
		break;
	}
	return check_text(a, v, e);
}

static bool is_number(enum api_type t)
{
	return t == API_INT || t == API_BOOL || t == API_TIME || t == API_DURATION;
}

static struct bytes copy_data(struct api_call *call, struct bytes v)
{
	struct buf data;
	buf_init(&data, API_FILE_MAX);
	ASSERT(base64_decode(v, &data) == 0); /* was checked */
	struct bytes copy = arena_bytes(call->arena, buf_bytes(&data));
	secret_wipe(data.p, data.cap);
	buf_release(&data);
	return copy;
}

/* A copy in the call's arena. The last slash of a folder's path need not be typed. */
static struct bytes copy_text(struct api_call *call, const struct api_arg *a, struct bytes v)
{
	bool is_path = bytes_starts_with(v, "/") || bytes_starts_with(v, "vault:/");
	if ((a->type != API_PLACE && a->type != API_TARGETS) || !is_path || v.p[v.len - 1] == '/')
		return BYTES(arena_str(call->arena, v), v.len);
	return bytes_str(arena_printf(call->arena, "%.*s/", (int)v.len, (const char *)v.p));
}

/* Into the call. */
static int keep_text(struct api_call *call, const struct api_arg *a, struct bytes v, struct err *e)
{
	struct api_value *to = &call->values[a - call->command->args];
	if (to->set)
		return err_set(e, ERR_INVALID, "'%s' is given twice", a->name);
	int64_t i = 0;
	int code = read_text(a, v, &i, e);
	if (code)
		return code;
	to->set = true;
	if (is_number(a->type))
		to->v.i = i;
	else
		to->v.s = a->type == API_DATA ? copy_data(call, v) : copy_text(call, a, v);
	return 0;
}

static const struct api_arg *find_arg(const struct api_command *c, enum api_where where, struct bytes name)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where == where && bytes_equal_str(name, c->args[i].name))
			return &c->args[i];
	return NULL;
}

static int from_hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %-escapes and, in a query, "+" for a blank. False for a broken escape or a NUL. */
static bool unescape(struct bytes in, bool plus, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];
		if (c == '+' && plus)
			c = ' ';
		if (c == '%') {
			int high = i + 2 < in.len ? from_hex(in.p[i + 1]) : -1;
			int low = i + 2 < in.len ? from_hex(in.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (!c || buf_addc(out, (char)c))
			return false;
	}
	return true;
}

static int parse_path(struct api_call *call, struct bytes path, struct buf *tmp, struct err *e)
{
	struct bytes want = bytes_str(call->command->path), w, p;
	ASSERT(api_path_matches(call->command, path));
	path = BYTES(path.p + strlen(API_PREFIX), path.len - strlen(API_PREFIX));
	while (api_take_segment(&want, &w) && api_take_segment(&path, &p)) {
		if (!api_is_argument(w))
			continue;
		const struct api_arg *a = find_arg(call->command, API_PATH, BYTES(w.p + 1, w.len - 2));
		ASSERT(a);
		buf_reset(tmp);
		if (!unescape(p, false, tmp))
			return err_set(e, ERR_INVALID, "'%s' in the path is not well escaped", a->name);
		int code = keep_text(call, a, buf_bytes(tmp), e);
		if (code)
			return code;
	}
	return 0;
}

/* limit and after, which every LIST takes. */
static int keep_page(struct api_call *call, struct bytes name, struct bytes value, bool *ret_taken, struct err *e)
{
	*ret_taken = call->command->kind == API_LIST;
	if (*ret_taken && bytes_equal_str(name, "limit")) {
		uint64_t n;
		if (!text_to_u64(value, &n) || n < 1 || n > API_LIMIT_MAX)
			return err_set(e, ERR_INVALID, "'limit' is not a number from 1 to %d", API_LIMIT_MAX);
		call->limit = (uint32_t)n;
	} else if (*ret_taken && bytes_equal_str(name, "after")) {
		if (value.len > API_STR_MAX || !text_is_printable(value))
			return err_set(e, ERR_INVALID, "'after' is not the 'next' of a page");
		call->after = BYTES(arena_str(call->arena, value), value.len);
	} else {
		*ret_taken = false;
	}
	return 0;
}

static int keep_query(struct api_call *call, struct bytes name, struct bytes value, struct err *e)
{
	bool taken;
	int code = keep_page(call, name, value, &taken, e);
	if (code || taken)
		return code;
	const struct api_arg *a = find_arg(call->command, API_QUERY, name);
	if (a)
		return keep_text(call, a, value, e);
	char shown[64];
	if (!bytes_to_str(name, shown, sizeof(shown)) || !text_is_printable(name))
		(void)snprintf(shown, sizeof(shown), "?");
	return err_set(e, ERR_INVALID, "there is no query argument '%s' here", shown);
}

size_t api_find_byte(struct bytes in, char c)
{
	const uint8_t *at = in.len ? memchr(in.p, c, in.len) : NULL;
	return at ? (size_t)(at - in.p) : in.len;
}

static int parse_query(struct api_call *call, struct bytes query, struct buf *tmp, struct err *e)
{
	while (query.len) {
		size_t n = api_find_byte(query, '&');
		struct bytes pair = BYTES(query.p, n);
		query = n < query.len ? BYTES(query.p + n + 1, query.len - n - 1) : BYTES_NONE;
		if (!pair.len)
			continue;
		size_t eq = api_find_byte(pair, '=');
		buf_reset(tmp);
		bool fine = unescape(BYTES(pair.p, eq), true, tmp);
		size_t name_len = tmp->len;
		if (eq < pair.len)
			fine = fine && unescape(BYTES(pair.p + eq + 1, pair.len - eq - 1), true, tmp);
		if (!fine)
			return err_set(e, ERR_INVALID, "the query is not well escaped");
		const char *text = buf_cstr(tmp); /* not NULL, be it empty */
		int code = keep_query(call, BYTES(text, name_len), BYTES(text + name_len, tmp->len - name_len), e);
		if (code)
			return code;
	}
	return 0;
}

static int keep_strs(struct api_call *call, const struct api_arg *a, const struct json_t *body, struct err *e)
{
	const struct json_t *list = NULL;
	int code = json_get_array(body, a->name, API_STRS_MAX, &list, e);
	if (code)
		return code;
	size_t n = json_count(list);
	if (a->required && !n)
		return err_set(e, ERR_MISSING, "'%s' is empty (%s)", a->name, a->sentence);
	struct bytes *to = arena_alloc(call->arena, (n ? n : 1) * sizeof(*to));
	for (size_t i = 0; i < n; i++) {
		const char *s;
		code = json_at_str(list, i, API_STR_MAX, &s, e);
		if (!code)
			code = check_text(a, bytes_str(s), e);
		if (!code && !*s)
			code = err_set(e, ERR_MISSING, "an element is empty");
		if (code)
			return err_wrap(e, code, "'%s'", a->name);
		to[i] = copy_text(call, a, bytes_str(s));
	}
	struct api_value *v = &call->values[a - call->command->args];
	v->set = true;
	v->v.strs.p = to;
	v->v.strs.count = n;
	return 0;
}

static int keep_number(struct api_call *call, const struct api_arg *a, const struct json_t *body, struct err *e)
{
	struct api_value *to = &call->values[a - call->command->args];
	bool yes = false;
	int64_t i = 0;
	int code = a->type == API_BOOL ? json_get_bool(body, a->name, &yes, e)
				       : json_get_i64(body, a->name, 0, API_INT_MAX, &i, e);
	if (code)
		return code;
	to->set = true;
	to->v.i = a->type == API_BOOL ? yes : i;
	return 0;
}

/* Base64 makes four characters of three bytes. */
static size_t most_of(enum api_type t)
{
	return t == API_DATA ? (size_t)API_FILE_MAX / 3 * 4 + 4 : t == API_FILE ? API_FILE_MAX : API_STR_MAX;
}

/* A member that is there. Secrets are left for later: their seal may need the others. */
static int keep_member(struct api_call *call, const struct api_arg *a, const struct json_t *body, struct err *e)
{
	if (a->type == API_SECRET)
		return 0;
	if (a->type == API_STRS || a->type == API_TARGETS)
		return keep_strs(call, a, body, e);
	if (a->type == API_INT || a->type == API_BOOL || a->type == API_DURATION)
		return keep_number(call, a, body, e);
	const char *s;
	int code = json_get_str(body, a->name, most_of(a->type), &s, e);
	return code ? code : keep_text(call, a, bytes_str(s), e);
}

static int keep_secret(struct api_call *call, const struct api_arg *a, const struct json_t *body, api_seal_fn *seal,
		       void *seal_arg, struct err *e)
{
	const char *s;
	int code = json_get_str(body, a->name, API_STR_MAX, &s, e);
	if (!code)
		code = check_secret(a, bytes_str(s), e);
	struct api_value *to = &call->values[a - call->command->args];
	if (!code)
		code = seal(seal_arg, call, a, bytes_str(s), to, e);
	if (!code)
		to->set = true;
	return code;
}

#define ARGS_MAX 32

static int check_members(const struct api_command *c, const struct json_t *body, struct err *e)
{
	const char *names[ARGS_MAX + 1] = {NULL};
	size_t n = 0;
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where == API_BODY) {
			ASSERT(n < ARGS_MAX);
			names[n++] = c->args[i].name;
		}
	return json_check_members(body, names, e);
}

static int read_members(struct api_call *call, const struct json_t *body, api_seal_fn *seal, void *seal_arg,
			struct err *e)
{
	const struct api_command *c = call->command;
	int code = check_members(c, body, e);
	for (size_t i = 0; !code && i < c->arg_count; i++)
		if (c->args[i].where == API_BODY && json_has(body, c->args[i].name))
			code = keep_member(call, &c->args[i], body, e);
	for (size_t i = 0; !code && i < c->arg_count; i++)
		if (c->args[i].type == API_SECRET && json_has(body, c->args[i].name))
			code = keep_secret(call, &c->args[i], body, seal, seal_arg, e);
	return code;
}

static bool takes_body(const struct api_command *c)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where == API_BODY)
			return true;
	return false;
}

/* An empty body is an object without members. */
static int parse_body(struct api_call *call, struct bytes body, api_seal_fn *seal, void *seal_arg, struct err *e)
{
	struct json_t *j = NULL;
	if (!body.len)
		return 0;
	if (!takes_body(call->command))
		return err_set(e, ERR_INVALID, "this request takes no body");
	int code = json_parse(body, body.len, &j, e);
	if (code)
		return err_wrap(e, code, "body");
	code = read_members(call, j, seal, seal_arg, e);
	json_free(j);
	return code;
}

static int check_missing(const struct api_call *call, struct err *e)
{
	const struct api_command *c = call->command;
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].required && !call->values[i].set)
			return err_set(e, ERR_MISSING, "'%s' is missing (%s)", c->args[i].name, c->args[i].sentence);
	return 0;
}

int api_call_parse(const struct api_command *c, struct bytes path, struct bytes query, struct bytes body,
		   api_seal_fn *seal, void *seal_arg, struct api_call **ret, struct err *e)
{
	ASSERT(seal || !api_command_has_secret(c));
	struct arena *arena = arena_new(0);
	struct api_call *call = arena_alloc(arena, sizeof(*call));
	*call = (struct api_call){.command = c, .arena = arena, .limit = API_LIMIT};
	call->values = arena_alloc(arena, (c->arg_count + 1) * sizeof(*call->values));
	struct buf tmp;
	buf_init(&tmp, 4 * API_STR_MAX);
	int code = parse_path(call, path, &tmp, e);
	if (!code)
		code = parse_query(call, query, &tmp, e);
	if (!code)
		code = parse_body(call, body, seal, seal_arg, e);
	if (!code)
		code = check_missing(call, e);
	buf_release(&tmp);
	if (code)
		api_call_free(call);
	else
		*ret = call;
	return code;
}

void api_call_free(struct api_call *call)
{
	if (call)
		arena_free(call->arena);
}

const struct api_value *api_value(const struct api_call *call, const char *name)
{
	const struct api_command *c = call->command;
	for (size_t i = 0; i < c->arg_count; i++)
		if (strcmp(c->args[i].name, name) == 0)
			return &call->values[i];
	ASSERT(!"the command has this argument");
	return NULL;
}

static const struct api_value *value_of(const struct api_call *call, const char *name, unsigned types)
{
	const struct api_value *v = api_value(call, name);
	ASSERT(types & 1u << call->command->args[v - call->values].type);
	return v->set ? v : NULL;
}

bool api_has(const struct api_call *call, const char *name)
{
	return api_value(call, name)->set;
}

const char *api_str(const struct api_call *call, const char *name)
{
	const struct api_value *v = value_of(call, name, 1u << API_STR | 1u << API_PLACE);
	return v ? (const char *)v->v.s.p : NULL;
}

struct bytes api_file(const struct api_call *call, const char *name)
{
	const struct api_value *v = value_of(call, name, 1u << API_FILE | 1u << API_DATA);
	return v ? v->v.s : BYTES_NONE;
}

int64_t api_int(const struct api_call *call, const char *name, int64_t otherwise)
{
	const struct api_value *v = value_of(call, name, 1u << API_INT | 1u << API_TIME | 1u << API_DURATION);
	return v ? v->v.i : otherwise;
}

bool api_bool(const struct api_call *call, const char *name)
{
	const struct api_value *v = value_of(call, name, 1u << API_BOOL);
	return v && v->v.i;
}

const struct bytes *api_strs(const struct api_call *call, const char *name, size_t *ret_count)
{
	const struct api_value *v = value_of(call, name, 1u << API_STRS | 1u << API_TARGETS);
	*ret_count = v ? v->v.strs.count : 0;
	return v ? v->v.strs.p : NULL;
}

int api_arg_check_bytes(const struct api_arg *a, struct bytes v, struct err *e)
{
	int64_t ignored;
	if (!v.len && (a->type == API_STRS || a->type == API_TARGETS))
		return err_set(e, ERR_MISSING, "'%s' is empty (%s)", a->name, a->sentence);
	return read_text(a, v, &ignored, e);
}

int api_arg_check(const struct api_arg *a, const char *text, struct err *e)
{
	return api_arg_check_bytes(a, bytes_str(text), e);
}

int api_arg_put(const struct api_arg *a, const char *text, struct json_writer *w, struct err *e)
{
	int code = api_arg_check(a, text, e);
	if (code)
		return code;
	int64_t i = 0;
	if (is_number(a->type))
		(void)read_text(a, bytes_str(text), &i, NULL); /* was checked */
	if (a->type == API_BOOL)
		json_put_bool(w, a->name, i != 0);
	else if (a->type == API_INT || a->type == API_DURATION)
		json_put_i64(w, a->name, i);
	else
		json_put_str(w, a->type == API_STRS || a->type == API_TARGETS ? NULL : a->name, text);
	return 0;
}

void api_escape(struct buf *out, struct bytes text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] && strchr(unreserved, text.p[i]))
			(void)buf_addc(out, (char)text.p[i]); /* the buf is marked, the caller looks at its end */
		else
			(void)buf_addf(out, "%%%02X", text.p[i]);
	}
}

int api_query_put(struct buf *target, const struct api_arg *a, const char *text, struct err *e)
{
	int code = api_arg_check(a, text, e);
	if (code)
		return code;
	struct bytes so_far = buf_bytes(target);
	(void)buf_addc(target, api_find_byte(so_far, '?') < so_far.len ? '&' : '?');
	api_escape(target, bytes_str(a->name));
	(void)buf_addc(target, '=');
	api_escape(target, bytes_str(text));
	return buf_check(target, e, "the address");
}
