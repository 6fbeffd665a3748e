/* Who may do what, and what becomes of secrets on their way in. Another user than root is played by a child process, so
 * these tests need root, as CI has it. */
#include "fixture.h"

#include <sodium.h>
#include <sys/wait.h>

#include "base/secret.h"
#include "store/admin.h"
#include "store/credential.h"
#include "store/folder.h"
#include "store/token.h"

#define NOBODY 65534

/* ask_with as another user of the machine. */
static char *ask_as_nobody(const struct fixture *f, const char *line, const char *headers, const char *body)
{
	int ends[2];
	OK(pipe(ends));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setuid(NOBODY) < 0)
			_exit(1);
		char *answer = ask_with(f, line, headers, body);
		ssize_t n = write(ends[1], answer, strlen(answer));
		_exit(n < 0);
	}
	close(ends[1]);
	char *answer = hear(ends[0], NULL);
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return answer;
}

static void add_token(struct fixture *f, int64_t id, const char *secret, const char *role, int64_t expires_at)
{
	uint8_t hash[32];
	char name[16];
	(void)snprintf(name, sizeof(name), "t%d", (int)id);
	(void)crypto_hash_sha256(hash, (const uint8_t *)secret, strlen(secret));
	struct store_token t = {.id = id,
				.name = name,
				.hash = BYTES(hash, 32),
				.created_by = "x",
				.created_at = 1,
				.expires_at = expires_at};
	char what[64];
	(void)snprintf(what, sizeof(what), STORE_GRANT_ROLE "%s", role);
	struct store_grant g = {.holder_kind = STORE_HOLDER_TOKEN,
				.holder = id,
				.what = what,
				.effect = RIGHT_ALLOW,
				.created_by = "x"};
	OK(store_token_add(f->db, &t, NULL));
	OK(store_grant_put(f->db, &g, NULL));
}

static void another_user_needs_a_token(void **state)
{
	struct fixture *f = *state;
	if (getuid() != 0)
		skip();
	expect(ask_as_nobody(f, "GET /api/v1/version", "", ""), 403,
	       "the local socket serves root and the server's own user");
	expect(ask_as_nobody(f, "GET /nothing", "", ""), 403, "\"error\":\"not_allowed\"");
	expect(ask_as_nobody(f, "GET /metrics", "", ""), 403, "");
	expect(ask_as_nobody(f, "GET /healthz", "", ""), 200, "ok");
}

static void a_token_has_the_rights_of_its_role(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *token, *line, *body;
		int status;
		const char *part;
	} rows[] = {
		{"viewer", "GET /api/v1/version", "", 200, "\"api\":\"1\""},
		{"viewer", "GET /metrics", "", 200, "lampd_"},
		{"viewer", "POST /api/v1/power", "{\"verb\":\"on\"}", 403, "'token t1' has no right power.switch"},
		{"viewer", "POST /api/v1/devices", "{\"name\":\"a\"}", 403, "no right device.create"},
		{"viewer", "GET /api/v1/audit", "", 403, "no right audit.view"},
		{"operator", "POST /api/v1/devices", "{\"name\":\"a\"}", 403, "no right device.create"},
		{"admin", "POST /api/v1/devices", "{}", 400, "'name' is missing"},
		{"expired", "GET /api/v1/version", "", 401, "not known or has ended"},
		{"unknown", "GET /api/v1/version", "", 401, "not known or has ended"},
		{"expired", "GET /metrics", "", 401, "WWW-Authenticate: Bearer"},
	};
	if (getuid() != 0)
		skip();
	add_token(f, 1, "viewer", "viewer", 0);
	add_token(f, 2, "operator", "operator", clock_wall_ms(f->clock) + 1);
	add_token(f, 3, "admin", "administrator", 0);
	add_token(f, 4, "expired", "administrator", clock_wall_ms(f->clock) - 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char headers[128];
		(void)snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n%s", rows[i].token,
			       *rows[i].body ? JSON : "");
		expect(ask_as_nobody(f, rows[i].line, headers, rows[i].body), rows[i].status, rows[i].part);
	}
	no_command(f);
}

/* The path of a command with 1 for each argument, and a query that no command takes. */
static void line_of(const struct api_command *c, char *to, size_t to_size)
{
	(void)snprintf(to, to_size, "%s " API_PREFIX "%s?zzz=1", api_method_name(c->method), c->path);
	for (char *open; (open = strchr(to, '{'));) {
		char *end = strchr(open, '}');
		*open = '1';
		memmove(open + 1, end + 1, strlen(end));
	}
}

