#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/base.h"
#include "base/err.h"

/* Small secrets (every AMT password, digest hash and token) live in slots of one locked region, marked in a bitmap
 * without a lock. Guarded pages of their own, as libsodium gives, cost five system calls and three pages each, more
 * than the exchange that needs the password (26 us against 16 ns, measured); they are for larger secrets (keys) and for
 * when all slots are taken. */
#define SLOT_SIZE  128
#define SLOT_COUNT 16384
#define WORD_COUNT (SLOT_COUNT / 64)

static uint8_t *region; /* NULL when the system gave none */
static _Atomic uint64_t taken[WORD_COUNT];
static _Atomic unsigned next_word;

static void start(void)
{
	ASSERT(sodium_init() >= 0);
	size_t size = (size_t)SLOT_SIZE * SLOT_COUNT;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	/* Without the right to lock this much, the secrets are still kept out of core dumps and wiped. */
	(void)madvise(p, size, MADV_DONTDUMP);
	(void)mlock2(p, size, MLOCK_ONFAULT);
	region = p;
}

static void need_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, start);
}

static uint8_t *take_slot(void)
{
	unsigned from = atomic_load_explicit(&next_word, memory_order_relaxed);
	for (unsigned i = 0; region && i < WORD_COUNT; i++) {
		unsigned w = (from + i) % WORD_COUNT;
		uint64_t was = atomic_load_explicit(&taken[w], memory_order_relaxed);
		while (was != UINT64_MAX) {
			unsigned bit = (unsigned)__builtin_ctzll(~was);
			if (!atomic_compare_exchange_weak(&taken[w], &was, was | UINT64_C(1) << bit))
				continue;
			atomic_store_explicit(&next_word, w, memory_order_relaxed);
			return region + (size_t)SLOT_SIZE * (w * 64 + bit);
		}
	}
	return NULL;
}

static bool is_slot(const uint8_t *p)
{
	return region && p >= region && p < region + (size_t)SLOT_SIZE * SLOT_COUNT;
}

static void give_slot_back(uint8_t *p)
{
	size_t slot = (size_t)(p - region) / SLOT_SIZE;
	sodium_memzero(p, SLOT_SIZE);
	atomic_fetch_and(&taken[slot / 64], ~(UINT64_C(1) << slot % 64));
}

void secret_set(struct secret *s, const void *p, size_t len)
{
	need_start();
	uint8_t *to = len < SLOT_SIZE ? take_slot() : NULL;
	if (!to)
		to = sodium_malloc(len + 1);
	ASSERT(to);
	if (len)
		memcpy(to, p, len);
	to[len] = 0;
	secret_release(s); /* only now: p may point into it */
	*s = (struct secret){to, len};
}

void secret_release(struct secret *s)
{
	if (is_slot(s->p))
		give_slot_back(s->p);
	else if (s->p)
		sodium_free(s->p);
	*s = SECRET_INIT;
}

bool secret_equal_bytes(const struct secret *a, struct bytes b)
{
	return a->len == b.len && (b.len == 0 || sodium_memcmp(a->p, b.p, b.len) == 0);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return secret_equal_bytes(a, BYTES(b->p, b->len));
}

void secret_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

/* Byte by byte, so that what follows the line stays for the next reader of a pipe or terminal. */
static int read_line(int fd, const char *name, uint8_t *line, size_t *ret_len, struct err *e)
{
	size_t len = 0;
	for (;;) {
		uint8_t c;
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_sys(e, ERR_SYSTEM, errno, "read \"%s\"", name);
		if (n == 0 || c == '\n')
			break;
		if (len == SECRET_LINE_MAX)
			return err_set(e, ERR_TOO_BIG, "the first line of \"%s\" is longer than %d bytes", name,
				       SECRET_LINE_MAX);
		line[len++] = c;
	}
	*ret_len = len && line[len - 1] == '\r' ? len - 1 : len;
	return 0;
}

static int read_secret(int fd, const char *name, struct secret *ret, struct err *e)
{
	uint8_t line[SECRET_LINE_MAX];
	size_t len = 0;
	int rc = read_line(fd, name, line, &len, e);
	if (rc == 0 && len == 0)
		rc = err_set(e, ERR_MISSING, "the first line of \"%s\" is empty", name);
	else if (rc == 0 && memchr(line, 0, len))
		rc = err_set(e, ERR_INVALID, "the first line of \"%s\" has a zero byte", name);
	if (rc == 0)
		secret_set(ret, line, len);
	secret_wipe(line, sizeof(line));
	return rc;
}

int secret_read_file(const char *path, struct secret *ret, struct err *e)
{
	if (strcmp(path, "-") == 0)
		return read_secret(STDIN_FILENO, "standard input", ret, e);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set_sys(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, errno, "open \"%s\"", path);
	int rc = read_secret(fd, path, ret, e);
	(void)close(fd); /* only read */
	return rc;
}

/* Waits for a line, or for a signal that would end or stop the process: that one is left pending. */
static int wait_for_line(int tty, const sigset_t *signals, struct err *e)
{
	int sig = signalfd(-1, signals, SFD_CLOEXEC);
	if (sig < 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "watch signals");
	struct pollfd fds[] = {{.fd = tty, .events = POLLIN}, {.fd = sig, .events = POLLIN}};
	int n;
	do
		n = poll(fds, ARRAY_LEN(fds), -1);
	while (n < 0 && errno == EINTR);
	(void)close(sig); /* a mere view */
	return n > 0 && !fds[1].revents ? 0 : err_set(e, ERR_CANCELLED, "no password was entered");
}

static int read_unseen(int tty, const char *prompt, const sigset_t *signals, struct secret *ret, struct err *e)
{
	struct termios was, quiet;
	if (tcgetattr(tty, &was) != 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "read the terminal's mode");
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON | ISIG;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		return err_set_sys(e, ERR_SYSTEM, errno, "switch off the terminal's echo");
	ssize_t n UNUSED = write(tty, prompt, strlen(prompt)); /* reading works without it too */
	int rc = wait_for_line(tty, signals, e);
	if (rc == 0)
		rc = read_secret(tty, "the terminal", ret, e);
	(void)tcsetattr(tty, TCSAFLUSH, &was); /* it worked a moment ago; nothing else can be done */
	n = write(tty, "\n", 1);
	return rc;
}

int secret_read_terminal(const char *prompt, struct secret *ret, struct err *e)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return err_set(e, ERR_MISSING, "there is no terminal to read a password from");
	sigset_t signals, was;
	sigemptyset(&signals);
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		sigaddset(&signals, ending[i]);
	pthread_sigmask(SIG_BLOCK, &signals, &was);
	int rc = read_unseen(tty, prompt, &signals, ret, e);
	pthread_sigmask(SIG_SETMASK, &was, NULL); /* a signal that came meanwhile acts here, with the echo on again */
	(void)close(tty);
	return rc;
}
