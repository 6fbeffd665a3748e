#include "fault.h"

#include "base/base.h"
#include "base/err.h"
#include "base/list.h"
#include "codec/json.h"
#include "listen.h"
#include "sim.h"

#define PING    FAULT_POINT_PING
#define CONNECT FAULT_POINT_CONNECT
#define TLS     FAULT_POINT_TLS
#define REQUEST FAULT_POINT_REQUEST
#define STATE   FAULT_POINT_STATE
#define ANY     FAULT_ON_ANY
#define ACT     FAULT_ON_ACT
#define LOGIN   FAULT_FLAG_LOGIN
#define CHANCE  FAULT_FLAG_CHANCE
#define AFTER   FAULT_FLAG_AFTER

#define DEFAULT_AFTER_MS 35000
#define YEAR_MS          (365 * 86400 * INT64_C(1000))

const struct fault_row fault_rows[FAULT_COUNT] = {
	{""},
#define FAULT(id, kind, point, on, flags, sentence) {kind, point, on, flags, sentence},
#include "fault.tbl.h"
#undef FAULT
};

struct rule {
	struct list link;
	struct fault_rule rule;
	unsigned id;
	uint32_t devices;
	char about[64];          /* of rule */
	uint8_t *chosen;         /* bit per device; NULL: all */
	struct map_u64 *counted; /* device number + 1 -> struct tally; made when it is needed */
	struct rng rng;
	uint64_t struck;
};

struct tally {
	uint64_t seen, struck;
};

struct faults {
	struct list rules;
	unsigned last_id;
};

struct faults *faults_new(void)
{
	struct faults *f = mem_alloc(sizeof(*f));

	list_init(&f->rules);
	return f;
}

static void rule_free(struct rule *r)
{
	size_t it = 0;
	uint64_t key;
	void *tally;

	list_remove(&r->link);
	while (r->counted && map_u64_each(r->counted, &it, &key, &tally))
		free(tally);
	map_u64_free(r->counted);
	free(r->chosen);
	free(r);
}

void faults_free(struct faults *f)
{
	if (!f)
		return;
	LIST_EACH(&f->rules, it, safe)
		rule_free(LIST_ENTRY(it, struct rule, link));
	free(f);
}

bool faults_is_empty(const struct faults *f)
{
	return list_is_empty(&f->rules);
}

void fault_rule_init(struct fault_rule *r)
{
	*r = (struct fault_rule){.share = 1, .chance = 1};
}

int fault_kind_parse(const char *kind, struct fault_rule *r, struct err *e)
{
	static const char prefix[] = "return-value-";
	uint64_t v;

	if (strncmp(kind, prefix, sizeof(prefix) - 1) == 0 && text_to_u64(bytes_str(kind + sizeof(prefix) - 1), &v) &&
	    v <= UINT32_MAX) {
		r->kind = FAULT_RETURN_VALUE;
		r->value = (uint32_t)v;
		r->on = fault_rows[r->kind].on;
		return 0;
	}
	for (int i = 1; i < FAULT_COUNT; i++)
		if (i != FAULT_RETURN_VALUE && strcmp(fault_rows[i].kind, kind) == 0) {
			r->kind = (enum fault_kind)i;
			r->on = fault_rows[i].on;
			r->after_ms = i == FAULT_CLOCK_OFF ? YEAR_MS : DEFAULT_AFTER_MS;
			return 0;
		}
	return err_set(e, ERR_INVALID, "no fault \"%s\" (amtsim --help lists the kinds)", kind);
}

static const char *const on_names[] = {"any", "act", "read", "connect"};

bool fault_on_parse(const char *on, enum fault_on *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(on_names); i++)
		if (strcmp(on_names[i], on) == 0) {
			*ret = (enum fault_on)i;
			return true;
		}
	return false;
}

const char *fault_on_name(enum fault_on on)
{
	return on_names[on];
}

static bool has_bit(const uint8_t *bits, uint32_t i)
{
	return bits[i / 8] & 1u << i % 8;
}

