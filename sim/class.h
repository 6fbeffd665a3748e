/* class.h - how a class of AMT is written down: its properties in the order of the wire (ASCII), where their values
 * come from, its methods, and what may be put, made and deleted. The tables are in classes/.
 *
 * All values are texts. A reference is written "Class?Key=value&Key=value"; a base64 property holds its base64. */
#ifndef SIM_CLASS_H
#define SIM_CLASS_H

#include "codec/wsman.h"
#include "more.h"
#include "operation.h"
#include "sim.h"

enum prop_type {
	PROP_STR,
	PROP_INT, /* signed or unsigned, decimal */
	PROP_BOOL,
	PROP_DATETIME, /* "2030-01-01T08:00:00Z" */
	PROP_INTERVAL, /* "P1DT2H3M" */
	PROP_BASE64,
	PROP_EPR,
};

#define PROP_ARRAY    1u  /* a constant value holds several, separated by '|' */
#define PROP_KEY      2u  /* names the instance */
#define PROP_PUT      4u  /* a Put may change it; others are ignored */
#define PROP_SECRET   8u  /* write only: reads as an empty text */
#define PROP_READONLY 16u /* setting strict-boot: a Put that has it is refused */
#define PROP_NEED     32u /* a Put or Create without it is refused */

/* The values of one property of one instance. */
#define VALUES_MAX 64
struct values {
	struct bytes v[VALUES_MAX];
	unsigned count; /* 0: NULL, the property is left out */
	char room[MORE_VALUE_MAX];
	size_t used;
};

/* Who is asked. */
struct get {
	struct sim *s;
	struct device *d;
	const struct profile *p;
	uint32_t instance; /* from 0; objects from MORE_OBJECT_FIRST */
};

struct prop {
	const char *name;
	uint8_t type; /* enum prop_type */
	uint8_t flags;
	uint16_t since, until; /* PROFILE_VERSION: first, and first without; 0: always */
	const char *value;     /* constant, or NULL: make is asked */
	void (*make)(const struct get *g, struct values *to);
};

struct class;

/* A method's call. Outputs are written with w in the order of the schema; ReturnValue follows by itself. */
struct invoke {
	struct exchange *x;
	struct get g;
	const struct class *class;
	const struct wsman_call *call;
	const struct xml_node *in; /* X_INPUT, or NULL */
	const struct wsman_writer *w;
	enum wsman_fault fault; /* set: this fault instead of a ReturnValue */
	int pt_status;
};

struct method {
	const char *name;
	uint32_t (*run)(struct invoke *i); /* gives the ReturnValue */
	uint16_t since, until;             /* PROFILE_VERSION; 0: always */
};

#define CLASS_PUT        1u /* Put works */
#define CLASS_CREATE     2u
#define CLASS_DELETE     4u  /* of objects */
#define CLASS_COMMON     8u  /* its schema has a datetime or an interval: the reply declares their namespace */
#define CLASS_EMPTY_PULL 16u /* its pulls end with an empty one, as recorded */
#define CLASS_PUT_EMPTY  32u /* a Put is answered with an empty Body */

struct class
{
	const char *name;
	const struct prop *props;
	size_t prop_count;
	unsigned flags;
	uint16_t since, until; /* PROFILE_VERSION; 0: always */
	unsigned needs;        /* profile flags that must be there */
	uint32_t instances;    /* static ones; count overrides */
	uint32_t (*count)(const struct get *g);
	const struct method *methods;
	size_t method_count;
	/* Concrete classes in the order of the pulls; NULL: the class itself. */
	const char *const *members;
	/* Before a Put, Create or Delete; false refuses with *fault. */
	bool (*allowed)(struct invoke *i, enum wsman_fault *fault);
	/* Subscribe and Unsubscribe, with the instance that was named; false refuses. */
	bool (*subscribe)(struct invoke *i, enum wsman_fault *fault);
	/* After properties were taken from a Put or Create; false refuses with *fault. */
	bool (*changed)(struct invoke *i, enum wsman_fault *fault);
};

