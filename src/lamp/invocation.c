#include "lamp/invocation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/json.h"
#include "lamp/client.h"

#define TARGETS_FILE_MAX (4u << 20)
#define REQUEST_MAX      (8u << 20)

static void given_add(struct invocation *in, struct given *g, const char *text)
{
	if (g->count == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 4;
		const char **more = arena_alloc(in->arena, cap * sizeof(*more));
		if (g->count)
			memcpy(more, g->texts, g->count * sizeof(*more));
		g->texts = more;
		g->cap = cap;
	}
	g->texts[g->count++] = text;
}

static size_t arg_index(const struct api_command *c, const char *name)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (strcmp(c->args[i].name, name) == 0)
			return i;
	return c->arg_count;
}

void invocation_set(struct invocation *in, const char *name, const char *text)
{
	size_t i = arg_index(in->command, name);
	ASSERT(i < in->command->arg_count);
	in->args[i].count = 0;
	given_add(in, &in->args[i], arena_str(in->arena, bytes_str(text)));
}

const char *invocation_text(const struct invocation *in, const char *name)
{
	size_t i = arg_index(in->command, name);
	return i < in->command->arg_count && in->args[i].count ? in->args[i].texts[0] : NULL;
}

/* One line of a file is one target; blank lines and lines that begin with # are passed over. */
static int add_targets_of(struct invocation *in, struct given *g, const char *path, struct err *e)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!f)
		return err_set_sys(e, ERR_SYSTEM, errno, "read targets from \"%s\"", path);
	char line[1024];
	size_t total = 0;
	int rc = 0;
	while (!rc && fgets(line, sizeof(line), f)) {
		struct bytes text = bytes_trim(bytes_str(line));
		total += text.len + 1;
		if (total > TARGETS_FILE_MAX || strlen(line) + 1 == sizeof(line))
			rc = err_set(e, ERR_TOO_BIG, "targets in \"%s\": a line or the file is too long", path);
		else if (text.len && text.p[0] != '#')
			given_add(in, g, arena_str(in->arena, text));
	}
	if (f != stdin)
		(void)fclose(f); /* only read */
	return rc;
}

static int add_targets_file(struct invocation *in, const char *path, struct err *e)
{
	for (size_t i = 0; i < in->command->arg_count; i++)
		if (in->command->args[i].type == API_TARGETS)
			return add_targets_of(in, &in->args[i], path, e);
	return err_set(e, ERR_INVALID, "this command takes no targets, so no --targets-file");
}

enum own { OWN_FLAG, OWN_TEXT, OWN_OUT, OWN_LIMIT, OWN_SECRET, OWN_TARGETS, OWN_FORMAT };

/* Options that every command takes, or that only a person at a terminal needs. */
static const struct {
	const char *name;
	enum own what;
	size_t offset;
} own_options[] = {
	{"json", OWN_FLAG, offsetof(struct invocation, json)},
	{"yes", OWN_FLAG, offsetof(struct invocation, yes)},
	{"wait", OWN_FLAG, offsetof(struct invocation, wait)},
	{"help", OWN_FLAG, offsetof(struct invocation, help)},
	{"version", OWN_FLAG, offsetof(struct invocation, version)},
	{"server-address", OWN_TEXT, offsetof(struct invocation, server)},
	{"token-file", OWN_TEXT, offsetof(struct invocation, token_file)},
	{"ca", OWN_TEXT, offsetof(struct invocation, ca)},
	{"oidc", OWN_TEXT, offsetof(struct invocation, oidc)},
	{"out", OWN_OUT, offsetof(struct invocation, out)},
	{"limit", OWN_LIMIT, 0},
	{"format", OWN_FORMAT, 0},
	{"password-file", OWN_SECRET, offsetof(struct invocation, password)},
	{"secret-file", OWN_SECRET, offsetof(struct invocation, password)},
	{"current-password-file", OWN_SECRET, offsetof(struct invocation, current)},
	{"targets-file", OWN_TARGETS, 0},
};

static int read_limit(struct invocation *in, const char *text, struct err *e)
{
	uint64_t n;
	if (!text_to_u64(bytes_str(text), &n) || n == 0 || n > UINT32_MAX)
		return err_set(e, ERR_INVALID, "--limit \"%s\": it takes a number from 1 on", text);
	in->limit = (uint32_t)n;
	return 0;
}

static int read_format(struct invocation *in, const char *text, struct err *e)
{
	if (!in->command || in->command->kind != API_LIST)
		return err_set(e, ERR_INVALID, "--format belongs to commands that list something");
	in->csv = strcmp(text, "csv") == 0;
	in->json = strcmp(text, "jsonl") == 0;
	if (!in->csv && !in->json && strcmp(text, "table") != 0)
		return err_set(e, ERR_INVALID, "--format \"%s\" is none of table, jsonl, csv", text);
	return 0;
}

