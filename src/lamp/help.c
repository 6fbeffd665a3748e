#include "lamp/help.h"

#include <stdio.h>
#include <string.h>

#include "codec/api.h"

static void usage_line(const struct api_command *c)
{
	printf("lamp %s%s%s", c->noun, *c->verb ? " " : "", c->verb);
	for (size_t i = 0; i < c->arg_count; i++) {
		const struct api_arg *a = &c->args[i];
		bool flag = a->type == API_BOOL;
		if (a->cli == API_CLI_POS)
			printf(a->required ? " %s" : " [%s]", a->name);
		else if (a->cli == API_CLI_POSN)
			printf(a->required ? " %s..." : " [%s...]", a->name);
		else if (a->type == API_SECRET)
			printf(" [--%s-file FILE]", a->name);
		else if (a->cli == API_CLI_OPT && a->required)
			printf(flag ? " --%s" : " --%s X", a->name);
	}
	printf(" [options]\n");
}

static void print_arg(const struct api_arg *a)
{
	char name[64];
	bool option = a->cli == API_CLI_OPT;
	const char *value = a->type == API_BOOL || !option ? "" : " X";
	if (a->type == API_SECRET)
		(void)snprintf(name, sizeof(name), "--%s-file FILE", a->name); /* fits */
	else
		(void)snprintf(name, sizeof(name), "%s%s%s", option ? "--" : "", a->name, value); /* names are short */
	printf("  %-22s %s", name, a->sentence);
	if (a->type != API_BOOL && a->type != API_SECRET)
		printf(" (%s)", a->example);
	printf("\n");
}

static const char common[] =
	"  --json                 one JSON object (a line for each row of a list), for programs\n"
	"  --yes                  do not ask\n"
	"  --server-address WHERE unix:PATH or https://HOST:PORT; else LAMP_SERVER\n"
	"  --oidc SOURCE          of lamp login: by an OpenID provider, with a code for a browser anywhere\n"
	"  --token-file FILE      API token; else LAMP_TOKEN_FILE, else the session of lamp login\n"
	"  --ca FILE              certificate of the zone for https; else LAMP_CA\n"
	"  --help, --version\n";

static bool has_targets(const struct api_command *c)
{
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].type == API_TARGETS)
			return true;
	return false;
}

void help_command(const struct api_command *c)
{
	printf("%s\n\nUsage: ", c->sentence);
	usage_line(c);
	printf("\n");
	for (size_t i = 0; i < c->arg_count; i++)
		if (c->args[i].cli != API_CLI_NONE)
			print_arg(&c->args[i]);
	if (has_targets(c))
		printf("  --targets-file FILE    more targets, one a line; - for standard input\n");
	if (strcmp(c->answer, "job") == 0 || strcmp(c->noun, "discover") == 0 || strcmp(c->verb, "rediscover") == 0)
		printf("  --wait                 stay until it has ended, and show what came of it\n");
	if (c->id == API_CMD_SETUP_FILE_ADD)
		printf("  --out FILE             where the file goes, which must not be there yet; default "
		       "setup.bin\n");
	if (strcmp(c->answer, "file") == 0 || c->id == API_CMD_CERTIFICATE_REQUEST_ADD)
		printf("  --out PATH             file or folder that gets it; else standard output\n");
	if (c->kind == API_LIST)
		printf("  --limit N              at most N rows\n"
		       "  --format X             table, jsonl (one JSON object a line) or csv\n");
	printf("%s\nExample: %s\n", common, c->example);
	printf("Exit status: 0 done, 1 some or all targets failed, 2 usage, 3 cannot reach the server, 4 not "
	       "allowed.\n");
}

void help_noun(const char *noun)
{
	for (int i = 0; i < API_CMD_COUNT; i++) {
		const struct api_command *c = api_command((enum api_command_id)i);
		if (strcmp(c->noun, noun) == 0)
			printf("  lamp %s%s%-*s %s\n", c->noun, *c->verb ? " " : "", (int)(24 - strlen(c->noun)),
			       c->verb, c->sentence);
	}
}

static bool is_first_of_noun(int index)
{
	const char *noun = api_command((enum api_command_id)index)->noun;
	for (int i = 0; i < index; i++)
		if (strcmp(api_command((enum api_command_id)i)->noun, noun) == 0)
			return false;
	return true;
}

void help_all(void)
{
	printf("lamp controls a Lamplighter zone: it finds AMT devices and switches them.\n\n"
	       "Usage: lamp NOUN VERB [arguments] [options]\n\n");
	for (int i = 0; i < API_CMD_COUNT; i++)
		if (is_first_of_noun(i))
			help_noun(api_command((enum api_command_id)i)->noun);
	printf("\nBy their old names (see 'lamp irch --help'): iamt-create-mgmtcert|icmc, iamt-create-csr|icc, "
	       "iamt-root-certificate-hash|irch,\niamt-delete-mgmtcert|idmc.\n");
	printf("\nEvery command takes:\n%s\nExample: lamp power on desk-17 /Workstations/lab/ --wait\n", common);
}
