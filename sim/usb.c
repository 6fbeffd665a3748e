#include "usb.h"

#include "base/base.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/file.h"
#include "codec/setup_bin.h"
#include "mebx.h"
#include "more.h"
#include "setup.h"
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define IMAGE_MAX       (64u * 1024 * 1024)
#define BOOT_SECTOR     512
#define DIRECTORY_ENTRY 32
#define ENTRIES_MOST    512
#define NAME_83         "SETUP   BIN"

struct fat {
	uint32_t root, data; /* offsets in bytes */
	uint32_t cluster;    /* bytes */
	uint32_t entries;    /* of the root directory that are looked at */
};

/* The fields of the first sector; false: no file system of this kind. */
static bool fat_read(struct bytes image, struct fat *ret)
{
	struct cursor c;
	uint32_t sector, reserved, fats, entries, size, wide, root;
	uint8_t per_cluster;

	cursor_init(&c, image);
	cursor_skip(&c, 11);
	sector = cursor_le16(&c);
	per_cluster = cursor_u8(&c);
	reserved = cursor_le16(&c);
	fats = cursor_u8(&c);
	entries = cursor_le16(&c);
	cursor_skip(&c, 3);
	size = cursor_le16(&c);
	cursor_skip(&c, 12);
	wide = cursor_le32(&c);
	cursor_skip(&c, 4);
	root = cursor_le32(&c);
	if (c.failed || sector < BOOT_SECTOR || sector > 4096 || per_cluster == 0 || fats == 0 || fats > 2 ||
	    (size ? size : wide) > IMAGE_MAX / BOOT_SECTOR)
		return false;
	ret->cluster = sector * per_cluster;
	ret->root = (reserved + fats * (size ? size : wide)) * sector;
	ret->data = ret->root + entries * DIRECTORY_ENTRY;
	ret->entries = entries;
	if (size == 0) { /* FAT32: the root is a file of its own */
		ret->root = ret->data + (root >= 2 && root < IMAGE_MAX / ret->cluster ? root - 2 : 0) * ret->cluster;
		ret->entries = ret->cluster / DIRECTORY_ENTRY;
	}
	return true;
}

/* The part of the image that is the file; NONE: it is not there. */
static struct bytes find_in_image(struct bytes image)
{
	struct fat f;

	if (!fat_read(image, &f))
		return BYTES_NONE;
	for (uint32_t i = 0; i < f.entries && i < ENTRIES_MOST; i++) {
		size_t at = f.root + (size_t)i * DIRECTORY_ENTRY, start;
		struct cursor c;
		uint32_t first, size;

		if (at + DIRECTORY_ENTRY > image.len || image.p[at] == 0)
			break;
		if (memcmp(image.p + at, NAME_83, sizeof(NAME_83) - 1) != 0)
			continue;
		cursor_init(&c, BYTES(image.p + at + 26, 6));
		first = cursor_le16(&c);
		size = cursor_le32(&c);
		start = f.data + (size_t)(first >= 2 ? first - 2 : 0) * f.cluster;
		return start < image.len && size <= image.len - start ? BYTES(image.p + start, size) : BYTES_NONE;
	}
	return BYTES_NONE;
}

static struct bytes find_file(struct buf *all)
{
	struct setup_bin f;

	return setup_bin_open(buf_bytes(all), &f, NULL) == 0 ? buf_bytes(all) : find_in_image(buf_bytes(all));
}

static int write_back(const char *path, size_t at, struct bytes file, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || pwrite(fd, file.p, file.len, (off_t)at) != (ssize_t)file.len)
		r = err_set_sys(e, ERR_SYSTEM, errno, "cannot mark the record in \"%s\"", path);
	if (fd >= 0 && close(fd) != 0 && r == 0)
		r = err_set_sys(e, ERR_SYSTEM, errno, "cannot mark the record in \"%s\"", path);
	return r;
}

struct texts {
	char password[33], new_password[33], suffix[SETUP_HOST_SIZE], fqdn[SETUP_HOST_SIZE], host[64];
	char domain[SETUP_HOST_SIZE], pid[16], pps[40], port[8], address[16];
};

static const char *text(const struct setup_bin_record *r, uint32_t id, char *to, size_t size)
{
	const struct setup_bin_entry *entry = setup_bin_find(r, id);

	return entry && bytes_to_str(entry->value, to, size) ? to : NULL;
}

