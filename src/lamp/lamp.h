/* lamp.h - the command line. `lamp NOUN VERB [ARGS]` speaks the API of a lampd and nothing else.
 *
 * What commands and arguments there are comes from codec/api.tbl.h; only what a person at a terminal needs beyond that
 * is written here: reading passwords, asking before harm, waiting with progress, tables. main.c picks the command,
 * invocation.c reads the arguments, client.c asks the server, print.c shows answers, wait.c follows a job or a scan,
 * help.c explains. One thread, one process per command.
 *
 * Exit status: see enum lamp_exit. */
#ifndef LAMP_LAMP_H
#define LAMP_LAMP_H

struct err;

enum lamp_exit {
	LAMP_DONE = 0,
	LAMP_SOME_FAILED = 1, /* some or all targets failed, or the server said no to what was asked */
	LAMP_USAGE = 2,
	LAMP_NO_SERVER = 3,
	LAMP_NOT_ALLOWED = 4,
};

/* The status that belongs to an ERR_ code; 0 gives LAMP_DONE. */
enum lamp_exit lamp_exit_of(int code);
/* "lamp: message" and, where there is one, the next step, on standard error. Returns lamp_exit_of(code). */
enum lamp_exit lamp_complain(int code, const struct err *e);

#endif
