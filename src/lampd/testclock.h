/* testclock.h - a driven clock that is commanded by lines on a local socket; only in builds with -Dtest-clock=true.
 *
 *   advance MS    all clocks go on by so many milliseconds       set TIME    the wall clock alone is set
 *   show          nothing changes
 * Each line is answered by "WALL MONO": the time in UTC with milliseconds, and the monotonic clock in milliseconds; or
 * by "error: ...". One thread of its own, one client at a time. */
#ifndef LAMPD_TESTCLOCK_H
#define LAMPD_TESTCLOCK_H

struct clock;
struct err;
struct testclock;

/* The clock begins at the system's time and is freed with the rest. Loops notice by themselves when it moves. */
int testclock_start(const char *socket_path, struct testclock **ret, struct clock **ret_clock, struct err *e);
/* From now on it runs as the system's does: for the end of the program, which waits for its own time limits. */
void testclock_let_go(struct testclock *t); /* NULL is fine */
void testclock_free(struct testclock *t);   /* NULL is fine */

#endif
