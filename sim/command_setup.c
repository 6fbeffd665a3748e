#include "announce.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/hello.h"
#include "command_priv.h"
#include "mebx.h"
#include "setup.h"
#include "sim.h"
#include "trust.h"
#include "usb.h"

#include <arpa/inet.h>

static const char *state_name(const struct device *d)
{
	return device_is_set_up(d) ? "post" : d->mode == DEVICE_SETUP ? "in" : "pre";
}

static void put_address(struct ask *a, const char *name, uint32_t address)
{
	char text[16];

	snprintf(text, sizeof(text), "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
		 address & 255);
	json_put_str(&a->w, name, address ? text : NULL);
}

static void put_server(struct ask *a, const struct device *d)
{
	const struct setup *p = d->setup;
	bool secure;

	put_address(a, "server", p ? p->server : 0);
	json_put_u64(&a->w, "port", p && p->port ? p->port : HELLO_PORT);
	json_put_str(&a->w, "server_fqdn", p ? p->server_fqdn : NULL);
	json_put_str(&a->w, "suffix", setup_suffix(a->s, d, &secure));
	json_put_str(&a->w, "suffix_from", secure ? "mebx" : "dhcp");
	json_put_bool(&a->w, "remote_configuration", !(p && p->remote_off));
	json_put_str(&a->w, "tls", setup_uses_psk(d) ? "psk" : "pki");
}

/* refused: the reason of the last refusal, null after a success. */
static void put_refusal(struct ask *a, const struct device *d)
{
	const struct refusal_row *row = &refusal_rows[d->setup ? d->setup->refused : REFUSED_NOT];

	json_put_u64(&a->w, "refusals", d->setup ? d->setup->refusals : 0);
	json_put_str(&a->w, "refused", row->word[0] ? row->word : NULL);
	json_put_str(&a->w, "alert", row->alert[0] ? row->alert : NULL);
	json_put_str(&a->w, "why", row->sentence[0] ? row->sentence : NULL);
}

/* hellos: tries since the network interface opened; next_hello_in_s: null when none will come. */
static void put_hellos(struct ask *a, const struct device *d)
{
	int64_t next = announce_next_ms(d);
	uint32_t address = 0;
	uint16_t port;

	json_put_u64(&a->w, "hellos", announce_tries(d));
	if (next < 0)
		json_put_str(&a->w, "next_hello_in_s", NULL);
	else
		json_put_i64(&a->w, "next_hello_in_s", (next + 999) / 1000);
	(void)announce_server(a->s, d, &address, &port); /* then it stays 0 */
	put_address(a, "says_hello_to", address);
}

static int setup_one(struct ask *a, struct device *d, struct err *e)
{
	int64_t closes = setup_closes_ms(d);

	ask_begin(a);
	ask_put_device(a, d);
	json_put_str(&a->w, "state", state_name(d));
	json_put_str(&a->w, "mode", setup_mode_name(d));
	json_put_bool(&a->w, "factory_password", setup_password_is_factory(d));
	put_server(a, d);
	json_put_i64(&a->w, "closes_in_s", closes ? (closes - sim_now(a->s)) / 1000 : 0);
	put_hellos(a, d);
	put_refusal(a, d);
	ask_end(a);
	return 0;
}

int do_setup(struct ask *a, struct err *e)
{
	return ask_devices(a, false, setup_one, e);
}

int do_hashes(struct ask *a, struct err *e)
{
	struct cert_hash h;
	struct device *d;
	struct buf hex;
	int r = ask_device(a, &d, e);

	buf_init(&hex, 2 * HASH_SIZE_MAX);
	for (unsigned i = 0; r == 0 && setup_hash_at(a->s, d, i, &h); i++) {
		buf_reset(&hex);
		hex_encode(&hex, BYTES(h.value, h.len));
		ask_begin(a);
		json_put_str(&a->w, "name", h.name);
		json_put_str(&a->w, "type", h.type == HASH_SHA1 ? "sha1" : h.type == HASH_SHA256 ? "sha256" : "sha384");
		json_put_bytes(&a->w, "hash", buf_bytes(&hex));
		json_put_bool(&a->w, "builtin", h.builtin);
		json_put_bool(&a->w, "enabled", h.active);
		json_put_bool(&a->w, "counts", setup_hash_counts(a->s, d, &h));
		ask_end(a);
	}
	buf_release(&hex);
	return r;
}

static int agent_start(struct ask *a, struct device *d, struct err *e)
{
	enum refusal why;

	if (device_is_set_up(d))
		return err_set(e, ERR_IN_USE, "it is set up already");
	why = setup_open(a->s, d);
	return why == REFUSED_NOT ? 0 : err_set(e, ERR_UNSUPPORTED, "%s", refusal_rows[why].sentence);
}

static int agent_stop(struct ask *a, struct device *d, struct err *e)
{
	setup_close(a->s, d);
	return 0;
}

