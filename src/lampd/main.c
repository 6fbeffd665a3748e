/* lampd - the zone server: puts the parts together, starts them from below, and stops them from above. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/stream.h"
#include "base/text.h"
#include "codec/json.h"
#include "codec/range.h"
#include "directory/directory.h"
#include "lampd/identity.h"
#include "lampd/option.h"
#include "lampd/place.h"
#include "lampd/service.h"
#include "lampd/setup.h"
#ifdef LAMPLIGHTER_TEST_CLOCK
#include "lampd/testclock.h"
#endif
#include "post/post.h"
#include "wire/wire.h"
#include "zone/zone.h"

#define EXIT_USAGE     2
#define WIRE_WORKERS   8
#define WIRE_WORK_MAX  4096
#define ZONE_WAIT_MS   5000
#define HOST_NAME_SIZE 256

struct lampd {
	int argc;
	char **argv;
	struct options options; /* as it was started; parts of it are lent */
	struct place place;
	struct clock *clock;
	struct vault *vault;
	struct secret audit_key;
	bool audit_is_new; /* the key */
	struct pool *pool; /* of wire: names and addresses */
	struct wire *wire;
	struct api *api;
	struct post *post;
	struct zone_thread *zone;
	struct identity *identity;
	_Atomic(struct identity *) identity_told; /* the same, for the api thread */
	struct setup setup;
	struct loop *loop; /* of the main thread: signals */
	struct testclock *testclock;
	char host[HOST_NAME_SIZE];
	char listen_address[STREAM_ADDRESS_SIZE]; /* IP of the listener, "" none */
};

/* Nothing of this process may end up in a core file or be read by a debugger of the same user. */
static void harden(void)
{
	const struct rlimit none = {0, 0};
	struct rlimit files;
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none); /* the next line does the same for the kernel's own dumper */
#ifndef __SANITIZE_ADDRESS__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* the leak checker of test builds has to attach */
#endif
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files); /* fewer will do for fewer devices */
	}
}

static int check_options(const struct options *o, enum log_level *ret_level, struct err *e)
{
	const char *text = option_text(o, OPTION_LOG_LEVEL);
	if (!log_level_from_name(text, ret_level))
		return err_set(e, ERR_INVALID, "--log-level: '%s' is none of error, warning, notice, info, debug",
			       text);
	if (!option_is_set(o, OPTION_ALLOW_NET))
		return 0;
	struct range nets;
	range_init(&nets);
	int code = range_parse(option_text(o, OPTION_ALLOW_NET), NULL, UINT64_MAX, &nets, e);
	range_release(&nets);
	return code ? err_wrap(e, code, "--allow-net") : 0;
}

static int use_options(struct lampd *l, struct err *e)
{
	enum log_level level;
	int code = check_options(&l->options, &level, e);
	if (code)
		return code;
	log_set_level(level);
	if (gethostname(l->host, sizeof(l->host) - 1) < 0 || !*l->host)
		(void)snprintf(l->host, sizeof(l->host), "localhost");
	return 0;
}

static const char *name_option(const struct lampd *l, enum option_id id)
{
	return option_is_set(&l->options, id) ? option_text(&l->options, id) : l->host;
}

/* NULL: no listener. */
static const char *listen_option(struct lampd *l, struct err *e)
{
	const char *text = option_text(&l->options, OPTION_LISTEN);
	struct sockaddr_storage addr;
	socklen_t len;
	if (strcmp(text, "none") == 0)
		return NULL;
	if (stream_parse_address(text, &addr, &len, e) == 0)
		stream_address_text((struct sockaddr *)&addr, l->listen_address, sizeof(l->listen_address), false);
	return text; /* what is wrong with it is said when it is bound */
}

/* On the api thread. */
static void on_root_changed(void *arg)
{
	struct lampd *l = arg;
	struct identity *identity = atomic_load(&l->identity_told);
	if (identity)
		identity_look(identity);
}

static int make_api(struct lampd *l, struct err *e)
{
	struct api_deps deps = {
		.clock = l->clock,
		.vault = l->vault,
		.audit_key = BYTES(l->audit_key.p, l->audit_key.len),
		.database = l->place.database,
		.socket_path = l->place.socket,
		.setup_path = l->place.setup,
		.listen = listen_option(l, NULL),
		.listen_fd = service_listen_fd(),
		.root_changed = on_root_changed,
		.root_changed_arg = l,
	};
	return api_new(&deps, &l->api, e);
}

static int make_wire(struct lampd *l, struct err *e)
{
	l->pool = pool_new(WIRE_WORKERS, WIRE_WORK_MAX, NULL, NULL);
	const char *hello = option_text(&l->options, OPTION_HELLO);
	struct wire_deps deps = {.clock = l->clock, .vault = l->vault, .pool = l->pool};
	deps.hello = strcmp(hello, "none") == 0 ? NULL : hello;
	return wire_new(&deps, &l->wire, e);
}

static void make_post(struct lampd *l)
{
	struct post_deps deps = {
		.clock = l->clock,
		.vault = l->vault,
		.database = l->place.database,
		.server_name = name_option(l, OPTION_SERVER),
		.fqdn = name_option(l, OPTION_FQDN),
		.folder = l->place.log,
	};
	l->post = post_new(&deps);
}

