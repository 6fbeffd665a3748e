/* fixture.h - a real API on a local socket, over a real database and vault, with a driven clock. The zone is the test
 * itself: it reads the mailbox that the API writes to, and answers. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/vault.h"
#include "store/device.h"
#include "store/event.h"
#include "store/server.h"
#include "zone/zone.h"

#define WAIT_MS   20000 /* for what comes at once; a test that needs it has failed */
#define ZONE_BOX  4     /* small, so that it can be full */
#define SERVER_ID 1

struct fixture {
	char folder[64], database[96], key[96], socket[96];
	struct clock *clock;
	struct vault *vault;
	struct db *db; /* the writer */
	struct api *api;
	struct mailbox *zone;
	int zone_fd; /* readable when the zone's mailbox is not empty */
};

#define OK(expr) assert_int_equal((expr), 0)

static inline void ring_bell(void *arg)
{
	struct fixture *f = arg;
	OK(eventfd_write(f->zone_fd, 1));
}

static inline void fill_database(struct fixture *f)
{
	struct store_zone zone = {.id = {{1, 2, 3}}, .name = "Zone", .created_at = 1000};
	struct store_server server = {.id = SERVER_ID, .name = "lamp1", .fqdn = "", .address = "", .version = ""};
	OK(store_open(f->database, DB_READ_WRITE, DB_FLAG_CREATE | DB_FLAG_UNSAFE, &f->db, NULL));
	OK(store_zone_put(f->db, &zone, NULL));
	OK(store_server_add(f->db, &server, NULL));
}

static inline int fixture_start(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/lamp-api-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	OK(chmod(f->folder, 0711));
	(void)snprintf(f->database, sizeof(f->database), "%s/db", f->folder);
	(void)snprintf(f->key, sizeof(f->key), "%s/key", f->folder);
	(void)snprintf(f->socket, sizeof(f->socket), "%s/sock", f->folder);
	f->clock = clock_driven_new(1795360996000);
	OK(vault_open(f->key, true, &f->vault, NULL));
	fill_database(f);
	f->zone_fd = eventfd(0, EFD_CLOEXEC);
	f->zone = mailbox_new(ZONE_BOX, ring_bell, f);
	struct api_deps deps = {.clock = f->clock,
				.vault = f->vault,
				.database = f->database,
				.socket_path = f->socket,
				.listen_fd = -1};
	OK(api_new(&deps, &f->api, NULL));
	OK(api_start(f->api, f->zone, "lamp1", NULL));
	*state = f;
	return 0;
}

static inline int fixture_end(void **state)
{
	struct fixture *f = *state;
	char path[128];
	api_free(f->api);
	mailbox_free(f->zone);
	close(f->zone_fd);
	db_close(f->db);
	vault_close(f->vault);
	clock_free(f->clock);
	for (const char *const *name = (const char *const[]){"db", "db-wal", "db-shm", "key", "sock", NULL}; *name;
	     name++) {
		(void)snprintf(path, sizeof(path), "%s/%s", f->folder, *name);
		(void)unlink(path); /* not all are there */
	}
	OK(rmdir(f->folder));
	free(f);
	return 0;
}

static inline int dial(const struct fixture *f)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", f->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	return fd;
}

static inline void say(int fd, const char *text)
{
	size_t len = strlen(text);
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		assert_true(n > 0);
		text += n;
		len -= (size_t)n;
	}
}

#define HEARD_MAX (1 << 20)

/* Reads until part has come (NULL: until the end), and gives all of it. The caller frees. */
static inline char *hear(int fd, const char *part)
{
	char *text = mem_alloc(HEARD_MAX);
	size_t len = 0;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (part && strstr(text, part))
			return text;
		if (poll(&p, 1, WAIT_MS) != 1)
			fail_msg("nothing more came behind: %s", text);
		ssize_t n = read(fd, text + len, HEARD_MAX - 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (part)
			fail_msg("it ended with: %s", text);
		else
			return text;
	}
}

