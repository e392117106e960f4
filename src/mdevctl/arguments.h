/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mdevctl's command line: what its subcommands take, and the grammar of clap (the parser of 1.4.0),
 * which is not argp's: no abbreviations, nothing twice, -uUUID and -u=UUID.
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"

#include <stdbool.h>

#define MDEVCTL_VERSION "1.4.0"

/* One bit for each option. */
enum {
	ARG_UUID = 1 << 0,
	ARG_PARENT = 1 << 1,
	ARG_TYPE = 1 << 2,
	ARG_ADDATTR = 1 << 3,
	ARG_DELATTR = 1 << 4,
	ARG_INDEX = 1 << 5,
	ARG_VALUE = 1 << 6,
	ARG_AUTO = 1 << 7,
	ARG_MANUAL = 1 << 8,
	ARG_LIVE = 1 << 9,
	ARG_DEFINED = 1 << 10,
	ARG_JSONFILE = 1 << 11,
	ARG_DUMPJSON = 1 << 12,
	ARG_VERBOSE = 1 << 13,
	ARG_FORCE = 1 << 14,
	ARG_HELP = 1 << 15,
	ARG_VERSION = 1 << 16,
};

/* What was given; `given` says which, the texts are those of the options that have one. */
struct arguments {
	unsigned given;
	const char *uuid; /* lower case, with hyphens */
	const char *parent;
	const char *type;
	const char *addattr, *value;
	const char *index;
	const char *jsonfile;
};

struct session;

struct subcommand {
	const char *name;
	const char *summary;
	const char *help;
	unsigned takes;    /* --help is everybody's */
	unsigned needs;    /* one of these */
	unsigned one_of;   /* exactly one of these, too */
	bool takes_parent; /* as its argument, which it needs */
	bool hidden;
	int (*run)(struct session *session, struct err *err);
};

/* What parsing comes to. */
enum parsed {
	PARSED,       /* *subcommand and *arguments are filled in */
	PARSED_DONE,  /* help or the version was asked for, and printed */
	PARSED_WRONG, /* *err says what; `usage` is the line that belongs to it */
};

struct command_line {
	const char *program; /* "mdevctl" or "lsmdev" */
	const struct subcommand *subcommands;
	size_t n;
	struct pool *pool;
	const struct subcommand *subcommand; /* NULL before its name */
	struct arguments arguments;
};

/* Parses the words after the program's name; as lsmdev they are those of the subcommand "list". */
enum parsed command_line_parse(struct command_line *line, char **words, struct err *err);
/* "Usage: mdevctl stop [OPTIONS] --uuid <UUID>" */
const char *command_line_usage(const struct command_line *line);
