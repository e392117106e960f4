/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option tables on argp. */
#include "cmd/command.h"

#include "base/text.h"

#include <argp.h>
#include <stddef.h>
#include <stdio.h>

#define KEY_BASE 0x100 /* of options without a letter, by their index */

const struct cmd_option global_options[] = {
	{"root", 0, "DIR", OPTION_TEXT, offsetof(struct context, root_dir), COMPLETE_FILE, NULL,
	 "Take /sys, /etc, /run, /proc and /dev from below DIR (also: MDEVTOOL_ROOT)"},
	{"json", 0, NULL, OPTION_FLAG, offsetof(struct context, json), COMPLETE_NOTHING, NULL,
	 "Print one JSON document"},
	{"quiet", 'q', NULL, OPTION_FLAG, offsetof(struct context, quiet), COMPLETE_NOTHING, NULL,
	 "No notes on stderr; warnings and errors remain"},
	{"verbose", 'v', NULL, OPTION_FLAG, offsetof(struct context, verbose), COMPLETE_NOTHING,
	 NULL, "Show each step before it is made"},
};
const size_t n_global_options = ARRAY_SIZE(global_options);

const struct cmd_option table_options[] = {
	{"output", 'o', "COLUMNS", OPTION_TEXT, offsetof(struct context, format.columns),
	 COMPLETE_COLUMN, NULL, "Print these columns, separated by commas"},
	{"raw", 0, NULL, OPTION_FLAG, offsetof(struct context, format.raw), COMPLETE_NOTHING, NULL,
	 "Separate columns by one blank"},
	{"noheadings", 0, NULL, OPTION_FLAG, offsetof(struct context, format.noheadings),
	 COMPLETE_NOTHING, NULL, "Leave the headings out"},
};
const size_t n_table_options = ARRAY_SIZE(table_options);

/* One option of the table together with the struct that its offset is in. */
struct slot {
	const struct cmd_option *option;
	void *base;
};

struct parsing {
	struct context *context;
	struct slot *slots;
	struct argp_option *argp_options;
	size_t n;
	bool stop_at_word; /* before the command's name is known */
	int word;          /* where it is, 0 when there is none */
};

static void add_options(struct parsing *parsing, const struct cmd_option *options, size_t n,
			void *base, int group)
{
	struct pool *pool = parsing->context->pool;
	size_t n_argp = parsing->n;

	for (size_t i = 0; i < n; i++) {
		const struct cmd_option *option = &options[i];

		*pool_push(pool, parsing->argp_options, n_argp) = (struct argp_option){
			.name = option->name,
			.key = option->letter ? option->letter : (int)(KEY_BASE + parsing->n),
			.arg = option->arg,
			.flags = option->kind == OPTION_OPTIONAL ? OPTION_ARG_OPTIONAL : 0,
			.doc = option->help,
			.group = group,
		};
		*pool_push(pool, parsing->slots, parsing->n) = (struct slot){option, base};
	}
}

static const struct slot *find_slot(const struct parsing *parsing, int key)
{
	if (key >= KEY_BASE && (size_t)key - KEY_BASE < parsing->n)
		return &parsing->slots[key - KEY_BASE];
	for (size_t i = 0; i < parsing->n; i++)
		if (key && parsing->slots[i].option->letter == key)
			return &parsing->slots[i];
	return NULL;
}