/* Which roles may give a command at the zone: declared beside the code, by hand. */
static const char *const may[API_CMD_COUNT] = {
#define MAY(id, roles) [API_CMD_##id] = roles,
#include "roles.tbl.h"
};

/* As another user of the machine: what the first cell that is wrong says, "" when all are right. */
static void ask_every_cell(const struct fixture *f, int to)
{
	static const char letters[] = "AOPVU";
	for (size_t i = 0; i < API_CMD_COUNT; i++)
		for (int role = 0; role < RIGHT_ROLE_COUNT; role++) {
			const struct api_command *c = api_command((enum api_command_id)i);
			const char *name = right_role_name((enum right_role)role);
			char line[128], login[64];
			line_of(c, line, sizeof(line));
			(void)snprintf(login, sizeof(login), "Authorization: Bearer %s\r\n", name);
			char *answer = ask_with(f, line, login, "");
			bool asks_itself = c->scope == API_SCOPE_OWN;
			bool is_400 = strncmp(answer, "HTTP/1.1 400", 12) == 0 && strstr(answer, "zzz");
			bool is_403 = strncmp(answer, "HTTP/1.1 403", 12) == 0 && strstr(answer, "has no right");
			bool fine = may[i] && (asks_itself || strchr(may[i], letters[role]) ? is_400 : is_403);
			if (!fine) {
				(void)dprintf(to, "%s as %s (tests/roles.tbl.h: %s): %.200s", line, name,
					      may[i] ? may[i] : "nothing", answer);
				return;
			}
			free(answer);
		}
}

/* Goal G12: every cell of role and command. Who may is told of the wrong query, who may not is told so. Commands that
 * ask for their own rights are asked with things that exist, in tests/scenario. */
static void every_command_asks_for_its_right(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	if (getuid() != 0)
		skip();
	for (int role = 0; role < RIGHT_ROLE_COUNT; role++)
		add_token(f, role + 1, right_role_name((enum right_role)role), right_role_name((enum right_role)role),
			  0);
	OK(pipe(ends));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setuid(NOBODY) < 0)
			_exit(1);
		ask_every_cell(f, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid); /* a thousand requests may take long; one line fits the pipe */
	char *wrong = hear(ends[0], NULL);
	close(ends[0]);
	assert_string_equal(wrong, "");
	free(wrong);
	no_command(f);
}

static void no_change_is_taken_from_another_site(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		char line[128];
		line_of(c, line, sizeof(line));
		expect(ask_with(f, line, "Origin: https://evil.example\r\n", ""), c->kind == API_WRITE ? 403 : 400, "");
		expect(ask_with(f, line, "Sec-Fetch-Site: cross-site\r\n", ""), c->kind == API_WRITE ? 403 : 400, "");
	}
	no_command(f);
}

static void a_removed_token_ends_at_once(void **state)
{
	struct fixture *f = *state;
	if (getuid() != 0)
		skip();
	add_token(f, 1, "secret", "viewer", 0);
	expect(ask_as_nobody(f, "GET /api/v1/version", "Authorization: bearer secret\r\n", ""), 200, "");
	OK(store_token_delete(f->db, 1, NULL));
	expect(ask_as_nobody(f, "GET /api/v1/version", "Authorization: bearer secret\r\n", ""), 401, "");
}

static void guessing_is_slowed_down(void **state)
{
	struct fixture *f = *state;
	if (getuid() != 0)
		skip();
	add_token(f, 1, "secret", "viewer", 0);
	for (int i = 0; i < 20; i++)
		expect(ask_as_nobody(f, "GET /api/v1/version", "Authorization: Bearer guess\r\n", ""), 401, "");
	char *answer = ask_as_nobody(f, "GET /api/v1/version", "Authorization: Bearer secret\r\n", "");
	assert_non_null(strstr(answer, "Retry-After: 60\r\n"));
	expect(answer, 429, "too many failed logins");
	expect(ask_with(f, "GET /api/v1/version", "", ""), 200, ""); /* the administrator is not locked out */
	clock_advance(f->clock, 60000);
	expect(ask_as_nobody(f, "GET /api/v1/version", "Authorization: Bearer secret\r\n", ""), 200, "");
}

static struct zone_command *zone_gets(struct fixture *f, int *ret_fd, const char *line, const char *body)
{
	char *text = request_text(line, JSON, body);
	*ret_fd = dial(f);
	say(*ret_fd, text);
	free(text);
	return zone_hears(f);
}

