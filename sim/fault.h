/* fault.h - rules that make devices misbehave on purpose: which kind, for which devices, at which requests. The same
 * rules in the same order with the same seed choose the same devices. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct device;
struct err;
struct sim;

enum fault_kind {
	FAULT_NONE,
#define FAULT(id, kind, point, on, flags, sentence) FAULT_##id,
#include "fault.tbl.h"
#undef FAULT
	FAULT_COUNT
};

enum fault_point { FAULT_POINT_PING, FAULT_POINT_CONNECT, FAULT_POINT_TLS, FAULT_POINT_REQUEST, FAULT_POINT_STATE };

/* What happens at the moment. */
enum fault_on { FAULT_ON_ANY, FAULT_ON_ACT, FAULT_ON_READ, FAULT_ON_CONNECT };

#define FAULT_FLAG_LOGIN  1u
#define FAULT_FLAG_CHANCE 2u
#define FAULT_FLAG_AFTER  4u

struct fault_row {
	const char *kind;
	enum fault_point point;
	enum fault_on on;
	unsigned flags;
	const char *sentence;
};
extern const struct fault_row fault_rows[FAULT_COUNT]; /* [FAULT_NONE] is empty */

struct fault_rule {
	enum fault_kind kind;
	uint32_t value;     /* return-value-N */
	enum fault_on on;   /* FAULT_ON_ANY: every request, before the login is looked at where the kind allows it */
	double share;       /* 0 .. 1 of the devices, or of the events for CHANCE; 1 without --share */
	double chance;      /* 0 .. 1: how often it strikes where it could */
	const char *device; /* only this one; NULL: see share */
	const char *about;  /* only requests with this word in them, for instance a class or method; NULL: all */
	uint64_t request;   /* only the n-th event it could strike, counted per device; 0: each */
	uint64_t times;     /* at most so often per device; 0: always */
	int64_t after_ms;
	uint64_t seed;
};

struct faults;
struct faults *faults_new(void);
void faults_free(struct faults *f);
bool faults_is_empty(const struct faults *f);

void fault_rule_init(struct fault_rule *r);
/* "return-value-4099" sets kind and value. ERR_INVALID names the nearest kinds. */
int fault_kind_parse(const char *kind, struct fault_rule *r, struct err *e);
bool fault_on_parse(const char *on, enum fault_on *ret);
const char *fault_on_name(enum fault_on on);

/* Adds a rule and gives its number and how many devices it is for. Shares of rules with the same seed take different
 * devices as long as there are any. ERR_INVALID: unknown device. */
int faults_add(struct sim *s, const struct fault_rule *r, unsigned *ret_id, uint32_t *ret_devices, struct err *e);
/* Removes rule id, or all for 0. Returns how many. */
unsigned faults_clear(struct sim *s, unsigned id);

struct fault_hit {
	enum fault_kind kind; /* FAULT_NONE: behave */
	uint32_t value;
	int64_t after_ms;
};

/* Asks at a moment: the first rule that strikes. logged_in says whether the request's login was right; before it is
 * known, rules for all requests strike, afterwards the others. */
struct fault_hit fault_ask(struct sim *s, struct device *d, enum fault_point point, enum fault_on on, bool logged_in);
/* The same when a request was read. */
struct fault_hit fault_ask_request(struct sim *s, struct device *d, enum fault_on on, bool logged_in,
				   struct bytes request);
/* Is this STATE fault, or this kind of CONNECT fault, in force for the device? Counts nothing. */
bool fault_is_on(const struct sim *s, const struct device *d, enum fault_kind kind, int64_t *ret_after_ms);

/* One JSON object a line. */
void faults_list(const struct sim *s, struct buf *out);

#endif