static bool number(const struct setup_bin_record *r, uint32_t id, uint32_t *ret)
{
	const struct setup_bin_entry *entry = setup_bin_find(r, id);

	return entry && setup_bin_number(entry, ret);
}

static const char *on_off(const struct setup_bin_record *r, uint32_t id)
{
	uint32_t v;

	return number(r, id, &v) ? (v ? "on" : "off") : NULL;
}

/* The last byte comes first. */
static const char *server_address(const struct setup_bin_record *r, char to[16])
{
	const struct setup_bin_entry *entry = setup_bin_find(r, SETUP_BIN_SERVER_ADDRESS);

	if (!entry || entry->value.len != 4)
		return NULL;
	snprintf(to, 16, "%u.%u.%u.%u", entry->value.p[3], entry->value.p[2], entry->value.p[1], entry->value.p[0]);
	return to;
}

static int save_menus(struct sim *s, struct device *d, const struct setup_bin_record *r, struct err *e)
{
	struct texts t;
	struct mebx m = {
		.password = bytes_str(text(r, SETUP_BIN_PASSWORD, t.password, sizeof(t.password))),
		.new_password = bytes_str(text(r, SETUP_BIN_NEW_PASSWORD, t.new_password, sizeof(t.new_password))),
		.host_name = text(r, SETUP_BIN_HOST_NAME, t.host, sizeof(t.host)),
		.domain = text(r, SETUP_BIN_DOMAIN_NAME, t.domain, sizeof(t.domain)),
		.server = server_address(r, t.address),
		.server_fqdn = text(r, SETUP_BIN_SERVER_FQDN, t.fqdn, sizeof(t.fqdn)),
		.remote = on_off(r, SETUP_BIN_REMOTE_SETUP),
		.preinstalled = on_off(r, SETUP_BIN_FACTORY_HASHES),
		.suffix = text(r, SETUP_BIN_DNS_SUFFIX, t.suffix, sizeof(t.suffix)),
		.pid = text(r, SETUP_BIN_PID, t.pid, sizeof(t.pid)),
		.pps = text(r, SETUP_BIN_PPS, t.pps, sizeof(t.pps)),
	};
	uint32_t port;

	if (number(r, SETUP_BIN_SERVER_PORT, &port)) {
		snprintf(t.port, sizeof(t.port), "%u", port);
		m.port = t.port;
	}
	if (!m.password.p)
		return err_set(e, ERR_WRONG_PASSWORD, "the record has no password of MEBx");
	return mebx_save(s, d, &m, e);
}

/* Files before 3 must say first that hashes may be added. What is there already stays as it is. */
static int save_hashes(struct sim *s, struct device *d, const struct setup_bin *f, const struct setup_bin_record *r,
		       struct err *e)
{
	uint32_t may = f->version >= SETUP_BIN_V3;
	struct setup_bin_hash h;
	char name[HASH_NAME_SIZE];
	int rc = 0;

	if (number(r, SETUP_BIN_USER_HASHES, &may) && may == 2)
		setup_hash_clear(s, d);
	for (size_t i = 0; i < r->count && rc == 0; i++) {
		if (r->entries[i].id != SETUP_BIN_HASH || may == 0)
			continue;
		rc = setup_bin_hash_parse(r->entries[i].value, &h, e);
		if (rc == 0 && !bytes_to_str(h.name, name, sizeof(name)))
			rc = err_set(e, ERR_MALFORMED, "the name of a hash is too long");
		if (rc == 0)
			rc = setup_hash_add(s, d, (enum hash_type)h.type, h.value, name, e);
		if (rc == ERR_EXISTS)
			rc = 0;
	}
	return rc;
}

static void save_features(struct device *d, const struct setup_bin_record *r)
{
	static const char *const redirection[] = {"32768", "32770", "32769", "32771"}; /* 1 SOL, 2 IDE-R */
	uint32_t v;

	if (number(r, SETUP_BIN_REDIRECTION, &v))
		more_set_str(d, "AMT_RedirectionService", 0, "EnabledState", redirection[v & 3]);
	if (number(r, SETUP_BIN_DHCP, &v))
		more_set_str(d, "AMT_EthernetPortSettings", 0, "DHCPEnabled", v == 1 ? "false" : "true");
	if (number(r, SETUP_BIN_SHARED_FQDN, &v))
		more_set_str(d, "AMT_GeneralSettings", 0, "SharedFQDN", v ? "true" : "false");
	if (number(r, SETUP_BIN_DYNAMIC_DNS, &v))
		more_set_str(d, "AMT_GeneralSettings", 0, "DDNSUpdateEnabled", v ? "true" : "false");
	if (number(r, SETUP_BIN_KVM, &v))
		more_set_str(d, "CIM_KVMRedirectionSAP", 0, "EnabledState", v ? "6" : "3");
	if (number(r, SETUP_BIN_USER_CONSENT, &v))
		more_set_str(d, "IPS_OptInService", 0, "OptInRequired", v == 255 ? "4294967295" : v ? "1" : "0");
	if (number(r, SETUP_BIN_CONSENT_POLICY, &v))
		more_set_str(d, "IPS_OptInService", 0, "CanModifyOptInPolicy", v ? "1" : "0");
}

