/* option.h - the command line of amtsim. */
#ifndef SIM_OPTION_H
#define SIM_OPTION_H

#include "sim.h"

#include <stdio.h>

struct options {
	struct sim_options sim;
	struct settings set;
	const char *password_file;
	const char *listen; /* as given; NULL: by the number of devices */
	bool help, version;
};

/* ERR_INVALID or ERR_MISSING with one sentence. Texts are those of argv. */
int options_parse(int argc, char **argv, struct options *ret, struct err *e);
void options_help(FILE *to);

#endif
