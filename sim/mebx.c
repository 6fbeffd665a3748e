#include "mebx.h"

#include "audit.h"
#include "base/base.h"
#include "base/err.h"
#include "codec/digest.h"
#include "listen.h"
#include "more.h"
#include "setup.h"
#include "sim.h"

#include <arpa/inet.h>
#include <ctype.h>

int mebx_check_password(struct bytes password, struct err *e)
{
	bool upper = false, lower = false, digit = false, special = false;

	if (password.len < 8 || password.len > 32)
		return err_set(e, ERR_PASSWORD_RULE, "a password has 8 to 32 characters");
	for (size_t i = 0; i < password.len; i++) {
		uint8_t c = password.p[i];

		if (c < 0x20 || c > 0x7e || c == ':' || c == ',' || c == '"')
			return err_set(e, ERR_PASSWORD_RULE,
				       "a password has printable ASCII without : , and the quote");
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
		digit |= c >= '0' && c <= '9';
		special |= !isalnum(c) && c != '_' && c != ' ';
	}
	if (!upper || !lower || !digit || !special)
		return err_set(e, ERR_PASSWORD_RULE, "a password needs %s",
			       !upper   ? "an upper-case letter"
			       : !lower ? "a lower-case letter"
			       : !digit ? "a digit"
					: "a special character");
	return 0;
}

/* Groups may be set off by hyphens, colons or blanks. */
static bool plain(const char *text, char *to, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		if (strchr("-: ", *text))
			continue;
		if (used + 1 >= size)
			return false;
		to[used++] = *text;
	}
	to[used] = '\0';
	return true;
}

/* MeshCommander's generator: the last of a group stands for the sum of those before. A PID is one group. */
static bool has_checksums(struct bytes text, size_t group)
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t at = 0; at < text.len; at += group) {
		unsigned sum = 0;

		for (size_t i = 0; i + 1 < group; i++)
			sum += text.p[at + i];
		if (text.p[at + group - 1] != letters[sum % 36])
			return false;
	}
	return true;
}

bool mebx_is_psk(const struct sim *s, struct bytes text, size_t len)
{
	if (text.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(text.p[i] >= '0' && text.p[i] <= '9') && !(text.p[i] >= 'A' && text.p[i] <= 'Z'))
			return false;
	return !s->set.psk_checksum || has_checksums(text, len == SETUP_PID_LEN ? len : 4);
}

static int check_address(const char *what, const char *text, struct err *e)
{
	struct in_addr a;

	if (text && inet_pton(AF_INET, text, &a) != 1)
		return err_set(e, ERR_INVALID, "%s \"%s\" is not an IPv4 address", what, text);
	return 0;
}

static int check_name(const char *what, const char *text, size_t most, struct err *e)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '.')
			return err_set(e, ERR_INVALID, "%s \"%s\" has other characters than letters, digits, - and .",
				       what, text);
	if (len > most)
		return err_set(e, ERR_INVALID, "%s is longer than %zu characters", what, most);
	return 0;
}

static int check_network(const struct mebx *m, struct err *e)
{
	bool fixed = m->address || m->mask || m->gateway || m->dns || m->dns2;
	int r = check_name("host name", m->host_name, 63, e);

	if (r == 0)
		r = check_name("domain name", m->domain, 191, e);
	if (r == 0)
		r = check_address("address", m->address, e);
	if (r == 0)
		r = check_address("subnet mask", m->mask, e);
	if (r == 0)
		r = check_address("gateway", m->gateway, e);
	if (r == 0)
		r = check_address("DNS address", m->dns, e);
	if (r == 0)
		r = check_address("DNS address", m->dns2, e);
	if (r == 0 && m->dhcp && strcmp(m->dhcp, "on") != 0 && strcmp(m->dhcp, "off") != 0)
		r = err_set(e, ERR_INVALID, "DHCP is on or off, not \"%s\"", m->dhcp);
	if (r == 0 && fixed && (!m->dhcp || strcmp(m->dhcp, "off") != 0))
		r = err_set(e, ERR_INVALID, "address, mask, gateway and DNS are asked for with DHCP off only");
	if (r == 0 && m->dhcp && strcmp(m->dhcp, "off") == 0 && (!m->address || !m->mask))
		r = err_set(e, ERR_INVALID, "without DHCP an address and a subnet mask are needed");
	return r;
}