/* The SMBIOS UUID of this computer, so that it does not switch itself off. Root may read it, others do without. */
static void read_machine(struct uuid *ret)
{
	struct buf text;
	buf_init(&text, 256);
	if (!file_read("/sys/class/dmi/id/product_uuid", &text, NULL))
		(void)uuid_parse(bytes_trim(buf_bytes(&text)), ret); /* stays nil otherwise */
	buf_release(&text);
}

static uint64_t seed_option(const struct lampd *l)
{
	uint64_t seed;
	rng_secret(&seed, sizeof(seed));
	if (option_is_set(&l->options, OPTION_SEED))
		(void)text_to_u64(bytes_str(option_text(&l->options, OPTION_SEED)), &seed); /* test builds only */
	return seed;
}

static int start_zone(struct lampd *l, struct err *e)
{
	struct zone_deps deps = {
		.database = l->place.database,
		.clock = l->clock,
		.seed = seed_option(l),
		.server_name = name_option(l, OPTION_SERVER),
		.fqdn = name_option(l, OPTION_FQDN),
		.allow_nets = option_is_set(&l->options, OPTION_ALLOW_NET) ? option_text(&l->options, OPTION_ALLOW_NET)
									   : NULL,
		.audit_key = BYTES(l->audit_key.p, l->audit_key.len),
		.audit_is_new = l->audit_is_new,
		.to_wire = wire_mailbox(l->wire),
		.to_api = api_mailbox(l->api),
		.to_post = post_mailbox(l->post),
	};
#ifdef LAMPLIGHTER_TEST_CLOCK
	deps.crash_points = true;
#endif
	read_machine(&deps.machine);
	setup_make(&l->setup);
	deps.has_setup = true;
	memcpy(deps.setup_hash, l->setup.hash, sizeof(deps.setup_hash));
	int code = zone_start(&deps, &l->zone, e);
	if (!code && l->audit_is_new)
		code = place_keep_audit_key(&l->place, l->vault, &l->audit_key, e);
	return code;
}

static int start_identity(struct lampd *l, struct err *e)
{
	if (!api_port(l->api))
		return 0;
	struct identity_deps deps = {
		.clock = l->clock,
		.vault = l->vault,
		.api = l->api,
		.zone = zone_commands(l->zone),
		.database = l->place.database,
		.server_name = name_option(l, OPTION_SERVER),
		.fqdn = name_option(l, OPTION_FQDN),
		.address = *l->listen_address ? l->listen_address : NULL,
		.ca_path = l->place.ca,
	};
	int code = identity_start(&deps, &l->identity, e);
	atomic_store(&l->identity_told, l->identity); /* the api runs already */
	return code;
}

static int start_clock(struct lampd *l, struct err *e)
{
	l->clock = clock_real();
#ifdef LAMPLIGHTER_TEST_CLOCK
	if (option_is_set(&l->options, OPTION_TEST_CLOCK))
		return testclock_start(option_text(&l->options, OPTION_TEST_CLOCK), &l->testclock, &l->clock, e);
#endif
	return 0;
}

static int start(struct lampd *l, struct err *e)
{
	const char *database =
		option_is_set(&l->options, OPTION_DATABASE) ? option_text(&l->options, OPTION_DATABASE) : NULL;
	int code = place_take(option_text(&l->options, OPTION_DATA), database, &l->place, e);
	if (!code)
		code = start_clock(l, e);
	if (!code)
		code = place_vault(&l->place, &l->vault, e);
	if (!code)
		code = place_audit_key(&l->place, l->vault, &l->audit_key, &l->audit_is_new, e);
	if (!code)
		code = make_api(l, e);
	if (!code)
		code = make_wire(l, e);
	if (!code)
		make_post(l);
	if (!code)
		code = start_zone(l, e);
	if (!code)
		code = post_start(l->post, zone_messages(l->zone), e);
	if (!code)
		code = setup_offer(&l->setup, l->place.database, l->place.setup, e);
	if (!code)
		code = wire_start(l->wire, zone_messages(l->zone), e);
	if (!code)
		code = api_start(l->api, zone_commands(l->zone), name_option(l, OPTION_SERVER), e);
	return code ? code : start_identity(l, e);
}

/* From above: nothing new comes in, what is decided is committed, what is open with devices is given back. */
static void stop(struct lampd *l)
{
#ifdef LAMPLIGHTER_TEST_CLOCK
	testclock_let_go(l->testclock);
#endif
	if (l->api)
		api_stop(l->api);
	if (l->post)
		post_stop(l->post); /* its last positions reach the zone */
	if (l->zone)
		zone_stop(l->zone, ZONE_WAIT_MS);
	if (l->wire)
		wire_stop(l->wire); /* its last outcomes still reach the zone */
	if (l->zone)
		zone_join(l->zone);
	wire_free(l->wire);
	identity_stop(l->identity);
	api_free(l->api);
	zone_free(l->zone); /* last: the others wrote into its mailboxes */
	identity_free(l->identity);
	post_free(l->post);
	pool_free(l->pool);
	secret_release(&l->audit_key);
	vault_close(l->vault);
#ifdef LAMPLIGHTER_TEST_CLOCK
	testclock_free(l->testclock);
#endif
	place_release(&l->place);
}