static void check_sealed(const struct fixture *f, const struct zone_command *m, uint64_t version, const char *plain)
{
	const struct api_value *v = api_value(m->call, "password");
	struct secret opened = SECRET_INIT;
	assert_true(v->set);
	assert_int_equal(v->v.secret.version, version);
	OK(vault_unseal(f->vault, (struct vault_place){"credential", v->v.secret.row, "secret", version},
			v->v.secret.sealed, &opened, NULL));
	assert_true(secret_equal_bytes(&opened, bytes_str(plain)));
	secret_release(&opened);
}

static void a_password_is_sealed_for_its_row_on_arrival(void **state)
{
	struct fixture *f = *state;
	int fd;
	struct zone_command *m =
		zone_gets(f, &fd, "POST /api/v1/credentials", "{\"name\":\"lab\",\"password\":\"P@ssw0rd\"}");
	uint64_t row = api_value(m->call, "password")->v.secret.row;
	assert_true(row >= (uint64_t)1 << 40 && row < (uint64_t)1 << 53);
	check_sealed(f, m, 1, "P@ssw0rd");
	zone_answers(f, m->request, 204, "");
	free(hear(fd, NULL));
	close(fd);
	m->mail.free(&m->mail);
}

static void a_new_password_is_sealed_for_the_next_version(void **state)
{
	struct fixture *f = *state;
	struct store_credential c = {.id = 77,
				     .folder = STORE_FOLDER_CREDENTIALS,
				     .name = "lab",
				     .login = "admin",
				     .description = "",
				     .secret = BYTES_LIT("x"),
				     .version = 4};
	int fd;
	OK(store_credential_add(f->db, &c, NULL));
	static const char *const names[] = {"lab", "%2Flab", "77"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[64];
		(void)snprintf(line, sizeof(line), "PATCH /api/v1/credentials/%s", names[i]);
		struct zone_command *m = zone_gets(f, &fd, line, "{\"password\":\"Oth3r!pw\"}");
		assert_int_equal(api_value(m->call, "password")->v.secret.row, 77);
		check_sealed(f, m, 5, "Oth3r!pw");
		zone_answers(f, m->request, 204, "");
		free(hear(fd, NULL));
		close(fd);
		m->mail.free(&m->mail);
	}
	expect(ask_with(f, "PATCH /api/v1/credentials/none", JSON, "{\"password\":\"Oth3r!pw\"}"), 404,
	       "credential 'none' does not exist");
}

static void a_password_that_amt_would_refuse_is_refused_here(void **state)
{
	struct fixture *f = *state;
	int fd;
	char *answer = ask_with(f, "POST /api/v1/credentials", JSON, "{\"name\":\"lab\",\"password\":\"Zzyzxzzyzx\"}");
	assert_null(strstr(answer, "Zzyzx"));
	expect(answer, 400, "\"error\":\"password_rule\",\"message\":\"the password lacks a digit, lacks a special");
	no_command(f);
	struct zone_command *m = zone_gets(f, &fd, "POST /api/v1/credentials",
					   "{\"name\":\"lab\",\"any-password\":true,\"password\":\"zzyzx\"}");
	check_sealed(f, m, 1, "zzyzx");
	zone_answers(f, m->request, 204, "");
	free(hear(fd, NULL));
	close(fd);
	m->mail.free(&m->mail);
}

static void a_new_token_is_shown_once_and_only_its_hash_goes_on(void **state)
{
	struct fixture *f = *state;
	int fd;
	uint8_t hash[32];
	struct zone_command *m = zone_gets(f, &fd, "POST /api/v1/tokens", "{\"name\":\"ci\"}");
	zone_answers(f, m->request, 200, "{\"id\":1,\"name\":\"ci\",\"token\":null}");
	char *answer = hear(fd, NULL), *token = strstr(answer, "\"token\":\"lamp_");
	assert_non_null(token);
	token += strlen("\"token\":\"");
	assert_int_equal(strcspn(token, "\""), 69);
	assert_string_equal(token + 69, "\"}");
	(void)crypto_hash_sha256(hash, (const uint8_t *)token, 69);
	assert_memory_equal(hash, m->token_hash, 32);
	free(answer);
	close(fd);
	m->mail.free(&m->mail);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(another_user_needs_a_token),
		WITH(a_token_has_the_rights_of_its_role),
		WITH(every_command_asks_for_its_right),
		WITH(no_change_is_taken_from_another_site),
		WITH(a_removed_token_ends_at_once),
		WITH(guessing_is_slowed_down),
		WITH(a_password_is_sealed_for_its_row_on_arrival),
		WITH(a_new_password_is_sealed_for_the_next_version),
		WITH(a_password_that_amt_would_refuse_is_refused_here),
		WITH(a_new_token_is_shown_once_and_only_its_hash_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