static void set_bit(uint8_t *bits, uint32_t i)
{
	bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static bool is_shared(const struct fault_rule *r)
{
	return !r->device && r->share < 1 && !(fault_rows[r->kind].flags & FAULT_FLAG_CHANCE);
}

/* Devices that shares of the same seed have taken already. */
static uint8_t *taken_by_others(const struct sim *s, uint64_t seed)
{
	size_t len = s->opt.devices / 8 + 1;
	uint8_t *taken = mem_alloc(len);

	LIST_EACH(&s->faults->rules, it, safe) {
		const struct rule *r = LIST_ENTRY(it, struct rule, link);

		if (is_shared(&r->rule) && r->rule.seed == seed)
			for (size_t i = 0; i < len; i++)
				taken[i] |= r->chosen[i];
	}
	return taken;
}

struct rank {
	uint64_t hash;
	uint32_t device;
};

static int by_hash(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* An exact share, chosen by the order of a hash: first those that no other rule has. */
static void choose_share(const struct sim *s, struct rule *r)
{
	uint32_t n = s->opt.devices, want = (uint32_t)(r->rule.share * n + 0.5);
	struct rank *ranks = mem_array(n, sizeof(*ranks));
	AUTO_FREE uint8_t *taken = taken_by_others(s, r->rule.seed);

	for (uint32_t i = 0; i < n; i++) {
		ranks[i].device = i;
		ranks[i].hash = rng_hash(r->rule.seed, &i, sizeof(i)) >> 1;
		if (has_bit(taken, i))
			ranks[i].hash |= UINT64_C(1) << 63;
	}
	qsort(ranks, n, sizeof(*ranks), by_hash);
	for (uint32_t i = 0; i < want; i++)
		set_bit(r->chosen, ranks[i].device);
	r->devices = want;
	free(ranks);
}

/* Sockets and identities follow the rules. */
static void apply(struct sim *s)
{
	for (uint32_t i = 0; i < s->opt.devices; i++)
		device_apply_faults(s, &s->devices[i]);
	listen_update(s, NULL);
}

int faults_add(struct sim *s, const struct fault_rule *rule, unsigned *ret_id, uint32_t *ret_devices, struct err *e)
{
	const struct device *only = rule->device ? device_find(s, rule->device) : NULL;
	struct rule *r;

	if (rule->device && !only)
		return err_set(e, ERR_INVALID, "no device \"%s\"", rule->device);
	if (rule->about && strlen(rule->about) >= sizeof(r->about))
		return err_set(e, ERR_INVALID, "--about takes a word of at most %zu bytes", sizeof(r->about) - 1);
	r = mem_alloc(sizeof(*r));
	r->rule = *rule;
	if (rule->about) {
		(void)snprintf(r->about, sizeof(r->about), "%s", rule->about);
		r->rule.about = r->about;
	}
	r->id = ++s->faults->last_id;
	r->devices = s->opt.devices;
	rng_init(&r->rng, rule->seed ^ r->id);
	if (only || is_shared(rule))
		r->chosen = mem_alloc(s->opt.devices / 8 + 1);
	if (only) {
		r->rule.device = ""; /* the text was borrowed */
		set_bit(r->chosen, only->number);
		r->devices = 1;
	} else if (r->chosen) {
		choose_share(s, r);
	}
	list_append(&s->faults->rules, &r->link);
	*ret_id = r->id;
	*ret_devices = r->devices;
	apply(s);
	return 0;
}

unsigned faults_clear(struct sim *s, unsigned id)
{
	unsigned n = 0;

	LIST_EACH(&s->faults->rules, it, safe) {
		struct rule *r = LIST_ENTRY(it, struct rule, link);

		if (id && r->id != id)
			continue;
		rule_free(r);
		n++;
	}
	apply(s);
	return n;
}

static bool is_for(const struct rule *r, const struct device *d)
{
	return !r->chosen || has_bit(r->chosen, d->number);
}

static struct tally *tally_of(struct rule *r, const struct device *d)
{
	struct tally *t;

	if (!r->counted)
		r->counted = map_u64_new();
	t = map_u64_get(r->counted, d->number + UINT64_C(1));
	if (!t) {
		t = mem_alloc(sizeof(*t));
		map_u64_put(r->counted, d->number + UINT64_C(1), t);
	}
	return t;
}

static bool strikes(struct rule *r, const struct device *d)
{
	double chance =
		fault_rows[r->rule.kind].flags & FAULT_FLAG_CHANCE ? r->rule.share * r->rule.chance : r->rule.chance;
	struct tally *t = r->rule.request || r->rule.times ? tally_of(r, d) : NULL;

	if (t && r->rule.request && ++t->seen != r->rule.request)
		return false;
	if (t && r->rule.times && t->struck >= r->rule.times)
		return false;
	if (chance < 1 && (double)(rng_next(&r->rng) >> 11) * 0x1p-53 >= chance)
		return false;
	if (t)
		t->struck++;
	r->struck++;
	return true;
}

/* Is the rule one for this moment? A rule for all requests is asked before the login is known, unless its kind needs a
 * right login; rules for acts or reads only when the login was right. */
static bool is_moment(const struct fault_rule *r, enum fault_point point, enum fault_on on, bool logged_in)
{
	const struct fault_row *row = &fault_rows[r->kind];
	bool early = r->on == FAULT_ON_ANY && !(row->flags & FAULT_FLAG_LOGIN);

	/* A hang can also wait for a request. */
	if (r->kind == FAULT_HANG && (r->on == FAULT_ON_ACT || r->on == FAULT_ON_READ))
		return point == FAULT_POINT_REQUEST && r->on == on && logged_in;
	if (row->point != point)
		return false;
	if (point != FAULT_POINT_REQUEST)
		return true;
	if (early)
		return !logged_in;
	return logged_in && (r->on == FAULT_ON_ANY || r->on == on);
}

static bool is_about(const struct rule *r, struct bytes request)
{
	return !r->rule.about || (request.len && memmem(request.p, request.len, r->about, strlen(r->about)) != NULL);
}

static struct fault_hit ask(struct sim *s, struct device *d, enum fault_point point, enum fault_on on, bool logged_in,
			    struct bytes request)
{
	LIST_EACH(&s->faults->rules, it, safe) {
		struct rule *r = LIST_ENTRY(it, struct rule, link);

		if (!is_for(r, d) || !is_moment(&r->rule, point, on, logged_in) || !is_about(r, request) ||
		    !strikes(r, d))
			continue;
		d->count.injected++;
		return (struct fault_hit){r->rule.kind, r->rule.value, r->rule.after_ms};
	}
	return (struct fault_hit){.kind = FAULT_NONE};
}

struct fault_hit fault_ask(struct sim *s, struct device *d, enum fault_point point, enum fault_on on, bool logged_in)
{
	return ask(s, d, point, on, logged_in, BYTES_NONE);
}

struct fault_hit fault_ask_request(struct sim *s, struct device *d, enum fault_on on, bool logged_in,
				   struct bytes request)
{
	return ask(s, d, FAULT_POINT_REQUEST, on, logged_in, request);
}

/* Sockets cannot count: a refusal for some connections only is made when they are accepted. */
static bool is_limited(const struct fault_rule *r)
{
	return r->kind == FAULT_REFUSE && (r->request || r->times || r->chance < 1);
}

bool fault_is_on(const struct sim *s, const struct device *d, enum fault_kind kind, int64_t *ret_after_ms)
{
	LIST_EACH(&s->faults->rules, it, safe) {
		const struct rule *r = LIST_ENTRY(it, struct rule, link);

		if (r->rule.kind != kind || !is_for(r, d) || is_limited(&r->rule))
			continue;
		if (ret_after_ms)
			*ret_after_ms = r->rule.after_ms;
		return true;
	}
	return false;
}

static void write_kind(const struct fault_rule *r, struct json_writer *w)
{
	char kind[40];

	if (r->kind != FAULT_RETURN_VALUE) {
		json_put_str(w, "kind", fault_rows[r->kind].kind);
		return;
	}
	snprintf(kind, sizeof(kind), "return-value-%u", r->value);
	json_put_str(w, "kind", kind);
}

void faults_list(const struct sim *s, struct buf *out)
{
	LIST_EACH(&s->faults->rules, it, safe) {
		const struct rule *r = LIST_ENTRY(it, struct rule, link);
		struct json_writer w;

		json_writer_init(&w, out);
		json_begin_object(&w, NULL);
		json_put_u64(&w, "fault", r->id);
		write_kind(&r->rule, &w);
		json_put_str(&w, "on", fault_on_name(r->rule.on));
		json_put_u64(&w, "devices", r->devices);
		json_put_double(&w, "share", r->rule.share);
		json_put_double(&w, "chance", r->rule.chance);
		json_put_str(&w, "about", r->about);
		json_put_u64(&w, "request", r->rule.request);
		json_put_u64(&w, "times", r->rule.times);
		json_put_u64(&w, "seed", r->rule.seed);
		json_put_u64(&w, "struck", r->struck);
		json_end(&w);
		buf_addc(out, '\n');
	}
}