/* By hand where the file says so; else it asks for a server, unless it is told to wait. */
static int save_mode(struct sim *s, struct device *d, const struct setup_bin_record *r, struct err *e)
{
	struct mebx m = {.mode = "enterprise"};
	uint32_t v;

	if ((number(r, SETUP_BIN_MODE, &v) && v == 2) || (number(r, SETUP_BIN_MANUAL_SETUP, &v) && v == 1))
		m.mode = "smb";
	else if (number(r, SETUP_BIN_START, &v) && v == 0)
		return 0;
	return mebx_save(s, d, &m, e);
}

static int apply(struct sim *s, struct device *d, const struct setup_bin *f, const struct setup_bin_record *r,
		 struct err *e)
{
	int rc = save_menus(s, d, r, e);

	if (rc == 0)
		rc = save_hashes(s, d, f, r, e);
	if (rc != 0)
		return rc;
	save_features(d, r);
	return save_mode(s, d, r, e);
}

static enum setup_bin_version latest_version(const struct device *d)
{
	unsigned v = profile_version(device_profile(d));

	return v < PROFILE_VERSION(3, 0)   ? SETUP_BIN_V1
	       : v < PROFILE_VERSION(4, 0) ? SETUP_BIN_V2
	       : v < PROFILE_VERSION(6, 0) ? SETUP_BIN_V2_1
	       : v < PROFILE_VERSION(7, 0) ? SETUP_BIN_V3
					   : SETUP_BIN_V4;
}

/* The first record that is not used up. */
static int next_record(const struct setup_bin *f, struct setup_bin_record *r, uint32_t *ret, struct err *e)
{
	for (uint32_t i = 0; i < f->records; i++) {
		int rc = setup_bin_read(f, i, r, e);

		if (rc != 0)
			return rc;
		if (r->flags & SETUP_BIN_RECORD_VALID) {
			*ret = i;
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "every record of the file is used up");
}

static int boot(struct sim *s, struct device *d, struct bytes file, struct setup_bin *f, uint32_t *ret_record,
		struct err *e)
{
	struct setup_bin_record *r = mem_alloc(sizeof(*r));
	int rc = setup_bin_open(file, f, e);

	if (rc == 0 && f->version > latest_version(d))
		rc = err_set(e, ERR_UNSUPPORTED, "firmware %s does not know version %s of the file",
			     device_profile(d)->version, setup_bin_version_name(f->version));
	if (rc == 0)
		rc = next_record(f, r, ret_record, e);
	if (rc == 0)
		rc = apply(s, d, f, r, e);
	setup_bin_record_wipe(r);
	free(r);
	return rc;
}

int usb_boot(struct sim *s, struct device *d, const char *path, struct err *e)
{
	struct setup_bin f;
	struct bytes file;
	struct buf all;
	uint32_t record = 0;
	int r;

	if (device_is_set_up(d))
		return err_set(e, ERR_IN_USE, "it is set up already");
	buf_init(&all, IMAGE_MAX);
	r = file_read(path, &all, e);
	file = r == 0 ? find_file(&all) : BYTES_NONE;
	if (r == 0 && !file.p)
		r = err_set(e, ERR_NOT_FOUND, "\"%s\" is no setup.bin, nor a FAT image that has one", path);
	if (r == 0)
		r = boot(s, d, file, &f, &record, e);
	if (r == 0 && !(f.flags & SETUP_BIN_FLAG_KEEP)) {
		size_t at = (size_t)(file.p - all.p);

		setup_bin_consume(&f, record, all.p + at);
		r = write_back(path, at, file, e);
	}
	buf_release(&all);
	return r;
}