#define CLASS_PROPS(a)   .props = (a), .prop_count = ARRAY_LEN(a)
#define CLASS_METHODS(a) .methods = (a), .method_count = ARRAY_LEN(a)

/* Every class of every file in classes/. */
extern const struct class *const *const class_files[];
extern const size_t class_file_count;

const struct class *class_find(struct bytes name); /* whatever the profile; NULL: unknown */
/* Does this device have the class? */
bool class_is_there(const struct class *c, const struct get *g);
uint32_t class_static_count(const struct class *c, const struct get *g);
/* The instance at place i of all (static ones, then objects); false past the end. */
bool class_instance_at(const struct class *c, struct get *g, uint32_t i);
bool prop_is_there(const struct prop *p, const struct profile *profile);
/* The present values: changed ones, else the constant or made ones. The result lives until to is used again. */
void prop_values(const struct class *c, const struct prop *p, const struct get *g, struct values *to);
/* First value as text; "" when there is none. */
const char *class_text(const char *class_name, const char *prop, const struct get *g, struct values *to);

/* Writes all properties of the instance. */
void class_write(const struct class *c, const struct get *g, const struct wsman_writer *w);
/* Do the selectors name this instance? Unknown names and other values do not. */
bool class_matches(const struct class *c, const struct get *g, const struct wsman_selector *sel, size_t count);
/* The first instance that the selectors name. */
bool class_select(const struct class *c, struct get *g, const struct wsman_selector *sel, size_t count);

/* For make functions. */
void values_add(struct values *to, struct bytes text);
void values_str(struct values *to, const char *text);
void values_u64(struct values *to, uint64_t v);
void values_bool(struct values *to, bool v);
void values_fmt(struct values *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "Class?Key=value&..." to a reference; the texts are borrowed. False: no reference. */
bool epr_from_text(struct bytes text, struct wsman_epr *ret);
/* The other way; ERR_TOO_BIG. */
int epr_to_text(const struct wsman_epr *epr, struct buf *out);

/* Parameters of methods. */
struct bytes invoke_text(const struct invoke *i, const char *name); /* none: not given */
bool invoke_u64(const struct invoke *i, const char *name, uint64_t *ret);
bool invoke_bool(const struct invoke *i, const char *name, bool *ret);
const struct xml_node *invoke_node(const struct invoke *i, const char *name);
bool invoke_epr(const struct invoke *i, const char *name, struct wsman_epr *ret);

/* Numbers of PT_STATUS and of the CIM value map that the methods answer with. */
enum {
	RV_OK = 0,
	CIM_NOT_SUPPORTED = 1,
	CIM_UNKNOWN_ERROR = 2,
	CIM_FAILED = 4,
	CIM_INVALID_PARAMETER = 5,
	CIM_ACCESS_DENIED = 6,
	CIM_INVALID_TRANSITION = 4097,
	PT_INTERNAL_ERROR = 1,
	PT_NOT_PERMITTED = 16,
	PT_MAX_LIMIT_REACHED = 23,
	PT_INVALID_PARAMETER = 36,
	PT_INVALID_INDEX = 35,
	PT_INVALID_PID_FORMAT = 42,
	PT_INVALID_PPS_FORMAT = 43,
	PT_INVALID_HANDLE = 2053,
	PT_INVALID_PASSWORD = 2054,
	PT_INVALID_REALM = 2055,
	PT_DATA_MISSING = 2057,
	PT_DUPLICATE = 2058,
	PT_INVALID_KEY = 2062,
	PT_INVALID_CERT = 2063,
	PT_UNSUPPORTED = 2066,
	PT_NOT_FOUND = 2068,
	PT_AUDIT_FAIL = 2075,
	PT_BLOCKING_COMPONENT = 2076,
};

#endif
