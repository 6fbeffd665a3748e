/* wsman_priv.h - what the three files of wsman share. */
#ifndef CODEC_WSMAN_PRIV_H
#define CODEC_WSMAN_PRIV_H

#include "codec/wsman.h"

struct wsman_op_row {
	const char *name;
	enum xml_ns ns; /* of its Action and of its elements in Body */
};
extern const struct wsman_op_row wsman_ops[]; /* by enum wsman_op */

bool wsman_is_name(struct bytes s); /* letters, digits and _, so that it can be the name of an element */
void wsman_add_uri(struct buf *out, struct bytes class_name); /* an unknown prefix is our mistake */
void wsman_add_selectors(const struct wsman_writer *w, const struct wsman_selector *sel, size_t count);
/* set may be NULL: none. ERR_MALFORMED. */
int wsman_selectors_read(const struct xml_node *set, struct wsman_selector *to, size_t *ret_count, struct err *e);
/* The root's Header and Body; false when it is no SOAP 1.2 envelope with both. */
bool wsman_envelope(const struct xml_node *root, const struct xml_node **ret_header, const struct xml_node **ret_body);

/* By enum wsman_fault; the first row is empty. */
struct wsman_fault_row {
	enum xml_ns ns;
	const char *subcode;
	const char *code;
	int http;
	int err;
	const char *reason;
	const char *detail;
};
extern const struct wsman_fault_row wsman_faults[];

#endif
