/* api.h - the commands of the API as data (api.tbl.h): routes, argument checks, the OpenAPI document.
 *
 * Shared by the server (a request becomes a struct api_call) and by lamp (a command line becomes a request). Knows
 * neither sockets nor the database. Tables are constant: any thread. */
#ifndef CODEC_API_H
#define CODEC_API_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/right.h"

struct err;
struct json_writer;

enum api_method { API_GET, API_POST, API_PUT, API_PATCH, API_DELETE, API_METHOD_COUNT };
enum api_kind { API_READ, API_LIST, API_WRITE, API_STREAM };
/* Where the right of a command is asked for: see the head of api.tbl.h. */
enum api_scope {
	API_SCOPE_ZONE,
	API_SCOPE_DEVICE,
	API_SCOPE_FOLDER,
	API_SCOPE_VAULT,
	API_SCOPE_CREDENTIAL,
	API_SCOPE_TARGET,
	API_SCOPE_JOB,
	API_SCOPE_EACH,
	API_SCOPE_OWN,
	API_SCOPE_COUNT
};
enum api_where { API_PATH, API_QUERY, API_BODY };
enum api_type {
	API_STR,
	API_PLACE,
	API_INT,
	API_BOOL,
	API_TIME,
	API_DURATION,
	API_STRS,
	API_SECRET,
	API_TARGETS,
	API_FILE,
	API_DATA,
	API_MAP
};
enum api_cli { API_CLI_POS, API_CLI_POSN, API_CLI_OPT, API_CLI_NONE };

enum api_command_id {
#define API_COMMAND(id, ...) API_CMD_##id,
#include "codec/api.tbl.h"
	API_CMD_COUNT
};

enum api_object_id {
#define API_OBJECT(id, ...) API_OBJECT_##id,
#include "codec/api.tbl.h"
	API_OBJECT_COUNT
};

/* Fixed addresses beside the commands: /metrics, /healthz, ... */
enum api_page_id {
#define API_PAGE(id, ...) API_PAGE_##id,
#include "codec/api.tbl.h"
	API_PAGE_COUNT
};

#define API_PREFIX     "/api/v1"
#define API_VERSION    "1"
#define API_LIMIT      100 /* items of a LIST that names no limit */
#define API_LIMIT_MAX  1000
#define API_STR_MAX    4096 /* bytes of one STR */
#define API_FILE_MAX   (1024 * 1024)
#define API_STRS_MAX   100000
#define API_INT_MAX    9007199254740991 /* what every JSON reader keeps exactly: 2^53 - 1 */
#define API_ALLOW_SIZE 64

struct api_arg {
	const char *name;
	enum api_where where;
	enum api_type type;
	bool required;
	enum api_cli cli;
	const char *sentence;
	const char *example;
};

struct api_field {
	const char *name;
	enum api_type type;
	bool nullable;
	const char *sentence;
};

struct api_object {
	enum api_object_id id;
	const char *name, *sentence;
	const struct api_field *fields; /* in table order, which is the order in every answer */
	size_t field_count;
};

struct api_page {
	const char *path, *media;
	enum right_id right;
	const char *sentence;
};

