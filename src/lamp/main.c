#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "codec/json.h"
#include "codec/setup_bin.h"
#include "lamp/answer.h"
#include "lamp/client.h"
#include "lamp/help.h"
#include "lamp/import.h"
#include "lamp/invocation.h"
#include "lamp/keep.h"
#include "lamp/lamp.h"
#include "lamp/list.h"
#include "lamp/print.h"
#include "lamp/provider.h"
#include "lamp/session.h"
#include "lamp/wait.h"
#include "lamp/zman.h"

#define REQUEST_MAX (8u << 20)
#define NOTICES_MAX 1000
#define NOTICE_MAX  1024

enum lamp_exit lamp_exit_of(int code)
{
	if (code == 0)
		return LAMP_DONE;
	if (code == ERR_NO_SERVER || code == ERR_CLOSED)
		return LAMP_NO_SERVER;
	if (code == ERR_NOT_ALLOWED)
		return LAMP_NOT_ALLOWED;
	return LAMP_SOME_FAILED;
}

enum lamp_exit lamp_complain(int code, const struct err *e)
{
	fprintf(stderr, "lamp: %s\n", e->msg);
	if (*err_next(code))
		fprintf(stderr, "lamp: what to do: %s\n", err_next(code));
	return lamp_exit_of(code);
}

/* A question that only a person at a terminal can answer; false when there is none. */
static bool answer_is(const char *question, const char *wanted)
{
	char line[64];
	if (!isatty(STDIN_FILENO))
		return false;
	fprintf(stderr, "%s", question);
	return fgets(line, sizeof(line), stdin) && bytes_equal_str_nocase(bytes_trim(bytes_str(line)), wanted);
}

static enum lamp_exit not_confirmed(const char *what)
{
	fprintf(stderr, "lamp: not confirmed: nothing was done. %s\n", what);
	return LAMP_SOME_FAILED;
}

static int64_t number(const struct json_t *j, const char *name)
{
	int64_t n = 0;
	(void)json_opt_i64(j, name, INT64_MIN, INT64_MAX, &n, NULL); /* 0 when it is not there */
	return n;
}

static bool is_true(const struct json_t *j, const char *name)
{
	bool yes = false;
	(void)json_opt_bool(j, name, &yes, NULL); /* false when it is not there */
	return yes;
}

static void print_plain(const struct invocation *in, const struct json_t *j)
{
	const struct api_command *c = in->command;
	const char *name = NULL;
	if (in->json)
		print_object_json(j);
	else if (strcmp(c->answer, "ref") == 0 && json_get_str(j, "name", 1024, &name, NULL) == 0)
		printf("%s %s: %s\n", c->noun, *c->verb ? c->verb : c->right == RIGHT_OPEN ? "done" : "started", name);
	else
		print_object_text(c->answer, j);
}

/* The secret goes into a file and not onto the screen; for programs it is the answer. */
/* What expires soon. */
static void print_notices(const struct json_t *login)
{
	const struct json_t *notices = NULL;
	const char *text;
	(void)json_opt_array(login, "notices", NOTICES_MAX, &notices, NULL); /* none of an older server */
	for (size_t i = 0; i < json_count(notices); i++)
		if (json_at_str(notices, i, NOTICE_MAX, &text, NULL) == 0)
			printf("note: %s\n", text);
	if (json_count(notices))
		printf("See what to do about it with: lamp notice list\n");
}

static enum lamp_exit keep_session(const struct invocation *in, struct client *c, const struct json_t *j)
{
	struct err e = ERR_INIT;
	const char *token = NULL, *expires = "", *who = "";
	(void)json_opt_str(j, "admin", 256, &who, NULL); /* shown as it is */
	int rc = json_get_str(j, "token", SECRET_LINE_MAX, &token, &e);
	(void)json_opt_str(j, "expires", 64, &expires, NULL); /* shown as it is */
	if (in->json) {
		print_object_json(j);
		return LAMP_DONE;
	}
	rc = rc ? rc : session_write(client_where(c), token, &e);
	if (rc)
		return lamp_complain(rc, &e);
	printf("logged in as %s until %s\n", who, expires);
	print_notices(j);
	return LAMP_DONE;
}

#define FILE_TEXT_MAX (8u << 20)

/* What is given once goes into its file; with --json and without --out it is the answer, for programs. */
static bool keeps(const struct invocation *in)
{
	return in->command->id == API_CMD_SETUP_FILE_ADD && (in->out || !in->json);
}

static int begin_keep(const struct invocation *in, struct keep *k, struct err *e)
{
	return keeps(in) ? keep_begin(k, in->out ? in->out : SETUP_BIN_NAME, e) : 0;
}

