#include "api/provider.h"

#include <stdlib.h>

#include "api/api_priv.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/vault.h"
#include "codec/json.h"
#include "directory/oidc.h"
#include "store/user_source.h"

#define FLOW_MS INT64_C(600000) /* a person may take so long */

struct asked {
	struct store_user_source s;
	struct source_options options;
	struct secret secret;
	struct oidc oidc;
};

static int prepare(struct api *a, struct arena *arena, struct asked *q, struct err *e)
{
	struct vault_place place = {"user_source", (uint64_t)q->s.id, "secret", (uint64_t)q->s.version};
	q->secret = SECRET_INIT;
	if (!q->s.enabled || q->s.kind != SOURCE_OIDC)
		return err_set(e, ERR_NOT_FOUND, "user source \"%s\" is no OpenID provider that is enabled", q->s.name);
	int rc = source_options_parse(q->s.options, arena, &q->options, e);
	rc = rc || !q->s.secret.len ? rc : vault_unseal(a->vault, place, q->s.secret, &q->secret, e);
	q->oidc = (struct oidc){&q->options, &q->secret, clock_wall_ms(a->clock) / 1000};
	return rc;
}

static struct vault_place flow_place(int64_t source)
{
	return (struct vault_place){"oidc_flow", (uint64_t)source, "flow", 1};
}

/* SOURCE.HEX: sealed, so that whoever has it learns nothing and changes nothing. */
static int seal_flow(struct api *a, int64_t source, const struct oidc_flow *f, int64_t expires_at, struct buf *out,
		     struct err *e)
{
	struct json_writer w;
	struct buf plain, sealed;
	buf_init(&plain, VAULT_PLAIN_MAX);
	buf_init(&sealed, VAULT_SEALED_MAX);
	json_writer_init(&w, &plain);
	json_begin_object(&w, NULL);
	json_put_i64(&w, "expires", expires_at);
	json_put_str(&w, "state", f->state);
	json_put_str(&w, "nonce", f->nonce);
	json_put_str(&w, "verifier", f->verifier);
	json_put_str(&w, "device", f->device_code);
	json_end(&w);
	int rc = buf_check(&plain, e, "flow");
	rc = rc ? rc : vault_seal(a->vault, flow_place(source), buf_bytes(&plain), &sealed, e);
	(void)buf_addf(out, "%lld.", (long long)source); /* checked below */
	hex_encode(out, buf_bytes(&sealed));
	rc = rc ? rc : buf_check(out, e, "flow");
	secret_wipe(plain.p, plain.cap);
	buf_release(&plain);
	buf_release(&sealed);
	return rc;
}

static int read_flow(const struct secret *plain, int64_t now, struct oidc_flow *ret)
{
	struct json_t *j = NULL;
	const char *state = "", *nonce = "", *verifier = "", *device = "";
	int64_t expires = 0;
	int rc = json_parse(BYTES(plain->p, plain->len), VAULT_PLAIN_MAX, &j, NULL);
	rc = rc ? rc : json_get_i64(j, "expires", 0, INT64_MAX, &expires, NULL);
	rc = rc ? rc : json_get_str(j, "state", OIDC_RANDOM, &state, NULL);
	rc = rc ? rc : json_get_str(j, "nonce", OIDC_RANDOM, &nonce, NULL);
	rc = rc ? rc : json_get_str(j, "verifier", OIDC_RANDOM, &verifier, NULL);
	rc = rc ? rc : json_get_str(j, "device", OIDC_TEXT_MAX, &device, NULL);
	bool fits = !rc && bytes_to_str(bytes_str(state), ret->state, sizeof(ret->state)) &&
		    bytes_to_str(bytes_str(nonce), ret->nonce, sizeof(ret->nonce)) &&
		    bytes_to_str(bytes_str(verifier), ret->verifier, sizeof(ret->verifier)) &&
		    bytes_to_str(bytes_str(device), ret->device_code, sizeof(ret->device_code));
	json_free(j);
	return fits && now < expires ? 0 : ERR_EXPIRED;
}