static void store(struct parsing *parsing, const struct slot *slot, const char *arg)
{
	void *field = (char *)slot->base + slot->option->offset;

	switch (slot->option->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		break;
	case OPTION_TEXT:
		*(const char **)field = arg;
		break;
	case OPTION_OPTIONAL:
		*(const char **)field = arg ? arg : "";
		break;
	case OPTION_LIST: {
		struct words *words = field;

		*pool_push(parsing->context->pool, words->list, words->n) = arg;
		break;
	}
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct words *words = &parsing->context->args;
	const struct slot *slot = find_slot(parsing, key);

	if (slot) {
		store(parsing, slot, arg);
		return 0;
	}
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (parsing->stop_at_word) {
		parsing->word = state->next - 1;
		state->next = state->argc;
		return 0;
	}
	*pool_push(parsing->context->pool, words->list, words->n) = arg;
	return 0;
}

static void run_argp(struct parsing *parsing, const char *args, const char *doc, int argc,
		     char **argv, unsigned flags)
{
	size_t n = parsing->n;
	struct argp argp = {.parser = parse, .args_doc = args, .doc = doc};

	pool_push(parsing->context->pool, parsing->argp_options, n); /* the zero row at the end */
	argp.options = parsing->argp_options;
	argp_parse(&argp, argc, argv, flags, NULL, parsing);
}

/* The program's --help: the list of commands comes from their table. */
static const char *program_doc(struct pool *pool)
{
	const char *list = "";

	for (size_t i = 0; i < n_commands; i++)
		if (!commands[i]->hidden)
			list = pool_printf(pool, "%s  %-14s %s\n", list, commands[i]->name,
					   commands[i]->summary);
	return pool_printf(
		pool,
		"Shares a physical device among virtual machines: shows what kinds of mediated "
		"devices a GPU, channel device or crypto card can make, makes them, hands them to "
		"QEMU and removes them.\v"
		"Commands:\n%s\n"
		"'mdevtool COMMAND --help' tells more, 'man mdevtool' everything.",
		list);
}

/* What other programs call it. */
static const char *synonym(const char *word)
{
	static const struct {
		const char *word, *command;
	} list[] = {
		{"add", "create"},  {"delete", "destroy"}, {"info", "show"},
		{"ls", "list"},     {"make", "create"},    {"new", "create"},
		{"rm", "destroy"},  {"remove", "destroy"}, {"parents", "list-parents"},
		{"status", "list"}, {"stop", "destroy"},   {"types", "list-types"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (streq(list[i].word, word))
			return list[i].command;
	return NULL;
}

static const struct command *unknown_command(struct context *context, const char *word,
					     struct err *err)
{
	const char **names = pool_alloc(context->pool, n_commands * sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < n_commands; i++)
		if (!commands[i]->hidden)
			names[n++] = commands[i]->name;
	err_set(err, ERR_USAGE, "unknown command '%s'", word);
	const char *nearest = synonym(word);
	if (!nearest)
		nearest = text_nearest(word, names, n);
	if (nearest)
		err_hint(err, "did you mean '%s'?", nearest);
	else
		err_hint(err, "'mdevtool --help' lists the commands");
	return NULL;
}

/*
 * argp tells stderr what is wrong and ends the program; under --json, wherever it stands in the
 * line, stdout gets its document nevertheless. Static, because an exit handler outlives every
 * frame.
 */
static struct {
	bool json;   /* --json stands somewhere in the line */
	bool parsed; /* argp is done with it */
} usage;

static void usage_as_json(int status, void *argument)
{
	char message[] = "bad command line, see stderr";
	const struct err err = {.kind = ERR_USAGE, .message = message};

	(void)argument;
	if (status == ERR_USAGE && usage.json && !usage.parsed)
		print_error_json(&err, stdout);
}

static void watch_for_usage_errors(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		usage.json |= streq(argv[i], "--json");
	on_exit(usage_as_json, NULL);
}

/* "mdevtool-create" by argv[0], else the first word that is no option. */
static const struct command *choose_command(struct context *context, int *argc, char ***argv,
					    struct err *err)
{
	static char name[] = "mdevtool";
	const char *dash = strchr(program_invocation_short_name, '-');
	const struct command *command = dash ? command_find(dash + 1) : NULL;
	struct parsing parsing = {.context = context, .stop_at_word = true};

	if (command)
		return command;
	(*argv)[0] = name;
	add_options(&parsing, global_options, n_global_options, context, 0);
	run_argp(&parsing, "COMMAND [ARGUMENT...]", program_doc(context->pool), *argc, *argv,
		 ARGP_IN_ORDER);
	if (!parsing.word) {
		err_set(err, ERR_USAGE, "no command given");
		err_hint(err, "'mdevtool --help' lists the commands");
		return NULL;
	}
	command = command_find((*argv)[parsing.word]);
	if (!command)
		return unknown_command(context, (*argv)[parsing.word], err);
	*argc -= parsing.word;
	*argv += parsing.word;
	return command;
}

const struct command *parse_arguments(int argc, char **argv, struct context *context,
				      const void **options, struct err *err)
{
	struct parsing parsing = {.context = context};
	const struct command *command;
	void *base;

	watch_for_usage_errors(argc, argv);
	command = choose_command(context, &argc, &argv, err);
	if (!command) {
		usage.parsed = true;
		context->json = usage.json;
		return NULL;
	}
	base = pool_alloc(context->pool, command->options_size + 1);
	*options = base;
	add_options(&parsing, command->options, command->n_options, base, 0);
	if (command->fields)
		add_options(&parsing, table_options, n_table_options, context, 1);
	add_options(&parsing, global_options, n_global_options, context, 2);
	argv[0] = pool_printf(context->pool, "mdevtool %s", command->name);
	run_argp(&parsing, command->args, command->help, argc, argv, 0);
	usage.parsed = true;
	context->format.json = context->json;
	if (context->args.n && !command->args) {
		err_set(err, ERR_USAGE, "%s takes no arguments, got '%s'", command->name,
			context->args.list[0]);
		err_hint(err, "mdevtool %s --help", command->name);
		return NULL;
	}
	return command;
}

int parse_seconds(const char *label, const char *given, int least, int most, int *ret_ms,
		  struct err *err)
{
	uint64_t seconds;

	if (text_number(given, (uint64_t)most, &seconds) && (int)seconds >= least) {
		*ret_ms = (int)seconds * 1000;
		return 0;
	}
	if (least)
		return err_set(err, ERR_USAGE,
			       "%s must be a number of seconds from %d to %d, not '%s'", label,
			       least, most, given);
	return err_set(err, ERR_USAGE, "%s must be a number of seconds up to %d, not '%s'", label,
		       most, given);
}
