/* base.h - what C lacks and every folder of Lamplighter needs; include what you use, not this file.
 *
 * err      what went wrong: code, class, sentence             log      one structured line per event
 * buf      bytes of others, and a growing buffer with a ceiling metric  counters with their sentence
 * cursor   reading a stranger's bytes                          clock    the only source of time
 * arena, list, map, text (hex, base64, UUID), rng, file        loop     fds, timers, wake-ups of one thread
 * secret, vault    passwords in memory and at rest             mailbox  messages between threads
 * stream, tls      TCP and TLS connections                     pool     workers for what is slow
 * civil    dates and wall-clock readings as numbers
 *
 * base includes nothing of Lamplighter, knows nothing of AMT, zones or HTTP, and logs at debug only. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define UNUSED       __attribute__((unused))

/* Cleanup on every way out of a scope: AUTO_FREE char *s = NULL; */
#define AUTO_FREE __attribute__((cleanup(auto_free_)))
void auto_free_(void *pp);

/* Memory that must be there: aborts with a message when the system has none. For sizes that we chose. */
#include <stddef.h>
void *mem_alloc(size_t len);            /* zeroed */
void *mem_array(size_t n, size_t size); /* zeroed; aborts on overflow */
void *mem_grow(void *p, size_t n, size_t size);
char *mem_str(const char *s); /* NULL gives NULL */

/* Our own mistakes; stays on in production. */
void assert_failed(const char *expr, const char *file, int line, const char *func) __attribute__((noreturn));
#define ASSERT(expr) ((expr) ? (void)0 : assert_failed(#expr, __FILE__, __LINE__, __func__))

#endif
