#include "operation.h"

#include "base/base.h"
#include "base/err.h"
#include "base/list.h"
#include "class.h"
#include "login.h"

/* An enumeration that goes on: which class comes next. One Pull gives one concrete class, whatever MaxElements says. */
struct context {
	struct list link; /* the oldest first */
	const struct class *class;
	int64_t expires_ms;
	uint32_t device;
	uint16_t id;
	uint16_t member; /* the next concrete class */
	uint32_t skip;   /* instances of it already given */
};

struct contexts {
	struct list all;
	struct map_u64 *by_id;
};

struct contexts *contexts_new(void)
{
	struct contexts *c = mem_alloc(sizeof(*c));

	list_init(&c->all);
	c->by_id = map_u64_new();
	return c;
}

static uint64_t context_key(uint32_t device, uint16_t id)
{
	return (uint64_t)device << 16 | id;
}

static void context_free(struct contexts *all, struct context *c)
{
	(void)map_u64_delete(all->by_id, context_key(c->device, c->id)); /* it is c */
	list_remove(&c->link);
	free(c);
}

void contexts_free(struct contexts *all)
{
	if (!all)
		return;
	LIST_EACH(&all->all, it, safe)
		context_free(all, LIST_ENTRY(it, struct context, link));
	map_u64_free(all->by_id);
	free(all);
}

/* Contexts are made in the order in which they end, so the first that lives ends the search. */
static void contexts_expire(struct contexts *all, int64_t now)
{
	LIST_EACH(&all->all, it, safe) {
		struct context *c = LIST_ENTRY(it, struct context, link);

		if (c->expires_ms > now)
			return;
		context_free(all, c);
	}
}

static struct context *context_new(struct exchange *x, const struct class *class)
{
	struct contexts *all = x->s->contexts;
	struct context *c = mem_alloc(sizeof(*c)), *old;

	contexts_expire(all, sim_now(x->s));
	c->class = class;
	c->device = x->d->number;
	c->id = ++x->d->contexts;
	c->expires_ms = sim_now(x->s) + x->s->set.context_lifetime * 1000;
	old = map_u64_put(all->by_id, context_key(c->device, c->id), c);
	if (old) {
		list_remove(&old->link);
		free(old);
	}
	list_append(&all->all, &c->link);
	return c;
}

/* "44000000-0000-0000-0000-000000000000": a little-endian count that looks like a GUID. */
#define CONTEXT_TEXT_SIZE 37

static void context_text(const struct context *c, char to[CONTEXT_TEXT_SIZE])
{
	snprintf(to, CONTEXT_TEXT_SIZE, "%02X%02X0000-0000-0000-0000-000000000000", c->id & 255, c->id >> 8);
}

static struct context *context_find(struct exchange *x, struct bytes text)
{
	struct context *c;
	struct uuid u;
	char want[CONTEXT_TEXT_SIZE];

	contexts_expire(x->s->contexts, sim_now(x->s));
	if (!uuid_parse(text, &u))
		return NULL;
	c = map_u64_get(x->s->contexts->by_id, context_key(x->d->number, (uint16_t)(u.b[0] | u.b[1] << 8)));
	if (!c)
		return NULL;
	context_text(c, want);
	return bytes_equal_str(text, want) ? c : NULL;
}

/* What is known while one request is answered. */
struct run {
	struct exchange *x;
	struct get g;
	struct wsman_call call;
	const struct class *class;
	struct wsman_answer answer;
	struct buf *out;
};

static void fault(struct run *r, enum wsman_fault f, int pt_status)
{
	buf_reset(r->out);
	(void)wsman_fault_write(r->out, &r->call, r->answer.serial, f, pt_status, NULL); /* far below the ceiling */
	r->x->status = wsman_fault_http(f);
	r->x->d->count.soap_faults++;
}

static void begin_invoke(struct run *r, struct invoke *i, const struct wsman_writer *w)
{
	*i = (struct invoke){.x = r->x, .g = r->g, .class = r->class, .call = &r->call, .in = r->call.body, .w = w};
}

static void finish(struct run *r, const struct wsman_writer *w)
{
	if (wsman_answer_end(w, &r->answer, NULL) != 0)
		fault(r, WSMAN_FAULT_INTERNAL_ERROR, PT_INTERNAL_ERROR);
}

static bool select_instance(struct run *r)
{
	return class_select(r->class, &r->g, r->call.selectors, r->call.selector_count);
}

