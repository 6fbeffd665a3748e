/* command.h - what the control socket understands: the rows of command.tbl.h. */
#ifndef SIM_COMMAND_H
#define SIM_COMMAND_H

#include "base/buf.h"

struct err;
struct sim;

/* Runs one request line and appends the answer's lines. On failure out may hold a part of them; e has the sentence. */
int command_run(struct sim *s, struct bytes line, struct buf *out, struct err *e);

#endif
