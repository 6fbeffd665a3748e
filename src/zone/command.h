/* command.h - how a command of a person is handled: a function for every WRITE row of codec/api.tbl.h.
 *
 * A handler checks everything first, then writes. When it fails before it wrote a row the command is answered with the
 * error and nothing else happens; when it fails later the whole round is rolled back. What it did is put into the audit
 * by command.c, in the same transaction. */
#ifndef ZONE_COMMAND_H
#define ZONE_COMMAND_H

#include "store/credential.h"
#include "store/folder.h"
#include "store/group.h"
#include "zone/access.h"
#include "zone/entitle.h"
#include "zone/zone_priv.h"

#define COMMAND_BODY_MAX  (1024 * 1024)
#define COMMAND_NAMES_MAX 100

struct command {
	struct zone *z;
	const struct zone_command *m;
	const struct api_call *call;
	struct asker who;
	struct arena *arena;
	struct buf body;    /* of the answer */
	const char *object; /* what it was done to, for the audit; NULL: none */
	/* Where it was done, for the setting audit-changes there; 0: in the zone, in no single device. */
	int64_t at_folder, at_device;
	bool of_rights; /* it decided who may do what: written down whatever the settings say */
	struct err
		refusal;  /* set by a handler that wrote what it had to and refuses all the same; code 0: it does not */
	bool later;       /* a task answers it (see task.h) */
	int64_t expected; /* with ERR_CONFIRM */
	const char **names; /* with an error: the things meant */
	size_t name_count, name_cap;
};

typedef int command_fn(struct command *c, struct err *e);

#define COMMAND_READ(id)
#define COMMAND_LIST(id)
#define COMMAND_STREAM(id)
#define COMMAND_WRITE(id)                                    int command_##id(struct command *c, struct err *e);
#define API_COMMAND(id, noun, verb, method, path, kind, ...) COMMAND_##kind(id)
#include "codec/api.tbl.h"
#undef COMMAND_WRITE

int command_handle(struct zone *z, const struct zone_command *m, struct err *e);
/* The answer of a command that could not be carried out. */
void command_answer_error(struct zone *z, const struct zone_command *m, const struct err *e,
			  const struct api_error *more);
void command_answer(struct zone *z, uint64_t request, int status, struct buf *body); /* takes what body holds */

/* Who gives the command c->m, with what he may at present. ERR_NOT_ALLOWED: his login has ended. */
int command_set_asker(struct command *c, struct entitled *ret, struct err *e);
int command_used(struct zone *z, const struct zone_used *m, struct err *e);
struct mail *command_refusal_mail(const struct zone_command *m, const struct err *why);
int command_refused(struct zone *z, const struct zone_refused *m, struct err *e);

/* For handlers. */
int answer_ref(struct command *c, int64_t id, const char *name);
void command_name(struct command *c, const char *name); /* one more name for the error */
const char *command_str(struct command *c, const char *arg, const char *otherwise);
/* A name that people give: not empty, at most STORE_NAME_MAX bytes, printable, no slash, not only digits. */
int check_name(const char *what, const char *name, struct err *e);
int check_text(const char *what, const char *text, size_t max, struct err *e);
/* A path with slashes at both ends and nothing empty between. */
int check_path(const char *path, struct err *e);

/* What somebody who logs in has to be told of now (zone/notice.h); from then on he was. */
struct notices {
	const char *texts[100]; /* in the command's arena */
	size_t count;
};
int notices_at_login(struct command *c, int64_t admin, struct notices *ret, struct err *e);

/* One row in the audit. object and detail (JSON) may be NULL. */
int audit_add(struct zone *z, const char *actor, const char *action, const char *object, const char *detail,
	      struct err *e);
/* Whether a command that was carried out is written down: by its right (codec/right.tbl.h), else by the setting
 * audit-changes where it was done. Refused ones always are. */
int audit_wants(const struct command *c, bool *ret, struct err *e);
/* The arguments without secrets, as JSON; long lists are counted only. */
void audit_detail(const struct api_call *call, struct buf *out);

/* Things by the name or id that a person gave. ERR_NOT_FOUND names what was looked for. */
int find_device(struct command *c, const char *text, struct store_device *ret, struct err *e);
int find_credential(struct command *c, const char *text, struct store_credential *ret, struct err *e);
int find_group(struct command *c, const char *text, struct store_group *ret, struct err *e);
/* The devices that the arguments "targets" and "all" mean, each once. The caller frees *ret_ids, also on failure. */
int select_devices(struct command *c, int64_t **ret_ids, size_t *ret_count, struct err *e);
/* A job for them, confirmed where the verb is harmful; answered with the job. */
int order_devices(struct command *c, struct job_order *o, struct err *e);
/* The folder of this path, made when it is missing and whoever asks has the right to make it. */
int command_folder(struct command *c, enum store_tree tree, const char *path, int64_t *ret, struct err *e);
int folder_make(struct zone *z, enum store_tree tree, const char *path, int64_t *ret, struct err *e);

#endif
