/* clock.h - the only place where time is asked, so that a test can own it.
 *
 * Three readings, in milliseconds: wall (UTC since 1970), mono (waits and deadlines; stops while suspended), boot
 * (as mono, but counts suspend: rule R8). A driven clock stands still until it is moved; moving it may be done from
 * one thread while others read. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock;

struct clock *clock_real(void); /* the system's; never freed */
struct clock *clock_driven_new(int64_t wall_ms);
void clock_free(struct clock *c); /* driven ones only; NULL is fine */
bool clock_is_driven(const struct clock *c);

int64_t clock_wall_ms(const struct clock *c);
int64_t clock_mono_ms(const struct clock *c);
int64_t clock_boot_ms(const struct clock *c);

/* Driven clocks only; ms is 0 or more. advance moves all three; suspend moves wall and boot, as a computer that sleeps
 * does; set_wall moves the wall clock alone, also backwards. */
void clock_advance(struct clock *c, int64_t ms);
void clock_suspend(struct clock *c, int64_t ms);
void clock_set_wall(struct clock *c, int64_t wall_ms);

/* "2026-11-22T15:03:16Z" and "2026-11-22T15:03:16.123Z"; parse takes both and nothing else (no leap second, no other
 * offset than Z), years 0000 to 9999. */
#define CLOCK_TEXT_SIZE 32
void clock_text(int64_t wall_ms, char to[CLOCK_TEXT_SIZE]);    /* seconds */
void clock_text_ms(int64_t wall_ms, char to[CLOCK_TEXT_SIZE]); /* milliseconds */
bool clock_parse(const char *text, int64_t *ret_wall_ms);

#endif
