#include "lamp/zman.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"

#define OPTIONS_MAX 8

/* to: the option of lamp; "" the value is a word of its own. */
struct option {
	char letter;
	const char *name, *to;
	bool required;
	const char *sentence;
};

static const struct verb {
	const char *name, *alias, *noun, *verb, *usage, *sentence;
	bool takes_kind; /* [isCA] [Type] */
	struct option options[OPTIONS_MAX];
} verbs[] = {
	{"iamt-create-mgmtcert",
	 "icmc",
	 "certificate",
	 "create",
	 "[-p|--certpath=FILE]",
	 "make the management certificate of this server, or import the one that an authority outside has signed",
	 false,
	 {{'p', "certpath", "", false, "the signed certificate: DER, PEM, PKCS#7 or PKCS#12"},
	  {0, "chain", "--chain", false, "certificates above it, up to the root"}}},
	{"iamt-create-csr",
	 "icc",
	 "certificate-request",
	 "add",
	 "[isCA] [Type] (-c|--country=CC) (-s|--state=TEXT) (-o|--organization=TEXT) [-u|--orgunit=TEXT] "
	 "[-n|--commonname=NAME] (-d|--destination-folder=FOLDER)",
	 "make a key and a certificate request; isCA is true or false (default), Type management (default) or device",
	 true,
	 {{'c', "country", "--country", true, "code of two letters"},
	  {'s', "state", "--state", true, "state or province"},
	  {'o', "organization", "--organization", true, "organization"},
	  {'u', "orgunit", "--orgunit", false, "organizational unit; default: the one that AMT looks for"},
	  {'n', "commonname", "--common-name", false, "full DNS name; default: that of the server"},
	  {'d', "destination-folder", "--out", true, "existing folder that gets the request as NAME.csr"}}},
	{"iamt-root-certificate-hash",
	 "irch",
	 "certificate",
	 "hash",
	 "",
	 "show the hash of the root that goes into devices, in all forms",
	 false,
	 {{0}}},
	{"iamt-delete-mgmtcert",
	 "idmc",
	 "certificate",
	 "remove",
	 "",
	 "remove the management certificate of this server and its key",
	 false,
	 {{0}}},
};

static const struct verb *find_verb(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(word, verbs[i].name) == 0 || strcmp(word, verbs[i].alias) == 0)
			return &verbs[i];
	return NULL;
}

static const struct option *find_option(const struct verb *v, const char *word)
{
	for (size_t i = 0; i < OPTIONS_MAX && v->options[i].name; i++) {
		const struct option *o = &v->options[i];
		size_t len = strlen(o->name);
		bool by_name = strncmp(word, "--", 2) == 0 && strncmp(word + 2, o->name, len) == 0 &&
			       (word[2 + len] == '=' || !word[2 + len]);
		if (by_name || (o->letter && word[0] == '-' && word[1] == o->letter))
			return o;
	}
	return NULL;
}

struct reading {
	const struct verb *verb;
	struct arena *arena;
	int argc, at;
	char **argv;
	struct zman *out;
	bool seen[OPTIONS_MAX], has_ca, has_type;
};

static void put(struct reading *r, const char *word)
{
	r->out->argv[r->out->argc++] = arena_str(r->arena, bytes_str(word));
}

/* -cDE, -c DE, --country=DE, --country DE. NULL: nothing follows. */
static const char *value_of(struct reading *r, const char *word)
{
	const char *equals = strchr(word, '=');
	if (word[1] != '-' && word[2])
		return word + 2;
	if (word[1] == '-' && equals)
		return equals + 1;
	return r->at + 1 < r->argc ? r->argv[++r->at] : NULL;
}

static int take_option(struct reading *r, const struct option *o, struct err *e)
{
	const char *value = value_of(r, r->argv[r->at]);
	if (!value)
		return err_set(e, ERR_MISSING, "--%s needs a value", o->name);
	r->seen[o - r->verb->options] = true;
	if (*o->to)
		put(r, o->to);
	put(r, value);
	return 0;
}

static int take_word(struct reading *r, const char *word, struct err *e)
{
	bool yes = strcmp(word, "true") == 0;
	if (r->verb->takes_kind && !r->has_ca && !r->has_type && (yes || strcmp(word, "false") == 0)) {
		r->has_ca = true;
		if (yes)
			put(r, "--is-ca");
		return 0;
	}
	if (r->verb->takes_kind && !r->has_type && (strcmp(word, "management") == 0 || strcmp(word, "device") == 0)) {
		r->has_type = true;
		put(r, "--type");
		put(r, word);
		return 0;
	}
	if (r->verb->takes_kind)
		return err_set(e, ERR_INVALID, "\"%s\": isCA is true or false, Type is management or device", word);
	return err_set(e, ERR_INVALID, "\"%s\" is one word too many; usage: %s %s", word, r->verb->name,
		       r->verb->usage);
}