static bool gives_file(const struct api_command *c)
{
	return c->id == API_CMD_SETUP_FILE_ADD || c->id == API_CMD_CERTIFICATE_REQUEST_ADD ||
	       strcmp(c->answer, "file") == 0;
}

static int take_own(struct invocation *in, size_t which, const char *value, struct err *e)
{
	void *field = (char *)in + own_options[which].offset;
	switch (own_options[which].what) {
	case OWN_FLAG:
		*(bool *)field = true;
		return 0;
	case OWN_TEXT:
		*(const char **)field = value;
		return 0;
	case OWN_OUT:
		if (!in->command || !gives_file(in->command))
			return err_set(e, ERR_INVALID, "--out belongs to commands that give a file");
		*(const char **)field = value;
		return 0;
	case OWN_LIMIT:
		return read_limit(in, value, e);
	case OWN_FORMAT:
		return read_format(in, value, e);
	case OWN_SECRET:
		return secret_read_file(value, field, e);
	case OWN_TARGETS:
		if (!in->command)
			return err_set(e, ERR_INVALID, "--targets-file belongs behind the command");
		return add_targets_file(in, value, e);
	}
	return 0;
}

static size_t own_index(struct bytes name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(own_options) && !bytes_equal_str(name, own_options[i].name))
		i++;
	return i;
}

static const struct api_arg *find_option(const struct api_command *c, struct bytes name, size_t *ret_index)
{
	for (size_t i = 0; c && i < c->arg_count; i++)
		if (c->args[i].cli == API_CLI_OPT && c->args[i].type != API_SECRET &&
		    bytes_equal_str(name, c->args[i].name)) {
			*ret_index = i;
			return &c->args[i];
		}
	return NULL;
}

/* An option that needs a value takes what stands behind its '=', else the next word. */
static int option_value(int argc, char **argv, int *at, const char *inline_value, const char **ret, struct err *e)
{
	if (inline_value)
		*ret = inline_value;
	else if (*at + 1 < argc)
		*ret = argv[++*at];
	else
		return err_set(e, ERR_MISSING, "%s needs a value", argv[*at]);
	return 0;
}

static int read_option(struct invocation *in, int argc, char **argv, int *at, struct err *e)
{
	const char *word = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
	const char *equals = strchr(word, '=');
	struct bytes name = BYTES(word, equals ? (size_t)(equals - word) : strlen(word));
	const char *value = equals ? equals + 1 : NULL;
	size_t index = own_index(name);
	/* The command's own row comes first: `--server` of a device is not the address of lampd. */
	size_t arg_at = 0;
	const struct api_arg *arg = find_option(in->command, name, &arg_at);
	int rc;
	if (arg && arg->type == API_BOOL) {
		given_add(in, &in->args[arg_at], value ? value : "true");
		return 0;
	}
	if (arg) {
		rc = option_value(argc, argv, at, value, &value, e);
		if (!rc)
			given_add(in, &in->args[arg_at], value);
		return rc;
	}
	if (index == ARRAY_LEN(own_options)) {
		if (in->command)
			return err_set(e, ERR_INVALID, "unknown option --%.*s; see 'lamp %s %s --help'", (int)name.len,
				       name.p, in->command->noun, in->command->verb);
		return err_set(e, ERR_INVALID, "unknown option --%.*s; see 'lamp --help'", (int)name.len, name.p);
	}
	if (own_options[index].what != OWN_FLAG) {
		rc = option_value(argc, argv, at, value, &value, e);
		if (rc)
			return rc;
	}
	return take_own(in, index, value, e);
}