static int check_switch(const char *what, const char *text, struct err *e)
{
	if (text && strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return err_set(e, ERR_INVALID, "%s is on or off, not \"%s\"", what, text);
	return 0;
}

static int check_psk(const struct sim *s, const struct device *d, const struct mebx *m, struct err *e)
{
	char pid[64], pps[64];

	if (!m->pid && !m->pps)
		return 0;
	if (device_profile(d)->major >= 11)
		return err_set(e, ERR_UNSUPPORTED, "firmware %s has no TLS-PSK", device_profile(d)->version);
	if (!m->pid || !m->pps || !plain(m->pid, pid, sizeof(pid)) || !plain(m->pps, pps, sizeof(pps)) ||
	    !mebx_is_psk(s, bytes_str(pid), SETUP_PID_LEN) || !mebx_is_psk(s, bytes_str(pps), SETUP_PPS_LEN))
		return err_set(e, ERR_INVALID, "a PID has %d characters of 0-9 and A-Z, its PPS %d", SETUP_PID_LEN,
			       SETUP_PPS_LEN);
	return 0;
}

static int check_server(const struct sim *s, const struct device *d, const struct mebx *m, struct err *e)
{
	uint64_t port;
	int r = check_address("provisioning server", m->server, e);

	if (r == 0)
		r = check_name("provisioning server FQDN", m->server_fqdn, SETUP_HOST_SIZE - 1, e);
	if (r == 0)
		r = check_name("PKI DNS suffix", m->suffix, SETUP_HOST_SIZE - 1, e);
	if (r == 0 && m->port && (!text_to_u64(bytes_str(m->port), &port) || port == 0 || port > UINT16_MAX))
		r = err_set(e, ERR_INVALID, "a port is a number from 1 to 65535, not \"%s\"", m->port);
	if (r == 0)
		r = check_switch("Remote Configuration", m->remote, e);
	if (r == 0)
		r = check_switch("pre-installed certificates", m->preinstalled, e);
	if (r == 0 && !m->hash != !m->hash_name)
		r = err_set(e, ERR_MISSING, "a hash is entered with its name");
	return r == 0 ? check_psk(s, d, m, e) : r;
}

static int check_mode(const struct device *d, const char *mode, struct err *e)
{
	if (mode && strcmp(mode, "smb") != 0 && strcmp(mode, "enterprise") != 0 && strcmp(mode, "none") != 0)
		return err_set(e, ERR_INVALID, "Provision Mode is smb, enterprise or none, not \"%s\"", mode);
	if (mode && strcmp(mode, "none") != 0 && d->mode >= DEVICE_ENTERPRISE)
		return err_set(e, ERR_IN_USE, "it is set up already; take it back first (mode none)");
	if (mode && strcmp(mode, "enterprise") == 0 && d->mode == DEVICE_SMB)
		return err_set(e, ERR_IN_USE, "it is set up by hand; take it back first (mode none)");
	return 0;
}

static int check(struct sim *s, const struct device *d, const struct mebx *m, struct err *e)
{
	int r = 0;

	if (m->password.p && !bytes_equal(m->password, setup_password(s, d)))
		return err_set(e, ERR_WRONG_PASSWORD, "Intel ME Password is wrong");
	if (m->new_password.p)
		r = mebx_check_password(m->new_password, e);
	else if (setup_password_is_factory(d))
		r = err_set(e, ERR_PASSWORD_RULE, "the factory password must be changed first");
	if (r == 0)
		r = check_mode(d, m->mode, e);
	if (r == 0)
		r = check_server(s, d, m, e);
	return r == 0 ? check_network(m, e) : r;
}

static void keep(struct device *d, const char *class_name, const char *prop, const char *value)
{
	if (value)
		more_set_str(d, class_name, 0, prop, value);
}

static void save_network(struct device *d, const struct mebx *m)
{
	keep(d, "AMT_GeneralSettings", "HostName", m->host_name);
	keep(d, "AMT_GeneralSettings", "DomainName", m->domain);
	if (m->dhcp)
		more_set_str(d, "AMT_EthernetPortSettings", 0, "DHCPEnabled", m->dhcp[1] == 'n' ? "true" : "false");
	keep(d, "AMT_EthernetPortSettings", "IPAddress", m->address);
	keep(d, "AMT_EthernetPortSettings", "SubnetMask", m->mask);
	keep(d, "AMT_EthernetPortSettings", "DefaultGateway", m->gateway);
	keep(d, "AMT_EthernetPortSettings", "PrimaryDNS", m->dns);
	keep(d, "AMT_EthernetPortSettings", "SecondaryDNS", m->dns2);
}

static int save_hash(struct sim *s, struct device *d, const struct mebx *m, struct err *e)
{
	char hex[2 * HASH_SIZE_MAX + 1];
	struct buf raw;
	int r = 0;

	if (m->hash_delete)
		r = setup_hash_delete(s, d, m->hash_delete, e);
	if (r == 0 && m->hash) {
		buf_init(&raw, HASH_SIZE_MAX);
		if (!plain(m->hash, hex, sizeof(hex)) || hex_decode(bytes_str(hex), &raw) != 0)
			r = err_set(e, ERR_INVALID, "a hash is written in hexadecimal digits");
		else
			r = setup_hash_add(s, d,
					   raw.len == 20   ? HASH_SHA1
					   : raw.len == 32 ? HASH_SHA256
							   : HASH_SHA384,
					   buf_bytes(&raw), m->hash_name, e);
		buf_release(&raw);
	}
	if (r == 0 && m->hash_enable)
		r = setup_hash_enable(s, d, m->hash_enable, true, e);
	if (r == 0 && m->hash_disable)
		r = setup_hash_enable(s, d, m->hash_disable, false, e);
	return r;
}

static void save_text(char **to, const char *text)
{
	if (!text)
		return;
	free(*to);
	*to = text[0] ? bytes_dup_str(bytes_str(text)) : NULL;
}

static void save_server(struct sim *s, struct device *d, const struct mebx *m)
{
	struct setup *p = setup_get(s, d);
	struct in_addr a;
	uint64_t port;

	save_text(&p->server_fqdn, m->server_fqdn);
	save_text(&p->suffix, m->suffix);
	if (m->server && inet_pton(AF_INET, m->server, &a) == 1)
		p->server = ntohl(a.s_addr);
	if (m->port && text_to_u64(bytes_str(m->port), &port))
		p->port = (uint16_t)port;
	if (m->remote)
		p->remote_off = m->remote[1] == 'f';
	if (m->preinstalled)
		p->builtin_off = m->preinstalled[1] == 'f';
	if (m->pid) {
		(void)plain(m->pid, p->pid, sizeof(p->pid)); /* their lengths were checked */
		(void)plain(m->pps, p->pps, sizeof(p->pps));
	}
}

static void save_password(struct sim *s, struct device *d, struct bytes password)
{
	setup_set_password(s, d, password);
	if (d->mode <= DEVICE_SMB) /* by hand both passwords are one; a server sets them apart */
		device_set_password(s, d, password);
}

static void save_mode(struct sim *s, struct device *d, const char *mode)
{
	if (strcmp(mode, "enterprise") == 0) {
		(void)setup_open(s, d); /* it notes why not */
		return;
	}
	if (strcmp(mode, "smb") == 0) {
		setup_done(s, d, DEVICE_SMB);
		device_set_mode(s, d, DEVICE_SMB, s->opt.tls != SIM_TLS_PROFILE);
		audit_add_local(s, d, AUDIT_SECURITY, AUDIT_SETUP_DONE, BYTES_LIT("\3\0\0\0\0"));
		return;
	}
	audit_add_local(s, d, AUDIT_SECURITY, AUDIT_UNSETUP_STARTED, BYTES_LIT("\1"));
	setup_forget(s, d, SETUP_FULL);
}

int mebx_save(struct sim *s, struct device *d, const struct mebx *m, struct err *e)
{
	int r = check(s, d, m, e);

	if (r == 0)
		r = save_hash(s, d, m, e);
	if (r != 0)
		return r;
	save_network(d, m);
	save_server(s, d, m);
	if (m->new_password.p)
		save_password(s, d, m->new_password);
	if (m->mode)
		save_mode(s, d, m->mode);
	d->nonce_epoch++;
	listen_update(s, d);
	return 0;
}
