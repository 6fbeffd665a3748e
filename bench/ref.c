/* ref - the practical limit: asks each of many devices the same thing once a pass, and does nothing else.
 *
 * One epoll loop, one request in one write, one table of devices; it reads no XML, believes every length that it is
 * told, and gives up at the first thing that it did not expect. Pass 1 is cold (401 first); later passes go on with
 * the nonce of the one before.
 *
 * usage: ref FIRST-ADDRESS COUNT PORT WINDOW PASSWORD-FILE BODY-FILE PASSES
 * Prints for each pass one line: {"pass":1,"ok":1000,"requests":2000,"wall_ms":..,"cpu_ms":..}. */
#define OPENSSL_SUPPRESS_DEPRECATED /* MD5 at its least cost */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/md5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_MAX = 16384, EVENTS = 512 };

struct device {
	char realm[64], nonce[64];
	uint32_t nc;
	int fd;
	int asked;    /* on this connection */
	uint32_t len; /* of the reply so far */
	char *reply;
};

static struct device *devices;
static uint32_t first, count, in_flight, next_device, ok;
static uint64_t requests;
static uint16_t port;
static int epfd;
static char password[128], body[8192];
static size_t body_len;

static void die(const char *what)
{
	fprintf(stderr, "ref: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void hex_md5(const char *text, int len, char hex[33])
{
	unsigned char sum[MD5_DIGEST_LENGTH];
	MD5((const unsigned char *)text, (size_t)len, sum);
	for (int i = 0; i < MD5_DIGEST_LENGTH; i++) {
		hex[2 * i] = "0123456789abcdef"[sum[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
	}
	hex[32] = '\0';
}

static int authorization(struct device *d, char *to, size_t size)
{
	char a1[33], a2[33], response[33], text[512];
	hex_md5(text, snprintf(text, sizeof(text), "admin:%s:%s", d->realm, password), a1);
	hex_md5("POST:/wsman", 11, a2);
	d->nc++;
	hex_md5(text, snprintf(text, sizeof(text), "%s:%s:%08x:0123456789abcdef:auth:%s", a1, d->nonce, d->nc, a2),
		response);
	return snprintf(to, size,
			"Authorization: Digest username=\"admin\",realm=\"%s\",nonce=\"%s\",uri=\"/wsman\",qop=auth,"
			"nc=%08x,cnonce=\"0123456789abcdef\",response=\"%s\"\r\n",
			d->realm, d->nonce, d->nc, response);
}

static void ask(struct device *d)
{
	char out[sizeof(body) + 1024], login[512] = "";
	if (*d->nonce)
		(void)authorization(d, login, sizeof(login));
	int len = snprintf(
		out, sizeof(out),
		"POST /wsman HTTP/1.1\r\nHost: device\r\n%sContent-Type: application/soap+xml;charset=UTF-8\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		login, body_len, body);
	d->len = 0;
	d->asked = 1;
	requests++;
	if (send(d->fd, out, (size_t)len, MSG_NOSIGNAL) != len)
		die("send");
}

static void begin(struct device *d)
{
	uint32_t number = (uint32_t)(d - devices);
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(first + number)};
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = number};
	int one = 1;
	d->asked = 0;
	d->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		die("socket");
	(void)setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(d->fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS)
		die("connect");
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, d->fd, &ev))
		die("epoll_ctl");
	d->reply = d->reply ? d->reply : malloc(REPLY_MAX);
}

static void fill(void)
{
	while (next_device < count && in_flight > 0) {
		in_flight--;
		begin(&devices[next_device++]);
	}
}

static void end(struct device *d)
{
	close(d->fd);
	free(d->reply);
	d->reply = NULL;
	in_flight++;
}

static void quoted(const char *reply, const char *name, char *to, size_t size)
{
	const char *at = strstr(reply, name);
	if (!at || !memccpy(to, at + strlen(name), '"', size))
		die("the challenge is not understood");
	*strchr(to, '"') = '\0';
}

/* Whole when the length that was told is there, or the last chunk. */
static int is_whole(const struct device *d)
{
	const char *head = strstr(d->reply, "\r\n\r\n"), *length = strstr(d->reply, "Content-Length: ");
	if (!head)
		return 0;
	if (length && length < head)
		return d->reply + d->len >= head + 4 + strtol(length + 16, NULL, 10);
	return d->len > 5 && memcmp(d->reply + d->len - 5, "0\r\n\r\n", 5) == 0;
}

static void answered(struct device *d)
{
	if (strncmp(d->reply + 9, "401", 3) == 0) {
		quoted(d->reply, "realm=\"", d->realm, sizeof(d->realm));
		quoted(d->reply, "nonce=\"", d->nonce, sizeof(d->nonce));
		d->nc = 0;
		if (!strstr(d->reply, "Connection: close")) {
			ask(d);
			return;
		}
		close(d->fd);
		begin(d);
		return;
	}
	if (strncmp(d->reply + 9, "200", 3) != 0)
		die(d->reply);
	ok++;
	end(d);
}

static void on_event(const struct epoll_event *ev)
{
	struct device *d = &devices[ev->data.u32];
	if (!d->asked) {
		ask(d);
		return;
	}
	if (!(ev->events & EPOLLIN))
		return;
	ssize_t n = recv(d->fd, d->reply + d->len, REPLY_MAX - 1 - d->len, 0);
	if (n <= 0)
		die("recv");
	d->len += (uint32_t)n;
	d->reply[d->len] = '\0';
	if (is_whole(d))
		answered(d);
}

static void pass(void)
{
	struct epoll_event events[EVENTS];
	next_device = ok = 0;
	requests = 0;
	for (fill(); ok < count; fill()) {
		int n = epoll_wait(epfd, events, EVENTS, 20000);
		if (n == 0)
			die("nothing came for 20 s");
		for (int i = 0; i < n; i++)
			on_event(&events[i]);
	}
}

static double now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static size_t slurp(const char *path, char *to, size_t size)
{
	FILE *f = fopen(path, "re");
	if (!f)
		die(path);
	size_t len = fread(to, 1, size - 1, f);
	(void)fclose(f);
	to[len] = '\0';
	return len;
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: ref FIRST-ADDRESS COUNT PORT WINDOW PASSWORD-FILE BODY-FILE PASSES\n");
		return 2;
	}
	first = ntohl(inet_addr(argv[1]));
	count = (uint32_t)strtoul(argv[2], NULL, 10);
	port = (uint16_t)strtoul(argv[3], NULL, 10);
	in_flight = (uint32_t)strtoul(argv[4], NULL, 10);
	(void)slurp(argv[5], password, sizeof(password));
	password[strcspn(password, "\n")] = '\0';
	body_len = slurp(argv[6], body, sizeof(body));
	devices = calloc(count, sizeof(*devices));
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (!devices || epfd < 0)
		die("start");
	for (long i = 1, passes = strtol(argv[7], NULL, 10); i <= passes; i++) {
		double wall = now_ms(), cpu = cpu_ms();
		pass();
		printf("{\"pass\":%ld,\"ok\":%u,\"requests\":%llu,\"wall_ms\":%.1f,\"cpu_ms\":%.1f}\n", i, ok,
		       (unsigned long long)requests, now_ms() - wall, cpu_ms() - cpu);
	}
	free(devices);
	return 0;
}
