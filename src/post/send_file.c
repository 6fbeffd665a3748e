/* Files: what is passed on is appended, and a full file is rolled: NAME.1 is the newest of the old ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/text.h"
#include "codec/msgline.h"
#include "post/post_priv.h"

#define PATH_SIZE  4096
#define DAY_S      86400
#define TAIL_MAX   (64 * 1024)
#define BATCH_MAX  (16u << 20)
#define CSV_HEADER "seq,time,actor,action,object,detail,hash\r\n"

static void path_of(const char *folder, const char *name, int old, char to[PATH_SIZE])
{
	if (old)
		(void)snprintf(to, PATH_SIZE, "%s/%s.%d", folder, name, old);
	else
		(void)snprintf(to, PATH_SIZE, "%s/%s", folder, name);
}

static void roll(const struct parcel *p)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	for (int i = LOG_FILES - 1; i >= 0; i--) {
		path_of(p->deps->folder, p->to.address, i, from);
		path_of(p->deps->folder, p->to.address, i + 1, to);
		(void)rename(from, to); /* not all of them exist */
	}
}

static bool is_due(const struct parcel *p, const struct stat *st)
{
	int64_t now = clock_wall_ms(p->deps->clock) / 1000;
	if (strcmp(p->options.roll, "day") == 0)
		return st->st_size && st->st_mtime / DAY_S != now / DAY_S;
	return st->st_size >= LOG_FILE_MAX;
}

static int failed(struct err *e, const char *path)
{
	return err_set_sys(e, ERR_NOT_DELIVERED, errno, "file \"%s\" cannot be written", path);
}

static int open_log(const struct parcel *p, const char *path, struct stat *st, int *ret_fd, struct err *e)
{
	for (int tries = 0; tries < 2; tries++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || fstat(fd, st) < 0)
			return failed(e, path);
		if (tries || !is_due(p, st)) {
			*ret_fd = fd;
			return 0;
		}
		(void)close(fd); /* nothing was written yet */
		roll(p);
	}
	return 0;
}

static int write_all(int fd, struct bytes s)
{
	while (s.len) {
		ssize_t n = write(fd, s.p, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s = BYTES(s.p + n, s.len - (size_t)n);
	}
	return 0;
}

int send_file(struct parcel *p, struct err *e)
{
	char path[PATH_SIZE];
	struct stat st = {0};
	struct buf out;
	int fd = -1;
	path_of(p->deps->folder, p->to.address, 0, path);
	int rc = open_log(p, path, &st, &fd, e);
	if (rc)
		return rc;
	buf_init(&out, BATCH_MAX);
	if (p->to.feed == SINK_FEED_AUDIT && !st.st_size)
		(void)buf_adds(&out, CSV_HEADER); /* marked when full */
	for (size_t i = 0; i < p->count; i++) {
		if (p->notes[i].action)
			note_csv(&p->notes[i], &out);
		else
			note_line(&p->notes[i], &out);
	}
	rc = buf_check(&out, e, "log");
	if (!rc && write_all(fd, buf_bytes(&out)) < 0) {
		rc = failed(e, path);
		(void)!ftruncate(fd, st.st_size); /* no half lines; if that fails the next line begins in the middle */
	}
	if (close(fd) < 0 && !rc)
		rc = failed(e, path);
	buf_release(&out);
	if (!rc)
		p->done = p->count;
	return rc;
}

/* The last whole line of the file's end. */
static struct bytes last_line(struct buf *tail)
{
	size_t end = tail->len;
	while (end && tail->p[end - 1] != '\n')
		end--;
	if (!end)
		return BYTES_NONE;
	size_t begin = end - 1;
	while (begin && tail->p[begin - 1] != '\n')
		begin--;
	return bytes_trim(BYTES(tail->p + begin, end - begin));
}

static bool read_seq(const struct store_sink *s, struct bytes line, uint64_t *ret)
{
	struct bytes fields[MSGLINE_FIELDS], text;
	static const char mark[] = "message=";
	if (s->feed == SINK_FEED_AUDIT) {
		const uint8_t *comma = line.len ? memchr(line.p, ',', line.len) : NULL;
		return comma && text_to_u64(BYTES(line.p, (size_t)(comma - line.p)), ret);
	}
	if (msgline_parse(line, fields, NULL) || !bytes_starts_with(fields[MSGLINE_MORE], mark))
		return false;
	text = BYTES(fields[MSGLINE_MORE].p + strlen(mark), fields[MSGLINE_MORE].len - strlen(mark));
	const uint8_t *blank = text.len ? memchr(text.p, ' ', text.len) : NULL;
	return text_to_u64(blank ? BYTES(text.p, (size_t)(blank - text.p)) : text, ret);
}

static bool read_tail(const char *path, struct buf *tail)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	off_t at = fstat(fd, &st) == 0 && st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
	uint8_t *to = buf_reserve(tail, TAIL_MAX);
	ssize_t n = to ? pread(fd, to, TAIL_MAX, at) : -1;
	if (n > 0)
		buf_commit(tail, (size_t)n);
	(void)close(fd); /* only read */
	return n > 0;
}

int64_t file_position(const char *folder, const struct store_sink *s, int64_t begin)
{
	char path[PATH_SIZE];
	struct buf tail;
	uint64_t seq = 0;
	int64_t found = begin;
	buf_init(&tail, TAIL_MAX);
	path_of(folder, s->address, 0, path);
	if (read_tail(path, &tail) && read_seq(s, last_line(&tail), &seq) && seq <= (uint64_t)STORE_SEQ_OF(-1))
		found = STORE_SEQ_ID(STORE_SEQ_SERVER(begin), seq);
	buf_release(&tail);
	return found > begin ? found : begin;
}
