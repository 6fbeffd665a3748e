/* Our side of run.py:
 *
 * ours write FOLDER   files of each version, with every variable that it may have
 * ours read FILE...   what we make of files, as meshcentral.js shows them
 * ours hello          hellos, a line of hexadecimal digits each */
#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/hello.h"
#include "codec/setup_bin.h"

#define FILE_MAX (1 << 20)

/* A value that the table allows, with bytes of its own. */
static struct bytes value_of(const struct setup_bin_variable *v, uint8_t *to)
{
	static const uint8_t hash[] = "\1aaaaaaaaaaaaaaaaaaaa\7Zone CA";
	size_t len = v->kind == SETUP_BIN_NUMBER_1   ? 1
		     : v->kind == SETUP_BIN_NUMBER_2 ? 2
		     : v->kind == SETUP_BIN_NUMBER_4 ? 4
		     : v->least > 4                  ? v->least
						     : 4;
	if (v->id == SETUP_BIN_HASH)
		return BYTES(hash, sizeof(hash) - 1);
	memset(to, 0, 40);
	if (v->kind == SETUP_BIN_TEXT || v->kind == SETUP_BIN_RAW)
		for (size_t i = 0; i < len; i++)
			to[i] = (uint8_t)('A' + i % 26);
	else
		to[0] = 1;
	return BYTES(to, len);
}

static int write_record(struct setup_bin_writer *w, uint32_t flags, uint32_t first, uint32_t last)
{
	static uint8_t values[64][40];
	struct setup_bin_entry entries[64];
	size_t n = 0;
	for (uint32_t module = 1; module <= 2; module++)
		for (uint32_t i = first; i <= last; i++) {
			const struct setup_bin_variable *v = setup_bin_variable(SETUP_BIN_ID(module, i));
			if (!v || v->since > w->version)
				continue;
			entries[n] = (struct setup_bin_entry){v->id, value_of(v, values[n])};
			n++;
		}
	return setup_bin_add(w, entries, n, flags, NULL);
}

static int write_file(const char *folder, enum setup_bin_version version, uint32_t flags)
{
	static uint8_t file[4 * SETUP_BIN_RECORD_SIZE];
	char path[512];
	struct setup_bin_writer w;
	setup_bin_begin(&w, version, version == SETUP_BIN_V2 ? 0 : SETUP_BIN_FLAG_KEEP, file, sizeof(file));
	int rc = write_record(&w, SETUP_BIN_RECORD_VALID, 1, 12);
	rc = rc ? rc : write_record(&w, SETUP_BIN_RECORD_VALID | flags, 13, 24);
	rc = rc ? rc : write_record(&w, SETUP_BIN_RECORD_VALID | flags, 25, 40);
	if (rc)
		return rc;
	(void)snprintf(path, sizeof(path), "%s/ours-%s%s.bin", folder, setup_bin_version_name(version),
		       flags ? "-scrambled" : "");
	FILE *f = fopen(path, "wbe");
	if (!f)
		return ERR_SYSTEM;
	size_t len = setup_bin_end(&w);
	rc = fwrite(file, 1, len, f) == len ? 0 : ERR_SYSTEM;
	return fclose(f) ? ERR_SYSTEM : rc;
}

static int write_all(const char *folder)
{
	static const struct {
		enum setup_bin_version version;
		uint32_t flags;
	} files[] = {
		{SETUP_BIN_V1, 0}, {SETUP_BIN_V2, 0}, {SETUP_BIN_V2_1, 0},
		{SETUP_BIN_V3, 0}, {SETUP_BIN_V4, 0}, {SETUP_BIN_V4, SETUP_BIN_RECORD_SCRAMBLED},
	};
	int rc = 0;
	for (size_t i = 0; i < ARRAY_LEN(files) && !rc; i++)
		rc = write_file(folder, files[i].version, files[i].flags);
	return rc;
}

static void show_entry(const struct setup_bin_entry *entry)
{
	uint32_t number;
	printf("[%u,%u,", entry->id >> 16, entry->id & 0xffff);
	if (setup_bin_number(entry, &number)) {
		printf("%u]", number);
		return;
	}
	printf("\"");
	for (size_t i = 0; i < entry->value.len; i++)
		printf("%02x", entry->value.p[i]);
	printf("\"]");
}

static int show_file(const char *path)
{
	struct setup_bin f;
	struct setup_bin_record r;
	struct buf in;
	buf_init(&in, FILE_MAX);
	int rc = file_read(path, &in, NULL);
	rc = rc ? rc : setup_bin_open(buf_bytes(&in), &f, NULL);
	if (!rc)
		printf("{\"file\":\"%s\",\"version\":%d,\"minor\":%d,\"flags\":%u,\"records\":[", path,
		       (int)f.version >> 8, (int)f.version & 0xff, f.flags);
	for (uint32_t i = 0; !rc && i < f.records; i++) {
		rc = setup_bin_read(&f, i, &r, NULL);
		printf("%s{\"flags\":%u,\"variables\":[", i ? "," : "", r.flags);
		for (size_t j = 0; !rc && j < r.count; j++) {
			printf(j ? "," : "");
			show_entry(&r.entries[j]);
		}
		printf("]}");
	}
	if (!rc)
		printf("]}\n");
	buf_release(&in);
	return rc;
}

static void show_hello(const struct hello *h)
{
	struct buf out, hex;
	buf_init(&out, HELLO_SIZE_MAX);
	buf_init(&hex, 2 * HELLO_SIZE_MAX);
	ASSERT(hello_encode(h, &out, NULL) == 0);
	hex_encode(&hex, buf_bytes(&out));
	printf("%s\n", buf_cstr(&hex));
	buf_release(&out);
	buf_release(&hex);
}

static void show_hellos(void)
{
	static const uint8_t bytes[HELLO_HASH_MAX] = "0123456789abcdefghijklmnopqrstuvwxyz";
	struct hello h = {.version = HELLO_VERSION_PKI};
	for (uint8_t i = 0; i < sizeof(h.uuid.b); i++)
		h.uuid.b[i] = (uint8_t)(0x11 * i);
	for (size_t count = 0; count <= 24; count += 6) {
		h.admin_set = count % 12 == 0;
		h.retry = (uint32_t)count / 2;
		h.hash_count = count;
		for (size_t i = 0; i < count; i++) {
			enum hello_hash_type type = (enum hello_hash_type)(1 + i % 3);
			h.hashes[i] = (struct hello_hash){type, BYTES(bytes, hello_hash_size(type))};
		}
		show_hello(&h);
	}
}

int main(int argc, char **argv)
{
	int rc = argc == 3 && strcmp(argv[1], "write") == 0 ? write_all(argv[2]) : 0;
	for (int i = 2; i < argc && !rc && strcmp(argv[1], "read") == 0; i++)
		rc = show_file(argv[i]);
	if (argc == 2 && strcmp(argv[1], "hello") == 0)
		show_hellos();
	return rc != 0;
}