static void print_kept(const struct invocation *in, const struct json_t *j, const char *path, size_t len)
{
	if (in->json) {
		struct json_writer w;
		struct buf text;
		buf_init(&text, 64 * 1024);
		json_writer_init(&w, &text);
		json_begin_object(&w, NULL);
		json_put_i64(&w, "id", number(j, "id"));
		json_put_str(&w, "name", invocation_text(in, "name"));
		json_put_i64(&w, "records", number(j, "records"));
		json_put_str(&w, "out", path);
		json_end(&w);
		printf("%s\n", buf_cstr(&text));
		buf_release(&text);
		return;
	}
	printf("%s: %zu bytes, %lld records. It holds passwords in clear and is not kept on the server: give it to "
	       "nobody, and "
	       "destroy it when the computers have been started from it.\n",
	       path, len, (long long)number(j, "records"));
}

static enum lamp_exit keep_answer(const struct invocation *in, struct keep *k, const struct json_t *j)
{
	struct err e = ERR_INIT;
	const char *text = NULL, *path = k->path;
	size_t len = 0;
	int rc = json_get_str(j, "file", FILE_TEXT_MAX, &text, &e);
	rc = rc ? rc : keep_base64(k, text, &len, &e);
	if (rc)
		return lamp_complain(rc, &e);
	print_kept(in, j, path, len);
	return LAMP_DONE;
}

static enum lamp_exit show_answer(const struct invocation *in, struct client *c, const char *event,
				  const struct json_t *j)
{
	bool is_job = strcmp(in->command->answer, "job") == 0 && in->command->kind == API_WRITE;
	bool is_scan = in->command->id == API_CMD_DISCOVER || in->command->id == API_CMD_DISCOVERED_RENEW;
	if (in->wait && is_job)
		return wait_job(c, number(j, "job"), event, in->json);
	if (in->wait && is_scan)
		return wait_scan(c, number(j, "id"), event, in->json);
	if (in->command->id == API_CMD_LOGIN)
		return keep_session(in, c, j);
	if (answer_takes(in))
		return answer_show(in, j);
	print_plain(in, j);
	if (in->command->id == API_CMD_AUDIT_VERIFY && !is_true(j, "ok"))
		return LAMP_SOME_FAILED;
	if (is_job && !in->json)
		printf("\nIt goes on in the server. See it with: lamp job show %lld\n", (long long)number(j, "job"));
	return LAMP_DONE;
}

/* The server wants the number of devices typed back. Sets it as the argument; false when nobody confirms. */
static bool confirm_count(struct invocation *in, const struct reply *r)
{
	struct json_t *j = NULL;
	char count[32] = "", question[512];
	const char *message = "";
	if (json_parse(buf_bytes(&r->body), r->body.len, &j, NULL) == 0) {
		(void)json_opt_str(j, "message", 400, &message, NULL); /* shown as it is */
		(void)snprintf(count, sizeof(count), "%lld", (long long)number(j, "expected"));
		(void)snprintf(question, sizeof(question), "%s\nType the number of devices to go on: ", message);
	}
	bool yes = *count && (in->yes || answer_is(question, count));
	if (yes)
		invocation_set(in, "confirm", count);
	json_free(j);
	return yes;
}

static enum lamp_exit run_plain(struct invocation *in, struct client *c)
{
	struct err e = ERR_INIT;
	struct reply r = {0};
	struct json_t *j = NULL;
	struct keep kept = {0};
	enum lamp_exit status = LAMP_DONE;
	int rc = begin_keep(in, &kept, &e);
	if (rc)
		return lamp_complain(rc, &e);
	rc = invocation_ask(in, c, &r, &e);
	if (rc == ERR_INVALID) { /* an argument: it was not even asked */
		keep_drop(&kept);
		(void)lamp_complain(rc, &e);
		return LAMP_USAGE;
	}
	if (!rc)
		rc = reply_check(&r, &e);
	if (rc == ERR_CONFIRM) {
		if (!confirm_count(in, &r)) {
			status = not_confirmed(e.msg);
			goto out;
		}
		buf_release(&r.body);
		rc = invocation_ask(in, c, &r, &e);
		if (!rc)
			rc = reply_check(&r, &e);
	}
	if (!rc && r.body.len)
		rc = json_parse(buf_bytes(&r.body), r.body.len, &j, &e);
	if (rc)
		status = lamp_complain(rc, &e);
	else if (j && kept.path)
		status = keep_answer(in, &kept, j);
	else if (j)
		status = show_answer(in, c, r.event, j);
	else if (!in->json)
		printf("%s%s%s: done\n", in->command->noun, *in->command->verb ? " " : "", in->command->verb);
	if ((!rc || rc == ERR_NOT_ALLOWED) && in->command->id == API_CMD_LOGOUT) /* one that has ended goes too */
		session_forget(client_where(c));
out:
	keep_drop(&kept);
	json_free(j);
	buf_release(&r.body);
	return status;
}

