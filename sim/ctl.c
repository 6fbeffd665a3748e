#include "ctl.h"

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX (64 * 1024)

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NOBODY = 3 };

struct command {
	const char *words, *args, *options, *flags, *sentence;
};

static const struct command commands[] = {
#define COMMAND(words, handler, args, options, flags, sentence) {words, args, options, flags, sentence},
#include "command.tbl.h"
#undef COMMAND
};

struct request {
	const char *control;
	bool json;
	const struct command *command;
	struct buf body;
	struct json_writer w;
	bool all;
	unsigned places;
};

static void print_words(FILE *to, const char *text, const char *before, const char *after)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		fprintf(to, "%s%.*s%s", before, (int)len, text, after);
		text += len + (text[len] == ' ');
	}
}

void ctl_help(FILE *to)
{
	fputs("usage: amtsim ctl --control SOCK COMMAND [ARGS] [--json]\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];

		fprintf(to, "  %s", c->words);
		print_words(to, c->args, " [", "]");
		print_words(to, c->options, " [--", " VALUE]");
		print_words(to, c->flags, " [--", "]");
		fprintf(to, "\n      %s\n", c->sentence);
	}
	fputs("\nA device is named by its address, host name, UUID or #NUMBER. Answers are one line each; with --json "
	      "one\n"
	      "JSON object a line. Exit codes: 0 done, 1 refused, 2 usage, 3 nobody answers at the socket.\n\n"
	      "  amtsim ctl --control sim.sock list --json\n"
	      "  amtsim ctl --control sim.sock fault --share 10% --kind act-no-reply --on act\n"
	      "  amtsim ctl --control sim.sock power 127.20.0.5 on\n"
	      "  amtsim ctl --control sim.sock mebx --all --mode smb --new-password 'Str0ng!pass'\n",
	      to);
}

static bool has_word(const char *list, const char *word)
{
	size_t want = strlen(word);

	while (*list) {
		size_t len = strcspn(list, " ");

		if (len == want && strncmp(list, word, len) == 0)
			return true;
		list += len + (list[len] == ' ');
	}
	return false;
}

/* The n-th word of a list as a name. False: there are fewer. */
static bool word_at(const char *list, unsigned n, char *to, size_t to_size)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		if (n-- == 0)
			return bytes_to_str(BYTES(list, len), to, to_size);
		list += len + (list[len] == ' ');
	}
	return false;
}

/* The longest command that the words begin with. */
static const struct command *find_command(int argc, char **argv, int *ret_used)
{
	char two[64];
	const char *first = argc > 0 ? argv[0] : "";

	snprintf(two, sizeof(two), "%s %s", first, argc > 1 ? argv[1] : "");
	for (int words = 2; words > 0; words--)
		for (size_t i = 0; i < ARRAY_LEN(commands); i++)
			if (strcmp(commands[i].words, words == 2 ? two : first) == 0) {
				*ret_used = words;
				return &commands[i];
			}
	return NULL;
}

static int usage(const char *what, const char *word)
{
	fprintf(stderr, "amtsim: %s \"%s\"; see amtsim ctl --help\n", what, word);
	return EXIT_USAGE;
}

/* With --all no device is named, so the first place is for the word after it. */
static int add_place(struct request *r, const char *word)
{
	char name[32];
	unsigned skip = r->all && strncmp(r->command->args, "device", 6) == 0 ? 1 : 0;

	if (!word_at(r->command->args, r->places++ + skip, name, sizeof(name)))
		return usage("too many arguments:", word);
	json_put_str(&r->w, name, word);
	return EXIT_DONE;
}

/* Takes argv[*i] and, for an option, its value. */
static int add_word(struct request *r, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *name = word + 2;

	if (strncmp(word, "--", 2) != 0)
		return add_place(r, word);
	if (has_word(r->command->flags, name)) {
		json_put_bool(&r->w, name, true);
		return EXIT_DONE;
	}
	if (!has_word(r->command->options, name) && !has_word(r->command->args, name))
		return usage("unknown option", word);
	if (*i + 1 >= argc)
		return usage("a value is missing after", word);
	json_put_str(&r->w, name, argv[++*i]);
	return EXIT_DONE;
}