static void leave_at_once(int signum)
{
	_exit(EXIT_FAILURE);
}

static void leave_at_the_next(void)
{
	struct sigaction again = {.sa_handler = leave_at_once};
	sigaction(SIGTERM, &again, NULL);
	sigaction(SIGINT, &again, NULL);
}

static void on_signal(void *arg, int signum)
{
	struct lampd *l = arg;
	leave_at_the_next();
	log_event(LOG_NOTICE, "stopping", LOG_S("signal", signum == SIGINT ? "INT" : "TERM"));
	service_notify("STOPPING=1");
	loop_stop(l->loop);
}

/* What is not read again: it is lent to parts that run. */
static void say_not_reloaded(const struct options *was, const struct options *is)
{
	for (int id = 0; id < OPTION_COUNT; id++)
		if (id != OPTION_LOG_LEVEL &&
		    strcmp(option_text(was, (enum option_id)id), option_text(is, (enum option_id)id)) != 0)
			log_event(LOG_WARNING, "changed option counts from the next start on",
				  LOG_S("option", option_row((enum option_id)id)->name));
}

/* The configuration again: the log level, and whether the certificate has to be renewed. */
static void on_hangup(void *arg, int signum)
{
	struct lampd *l = arg;
	struct options fresh;
	struct err e = ERR_INIT;
	enum log_level level;
	service_notify("RELOADING=1");
	int code = options_read(l->argc, l->argv, &fresh, &e);
	code = code ? code : check_options(&fresh, &level, &e);
	if (code) {
		log_event(LOG_ERROR, "configuration not reloaded; all stays as it was", LOG_S("cause", e.msg));
	} else {
		log_set_level(level);
		log_event(LOG_NOTICE, "configuration reloaded",
			  LOG_S("log-level", option_text(&fresh, OPTION_LOG_LEVEL)));
		say_not_reloaded(&l->options, &fresh);
		if (l->identity)
			identity_look(l->identity);
	}
	options_release(&fresh);
	service_notify("READY=1");
}

static void say_ready(struct lampd *l)
{
	log_event(LOG_NOTICE, "ready", LOG_S("version", LAMPLIGHTER_VERSION), LOG_S("data", l->place.folder),
		  LOG_S("listen", *l->listen_address ? l->listen_address : "none"), LOG_I("port", api_port(l->api)),
		  LOG_I("hello", wire_hello_port(l->wire)));
	(void)puts("ready"); /* whoever started us by hand waits for this line; if it cannot be written nobody does */
	(void)fflush(stdout);
	service_notify("READY=1");
}

/* Threads inherit the mask: signals come to the main thread alone. */
static void mask_signals(int how)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

static void run(struct lampd *l)
{
	l->loop = loop_new(clock_real());
	loop_on_signal(l->loop, SIGTERM, on_signal, l);
	loop_on_signal(l->loop, SIGINT, on_signal, l);
	loop_on_signal(l->loop, SIGHUP, on_hangup, l);
	mask_signals(SIG_UNBLOCK);
	say_ready(l);
	loop_run(l->loop);
	mask_signals(SIG_BLOCK); /* libuv puts the default action back */
	loop_free(l->loop);
	leave_at_the_next();
	(void)signal(SIGHUP, SIG_IGN); /* nothing is left that could be reloaded */
	mask_signals(SIG_UNBLOCK);
}

static int serve(struct lampd *l)
{
	struct err e = ERR_INIT;
	mask_signals(SIG_BLOCK);
	metric_set(METRIC_process_start_time, clock_wall_ms(clock_real()) / 1000);
	int code = start(l, &e);
	if (code) {
		(void)fprintf(stderr, "lampd: %s\nlampd: %s\n", e.msg, err_next(code));
		service_notify("STATUS=it could not start");
	} else {
		run(l);
	}
	stop(l);
	return code ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_help(void)
{
	struct buf text;
	buf_init(&text, 16384);
	option_help(&text);
	(void)fputs(buf_cstr(&text), stdout);
	buf_release(&text);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct lampd l = {.place = {.lock_fd = -1}};
	l.argc = argc;
	l.argv = argv;
	struct err e = ERR_INIT;
	int status;
	int code = options_read(argc, argv, &l.options, &e);
	if (!code && option_is_set(&l.options, OPTION_HELP)) {
		status = print_help();
	} else if (!code && option_is_set(&l.options, OPTION_VERSION)) {
		status = puts("lampd " LAMPLIGHTER_VERSION) < 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
	} else if (code || (code = use_options(&l, &e))) {
		(void)fprintf(stderr, "lampd: %s\nlampd: 'lampd --help' lists the options\n", e.msg);
		status = EXIT_USAGE;
	} else {
		harden();
		json_wipe_freed();
		directory_init();
		status = serve(&l);
	}
	options_release(&l.options);
	return status;
}