static int open_flow(struct api *a, const char *text, int64_t *ret_source, struct oidc_flow *ret, struct err *e)
{
	const char *dot = strchr(text, '.');
	struct secret plain = SECRET_INIT;
	struct buf sealed;
	int64_t source = 0;
	buf_init(&sealed, VAULT_SEALED_MAX);
	int rc = dot && text_to_i64(BYTES(text, (size_t)(dot - text)), &source) && source > 0
			 ? hex_decode(bytes_str(dot + 1), &sealed)
			 : ERR_INVALID;
	rc = rc ? rc : vault_unseal(a->vault, flow_place(source), buf_bytes(&sealed), &plain, NULL);
	rc = rc ? rc : read_flow(&plain, clock_wall_ms(a->clock), ret);
	secret_release(&plain);
	buf_release(&sealed);
	*ret_source = source;
	return rc ? err_set(e, ERR_WRONG_LOGIN, "this login was not begun here, or has expired") : 0;
}

static void answer(const struct store_user_source *s, const struct oidc_begun *b, const char *flow, int64_t expires_at,
		   struct buf *out)
{
	struct json_writer json;
	struct api_writer w;
	json_writer_init(&json, out);
	api_begin(&w, &json, NULL, API_OBJECT_oidc_start);
	api_put_str(&w, "source", s->name);
	api_put_str(&w, "flow", flow);
	api_put_str(&w, "url", b->url);
	api_put_text(&w, "user_code", b->user_code);
	api_put_text(&w, "complete_url", b->complete);
	api_put_text(&w, "end_url", b->end);
	api_put_int(&w, "interval", b->interval_s * 1000);
	api_put_time(&w, "expires", expires_at);
	api_end(&w);
}

int provider_begin(struct api *a, struct db *db, const struct api_call *call, struct buf *out, struct err *e)
{
	struct asked q;
	struct oidc_flow *flow = mem_alloc(sizeof(*flow));
	struct oidc_begun *begun = mem_alloc(sizeof(*begun));
	struct buf text;
	const char *name = api_str(call, "source");
	buf_init(&text, API_STR_MAX);
	int rc = store_user_source_by_name(db, call->arena, name, &q.s, e);
	if (rc == ERR_NOT_FOUND)
		rc = err_set(e, rc, "user source \"%s\" does not exist", name);
	bool found = rc == 0;
	rc = rc ? rc : prepare(a, call->arena, &q, e);
	rc = rc ? rc : oidc_begin(&q.oidc, api_bool(call, "device"), flow, begun, e);
	int64_t now = clock_wall_ms(a->clock), for_ms = begun->expires_in_s * 1000;
	int64_t expires_at = now + (for_ms > FLOW_MS ? FLOW_MS : for_ms);
	rc = rc ? rc : seal_flow(a, q.s.id, flow, expires_at, &text, e);
	if (!rc)
		answer(&q.s, begun, buf_cstr(&text), expires_at, out);
	if (found)
		secret_release(&q.secret);
	secret_wipe(flow, sizeof(*flow));
	free(flow);
	free(begun);
	buf_release(&text);
	return rc;
}

/* The answer of a browser must be that of the very login that was begun: state, compared in full. */
static int check_answer(const struct oidc_flow *f, const char *code, const char *state, struct err *e)
{
	if (*f->device_code)
		return code ? err_set(e, ERR_INVALID, "a login by a device code takes no code of a browser") : 0;
	if (!code || !*code || !state)
		return err_set(e, ERR_MISSING, "code and state of the provider's answer are needed");
	struct secret ours = SECRET_INIT;
	secret_set(&ours, f->state, strlen(f->state));
	bool same = secret_equal_bytes(&ours, bytes_str(state));
	secret_release(&ours);
	return same ? 0 : err_set(e, ERR_WRONG_LOGIN, "this is the answer to another login (state)");
}

int provider_finish(struct api *a, struct db *db, const struct api_call *call, struct person **ret, struct err *e)
{
	struct asked q;
	struct oidc_flow *flow = mem_alloc(sizeof(*flow));
	int64_t source;
	const char *code = api_str(call, "code");
	int rc = open_flow(a, api_str(call, "flow"), &source, flow, e);
	rc = rc ? rc : check_answer(flow, code, api_str(call, "state"), e);
	if (!rc && store_user_source_get(db, call->arena, source, &q.s, NULL))
		rc = err_set(e, ERR_NOT_FOUND, "the user source of this login does not exist any more");
	bool found = rc == 0;
	rc = rc ? rc : prepare(a, call->arena, &q, e);
	struct person *p = person_new(source);
	if (!rc && oidc_finish(&q.oidc, flow, code, p))
		rc = err_set(e, ERR_LOGIN_PENDING, "nobody has confirmed this login yet");
	if (found)
		secret_release(&q.secret);
	secret_wipe(flow, sizeof(*flow));
	free(flow);
	if (rc)
		person_free(p);
	else
		*ret = p;
	return rc;
}
