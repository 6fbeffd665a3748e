#include "mebx.h"

#include "base/base.h"
#include "base/err.h"
#include "codec/digest.h"
#include "listen.h"
#include "more.h"
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

/* The password that opens the menus: "admin" from the factory (or the one of all devices, which their setup would
 * set), afterwards that of the admin account. */
static bool is_password(struct sim *s, const struct device *d, struct bytes password)
{
	return bytes_equal(password, device_password(s, d)) ||
	       (!device_is_set_up(d) && bytes_equal_str(password, "admin"));
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

static int check(struct sim *s, const struct device *d, const struct mebx *m, struct err *e)
{
	int r = 0;

	if (m->password.p && !is_password(s, d, m->password))
		return err_set(e, ERR_WRONG_PASSWORD, "Intel ME Password is wrong");
	if (m->new_password.p)
		r = mebx_check_password(m->new_password, e);
	if (r == 0 && m->mode && strcmp(m->mode, "smb") != 0 && strcmp(m->mode, "none") != 0)
		r = err_set(e, ERR_INVALID, "Provision Mode is smb or none, not \"%s\"", m->mode);
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

int mebx_save(struct sim *s, struct device *d, const struct mebx *m, struct err *e)
{
	int r = check(s, d, m, e);

	if (r != 0)
		return r;
	save_network(d, m);
	if (m->new_password.p) {
		(void)bytes_to_str(m->new_password, more_get(d)->password,
				   sizeof(d->more->password)); /* its length was checked */
		device_set_password(s, d, m->new_password);
	}
	if (m->mode)
		device_set_mode(s, d, strcmp(m->mode, "smb") == 0 ? DEVICE_SMB : DEVICE_FACTORY,
				s->opt.tls != SIM_TLS_PROFILE);
	d->nonce_epoch++;
	listen_update(s, d);
	return 0;
}
