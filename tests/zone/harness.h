/* harness.h - a zone without threads: its messages go in and come out by hand, its clock is driven, its database is a
 * real one in a folder of its own. What leaves for wire and api waits here until a test takes it. */
#ifndef TESTS_ZONE_HARNESS_H
#define TESTS_ZONE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amt/act.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "zone/machine.h"

struct sqlite3;

#define HARNESS_START_MS INT64_C(1795000000000) /* 2026-11-18 */

struct harness {
	char folder[64], path[96];
	struct clock *clock;
	struct zone_deps deps;
	struct zone *z;
	struct mail *wire, *api; /* not yet taken, oldest first */
	struct sqlite3 *sql;     /* a second, reading connection */
	uint64_t request;
	enum right_role role; /* whose commands these are: the local administrator's, or a token's of another role */
	int64_t role_tokens[RIGHT_ROLE_COUNT];
	bool forgetful; /* the zone's memory is dropped after every round */
	int status;     /* of the last answer */
	struct buf body;
	struct buf events; /* kinds and changes of all events, one a line */
	struct buf log;    /* everything that left, as text: for comparing two runs */
	uint64_t next_credential;
};

int harness_set_up(void **state);
int harness_tear_down(void **state);
struct harness *harness_new(uint64_t seed);
void harness_free(struct harness *h);
void harness_restart(struct harness *h); /* the process died: what had not left is gone */

/* A round with messages (a chain) of wire; NULL: what the time brings. Then more, as long as the zone asks for it. */
void harness_round(struct harness *h, struct mail *messages);
/* Moves the clock and runs the rounds that fall due on the way, each at its time. */
void harness_pass(struct harness *h, int64_t ms);

/* A command as an administrator gives it: "POST /devices", JSON text or NULL. Answers the HTTP status; body is left in
 * h->body. Rounds are run until the answer is there. */
int ask(struct harness *h, const char *what, const char *json);
int askf(struct harness *h, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Commands in their order, and what each must be answered; fails with the row that was answered otherwise. */
struct ask_row {
	const char *what, *json;
	int status;
	const char *holds; /* part of the answer; NULL: any */
};
void ask_all(struct harness *h, const struct ask_row *rows, size_t count);
const char *answer(struct harness *h);                       /* the body as text */
int64_t answer_int(struct harness *h, const char *member);   /* of the body */
int harness_give(struct harness *h, struct zone_command *m); /* as ask, of a command that is made already */
void harness_mail(struct harness *h, struct mail *m);        /* another message of api */
struct zone_command *command_of(struct harness *h, const char *what, const char *json);

/* Others than the local administrator. */
int ask_by(struct harness *h, const struct principal *by, const char *what, const char *json);
struct principal token_by(struct harness *h, const char *name);
/* A login with a password that a worker found right or wrong. */
int log_in(struct harness *h, const char *name, const char *source, bool matches);
struct principal session_by(struct harness *h, const char *name); /* logs in */
void add_admin(struct harness *h, const char *name, const char *role, const char *at);

/* The oldest message of this kind for wire, or NULL; the caller frees it. */
struct mail *take_wire(struct harness *h, int kind);
struct act_start *take_start(struct harness *h);
struct act_gate_answer *take_gate_answer(struct harness *h);
size_t count_wire(struct harness *h, int kind);
/* A number of the environment, by which longer runs are asked for and failing seeds repeated. */
uint64_t harness_number(const char *variable, uint64_t otherwise);

void mail_drop(void *mail); /* frees one */

/* What wire says. They run a round. */
void send_gate(struct harness *h, const struct act_start *s, int power_before);
void let_through(struct harness *h, const struct act_start *s); /* the gate, of a device that is on */
void send_outcome(struct harness *h, const struct act_start *s, enum act_end end, int reason);
struct act_outcome *outcome_of(const struct act_start *s, enum act_end end, int reason);
struct act_gate *gate_of(const struct act_start *s, int power_before);

/* The database, read from outside. */
int64_t query(struct harness *h, const char *sql);
const char *query_text(struct harness *h, const char *sql); /* valid until the next query */
void dump(struct harness *h, struct buf *out);              /* every row of every table */

/* A credential "lab" and n devices "d1".."dn" at 10.0.0.1.. in /Workstations/. */
void furnish(struct harness *h, int devices);
const char *state_of(struct harness *h, int64_t act);
const char *reason_of(struct harness *h, int64_t act);

#define ZONE_TEST(f) cmocka_unit_test_setup_teardown(f, harness_set_up, harness_tear_down)

#endif