/* Options of every command of lamp are taken as they are. */
static void take_other(struct reading *r)
{
	static const char *const flags[] = {"--json", "--yes", "--version", "--any-suffix"};
	const char *word = r->argv[r->at];
	put(r, word);
	bool flag = strchr(word, '=') != NULL;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		flag = flag || strcmp(word, flags[i]) == 0;
	if (!flag && r->at + 1 < r->argc)
		put(r, r->argv[++r->at]);
}

static int take(struct reading *r, struct err *e)
{
	const char *word = r->argv[r->at];
	const struct option *o = find_option(r->verb, word);
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		r->out->help = true;
	else if (o)
		return take_option(r, o, e);
	else if (strncmp(word, "--", 2) == 0)
		take_other(r);
	else if (*word == '-' && word[1])
		return err_set(e, ERR_INVALID, "unknown option %s; usage: %s %s", word, r->verb->name, r->verb->usage);
	else
		return take_word(r, word, e);
	return 0;
}

/* Before anything is asked: a request whose file cannot be written would leave a key behind. */
static int check_folder(const struct zman *z, struct err *e)
{
	struct stat st;
	for (int i = 1; i < z->argc; i++) {
		const char *folder = z->argv[i];
		if (strcmp(z->argv[i - 1], "--out") != 0)
			continue;
		if (stat(folder, &st) < 0)
			return err_set_sys(e, ERR_INVALID, errno, "folder \"%s\"", folder);
		if (!S_ISDIR(st.st_mode))
			return err_set(e, ERR_INVALID, "\"%s\" is no folder", folder);
		if (access(folder, W_OK) < 0)
			return err_set_sys(e, ERR_INVALID, errno, "folder \"%s\"", folder);
	}
	return 0;
}

static int finish(struct reading *r, struct err *e)
{
	for (size_t i = 0; i < OPTIONS_MAX && r->verb->options[i].name; i++) {
		const struct option *o = &r->verb->options[i];
		if (o->required && !r->seen[i])
			return err_set(e, ERR_MISSING, "-%c|--%s is missing: %s; usage: %s %s", o->letter, o->name,
				       o->sentence, r->verb->name, r->verb->usage);
	}
	return check_folder(r->out, e);
}

/* With a certificate to import, icmc is another command of lamp. */
static const char *lamp_verb(const struct verb *v, int argc, char **argv, int at)
{
	for (int i = at + 1; i < argc && v == &verbs[0]; i++) {
		const struct option *o = find_option(v, argv[i]);
		if (o && o->letter == 'p')
			return "import";
	}
	return v->verb;
}

static bool called_zman(const char *path)
{
	const char *slash = strrchr(path, '/');
	return strcmp(slash ? slash + 1 : path, "zman") == 0;
}

static int first_word(int argc, char **argv)
{
	int at = 1;
	while (at < argc && argv[at][0] == '-')
		at++;
	return at;
}

int zman_read(int argc, char **argv, struct arena *a, struct zman *ret, struct err *e)
{
	*ret = (struct zman){.program = argc > 0 && called_zman(argv[0])};
	int at = first_word(argc, argv), rc = 0;
	const struct verb *v = at < argc ? find_verb(argv[at]) : NULL;
	if (!v && ret->program && at < argc)
		return err_set(e, ERR_INVALID, "there is no command \"%s\"; see 'zman --help'", argv[at]);
	if (!v) {
		ret->help = ret->program;
		return 0;
	}
	struct reading r = {.verb = v, .arena = a, .argc = argc, .argv = argv, .out = ret};
	ret->is = true;
	ret->verb = v->name;
	ret->argv = arena_alloc(a, (size_t)(2 * argc + 8) * sizeof(*ret->argv));
	put(&r, argv[0]);
	put(&r, v->noun);
	put(&r, lamp_verb(v, argc, argv, at));
	put(&r, "--yes");
	for (r.at = 1; r.at < argc && !rc; r.at++)
		if (r.at != at)
			rc = take(&r, e);
	return rc || ret->help ? rc : finish(&r, e);
}

void zman_help(const char *verb)
{
	if (!verb)
		printf("zman: the commands for Intel AMT, by their old names. Each stands for one of lamp(1).\n\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		const struct verb *v = &verbs[i];
		if (verb && strcmp(verb, v->name) != 0)
			continue;
		printf("%s|%s %s\n    %s\n", v->name, v->alias, v->usage, v->sentence);
		for (size_t k = 0; k < OPTIONS_MAX && v->options[k].name; k++) {
			char letter[8] = "";
			if (v->options[k].letter)
				(void)snprintf(letter, sizeof(letter), "-%c, ", v->options[k].letter); /* fits */
			printf("      %s--%s  %s\n", letter, v->options[k].name, v->options[k].sentence);
		}
	}
	printf("\nAll take --json, --server-address, --token-file and --ca as lamp does.\n");
}