static void run_get(struct run *r)
{
	struct wsman_writer w;

	if (!select_instance(r)) {
		fault(r, WSMAN_FAULT_DESTINATION_UNREACHABLE, 0);
		return;
	}
	w = wsman_answer_begin(r->out, &r->answer);
	class_write(r->class, &r->g, &w);
	finish(r, &w);
}

static const struct xml_node *child_named(const struct xml_node *body, const char *name)
{
	return xml_child(body, body->ns, name);
}

/* One value of a Put as the text that we keep; false: not of the property's type. */
static bool value_text(const struct prop *p, const struct xml_node *n, struct buf *out)
{
	struct wsman_epr epr;
	int64_t i;
	uint64_t u;
	bool b;

	switch ((enum prop_type)p->type) {
	case PROP_INT:
		if (!xml_i64(n, &i) && !xml_u64(n, &u))
			return false;
		break;
	case PROP_BOOL:
		if (!xml_bool(n, &b))
			return false;
		return buf_adds(out, b ? "true" : "false") == 0;
	case PROP_DATETIME:
	case PROP_INTERVAL:
		n = n->child ? n->child : n;
		break;
	case PROP_EPR:
		return wsman_epr_read(n, &epr, NULL) == 0 && epr_to_text(&epr, out) == 0;
	default:
		break;
	}
	return buf_add_bytes(out, xml_text(n)) == 0;
}

/* Keeps the property's values as the body has them. False: one of them is not of its type, or too long. */
static bool take_property(struct run *r, const struct prop *p, const struct xml_node *n)
{
	struct buf values;
	uint32_t count = 0;
	bool good = true;

	buf_init(&values, MORE_VALUE_MAX);
	for (; n && good; n = xml_next(n), count++)
		good = value_text(p, n, &values) && buf_addc(&values, '\0') == 0;
	if (good && count <= VALUES_MAX)
		more_set(r->g.d, r->class->name, r->g.instance, p->name, count, (const char *)values.p, values.len);
	buf_release(&values);
	return good && count <= VALUES_MAX;
}

static bool is_refused(const struct run *r, const struct prop *p, const struct xml_node *n)
{
	if ((p->flags & PROP_NEED) && !n)
		return true;
	return n && (p->flags & PROP_READONLY) && r->x->s->set.strict_boot;
}

/* Checks all before it changes anything. */
static bool take_body(struct run *r, bool create)
{
	const struct class *c = r->class;

	for (size_t i = 0; i < c->prop_count; i++)
		if (prop_is_there(&c->props[i], r->g.p) &&
		    is_refused(r, &c->props[i], child_named(r->call.body, c->props[i].name)))
			return false;
	for (size_t i = 0; i < c->prop_count; i++) {
		const struct prop *p = &c->props[i];
		const struct xml_node *n = child_named(r->call.body, p->name);

		if (!n || !(p->flags & (create ? PROP_PUT | PROP_KEY : PROP_PUT)) || !prop_is_there(p, r->g.p))
			continue;
		if (!take_property(r, p, n))
			return false;
	}
	return true;
}

/* Keys in the body name the instance of a Put without selectors. */
static bool body_matches(const struct run *r)
{
	struct values v;

	for (size_t i = 0; i < r->class->prop_count; i++) {
		const struct prop *p = &r->class->props[i];
		const struct xml_node *n = child_named(r->call.body, p->name);

		if (!(p->flags & PROP_KEY) || !n || p->type == PROP_EPR)
			continue;
		prop_values(r->class, p, &r->g, &v);
		if (v.count == 0 || !bytes_equal(v.v[0], xml_text(n)))
			return false;
	}
	return true;
}

static bool select_for_put(struct run *r)
{
	if (r->call.selector_count > 0)
		return select_instance(r);
	for (uint32_t i = 0; class_instance_at(r->class, &r->g, i); i++)
		if (body_matches(r))
			return true;
	return class_static_count(r->class, &r->g) == 1 && class_instance_at(r->class, &r->g, 0);
}

/* The class's own rules, after the values were taken. */
static bool accept_change(struct run *r)
{
	struct invoke i;
	enum wsman_fault f = WSMAN_FAULT_INVALID_REPRESENTATION;

	begin_invoke(r, &i, NULL);
	i.in = r->call.body;
	if (!r->class->changed || r->class->changed(&i, &f))
		return true;
	fault(r, f, i.pt_status);
	return false;
}

