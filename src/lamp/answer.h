/* answer.h - answers that are files, or show better in another form than a list of members. */
#ifndef LAMP_ANSWER_H
#define LAMP_ANSWER_H

#include "codec/json.h"
#include "lamp/invocation.h"
#include "lamp/lamp.h"

/* Whether this answer is shown here; with --json only files that go to --out are. */
bool answer_takes(const struct invocation *in);
/* Writes a file or a request to --out (a file, or a folder that exists), else to standard output; prints the rest. */
enum lamp_exit answer_show(const struct invocation *in, const struct json_t *j);

#endif