static int read_positional(struct invocation *in, const char *word, struct err *e)
{
	const struct api_command *c = in->command;
	for (size_t i = 0; i < c->arg_count; i++) {
		bool rest = c->args[i].cli == API_CLI_POSN;
		if ((c->args[i].cli == API_CLI_POS && !in->args[i].count) || rest) {
			given_add(in, &in->args[i], word);
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "\"%s\" is one word too many; see 'lamp %s %s --help'", word, c->noun, c->verb);
}

/* A command is NOUN VERB, or a NOUN alone (power, discover). Returns how many words it took. */
static int find_command(struct invocation *in, const char *first, const char *second, struct err *e)
{
	in->command = api_command_find(first, "");
	if (in->command)
		return 1;
	in->command = second ? api_command_find(first, second) : NULL;
	if (in->command)
		return 2;
	bool noun_known = false;
	for (int i = 0; i < API_CMD_COUNT; i++)
		noun_known = noun_known || strcmp(api_command((enum api_command_id)i)->noun, first) == 0;
	if (noun_known && second)
		return err_set(e, ERR_INVALID, "\"%s\" has no command \"%s\"; see 'lamp %s --help'", first, second,
			       first);
	if (noun_known)
		return err_set(e, ERR_MISSING, "what about \"%s\"? see 'lamp %s --help'", first, first);
	return err_set(e, ERR_INVALID, "there is no command \"%s\"; see 'lamp --help'", first);
}

static const char *next_word(int argc, char **argv, int at)
{
	return at + 1 < argc && strncmp(argv[at + 1], "--", 2) != 0 ? argv[at + 1] : NULL;
}

/* -dns and the like, as the arguments of other tools are written: of options that the command has, and no others. */
static bool is_short_of_a_hyphen(const struct invocation *in, const char *word)
{
	size_t at;
	return word[0] == '-' && word[1] && word[1] != '-' && find_option(in->command, bytes_str(word + 1), &at);
}

static int read_words(struct invocation *in, int argc, char **argv, struct err *e)
{
	bool only_words = false;
	for (int i = 1; i < argc; i++) {
		int rc = 0;
		if (!only_words && strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (!only_words && strcmp(argv[i], "-h") == 0)
			in->help = true;
		else if (!only_words && (strncmp(argv[i], "--", 2) == 0 || is_short_of_a_hyphen(in, argv[i])))
			rc = read_option(in, argc, argv, &i, e);
		else if (in->command)
			rc = read_positional(in, argv[i], e);
		else {
			rc = find_command(in, argv[i], next_word(argc, argv, i), e);
			if (rc > 0) {
				i += rc - 1;
				rc = 0;
			}
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int ask_password(struct invocation *in, struct err *e)
{
	struct secret again = SECRET_INIT;
	bool is_new = in->command->id != API_CMD_LOGIN;
	int rc = secret_read_terminal("Password: ", &in->password, e);
	if (!rc && is_new)
		rc = secret_read_terminal("Password again: ", &again, e);
	if (!rc && is_new && !secret_equal(&in->password, &again))
		rc = err_set(e, ERR_INVALID, "password: the two inputs differ");
	secret_release(&again);
	if (rc == ERR_MISSING)
		rc = err_set(
			e, ERR_MISSING,
			"password: give --password-file FILE, or - for standard input; here is no terminal to ask on");
	return rc;
}

static int check_required(struct invocation *in, struct err *e)
{
	const struct api_command *c = in->command;
	for (size_t i = 0; i < c->arg_count; i++) {
		const struct api_arg *a = &c->args[i];
		if (!a->required || in->args[i].count || a->cli == API_CLI_NONE)
			continue;
		if (a->type == API_SECRET) {
			int rc = in->password.len ? 0 : ask_password(in, e);
			if (rc)
				return rc;
			continue;
		}
		bool option = a->cli == API_CLI_OPT;
		return err_set(e, ERR_MISSING, "%s%s is missing: %s, for example %s", option ? "--" : "", a->name,
			       a->sentence, a->example);
	}
	return 0;
}

int invocation_read(struct invocation *in, int argc, char **argv, struct err *e)
{
	memset(in, 0, sizeof(*in));
	in->arena = arena_new(0);
	int rc = read_words(in, argc, argv, e);
	if (rc || in->help || in->version || !in->command)
		return rc;
	if (in->oidc && in->command->id != API_CMD_LOGIN)
		return err_set(e, ERR_INVALID, "--oidc belongs to 'lamp login'");
	return in->oidc ? 0 : check_required(in, e);
}

void invocation_release(struct invocation *in)
{
	secret_release(&in->password);
	secret_release(&in->current);
	arena_free(in->arena);
	in->arena = NULL;
}

/* Options take a,b,c; a positional is one thing, whatever its name holds. */
static int put_list(struct json_writer *w, const struct api_arg *a, const struct given *g, struct err *e)
{
	int rc = 0;
	json_begin_array(w, a->name);
	for (size_t i = 0; i < g->count && !rc; i++) {
		char *text = mem_str(g->texts[i]), *rest = text;
		while (!rc && rest) {
			char *comma = a->cli == API_CLI_OPT ? strchr(rest, ',') : NULL;
			if (comma)
				*comma = 0;
			rc = api_arg_put(a, rest, w, e);
			rest = comma ? comma + 1 : NULL;
		}
		free(text);
	}
	json_end(w);
	return rc;
}

/* The file of this name, - standard input, as it is. */
static int put_file(struct json_writer *w, const struct api_arg *a, const char *name, struct err *e)
{
	struct buf content;
	buf_init(&content, API_FILE_MAX);
	int rc = file_read(strcmp(name, "-") == 0 ? "/dev/stdin" : name, &content, e);
	if (rc == ERR_TOO_BIG)
		rc = err_set(e, rc, "\"%s\" is larger than %d KiB, the most that is taken", name, API_FILE_MAX / 1024);
	if (!rc)
		rc = api_arg_check_bytes(a, buf_bytes(&content), e);
	if (!rc)
		json_put_bytes(w, a->name, buf_bytes(&content));
	buf_release(&content);
	return rc;
}

/* Files of any bytes, one behind the other, as base64. */
static int put_data(struct json_writer *w, const struct api_arg *a, const struct given *g, struct err *e)
{
	struct buf content, text;
	int rc = 0;
	buf_init(&content, API_FILE_MAX);
	buf_init(&text, 2 * API_FILE_MAX);
	for (size_t i = 0; i < g->count && !rc; i++) {
		const char *name = g->texts[i];
		if (i)
			(void)buf_addc(&content, '\n'); /* a PEM file may end without */
		rc = file_read(strcmp(name, "-") == 0 ? "/dev/stdin" : name, &content, e);
	}
	if (!rc && !content.len)
		rc = err_set(e, ERR_INVALID, "'%s': \"%s\" is empty", a->name, g->texts[0]);
	if (!rc) {
		base64_encode(&text, buf_bytes(&content));
		json_put_bytes(w, a->name, buf_bytes(&text));
	}
	secret_wipe(content.p, content.cap);
	secret_wipe(text.p, text.cap);
	buf_release(&content);
	buf_release(&text);
	return rc;
}

static int put_member(const struct invocation *in, struct json_writer *w, const struct api_arg *a,
		      const struct given *g, struct err *e)
{
	if (a->type == API_STRS || a->type == API_TARGETS)
		return put_list(w, a, g, e);
	if (a->type == API_DATA)
		return put_data(w, a, g, e);
	if (a->type == API_FILE && in->file.p)
		json_put_bytes(w, a->name, in->file);
	else if (a->type == API_FILE)
		return put_file(w, a, g->texts[g->count - 1], e);
	if (a->type == API_FILE)
		return 0;
	return api_arg_put(a, g->texts[g->count - 1], w, e);
}

static bool takes_body(const struct api_command *c)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].where == API_BODY)
			return true;
	return false;
}

static int write_body(const struct invocation *in, struct buf *out, struct err *e)
{
	struct json_writer w;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	int rc = 0;
	for (size_t i = 0; i < in->command->arg_count && !rc; i++) {
		const struct api_arg *a = &in->command->args[i];
		const struct secret *s = strcmp(a->name, "current-password") == 0 ? &in->current : &in->password;
		if (a->where == API_BODY && a->type == API_SECRET && s->len)
			json_put_bytes(&w, a->name, BYTES(s->p, s->len));
		else if (a->where == API_BODY && in->args[i].count)
			rc = put_member(in, &w, a, &in->args[i], e);
	}
	json_end(&w);
	return rc ? rc : buf_check(out, e, "the request");
}

static void write_path(const struct invocation *in, struct buf *out)
{
	buf_adds(out, API_PREFIX);
	for (const char *p = in->command->path; *p; p++) {
		const char *close = *p == '{' ? strchr(p, '}') : NULL;
		if (!close) {
			buf_addc(out, *p);
			continue;
		}
		char name[64];
		ASSERT(bytes_to_str(BYTES(p + 1, (size_t)(close - p - 1)), name, sizeof(name)));
		api_escape(out, bytes_str(invocation_text(in, name)));
		p = close;
	}
}

static int write_query(const struct invocation *in, struct buf *out, struct err *e)
{
	int rc = 0;
	for (size_t i = 0; i < in->command->arg_count && !rc; i++) {
		const struct api_arg *a = &in->command->args[i];
		if (a->where == API_QUERY && in->args[i].count)
			rc = api_query_put(out, a, in->args[i].texts[in->args[i].count - 1], e);
	}
	return rc ? rc : buf_check(out, e, "the request");
}

int invocation_request(const struct invocation *in, struct buf *ret_path, struct buf *ret_body, struct err *e)
{
	write_path(in, ret_path);
	int rc = write_query(in, ret_path, e);
	return rc || !takes_body(in->command) ? rc : write_body(in, ret_body, e);
}

int invocation_ask(const struct invocation *in, struct client *c, struct reply *ret, struct err *e)
{
	struct buf path, body;
	buf_init(&path, REQUEST_MAX);
	buf_init(&body, REQUEST_MAX);
	int rc = invocation_request(in, &path, &body, e);
	if (!rc)
		rc = client_ask(c, api_method_name(in->command->method), buf_cstr(&path), buf_bytes(&body), ret, e);
	secret_wipe(body.p, body.len);
	buf_release(&path);
	buf_release(&body);
	return rc;
}