static int agent_otp(struct ask *a, struct device *d, struct err *e)
{
	const char *otp = ask_text(a, "otp");
	size_t len = otp ? strlen(otp) : 0;

	if (len < SETUP_OTP_LEAST || len > SETUP_OTP_MOST)
		return err_set(e, ERR_INVALID, "a one-time password has %d to %d characters: --otp", SETUP_OTP_LEAST,
			       SETUP_OTP_MOST);
	snprintf(setup_get(a->s, d)->otp, SETUP_OTP_MOST + 1, "%s", otp);
	return 0;
}

static int agent_activate(struct ask *a, struct device *d, struct err *e)
{
	const char *password = ask_text(a, "password");

	if (profile_version(device_profile(d)) < PROFILE_VERSION(6, 2) || (d->setup && d->setup->client_off))
		return err_set(e, ERR_UNSUPPORTED, "client control mode is not possible here");
	if (device_is_set_up(d))
		return err_set(e, ERR_IN_USE, "it is set up already");
	if (!password)
		return err_set(e, ERR_MISSING, "the administrator's password: --password");
	setup_activate_client(a->s, d, bytes_str(password));
	return 0;
}

static int agent_undo(struct ask *a, struct device *d, struct err *e)
{
	if (d->mode != DEVICE_CLIENT)
		return err_set(e, ERR_NOT_ALLOWED, "a program of the host can undo client control mode only");
	setup_forget(a->s, d, SETUP_FULL);
	return 0;
}

static const struct {
	const char *word;
	int (*run)(struct ask *a, struct device *d, struct err *e);
} actions[] = {{"start", agent_start},
	       {"stop", agent_stop},
	       {"otp", agent_otp},
	       {"activate", agent_activate},
	       {"unprovision", agent_undo}};

static int agent_one(struct ask *a, struct device *d, struct err *e)
{
	const char *word = ask_text(a, "action");
	int r;

	for (size_t i = 0; word && i < ARRAY_LEN(actions); i++)
		if (strcmp(word, actions[i].word) == 0) {
			r = actions[i].run(a, d, e);
			return r ? r : setup_one(a, d, e);
		}
	return err_set(e, ERR_INVALID, "an agent can: start, stop, otp, activate, unprovision");
}

int do_agent(struct ask *a, struct err *e)
{
	return ask_devices(a, true, agent_one, e);
}

static int dhcp_one(struct ask *a, struct device *d, struct err *e)
{
	const char *suffix = ask_text(a, "suffix");
	struct setup *p;

	if (!suffix || strlen(suffix) >= SETUP_HOST_SIZE)
		return err_set(e, ERR_INVALID, "which suffix option 15 has: dhcp DEVICE SUFFIX, or none");
	p = setup_get(a->s, d);
	free(p->dhcp_suffix);
	p->dhcp_suffix = bytes_dup_str(strcmp(suffix, "none") == 0 ? BYTES("", 0) : bytes_str(suffix));
	return setup_one(a, d, e);
}

int do_dhcp(struct ask *a, struct err *e)
{
	return ask_devices(a, true, dhcp_one, e);
}

static void put_name(struct ask *a, const char *name, uint32_t address)
{
	ask_begin(a);
	json_put_str(&a->w, "name", name);
	put_address(a, "address", address);
	ask_end(a);
}

int do_dns(struct ask *a, struct err *e)
{
	const char *name = ask_text(a, "name"), *address = ask_text(a, "address"), *each;
	struct in_addr in = {0};
	uint32_t found;

	if (name && strlen(name) >= SETUP_HOST_SIZE)
		return err_set(e, ERR_TOO_BIG, "the name is too long");
	if (address && strcmp(address, "none") != 0 && inet_pton(AF_INET, address, &in) != 1)
		return err_set(e, ERR_INVALID, "address \"%s\" is not an IPv4 address", address);
	if (name && address)
		announce_name_set(a->s, name, ntohl(in.s_addr));
	for (unsigned i = 0; (each = announce_name_at(a->s, i, &found)) != NULL; i++)
		put_name(a, each, found);
	return 0;
}

static int usb_one(struct ask *a, struct device *d, struct err *e)
{
	const char *file = ask_text(a, "file");
	int r;

	if (!file)
		return err_set(e, ERR_MISSING, "which file: usb DEVICE FILE, setup.bin or the image of a key");
	r = usb_boot(a->s, d, file, e);
	return r ? r : setup_one(a, d, e);
}

int do_usb(struct ask *a, struct err *e)
{
	return ask_devices(a, true, usb_one, e);
}

static int clear_one(struct ask *a, struct device *d, struct err *e)
{
	setup_forget(a->s, d, SETUP_FACTORY);
	return setup_one(a, d, e);
}

int do_clear(struct ask *a, struct err *e)
{
	return ask_devices(a, true, clear_one, e);
}