/* One request on a connection of its own. The caller frees the answer. */
static inline char *ask(const struct fixture *f, const char *request)
{
	int fd = dial(f);
	say(fd, request);
	char *answer = hear(fd, NULL);
	close(fd);
	return answer;
}

/* "GET /x" and the like, with the headers that every request here has. */
static inline char *request_text(const char *line, const char *headers, const char *body)
{
	char *text = mem_alloc(HEARD_MAX);
	(void)snprintf(text, HEARD_MAX,
		       "%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s", line, headers,
		       strlen(body), body);
	return text;
}

static inline char *ask_with(const struct fixture *f, const char *line, const char *headers, const char *body)
{
	char *text = request_text(line, headers, body);
	char *answer = ask(f, text);
	free(text);
	return answer;
}

#define JSON "Content-Type: application/json\r\n"

static inline int status_of(const char *answer)
{
	assert_int_equal(strncmp(answer, "HTTP/1.1 ", 9), 0);
	return (int)strtol(answer + 9, NULL, 10);
}

static inline void expect(char *answer, int status, const char *part)
{
	if (status_of(answer) != status || !strstr(answer, part))
		fail_msg("wanted %d and \"%s\": %s", status, part, answer);
	free(answer);
}

/* The zone's side: the next command. The caller frees it with mail.free. */
static inline struct zone_command *zone_hears(struct fixture *f)
{
	for (;;) {
		size_t n;
		struct mail *m = mailbox_take(f->zone, 1, &n);
		if (m && m->kind == ZONE_COMMAND)
			return (struct zone_command *)m;
		if (m) { /* who was refused, or was there */
			m->free(m);
			continue;
		}
		struct pollfd p = {.fd = f->zone_fd, .events = POLLIN};
		eventfd_t ignored;
		if (poll(&p, 1, WAIT_MS) != 1)
			fail_msg("no command came");
		OK(eventfd_read(f->zone_fd, &ignored));
	}
}

/* No command came; what came beside is thrown away. */
static inline void no_command(struct fixture *f)
{
	size_t n;
	for (struct mail *m; (m = mailbox_take(f->zone, 1, &n));) {
		assert_int_not_equal(m->kind, ZONE_COMMAND);
		m->free(m);
	}
}

static inline void answer_free(struct mail *m)
{
	buf_release(&((struct api_answer *)m)->body);
	free(m);
}

static inline void zone_answers(struct fixture *f, uint64_t request, int status, const char *body)
{
	struct api_answer *a = mem_alloc(sizeof(*a));
	a->mail = (struct mail){.kind = API_ANSWER, .free = answer_free};
	a->request = request;
	a->status = status;
	buf_init(&a->body, HEARD_MAX);
	OK(buf_adds(&a->body, body));
	assert_true(mailbox_put(api_mailbox(f->api), &a->mail));
}

static inline void events_free(struct mail *m)
{
	struct api_events *ev = (struct api_events *)m;
	for (size_t i = 0; i < ev->count; i++)
		buf_release(&ev->events[i].json);
	free(ev->events);
	free(ev);
}

/* One event, as the zone tells it after a commit (PROGRESS: seq 0). */
static inline void zone_tells(struct fixture *f, uint64_t seq, uint64_t job, const char *json)
{
	struct api_events *ev = mem_alloc(sizeof(*ev));
	ev->mail = (struct mail){.kind = seq ? API_EVENTS : API_PROGRESS, .free = events_free};
	ev->count = 1;
	ev->events = mem_alloc(sizeof(*ev->events));
	ev->events[0] = (struct zone_event){.seq = seq, .job = job};
	buf_init(&ev->events[0].json, HEARD_MAX);
	OK(buf_adds(&ev->events[0].json, json));
	assert_true(mailbox_put(api_mailbox(f->api), &ev->mail));
}

/* The same on disk. */
static inline void zone_keeps(struct fixture *f, uint64_t seq, const char *kind, int64_t object, const char *json)
{
	struct store_event row = {STORE_SEQ_ID(SERVER_ID, seq), 1, kind, object, json};
	OK(store_event_add(f->db, &row, NULL));
}

#endif
