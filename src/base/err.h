/* err.h - what went wrong: a code, its class and a sentence.
 *
 * A function that can fail returns 0 or a negative enum err_code, and takes a struct err * last, which may be NULL.
 * On success the struct is left as it was. The detail is written once, where it happens, and gets context on the way
 * up. A message names first what failed, then the thing in quotes, then why; no capital, no full stop. Any thread. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* What happens to an act that met this error follows from the class and from nothing else. */
enum err_class {
	ERR_CLASS_NONE,
	ERR_CLASS_RETRY,
	ERR_CLASS_REFUSED,
	ERR_CLASS_AUTH,
	ERR_CLASS_INPUT,
	ERR_CLASS_UNCERTAIN,
	ERR_CLASS_BUG,
};

enum err_code {
	ERR_OK = 0,
#define ERR(name, number, class, sentence, next) ERR_##name = -(number),
#include "base/err.tbl.h"
#undef ERR
};

struct err {
	int code;          /* enum err_code */
	int device_status; /* ReturnValue, PT_STATUS or HTTP status of a device; 0 when there is none */
	char msg[384];     /* UTF-8, ends with NUL; cut when longer */
};

#define ERR_INIT ((struct err){0})

/* Sets e (if not NULL) and returns code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno value sys behind the message. */
int err_set_sys(struct err *e, int code, int sys, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Puts "context: " before the message of e (if not NULL), and returns code unchanged. */
int err_wrap(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The compiler cannot look into the functions above; so they are called by way of macros from which it sees that what
 * is returned is the code that was given, and on which ways outputs are set. Each argument is evaluated once. */
#define ERR_JOIN_(a, b)   a##b
#define ERR_NAME_(number) ERR_JOIN_(err_code_, number) /* new each time: the calls may stand inside each other */
#define ERR_CALL_(function, code_name, e, code, ...)                                                                   \
	({                                                                                                             \
		int code_name = (code);                                                                                \
		(void)(function)((e), code_name, __VA_ARGS__);                                                         \
		code_name;                                                                                             \
	})
#define err_set(e, code, ...)     ERR_CALL_(err_set, ERR_NAME_(__COUNTER__), e, code, __VA_ARGS__)
#define err_set_sys(e, code, ...) ERR_CALL_(err_set_sys, ERR_NAME_(__COUNTER__), e, code, __VA_ARGS__)
#define err_wrap(e, code, ...)    ERR_CALL_(err_wrap, ERR_NAME_(__COUNTER__), e, code, __VA_ARGS__)

/* All of these know every code of the table; an unknown code is a FAILED. The texts live as long as the program. */
enum err_class err_class(int code);
const char *err_class_name(enum err_class c); /* "retry", "refused", ... */
const char *err_name(int code);               /* "wrong_password": the reason code, lower case; "ok" for 0 */
const char *err_sentence(int code);
const char *err_next(int code);
int err_from_name(const char *name); /* ERR_OK for "ok", ERR_NOT_FOUND for a name that is none */

#endif