static bool is_allowed(struct run *r)
{
	struct invoke i;
	enum wsman_fault f = WSMAN_FAULT_ACCESS_DENIED;

	begin_invoke(r, &i, NULL);
	if (!r->class->allowed || r->class->allowed(&i, &f))
		return true;
	fault(r, f, i.pt_status);
	return false;
}

static void run_put(struct run *r)
{
	struct wsman_writer w;

	if (!(r->class->flags & CLASS_PUT)) {
		fault(r, WSMAN_FAULT_ACTION_NOT_SUPPORTED, 0);
		return;
	}
	if (!r->call.body || !wsman_is_of_class(r->call.body, r->class->name) || !select_for_put(r)) {
		fault(r,
		      r->call.selector_count && r->call.body ? WSMAN_FAULT_DESTINATION_UNREACHABLE
							     : WSMAN_FAULT_INVALID_REPRESENTATION,
		      0);
		return;
	}
	if (!is_allowed(r))
		return;
	if (r->x->fault.kind != FAULT_LIE) {
		if (!take_body(r, false)) {
			fault(r, WSMAN_FAULT_INVALID_REPRESENTATION, 0);
			return;
		}
		if (!accept_change(r))
			return;
	}
	r->answer.is_empty = r->class->flags & CLASS_PUT_EMPTY;
	w = wsman_answer_begin(r->out, &r->answer);
	if (!r->answer.is_empty)
		class_write(r->class, &r->g, &w);
	finish(r, &w);
}

/* The keys of an instance as a reference; keys that are references themselves become selectors that hold one. */
#define KEYS_MAX 4
struct key_space {
	struct wsman_epr epr, inner[KEYS_MAX];
	struct values values[KEYS_MAX];
};

static void reference_of(const struct class *c, const struct get *g, struct key_space *k)
{
	unsigned n = 0;

	k->epr = (struct wsman_epr){.class_name = bytes_str(c->name)};
	for (size_t i = 0; i < c->prop_count && n < KEYS_MAX; i++) {
		const struct prop *p = &c->props[i];
		struct wsman_selector *sel = &k->epr.selectors[n];

		if (!(p->flags & PROP_KEY))
			continue;
		prop_values(c, p, g, &k->values[n]);
		if (k->values[n].count == 0)
			continue;
		sel->name = bytes_str(p->name);
		if (p->type == PROP_EPR && epr_from_text(k->values[n].v[0], &k->inner[n]))
			sel->epr = &k->inner[n];
		else
			sel->value = k->values[n].v[0];
		n++;
	}
	k->epr.selector_count = n;
}

static void run_create(struct run *r)
{
	struct wsman_writer w;
	struct object *o;
	struct key_space *k;

	if (!(r->class->flags & CLASS_CREATE)) {
		fault(r, WSMAN_FAULT_ACTION_NOT_SUPPORTED, 0);
		return;
	}
	if (!r->call.body || !wsman_is_of_class(r->call.body, r->class->name)) {
		fault(r, WSMAN_FAULT_INVALID_REPRESENTATION, 0);
		return;
	}
	if (!is_allowed(r))
		return;
	o = more_object_new(r->g.d, r->class->name);
	if (!o) {
		fault(r, WSMAN_FAULT_QUOTA_LIMIT, 0);
		return;
	}
	r->g.instance = o->id;
	if (!take_body(r, true))
		fault(r, WSMAN_FAULT_INVALID_REPRESENTATION, 0);
	if (r->x->status != 200 || !accept_change(r)) {
		more_object_delete(r->g.d, r->class->name, o->id);
		return;
	}
	k = mem_alloc(sizeof(*k));
	reference_of(r->class, &r->g, k);
	w = wsman_answer_begin(r->out, &r->answer);
	wsman_add_reference(&w, &k->epr);
	finish(r, &w);
	free(k);
}

static void run_delete(struct run *r)
{
	struct wsman_writer w;

	if (!(r->class->flags & CLASS_DELETE)) {
		fault(r, WSMAN_FAULT_ACTION_NOT_SUPPORTED, 0);
		return;
	}
	if (r->call.selector_count == 0 || !select_instance(r) || r->g.instance < MORE_OBJECT_FIRST) {
		fault(r, WSMAN_FAULT_DESTINATION_UNREACHABLE, 0);
		return;
	}
	if (!is_allowed(r))
		return;
	more_object_delete(r->g.d, r->class->name, r->g.instance);
	r->answer.is_empty = true;
	w = wsman_answer_begin(r->out, &r->answer);
	finish(r, &w);
}

