/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a subcommand is: a table row that says everything and a function that does it. */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "mdev/operation.h"
#include "out/print.h"

#include <stdbool.h>

/* The values of an option or the arguments of a command, for completion. */
enum completion {
	COMPLETE_NOTHING,
	COMPLETE_PARENT,
	COMPLETE_TYPE,
	COMPLETE_DEVICE,
	COMPLETE_DEFINITION,
	COMPLETE_DEVICE_OR_FILE,
	COMPLETE_DEFINITION_OR_FILE,
	COMPLETE_GROUP,
	COMPLETE_FILE,
	COMPLETE_COLUMN,
	COMPLETE_ANY_NAME, /* parents, types and devices */
	COMPLETE_WORDS,    /* those of option.words */
};

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* const char * */
	OPTION_LIST,     /* struct words: may be given several times */
	OPTION_OPTIONAL, /* const char *: its argument may be left out and is then "" */
};

struct words {
	const char **list;
	size_t n;
};

struct cmd_option {
	const char *name; /* without the dashes */
	char letter;      /* 0 without one */
	const char *arg;  /* its argument's name, NULL for a flag */
	enum option_kind kind;
	size_t offset; /* of the field in the command's option struct */
	enum completion completion;
	const char *words; /* space-separated, for COMPLETE_WORDS and beside COMPLETE_GROUP's */
	const char *help;
};

/* What every command is given; options are in a struct of the command's own. */
struct context {
	struct pool *pool;
	struct root root;
	bool json;
	bool quiet;
	bool verbose;
	const char *root_dir;
	struct format format;
	struct words args;
	int status; /* of partial success: the answer stands, but something is missing */
};

struct command {
	const char *name;
	const char *args;           /* "[PARENT...]", NULL when it takes none */
	const char *summary;        /* one line for the list of commands */
	const char *help;           /* what it does, with examples */
	enum completion completion; /* of its arguments */
	const struct cmd_option *options;
	size_t n_options;
	size_t options_size;
	const struct fields *fields;         /* of its table: then it takes --output and the like */
	const struct fields *defined_fields; /* the same with --defined */
	bool hidden;
	bool only_reads;
	/* Fails with *err, or returns 0; context->status is not 0 when the answer is a part. */
	int (*run)(struct context *context, const void *options, struct err *err);
};

extern const struct command *const commands[];
extern const size_t n_commands;
/* The command so named, NULL without one. */
const struct command *command_find(const char *name);

/* The options that every command takes. */
extern const struct cmd_option global_options[];
extern const size_t n_global_options;
/* The options of commands that print a table. */
extern const struct cmd_option table_options[];
extern const size_t n_table_options;

/*
 * Parses the words after the program's name: global options and the command's name, then the
 * command's own. Usage errors and --help end the program as argp does. NULL with *err for an
 * unknown command.
 */
const struct command *parse_arguments(int argc, char **argv, struct context *context,
				      const void **options, struct err *err);

/*
 * The seconds that the option `label` was given, from `least` to `most`, in milliseconds. ERR_USAGE
 * for anything else.
 */
int parse_seconds(const char *label, const char *given, int least, int most, int *ret_ms,
		  struct err *err);

/* To stderr, made printable. Notes are silent with --quiet. */
void say_warning(const struct context *context, const char *format, ...) PRINTF(2, 3);
void say_note(const struct context *context, const char *format, ...) PRINTF(2, 3);
void say_error(const struct context *context, const struct err *err);
/* Tells the inventory's warnings; any of them makes the status ERR_FAILED. */
void say_inventory_warnings(struct context *context, const struct inventory *inventory);

/* An operation for this run: --verbose traces to stderr. */
struct operation begin_operation(struct context *context);
/* Tells the operation's warnings and notes. */
void say_notes(struct context *context, const struct operation *operation);
/* For commands that only read: a note when an interrupted run left something. */
void warn_of_stale(struct context *context);

/* Prints the lines of plan_lines(); JSON has the warnings of `failures` (NULL: none), too. */
void print_steps(const struct context *context, const char *const *lines, size_t n,
		 const struct inventory *failures);
/*
 * Prints the records in the form asked for: the JSON document with the inventory's warnings, or the
 * table with the warnings on stderr.
 */
void print_records(struct context *context, const struct selection *selection,
		   const struct inventory *inventory, const void *const *records, size_t n);
