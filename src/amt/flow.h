/* flow.h - an operation on a device as a constant table of steps, and the little that runs through the table.
 *
 * A step is one WS-Management request and its reply. What it asks stands in its row (operation, class, method,
 * selector); only requests with something inside have a function that writes them. A function reads the reply, notes
 * what it found in the context and the outcome, and may choose the next step or end the flow. wire/ does the rest:
 * connection, login, time limits, repeating, gates. So every step can be run against recorded bytes with no network.
 *
 * A flow ends with an outcome (amt/act.h), whose fields of transport (requests, digest, pin) are wire's. Every step but
 * those with a gate may be repeated. No allocation, no waiting, no clock; nothing kept outside the context. Any thread.
 *
 * What a flow writes into the device before its order (the boot choice) counts for that order alone: when the flow ends
 * and no order may have been obeyed, its undo takes that back, behind the outcome, which stays as it is. */
#ifndef AMT_FLOW_H
#define AMT_FLOW_H

#include "amt/act.h"
#include "base/secret.h"
#include "codec/wsman.h"

#define STEP_FLAG_GATE        1u   /* changes power: only with zone's leave, and written once at most */
#define STEP_FLAG_OBSERVE     2u   /* is due a while after the order: see flow_wait_ms */
#define STEP_FLAG_FAULTS      4u   /* read takes faults too */
#define STEP_FLAG_WRITES      8u   /* leaves something in the device that the undo takes back */
#define STEP_FLAG_KEEP        16u  /* only with zone's leave, which has on disk what it leads to; may be repeated */
#define STEP_FLAG_SECRET      32u  /* write needs the password of order->setup->next */
#define STEP_FLAG_CERTIFICATE 128u /* write needs ctx->certificate, issued for the public key in ctx->keep */
#define STEP_FLAG_REPIN                                                                                                \
	256u /* behind it the device shows the certificate of order->setup->pin, on a new connection                   \
	      */
#define STEP_FLAG_ENDS                                                                                                 \
	64u /* the device may end the connection instead of a reply: the next step shows what came of it */

struct flow_ctx;

struct step {
	const char *name; /* for progress: "read the power state" */
	unsigned flags;
	enum wsman_op op;
	const char *class_name;
	const char *method;          /* METHOD only */
	const char *key, *key_value; /* a selector; NULL: none */
	/* Appends the whole request; NULL when the row says it all. 0 or ERR_TOO_BIG. */
	int (*write)(const struct flow_ctx *ctx, struct buf *out, struct err *e);
	/* Reads a reply that answers the request. 0, or an error that says what is wrong with it. */
	int (*read)(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);
};

struct flow {
	const char *name; /* "on", "settle reset" */
	const struct step *steps;
	uint8_t step_count;
	uint8_t observe; /* the first step behind the order, which looks what became of it; 0: the reply is all */
	uint8_t undo_count;
	const struct step *undo;
	/* A step failed with this code for good. True when that tells how the flow ends: ctx->out is filled. NULL:
	 * never.
	 */
	bool (*failed)(struct flow_ctx *ctx, int code);
};

/* By verb, mode, and what the order says of booting. Never NULL for a verb of the table: every verb has a flow to run,
 * and those that change power one to settle. */
const struct flow *flow_for(const struct act_start *order);

#define FLOW_PAGES_MAX 40 /* replies of one enumeration or log that are read: more is ERR_TOO_BIG */

struct flow_ctx {
	const struct flow *flow;
	const struct act_start *order; /* borrowed */
	struct act_outcome *out;       /* borrowed; what the flow found */
	uint8_t at;                    /* the present step */
	uint8_t next;                  /* set by read: the step that follows, at + 1 if nothing else is said */
	bool over;
	bool dirty;       /* something stands in the device that the undo would take back, or may */
	bool was_dirty;   /* before the present step */
	bool undoing;     /* at counts in the undo */
	uint8_t observed; /* observations that are behind us */
	uint8_t pages;    /* replies of the present enumeration or log */