static const struct class *member(const struct class *c, unsigned i)
{
	if (!c->members)
		return i == 0 ? c : NULL;
	return c->members[i] ? class_find(bytes_str(c->members[i])) : NULL;
}

static bool has_instances(const struct class *c, const struct get *g)
{
	struct get probe = *g;

	return class_is_there(c, g) && class_instance_at(c, &probe, 0);
}

/* The next concrete class that has instances, from member i on; NULL: none. */
static const struct class *next_member(const struct run *r, const struct class *c, unsigned *i)
{
	const struct class *m;

	for (; (m = member(c, *i)) != NULL; (*i)++)
		if (has_instances(m, &r->g))
			return m;
	return NULL;
}

static void run_enumerate(struct run *r)
{
	char text[CONTEXT_TEXT_SIZE];
	struct wsman_writer w;

	context_text(context_new(r->x, r->class), text);
	r->answer.context = text;
	w = wsman_answer_begin(r->out, &r->answer);
	finish(r, &w);
}

/* Writes at most max instances (0: all) of m from number skip on. */
static void write_items(struct run *r, const struct class *m, uint32_t skip, uint64_t max, const struct wsman_writer *w)
{
	struct get g = r->g;

	for (uint32_t i = skip; class_instance_at(m, &g, i); i++) {
		if (max && i - skip >= max)
			return;
		wsman_add_open(w, m->name);
		class_write(m, &g, w);
		wsman_add_close(w, m->name);
	}
}

static bool leaves_some(const struct run *r, const struct class *m, uint32_t skip, uint64_t max)
{
	struct get g = r->g;

	return max && class_instance_at(m, &g, (uint32_t)(skip + max));
}

/* Is there another Pull after this one? */
static bool goes_on(struct run *r, const struct class *c, const struct class *m, unsigned at, uint32_t skip)
{
	unsigned next = at + 1;

	if (leaves_some(r, m, skip, r->call.max_elements))
		return true;
	return next_member(r, c, &next) || (c->flags & CLASS_EMPTY_PULL);
}

static void run_pull(struct run *r)
{
	struct context *c = context_find(r->x, r->call.context), old;
	const struct class *m;
	unsigned at;
	uint32_t skip;
	char text[CONTEXT_TEXT_SIZE];
	struct wsman_writer w;

	if (!c || c->class != r->class) {
		fault(r, WSMAN_FAULT_INVALID_CONTEXT, 0);
		return;
	}
	old = *c;
	context_free(r->x->s->contexts, c);
	at = old.member;
	m = next_member(r, old.class, &at);
	if (m) {
		r->answer.item_class = m->name;
		r->answer.has_common = m->flags & CLASS_COMMON;
	}
	skip = at == old.member ? old.skip : 0;
	if (m && goes_on(r, old.class, m, at, skip)) {
		bool rest = leaves_some(r, m, skip, r->call.max_elements);

		c = context_new(r->x, r->class);
		c->member = (uint16_t)(rest ? at : at + 1);
		c->skip = rest ? skip + (uint32_t)r->call.max_elements : 0;
		context_text(c, text);
		r->answer.context = text;
	}
	w = wsman_answer_begin(r->out, &r->answer);
	if (m)
		write_items(r, m, skip, r->call.max_elements, &w);
	finish(r, &w);
}

static void run_subscribe(struct run *r)
{
	struct wsman_writer w;
	struct invoke i;
	enum wsman_fault f = WSMAN_FAULT_INVALID_REPRESENTATION;

	if (!r->class->subscribe) {
		fault(r, WSMAN_FAULT_ACTION_NOT_SUPPORTED, 0);
		return;
	}
	if (!select_instance(r)) {
		fault(r, WSMAN_FAULT_DESTINATION_UNREACHABLE, 0);
		return;
	}
	w = wsman_answer_begin(r->out, &r->answer);
	begin_invoke(r, &i, &w);
	if (r->class->subscribe(&i, &f))
		finish(r, &w);
	else
		fault(r, f, 0);
}

static void run_release(struct run *r)
{
	struct context *c = context_find(r->x, r->call.context);
	struct wsman_writer w;

	if (!c) {
		fault(r, WSMAN_FAULT_INVALID_CONTEXT, 0);
		return;
	}
	context_free(r->x->s->contexts, c);
	w = wsman_answer_begin(r->out, &r->answer);
	finish(r, &w);
}

