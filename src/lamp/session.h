/* session.h - the session that `lamp login` began, in a file of the person's own (0600): one for each server, in
 * $XDG_STATE_HOME/lamplighter or $HOME/.local/state/lamplighter. */
#ifndef LAMP_SESSION_H
#define LAMP_SESSION_H

#include "base/secret.h"

struct err;

/* where: as client_where says it. ERR_NOT_FOUND: none. ERR_INVALID: others may read the file. */
int session_read(const char *where, struct secret *ret, struct err *e);
int session_write(const char *where, const char *token, struct err *e);
void session_forget(const char *where);

#endif
