/* amtsim: reads its options, makes the devices, serves until it is told to stop. */
#include "base/base.h"
#include "base/err.h"
#include "ctl.h"
#include "option.h"
#include "sim.h"

#include <sys/resource.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* As many open files as the system allows. */
static void raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r); /* then it is what it was */
}

static int serve(const struct options *o)
{
	struct secret password = SECRET_INIT;
	struct err e = ERR_INIT;
	struct sim *s = NULL;
	int r = secret_read_file(o->password_file, &password, &e);

	if (r == 0) {
		raise_files();
		s = sim_new(&o->sim, &o->set, BYTES(password.p, password.len));
		r = sim_open(s, &e);
	}
	if (r == 0) {
		puts("ready");
		fflush(stdout);
		sim_run(s);
	} else {
		fprintf(stderr, "amtsim: %s\n", e.msg);
	}
	sim_free(s);
	secret_release(&password);
	return r == 0 ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err e = ERR_INIT;

	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return ctl_main(argc - 1, argv + 1);
	if (options_parse(argc, argv, &o, &e) != 0) {
		fprintf(stderr, "amtsim: %s\n", e.msg);
		return EXIT_USAGE;
	}
	if (o.help) {
		options_help(stdout);
		return EXIT_OK;
	}
	if (o.version) {
		puts("amtsim " LAMPLIGHTER_VERSION);
		return EXIT_OK;
	}
	return serve(&o);
}