	/* Set by wire before a request is written, and before its reply is read. */
	struct uuid message_id;
	int64_t asked_at_ms, answered_at_ms; /* wall */
	const char *realm;                   /* of the login at HTTP */
	const char *tls;                     /* "TLSv1.2"; "" when plain */
	struct buf *scratch;                 /* room for decoding, empty between calls */
	const struct secret *password;       /* STEP_FLAG_SECRET, in write only */
	bool has_next;                       /* the login that is used is order->setup->next */
	bool take_next;                      /* set by read: from now on the device has that one */
	struct buf certificate;              /* DER; STEP_FLAG_CERTIFICATE */
	char device_realm[64];               /* as its settings name it: for a device that asks for no login yet */
	char handle[64];                     /* InstanceID of what it has made */

	int fault;                    /* for read with STEP_FLAG_FAULTS: what the fault means; 0 when it is none */
	int power;                    /* the state that was read last */
	bool no_power_get;            /* this firmware tells the power state by enumeration only: the Get is left out */
	struct wsman_context context; /* of the present enumeration */
	struct buf keep;              /* what one step leaves for a later one; freed by flow_release */
	char host_name[64];
	/* What the audit log has told so far; see settle.c. */
	struct settle {
		int64_t ahead_ms; /* what the controller's clock is ahead of ours */
		int64_t blur_ms;  /* how far that, and the time of a record, may be off */
		uint32_t start;   /* the next record to read, from 1 */
		uint32_t total;   /* records in the log when it was last read */
		bool records;     /* the log was on and had room when it was looked at */
		bool covered;     /* what was read reaches back to before the order, without a gap */
		bool broken;      /* cleared, switched off or set up anew since the order */
		bool other;       /* another power order of our user since the order */
		bool marked, marker_seen;
		int64_t marked_at_ms; /* wall */
	} settle;
};

/* Begins order->verb in its mode; out is an outcome as act_outcome_new gives it, and gets its ids here. */
void flow_begin(struct flow_ctx *ctx, const struct act_start *order, struct act_outcome *out);
/* For firmware that was met before and tells the power state by enumeration only (ctx->no_power_get of an earlier
 * flow): right behind flow_begin. */
void flow_without_power_get(struct flow_ctx *ctx);
void flow_release(struct flow_ctx *ctx);
const struct step *flow_step(const struct flow_ctx *ctx);

/* Appends the request of the present step, with ctx->message_id. 0 or ERR_TOO_BIG. */
int flow_write(struct flow_ctx *ctx, struct buf *out, struct err *e);
/* Reads a reply to it and moves on: to the next step, or ctx->over with ctx->out filled. An error leaves the context
 * at its step: ERR_MALFORMED (no answer to this request, or not what the class says), or what a fault means. */
int flow_read(struct flow_ctx *ctx, const struct wsman_reply *r, struct err *e);

/* STEP_FLAG_OBSERVE: milliseconds after the order at which the present observation is due. */
int64_t flow_wait_ms(const struct flow_ctx *ctx);
/* The present observation could not be made. True when there is a next one. */
bool flow_skip_observation(struct flow_ctx *ctx);

/* STEP_FLAG_ENDS: the connection ended after the request had left. Goes on to the next step. */
void flow_lost(struct flow_ctx *ctx);
/* The present step failed for good. True when that is how the flow ends, with ctx->out filled. */
bool flow_failed(struct flow_ctx *ctx, int code);

/* The flow is over, or given up, with ctx->out filled: goes to the first step of the undo. False when nothing is to be
 * taken back, or the order may have been obeyed. */
bool flow_undo(struct flow_ctx *ctx);

/* For read functions: the outcome. reason 0 with DONE and ALREADY. detail: printf-like, for a person; NULL: none. */
void flow_end(struct flow_ctx *ctx, enum act_end end, int reason, enum act_evidence evidence, const char *detail, ...)
	__attribute__((format(printf, 5, 6)));

#endif
