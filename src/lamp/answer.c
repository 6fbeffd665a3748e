#include "lamp/answer.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "lamp/print.h"

#define PATH_LONGEST 4096
#define FILE_LONGEST (4u << 20)

static bool is_answer(const struct invocation *in, const char *name)
{
	return strcmp(in->command->answer, name) == 0 && in->command->kind != API_LIST;
}

bool answer_takes(const struct invocation *in)
{
	if (is_answer(in, "file") || is_answer(in, "certificate_request"))
		return !in->json || in->out;
	return !in->json && (is_answer(in, "root_hash") || is_answer(in, "removed"));
}

static const char *text_of(const struct json_t *j, const char *name)
{
	const char *s = "";
	(void)json_opt_str(j, name, FILE_LONGEST, &s, NULL); /* empty when it is not there */
	return s;
}

/* In a folder it gets its own name; slashes of that are not taken. */
static int path_of(const char *out, const char *name, const char *ending, char to[PATH_LONGEST], struct err *e)
{
	struct stat st;
	bool folder = stat(out, &st) == 0 && S_ISDIR(st.st_mode);
	int n = folder ? snprintf(to, PATH_LONGEST, "%s/%s%s", out, strchr(name, '/') ? "file" : name, ending)
		       : snprintf(to, PATH_LONGEST, "%s", out);
	return n < 0 || n >= PATH_LONGEST ? err_set(e, ERR_TOO_BIG, "\"%s\" is too long for a path", out) : 0;
}

static int write_out(const struct invocation *in, const char *name, const char *ending, int mode, struct bytes content,
		     struct err *e)
{
	char path[PATH_LONGEST];
	if (!in->out) {
		(void)fwrite(content.p, 1, content.len, stdout); /* main looks at the stream at the end */
		return 0;
	}
	int rc = path_of(in->out, name, ending, path, e);
	rc = rc ? rc : file_write(path, mode, content, e);
	if (!rc && !in->json)
		printf("written: %s\n", path);
	return rc;
}

static int write_file(const struct invocation *in, const struct json_t *j, struct err *e)
{
	struct buf content;
	bool pem = strcmp(text_of(j, "media"), "application/x-pem-file") == 0;
	bool is_backup = in->command->id == API_CMD_CERTIFICATE_AUTHORITY_BACKUP;
	if (!in->out && !pem && isatty(STDOUT_FILENO))
		return err_set(e, ERR_INVALID, "this is no text: give --out FILE");
	buf_init(&content, FILE_LONGEST);
	int rc = base64_decode(bytes_str(text_of(j, "data")), &content);
	rc = rc ? err_set(e, ERR_MALFORMED, "the server sent no file")
		: write_out(in, text_of(j, "name"), "", is_backup ? 0600 : 0644, buf_bytes(&content), e);
	buf_release(&content);
	return rc;
}

static void print_hash(const struct json_t *j, const char *name, const char *title)
{
	const struct json_t *mebx = json_member(j, "mebx"), *fits = json_member(j, "fits");
	printf("\n%-8s %s\n%-8s %s\n%-8s %s\n", title, text_of(j, name), "  MEBx", text_of(mebx, name), "  for",
	       text_of(fits, name));
}

static void print_root_hash(const struct json_t *j)
{
	const char *note = text_of(j, "note");
	printf("root     %s\norigin   %s\nkey      %s, %s\nexpires  %s\n", text_of(j, "subject"), text_of(j, "origin"),
	       text_of(j, "key"), text_of(j, "signature"), text_of(j, "expires"));
	if (*note)
		printf("note     %s\n", note);
	print_hash(j, "sha256", "SHA-256");
	print_hash(j, "sha384", "SHA-384");
	print_hash(j, "sha1", "SHA-1");
	printf("\n%-8s %s (not for AMT)\n", "MD5", text_of(j, "md5"));
}

enum lamp_exit answer_show(const struct invocation *in, const struct json_t *j)
{
	struct err e = ERR_INIT;
	int64_t count = 0;
	int rc = 0;
	if (is_answer(in, "file")) {
		rc = write_file(in, j, &e);
	} else if (is_answer(in, "certificate_request")) {
		rc = write_out(in, text_of(j, "name"), ".csr", 0644, bytes_str(text_of(j, "pem")), &e);
	} else if (is_answer(in, "root_hash")) {
		print_root_hash(j);
	} else {
		(void)json_opt_i64(j, "removed", 0, INT64_MAX, &count, NULL); /* 0 when it is not there */
		printf(count ? "removed: %lld\n" : "nothing to delete\n", (long long)count);
	}
	if (!rc && in->json)
		print_object_json(j);
	return rc ? lamp_complain(rc, &e) : LAMP_DONE;
}
