/* Prints lamp(1) as scdoc source, made of the same rows as lamp itself. Run by the build, not installed. */
#include <stdio.h>
#include <string.h>

#include "codec/api.h"

static void text(const char *s)
{
	for (; *s; s++) {
		if (strchr("_*\\<>[]#", *s))
			(void)putchar('\\');
		(void)putchar(*s);
	}
}

static void print_synopsis(const struct api_command *c)
{
	printf("*lamp %s%s%s*", c->noun, *c->verb ? " " : "", c->verb);
	for (size_t i = 0; i < c->arg_count; i++) {
		const struct api_arg *a = &c->args[i];
		if (a->cli != API_CLI_POS && a->cli != API_CLI_POSN)
			continue;
		printf(a->required ? " _" : " \\[_");
		text(a->name);
		printf("_%s%s", a->cli == API_CLI_POSN ? "..." : "", a->required ? "" : "\\]");
	}
	printf("\n");
}

static void print_option(const struct api_arg *a)
{
	printf("\t*");
	text(a->cli == API_CLI_OPT ? "--" : "");
	text(a->name);
	text(a->type == API_SECRET ? "-file" : "");
	printf("*%s", a->cli != API_CLI_OPT || a->type == API_BOOL ? "" : " _X_");
	printf("\n\t\t");
	text(a->sentence);
	if (a->cli == API_CLI_OPT && a->type != API_BOOL && a->type != API_SECRET) {
		printf("; for example ");
		text(a->example);
	}
	printf(".\n\n");
}

static void print_command(const struct api_command *c)
{
	print_synopsis(c);
	printf("\t");
	text(c->sentence);
	printf("\n\n");
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].cli != API_CLI_NONE)
			print_option(&c->args[i]);
	printf("\tExample: ");
	text(c->example);
	printf("\n\n");
}

static const char head[] =
	"lamp(1) \"\" \"Lamplighter\"\n\n# NAME\n\nlamp - find AMT devices and control their power\n\n# SYNOPSIS\n\n"
	"*lamp* _NOUN_ _VERB_ \\[_arguments_\\] \\[_options_\\]\n\n# DESCRIPTION\n\n"
	"lamp asks a zone server, lampd(8), over its local socket or over HTTPS. It finds devices with Intel AMT, "
	"keeps their\n"
	"logins in the server's vault and switches their power, whether or not an operating system runs on them.\n\n"
	"A _target_ is a device name, a folder path with a leading and a trailing slash, or _tag:NAME_. A password is "
	"read\n"
	"from the terminal without echo, from a file or from standard input (\"-\"); never from an argument.\n\n"
	"# OPTIONS OF EVERY COMMAND\n\n"
	"*--json*\n\tOne JSON object; for lists and streams one object a line.\n\n"
	"*--yes*\n\tDo not ask. Without it, and without a terminal, what would ask is not done.\n\n"
	"*--wait*\n\tFor jobs and discovery tasks: stay until the end, and show what came of each device. With "
	"*--json* the\n"
	"\tlast line is the sums.\n\n"
	"*--limit* _N_\n\tFor lists: at most N rows.\n\n"
	"*--targets-file* _FILE_\n\tMore targets, one a line; \"-\" is standard input.\n\n"
	"*--out* _PATH_\n\tFor answers that are files: the file, or the folder, that gets it.\n\n"
	"*--server-address* _WHERE_\n\tunix:PATH or https://HOST:PORT.\n\n"
	"*--oidc* _SOURCE_\n\tOf *lamp login*: log in by an OpenID provider, with a code that is typed into a browser "
	"anywhere.\n\n"
	"*--token-file* _FILE_\n\tAPI token for https.\n\n"
	"*--ca* _FILE_\n\tCertificate of the zone (ca.pem of its data folder) for https.\n\n"
	"*--help*, *--version*\n\tExplain the command; print the version.\n\n# COMMANDS\n\n";

static const char tail[] = "# EXIT STATUS\n\n*0*\n\tDone.\n\n*1*\n\tSome or all targets failed, or the server "
			   "refused.\n\n*2*\n\tWrong usage; nothing was "
			   "asked.\n\n*3*\n\tThe server cannot be reached.\n\n*4*\n\tNot allowed.\n\n# ENVIRONMENT\n\n"
			   "*LAMP_SERVER*, *LAMP_TOKEN_FILE*, *LAMP_CA*\n\tAs the options *--server-address*, "
			   "*--token-file* and *--ca*. The default server is\n"
			   "\tunix:/var/lib/lamplighter/lampd.sock.\n\n# SEE ALSO\n\nzman(1), lampd(8), amtsim(1)\n";

int main(void)
{
	printf("%s", head);
	for (int i = 0; i < API_CMD_COUNT; i++)
		print_command(api_command((enum api_command_id)i));
	printf("%s", tail);
	return 0;
}
