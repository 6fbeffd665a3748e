/* Feeds every file of the given folder to a fuzz target without a fuzzer: whole, and ended early at each of its first
 * 2,048 bytes (not with --whole), each time in memory of exactly that size so that AddressSanitizer sees a read behind
 * the end. */
#include <dirent.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "fuzz/fuzz.h"

#define SEED_MAX (16 << 20)
#define CUT_MAX  2048

static void feed(const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	ASSERT(exact);
	if (len)
		memcpy(exact, p, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static int replay(const char *folder, const char *name, size_t cut_max)
{
	struct err e = ERR_INIT;
	struct buf path, seed;
	buf_init(&path, 4096);
	buf_init(&seed, SEED_MAX);
	buf_addf(&path, "%s/%s", folder, name);
	int rc = file_read(buf_cstr(&path), &seed, &e);
	if (rc)
		(void)fprintf(stderr, "%s\n", e.msg);
	for (size_t len = 0; rc == 0 && len < seed.len && len < cut_max; len++)
		feed(seed.p, len);
	if (rc == 0)
		feed(seed.p, seed.len);
	buf_release(&path);
	buf_release(&seed);
	return rc;
}

int main(int argc, char **argv)
{
	bool whole = argc == 3 && strcmp(argv[1], "--whole") == 0;
	const char *folder = argc == 2 + whole ? argv[1 + whole] : NULL;
	DIR *d = folder ? opendir(folder) : NULL;
	if (!d) {
		(void)fprintf(stderr, "usage: %s [--whole] FOLDER-OF-SEEDS\n", argv[0]);
		return 2;
	}
	int count = 0, bad = 0;
	for (const struct dirent *f = readdir(d); f; f = readdir(d)) {
		if (f->d_name[0] == '.')
			continue;
		bad += replay(folder, f->d_name, whole ? 0 : CUT_MAX) != 0;
		count++;
	}
	closedir(d);
	printf("%d seeds replayed, %d unreadable\n", count, bad);
	return count == 0 || bad;
}