static const struct method *find_method(const struct run *r)
{
	unsigned version = profile_version(r->g.p);

	for (size_t i = 0; i < r->class->method_count; i++) {
		const struct method *m = &r->class->methods[i];

		if (bytes_equal_str(r->call.method, m->name) && version >= m->since &&
		    (m->until == 0 || version < m->until))
			return m;
	}
	return NULL;
}

/* Power requests look at these faults themselves: they refuse what they would refuse anyway. */
static bool is_faked(const struct run *r, const struct method *m, uint32_t *rv)
{
	enum fault_kind kind = r->x->fault.kind;

	if ((kind != FAULT_RETURN_VALUE && kind != FAULT_LIE) || strcmp(m->name, "RequestPowerStateChange") == 0)
		return false;
	*rv = kind == FAULT_LIE ? RV_OK : r->x->fault.value;
	return true;
}

static void run_method(struct run *r)
{
	const struct method *m = find_method(r);
	struct wsman_writer w;
	struct invoke i;
	uint32_t rv;

	if (!m) {
		fault(r, WSMAN_FAULT_ACTION_NOT_SUPPORTED, 0);
		return;
	}
	if (r->call.selector_count > 0 && !select_instance(r)) {
		fault(r, WSMAN_FAULT_DESTINATION_UNREACHABLE, 0);
		return;
	}
	w = wsman_answer_begin(r->out, &r->answer);
	begin_invoke(r, &i, &w);
	if (!is_faked(r, m, &rv))
		rv = m->run(&i);
	if (i.fault != WSMAN_FAULT_NONE) {
		fault(r, i.fault, i.pt_status);
		return;
	}
	wsman_add_u64(&w, "ReturnValue", rv);
	finish(r, &w);
}

/* Whoever has not the realm of administration may read, and switch power if that realm is his. */
static bool may_run(const struct run *r)
{
	static const char *const readers[] = {"Get", "Read", "Enumerate", "Position", "RequestPowerStateChange"};

	if (r->x->realms & 1u << LOGIN_REALM_ADMIN)
		return true;
	for (size_t i = 0; r->call.op == WSMAN_METHOD && i < ARRAY_LEN(readers); i++)
		if (bytes_starts_with(r->call.method, readers[i]))
			return true;
	return r->call.op == WSMAN_GET || r->call.op == WSMAN_ENUMERATE || r->call.op == WSMAN_PULL ||
	       r->call.op == WSMAN_RELEASE;
}

static void run(struct run *r)
{
	if (r->call.refuse != WSMAN_FAULT_NONE) {
		fault(r, r->call.refuse, 0);
		return;
	}
	r->class = class_find(r->call.class_name);
	if (!r->class || !class_is_there(r->class, &r->g)) {
		fault(r, WSMAN_FAULT_DESTINATION_UNREACHABLE, 0);
		return;
	}
	if (!may_run(r)) {
		fault(r, WSMAN_FAULT_ACCESS_DENIED, 0);
		return;
	}
	r->answer.has_common = (r->call.op == WSMAN_GET || r->call.op == WSMAN_PUT) && (r->class->flags & CLASS_COMMON);
	switch (r->call.op) {
	case WSMAN_GET:
		run_get(r);
		return;
	case WSMAN_PUT:
		run_put(r);
		return;
	case WSMAN_CREATE:
		run_create(r);
		return;
	case WSMAN_DELETE:
		run_delete(r);
		return;
	case WSMAN_ENUMERATE:
		run_enumerate(r);
		return;
	case WSMAN_PULL:
		run_pull(r);
		return;
	case WSMAN_RELEASE:
		run_release(r);
		return;
	case WSMAN_METHOD:
		run_method(r);
		return;
	case WSMAN_SUBSCRIBE:
	case WSMAN_UNSUBSCRIBE:
		run_subscribe(r);
		return;
	default:
		fault(r, WSMAN_FAULT_ACTION_NOT_SUPPORTED, 0);
	}
}

void operation_run(struct exchange *x, struct buf *out)
{
	struct run r = {.x = x, .out = out};

	x->status = 200;
	if (wsman_call_parse(x->s->xml, x->request, &r.call, NULL) != 0) {
		x->status = 400;
		return;
	}
	device_settle(x->s, x->d);
	if (x->fault.kind == FAULT_WRONG_MESSAGE_ID)
		r.call.message_id = BYTES_LIT("uuid:00000000-0000-0000-0000-00000000DEAD");
	r.g = (struct get){.s = x->s, .d = x->d, .p = device_profile(x->d)};
	r.answer = (struct wsman_answer){.call = &r.call, .serial = ++x->d->serial};
	run(&r);
}