/* Takes out what belongs to ctl itself. */
static int take_own(struct request *r, int argc, char **argv)
{
	int left = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			r->json = true;
		else if (strcmp(argv[i], "--control") == 0 && i + 1 < argc)
			r->control = argv[++i];
		else
			argv[left++] = argv[i];
		r->all = r->all || strcmp(argv[i], "--all") == 0;
	}
	return left;
}

static int build(struct request *r, int argc, char **argv)
{
	int used = 0, rc = EXIT_DONE;

	r->command = find_command(argc, argv, &used);
	if (!r->command)
		return usage("unknown command", argc > 0 ? argv[0] : "");
	json_writer_init(&r->w, &r->body);
	json_begin_object(&r->w, NULL);
	json_put_str(&r->w, "command", r->command->words);
	for (int i = used; i < argc && rc == EXIT_DONE; i++)
		rc = add_word(r, argc, argv, &i);
	json_end(&r->w);
	buf_addc(&r->body, '\n');
	if (rc == EXIT_DONE && r->body.failed)
		rc = usage("too long:", r->command->words);
	return rc;
}

static void print_value(const json_t *v)
{
	if (json_is_string(v))
		fputs(json_string_value(v), stdout);
	else if (json_is_integer(v))
		printf("%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		printf("%g", json_real_value(v));
	else
		fputs(json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-", stdout);
}

/* One line of the answer. Returns the exit code it stands for. */
static int print_line(const struct request *r, const char *line, size_t len)
{
	json_t *doc = json_loadb(line, len, 0, NULL), *v;
	const char *key, *sep = "", *error = json_string_value(json_object_get(doc, "error"));
	int rc = EXIT_DONE;

	if (error) {
		fprintf(stderr, "amtsim: %s\n", error);
		rc = EXIT_REFUSED;
	} else if (r->json || !doc) {
		printf("%.*s\n", (int)len, line);
	} else {
		json_object_foreach(doc, key, v) {
			printf("%s%s=", sep, key);
			print_value(v);
			sep = " ";
		}
		putchar('\n');
	}
	json_decref(doc);
	return rc;
}

/* Prints lines until the empty one. */
static int print_answer(const struct request *r, int fd)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int rc = EXIT_NOBODY;

	while (in && (len = getline(&line, &size, in)) > 0) {
		if (len == 1) {
			rc = rc == EXIT_NOBODY ? EXIT_DONE : rc;
			break;
		}
		if (print_line(r, line, (size_t)len - 1) != EXIT_DONE)
			rc = EXIT_REFUSED;
	}
	if (rc == EXIT_NOBODY)
		fprintf(stderr, "amtsim: the connection ended before the answer did\n");
	free(line);
	if (in)
		fclose(in);
	return rc;
}

static int talk(struct request *r)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(r->control) >= sizeof(a.sun_path)) {
		(void)close(fd); /* nothing can be done about it */
		return usage("the socket's path is too long:", r->control);
	}
	memcpy(a.sun_path, r->control, strlen(r->control) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    send(fd, r->body.p, r->body.len, MSG_NOSIGNAL) != (ssize_t)r->body.len) {
		fprintf(stderr, "amtsim: nobody answers at \"%s\": %s\n", r->control, strerror(errno));
		(void)close(fd); /* as above */
		return EXIT_NOBODY;
	}
	return print_answer(r, fd);
}

int ctl_main(int argc, char **argv)
{
	struct request r = {.control = NULL};
	int left, rc;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			ctl_help(stdout);
			return EXIT_DONE;
		}
	buf_init(&r.body, REQUEST_MAX);
	left = take_own(&r, argc, argv);
	rc = build(&r, left, argv);
	if (rc == EXIT_DONE && !r.control)
		rc = usage("which amtsim: option missing:", "--control SOCK");
	if (rc == EXIT_DONE)
		rc = talk(&r);
	buf_release(&r.body);
	return rc;
}
