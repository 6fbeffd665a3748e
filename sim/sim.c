#include "sim.h"

#include "announce.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/xml.h"
#include "control.h"
#include "fault.h"
#include "http.h"
#include "listen.h"
#include "operation.h"
#include "ping.h"
#include "tls.h"

#include <signal.h>

#define DRIVEN_START_MS INT64_C(1767225600000) /* 2026-01-01: where a driven clock begins */

int64_t sim_now(struct sim *s)
{
	return clock_mono_ms(s->clock);
}

void sim_note_act(struct sim *s, struct device *d, enum power_act act, struct bytes message_id, const char *boot)
{
	struct act *a;

	d->count.acts++;
	if (s->act_count >= SIM_MAX_ACTS)
		return;
	if (s->act_count == s->act_cap) {
		s->act_cap = s->act_cap ? s->act_cap * 2 : 1024;
		s->acts = mem_grow(s->acts, s->act_cap, sizeof(*s->acts));
	}
	a = &s->acts[s->act_count++];
	a->time_ms = clock_wall_ms(s->clock);
	a->began_ms = d->began_ms;
	a->answer_ms = d->answer_ms;
	a->device = d->number;
	a->act = (uint8_t)act;
	a->boot = boot;
	if (message_id.len >= sizeof(a->message_id))
		message_id.len = sizeof(a->message_id) - 1;
	(void)bytes_to_str(message_id, a->message_id, sizeof(a->message_id)); /* it was made to fit */
}

static uint8_t profile_for(const struct sim_options *o, uint32_t i)
{
	const struct profile *p = strcmp(o->profile, "mixed") == 0 ? profile_mixed(i) : profile_find(o->profile);

	return (uint8_t)(p - profiles);
}

struct sim *sim_new(const struct sim_options *opt, const struct settings *set, struct bytes password)
{
	struct sim *s = mem_alloc(sizeof(*s));

	s->opt = *opt;
	s->set = *set;
	secret_set(&s->password, password.p, password.len);
	s->first = opt->net + 1;
	s->clock = opt->driven ? clock_driven_new(DRIVEN_START_MS) : clock_real();
	s->loop = loop_new(s->clock);
	s->start_ms = sim_now(s);
	s->xml = xml_parser_new();
	s->faults = faults_new();
	s->contexts = contexts_new();
	s->announces = announces_new();
	s->tls = tls_keys_new();
	rng_secret(s->nonce_key, sizeof(s->nonce_key));
	s->devices = mem_array(opt->devices, sizeof(*s->devices));
	for (uint32_t i = 0; i < opt->devices; i++)
		device_init(s, &s->devices[i], i, profile_for(opt, i));
	s->http = http_new(s);
	return s;
}

int sim_open(struct sim *s, struct err *e)
{
	int r = listen_open(s, e);

	if (r == 0)
		r = ping_open(s, e);
	if (r == 0 && s->opt.control)
		r = control_open(s, e);
	return r;
}

static void on_signal(void *arg, int signum)
{
	struct sim *s = arg;

	loop_stop(s->loop);
}

void sim_run(struct sim *s)
{
	signal(SIGPIPE, SIG_IGN);
	loop_on_signal(s->loop, SIGTERM, on_signal, s);
	loop_on_signal(s->loop, SIGINT, on_signal, s);
	loop_run(s->loop);
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	control_free(s->control);
	ping_free(s->ping);
	listen_free(s->listeners);
	http_free(s->http);
	for (uint32_t i = 0; i < s->opt.devices; i++)
		device_release(&s->devices[i]);
	announces_free(s->announces);
	free(s->devices);
	free(s->acts);
	contexts_free(s->contexts);
	faults_free(s->faults);
	tls_keys_free(s->tls);
	xml_parser_free(s->xml);
	secret_release(&s->password);
	loop_free(s->loop);
	if (s->opt.driven)
		clock_free(s->clock);
	free(s);
}