static bool print_event(void *arg, struct bytes data)
{
	const struct invocation *in = arg;
	struct json_t *j = NULL;
	if (in->json) {
		printf("%.*s\n", (int)data.len, (const char *)data.p);
	} else if (json_parse(data, data.len, &j, NULL) == 0) {
		const char *time = "", *kind = "", *change = "", *name = "", *text = "";
		(void)json_opt_str(j, "time", 64, &time, NULL); /* what is missing is shown empty */
		(void)json_opt_str(j, "kind", 64, &kind, NULL);
		(void)json_opt_str(j, "change", 64, &change, NULL);
		(void)json_opt_str(j, "name", 1024, &name, NULL);
		(void)json_opt_str(j, "data", data.len, &text, NULL);
		printf("%s %s %s %s %s\n", time, kind, change, name, text);
	}
	(void)fflush(stdout); /* a closed pipe ends the program */
	json_free(j);
	return false;
}

static enum lamp_exit run_list_or_stream(struct invocation *in, struct client *c)
{
	struct err e = ERR_INIT;
	struct buf path;
	buf_init(&path, REQUEST_MAX);
	int rc = invocation_request(in, &path, NULL, &e);
	if (!rc && in->command->kind == API_LIST)
		rc = list_all(c, buf_cstr(&path), in->command->answer,
			      in->csv    ? LIST_CSV
			      : in->json ? LIST_JSON
					 : LIST_TABLE,
			      in->limit, &e);
	else if (!rc)
		rc = client_follow(c, buf_cstr(&path), print_event, in, &e);
	buf_release(&path);
	return rc ? lamp_complain(rc, &e) : LAMP_DONE;
}

static bool may_go_on(const struct invocation *in)
{
	char question[256];
	if (!in->command->asks || in->yes)
		return true;
	(void)snprintf(question, sizeof(question), "%s Go on? Type yes: ", in->command->sentence); /* cut is fine */
	return answer_is(question, "yes");
}

static enum lamp_exit run_provider(const struct invocation *in, struct client *c)
{
	struct err e = ERR_INIT;
	struct json_t *j = NULL;
	int rc = provider_login(c, in->oidc, &j, &e);
	enum lamp_exit status = rc ? lamp_complain(rc, &e) : keep_session(in, c, j);
	json_free(j);
	return status;
}

static enum lamp_exit run(struct invocation *in)
{
	struct err e = ERR_INIT;
	struct client *c = NULL;
	if (!may_go_on(in))
		return not_confirmed("Give --yes to do it without a question.");
	int rc = client_new(in->server, in->ca, in->token_file, in->command->right == RIGHT_OPEN, &c, &e);
	if (rc) {
		enum lamp_exit status = lamp_complain(rc, &e);
		return rc == ERR_INVALID ? LAMP_USAGE : status;
	}
	enum api_kind kind = in->command->kind;
	enum lamp_exit status = in->oidc                                      ? run_provider(in, c)
				: kind == API_LIST || kind == API_STREAM      ? run_list_or_stream(in, c)
				: in->command->id == API_CMD_INVENTORY_IMPORT ? import_inventory(in, c)
									      : run_plain(in, c);
	client_free(c);
	return status;
}

/* `lamp device --help` and a bare `lamp device` explain the noun. */
static bool help_for_noun(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-", 1) == 0)
			continue;
		for (int c = 0; c < API_CMD_COUNT; c++)
			if (strcmp(api_command((enum api_command_id)c)->noun, argv[i]) == 0) {
				help_noun(argv[i]);
				return true;
			}
		return false;
	}
	return false;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static enum lamp_exit wrong_zman(const struct zman *z, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", z->program ? "zman" : "lamp", e->msg);
	return LAMP_USAGE;
}

static enum lamp_exit run_line(int argc, char **argv)
{
	struct invocation in;
	struct err e = ERR_INIT;
	int rc = invocation_read(&in, argc, argv, &e);
	enum lamp_exit status = LAMP_DONE;
	if (rc && wants_help(argc, argv) && help_for_noun(argc, argv)) {
		status = LAMP_DONE;
	} else if (rc) {
		fprintf(stderr, "lamp: %s\n", e.msg);
		status = LAMP_USAGE;
	} else if (in.version) {
		printf("lamp %s\n", LAMPLIGHTER_VERSION);
	} else if (in.command && in.help) {
		help_command(in.command);
	} else if (!in.command) {
		help_all();
		status = in.help ? LAMP_DONE : LAMP_USAGE;
	} else {
		status = run(&in);
	}
	invocation_release(&in);
	return status;
}

int main(int argc, char **argv)
{
	struct zman z;
	struct err e = ERR_INIT;
	struct arena *arena = arena_new(0);
	enum lamp_exit status = LAMP_DONE;
	(void)setlocale(LC_CTYPE, "");  /* without one, widths are counted in bytes */
	(void)signal(SIGPIPE, SIG_DFL); /* `lamp device list | head` ends quietly */
	if (zman_read(argc, argv, arena, &z, &e))
		status = wrong_zman(&z, &e);
	else if (z.help)
		zman_help(z.verb);
	else
		status = run_line(z.is ? z.argc : argc, z.is ? z.argv : argv);
	arena_free(arena);
	if (fflush(stdout) != 0 && status == LAMP_DONE) {
		fprintf(stderr, "lamp: cannot write the output\n");
		status = LAMP_SOME_FAILED;
	}
	return status;
}