struct api_command {
	enum api_command_id id;
	const char *noun, *verb; /* of lamp; together the name in the audit: "device.add" */
	enum api_method method;
	const char *path; /* below /api/v1, with {argument} */
	enum api_kind kind;
	enum right_id right;
	enum api_scope scope;
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
		int64_t i;      /* INT, BOOL, TIME (ms UTC), DURATION (ms) */
		struct bytes s; /* STR, FILE, DATA (decoded); a copy in the call's arena, NUL behind it */
		struct {
			const struct bytes *p;
			size_t count;
		} strs; /* STRS, TARGETS */
		struct {
			struct bytes sealed; /* by the server, see api_seal_fn */
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
size_t api_command_name(const struct api_command *c, char *to, size_t to_size); /* "device.add"; its length */
const struct api_command *api_command_find(const char *noun, const char *verb); /* NULL */
const struct api_object *api_object(enum api_object_id id);
const struct api_object *api_object_find(const char *name); /* NULL */
const struct api_page *api_page(enum api_page_id id);
const char *api_method_name(enum api_method m);                     /* "GET" */
bool api_method_from_name(struct bytes name, enum api_method *ret); /* HEAD counts as GET */
const char *api_scope_name(enum api_scope s);                       /* "folder" */

/* Finds the command of method and path (with /api/v1, without query). ERR_NOT_FOUND; ERR_UNSUPPORTED when the path
 * exists with other methods only: then ret_allowed is the list for the Allow header. */
int api_route(enum api_method method, struct bytes path, const struct api_command **ret,
	      char ret_allowed[API_ALLOW_SIZE], struct err *e);
/* The methods of a path, for OPTIONS: false when there are none. */
bool api_allowed(struct bytes path, char ret_allowed[API_ALLOW_SIZE]);

/* Seals one secret argument on arrival. All other arguments of the call are there already; ret lives in its arena. */
typedef int api_seal_fn(void *arg, const struct api_call *call, const struct api_arg *a, struct bytes plain,
			struct api_value *ret, struct err *e);

/* Checks path, query and JSON body against the command's arguments: unknown, missing, doubled and ill-typed ones are
 * named. Texts are UTF-8 without control characters, required ones not empty. In a query "+" is a blank.
 * ERR_INVALID, ERR_MISSING, ERR_TOO_BIG. On success the caller frees *ret with api_call_free. seal may be NULL for a
 * command without secrets. */
int api_call_parse(const struct api_command *c, struct bytes path, struct bytes query, struct bytes body,
		   api_seal_fn *seal, void *seal_arg, struct api_call **ret, struct err *e);
void api_call_free(struct api_call *call); /* NULL is fine */
bool api_command_has_secret(const struct api_command *c);

/* Arguments by name; asking for a name that the command has not, or for another type, is a mistake of ours. */
bool api_has(const struct api_call *call, const char *name);
const char *api_str(const struct api_call *call, const char *name);                /* NULL when not given */
int64_t api_int(const struct api_call *call, const char *name, int64_t otherwise); /* INT, TIME, DURATION */
bool api_bool(const struct api_call *call, const char *name);                      /* false when not given */
struct bytes api_file(const struct api_call *call, const char *name); /* FILE, DATA; BYTES_NONE when not given */
const struct bytes *api_strs(const struct api_call *call, const char *name, size_t *ret_count);
const struct api_value *api_value(const struct api_call *call, const char *name);

/* The other direction, for clients. A value as a person types it ("30s", "true") becomes a member of a JSON body;
 * for STRS and TARGETS: one element of an array that the caller has begun. ERR_INVALID, ERR_MISSING, ERR_TOO_BIG. */
int api_arg_put(const struct api_arg *a, const char *text, struct json_writer *w, struct err *e);
/* Whether a typed value fits: as api_arg_put. */
int api_arg_check(const struct api_arg *a, const char *text, struct err *e);
int api_arg_check_bytes(const struct api_arg *a, struct bytes v, struct err *e); /* also a file's content */
/* Appends text with %-escapes, fit for one segment of a path or a value of a query. */
void api_escape(struct buf *out, struct bytes text);
/* "?name=value" or "&name=value" behind a target; value as a person types it. ERR_INVALID and others as api_arg_put. */
int api_query_put(struct buf *target, const struct api_arg *a, const char *text, struct err *e);

/* Writes an object of the table, member by member in table order. A member left out, doubled, of another type or null
 * where it may not be is a mistake of ours and asserts: so every answer fits the OpenAPI document. */
struct api_writer {
	struct json_writer *json;
	const struct api_object *object;
	size_t next;
};
void api_begin(struct api_writer *w, struct json_writer *json, const char *name, enum api_object_id id);
void api_put_int(struct api_writer *w, const char *name, int64_t v);
void api_put_bool(struct api_writer *w, const char *name, bool v);
void api_put_str(struct api_writer *w, const char *name, const char *v);    /* NULL: null */
void api_put_text(struct api_writer *w, const char *name, const char *v);   /* NULL and "": null */
void api_put_bytes(struct api_writer *w, const char *name, struct bytes v); /* a text; p NULL: null */
void api_put_time(struct api_writer *w, const char *name, int64_t wall_ms); /* 0: null */
void api_put_strs(struct api_writer *w, const char *name, const char *const *v, size_t count);
void api_put_list(struct api_writer *w, const char *name, const char *joined, char separator); /* "a,b"; "": [] */
void api_put_map(struct api_writer *w, const char *name, const char *const *names, const char *const *texts,
		 size_t count);
void api_put_null(struct api_writer *w, const char *name);
void api_end(struct api_writer *w);

/* The error object of e. expected below 0: null; names NULL: null, else the first 100 of them. */
struct api_error {
	int64_t expected;
	const char *const *names;
	size_t name_count;
};
#define API_ERROR_NONE ((struct api_error){-1, NULL, 0})
void api_error_write(struct buf *out, const struct err *e, const struct api_error *more);
/* HTTP status of an error code: 400, 401, 403, 404, 409, 413, 429, 500, 503, 507. An answer with an object is 200,
 * without 204.
 */
int api_error_status(int code);

/* The OpenAPI 3.1 document of all commands, objects and pages, about 200 KiB. 0 or ERR_TOO_BIG. */
int api_openapi_write(struct buf *out);

#endif
