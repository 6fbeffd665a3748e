/* api.h - the commands of the API as data (api.tbl.h): routes, argument checks, the OpenAPI document.
 *
 * Shared by the server (a request becomes a struct api_call) and by lamp (a command line becomes a request). Knows
 * neither sockets nor the database. Tables are constant: any thread. */
#ifndef CODEC_API_H
#define CODEC_API_H

#include "base/arena.h"
#include "base/buf.h"

struct err;

enum api_method { API_GET, API_POST, API_PUT, API_PATCH, API_DELETE };
enum api_kind { API_READ, API_LIST, API_WRITE, API_STREAM };
enum api_role { API_VIEWER = 1, API_OPERATOR = 2, API_ADMIN = 3 };
enum api_where { API_PATH, API_QUERY, API_BODY };
enum api_type { API_STR, API_INT, API_BOOL, API_TIME, API_DURATION, API_STRS, API_SECRET, API_TARGETS };
enum api_cli { API_CLI_POS, API_CLI_POSN, API_CLI_OPT, API_CLI_NONE };

enum api_command_id {
#define API_COMMAND(id, ...) API_CMD_##id,
#include "codec/api.tbl.h"
	API_CMD_COUNT
};

struct api_arg {
	const char *name;
	enum api_where where;
	enum api_type type;
	bool required;
	enum api_cli cli;
	const char *sentence;
	const char *example;
};

struct api_command {
	enum api_command_id id;
	const char *noun, *verb; /* of lamp; together the name in the audit: "device.add" */
	enum api_method method;
	const char *path; /* below /api/v1, with {argument} */
	enum api_kind kind;
	enum api_role role;
	const char *answer; /* object, "" */
	bool asks;
	const char *sentence;
	const char *example;
	const struct api_arg *args; /* in table order */
	size_t arg_count;
};

struct api_value {
	bool set;
	union {
		int64_t i; /* INT, BOOL, TIME (ms UTC), DURATION (ms) */
		struct bytes s; /* STR; a copy in the call's arena, NUL behind it */
		struct {
			const struct bytes *p;
			size_t count;
		} strs; /* STRS, TARGETS */
		struct {
			struct bytes sealed; /* by the server, see api_call_seal */
			uint64_t row, version;
		} secret;
	} v;
};

/* A command with its arguments. Owns an arena that everything in it lives in; may be handed to another thread. */
struct api_call {
	const struct api_command *command;
	struct arena *arena;
	struct api_value *values; /* one for each of command->args, same order */
	uint32_t limit;           /* LIST */
	struct bytes after;       /* LIST: opaque, from the page before; empty for the first */
};

const struct api_command *api_command(enum api_command_id id);
size_t api_command_name(const struct api_command *c, char *to, size_t to_size); /* "device.add" */
const struct api_command *api_command_find(const char *noun, const char *verb); /* NULL */

/* Finds the route of METHOD and path (with /api/v1, without query). ERR_NOT_FOUND; ERR_UNSUPPORTED when the path exists
 * with other methods (then *ret_allowed is the list for the Allow header). */
int api_route(struct bytes method, struct bytes path, const struct api_command **ret, const char **ret_allowed,
              struct err *e);

/* Seals one secret argument on arrival. */
typedef int api_seal_fn(void *arg, const struct api_command *c, const struct api_arg *a, struct bytes plain,
                        struct arena *arena, struct api_value *ret, struct err *e);

/* Checks path, query and JSON body against the command's arguments: unknown, missing, doubled and ill-typed ones are
 * named. ERR_INVALID, ERR_MISSING, ERR_TOO_BIG. On success the caller frees *ret with api_call_free. */
int api_call_parse(const struct api_command *c, struct bytes path, struct bytes query, struct bytes body,
                   api_seal_fn *seal, void *seal_arg, struct api_call **ret, struct err *e);
void api_call_free(struct api_call *call);

/* Arguments by name; asking for a name that the command has not is a mistake of ours. */
bool api_has(const struct api_call *call, const char *name);
const char *api_str(const struct api_call *call, const char *name);               /* NULL when not given */
int64_t api_int(const struct api_call *call, const char *name, int64_t otherwise); /* INT, TIME, DURATION */
bool api_bool(const struct api_call *call, const char *name);                     /* false when not given */
const struct bytes *api_strs(const struct api_call *call, const char *name, size_t *ret_count);
const struct api_value *api_value(const struct api_call *call, const char *name);

/* The OpenAPI 3.1 document of all commands and objects. */
int api_openapi_write(struct buf *out);

#endif
