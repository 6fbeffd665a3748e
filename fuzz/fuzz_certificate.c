/* Files of certificates and keys, as somebody sends them: what can be read of them, imported, and found for a device.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "pki/device.h"
#include "pki/management.h"

#define NOW INT64_C(1795480000000) /* the seeds are valid then: 2026-11-24 */

static const struct vault_place place = {"certificate", 1, "key", 1};

/* Its key file is gone as soon as it is open. */
static struct vault *open_vault(void)
{
	static struct vault *v;
	char folder[] = "/tmp/lamp-fuzz-XXXXXX", path[64];
	if (v)
		return v;
	ASSERT(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/key", folder);
	ASSERT(vault_open(path, true, &v, NULL) == 0);
	(void)unlink(path);
	(void)rmdir(folder);
	return v;
}

static void check_view(struct bytes file)
{
	struct pki_view v;
	if (pki_view_read(file, &v, NULL))
		return;
	ASSERT(text_is_printable(bytes_str(v.subject)) && text_is_printable(bytes_str(v.issuer)));
	ASSERT(text_is_printable(bytes_str(v.common_name)) && text_is_printable(bytes_str(v.dns_name)));
	(void)pki_suffix_fits(v.common_name, "corp.example");
}

static void check_import(struct bytes file, const struct secret *password)
{
	struct pki_imported got;
	struct err e = ERR_INIT;
	const struct pki_import in = {.files = file, .password = password, .suffix = "corp.example", .now_ms = NOW};
	int rc = pki_management_import(open_vault(), place, &in, &got, &e);
	ASSERT(rc == e.code && (!rc || *e.msg));
	if (rc)
		return;
	struct bytes cert = buf_bytes(&got.stored.cert), one;
	size_t count = 0;
	for (struct bytes rest = buf_bytes(&got.stored.chain); pki_chain_take(&rest, &one);)
		count++;
	ASSERT(count < PKI_CHAIN_MOST && got.stored.not_after > NOW && cert.len);
	pki_stored_release(&got.stored);
}

static void check_devices(struct bytes file, const struct secret *password)
{
	const struct pki_device_name names[] = {{.fqdn = "lamp.corp.example"}, {.fqdn = "desk"}, {.uuid = {{1}}}};
	struct pki_device_set *set;
	struct pki_bag *bag;
	struct pki_stored got;
	if (pki_bag_read(file, password, &bag, NULL) || pki_device_set_new(bag, &set, NULL))
		return;
	ASSERT(pki_device_set_count(set) > 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (pki_device_set_find(set, &names[i], open_vault(), place, NOW, &got, NULL) == 0)
			pki_stored_release(&got);
	pki_device_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = BYTES(data, size);
	struct secret password = SECRET_INIT;
	struct pki_stored got;
	secret_set(&password, "secret", 6);
	check_view(file);
	check_import(file, &password);
	check_devices(file, &password);
	if (pki_ca_restore(open_vault(), place, file, &password, NOW, &got, NULL) == 0)
		pki_stored_release(&got);
	secret_release(&password);
	return 0;
}
