/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl's options as a table, and clap's grammar. */
#include "mdevctl/arguments.h"

#include "base/text.h"
#include "mdev/uuid.h"

#include <stddef.h>
#include <stdio.h>

struct argument {
	unsigned bit;
	char letter; /* 0 without one */
	const char *name;
	const char *value; /* what its value is called, NULL for a flag */
	size_t offset;     /* of the value in struct arguments */
	unsigned conflicts;
	unsigned needs;
	const char *help;
};

#define TEXT(field) offsetof(struct arguments, field)

/* What contradicts what is the same in all subcommands. Each pair stands here once. */
static const struct argument arguments[] = {
	{ARG_UUID, 'u', "uuid", "UUID", TEXT(uuid), 0, 0, "The device that has this UUID"},
	{ARG_PARENT, 'p', "parent", "PARENT", TEXT(parent), 0, 0,
	 "The parent of the device, as sysfs calls it"},
	{ARG_TYPE, 't', "type", "type", TEXT(type), 0, 0, "The id of the device's type"},
	{ARG_ADDATTR, 0, "addattr", "attr_name", TEXT(addattr), ARG_DELATTR, ARG_VALUE,
	 "Append an attribute, or insert it at --index"},
	{ARG_DELATTR, 0, "delattr", NULL, 0, 0, 0,
	 "Remove the last attribute, or the one at --index"},
	{ARG_INDEX, 'i', "index", "INDEX", TEXT(index), 0, 0,
	 "The attribute's position, counted from 0"},
	{ARG_VALUE, 0, "value", "attr_value", TEXT(value), ARG_DELATTR, 0,
	 "What the attribute of --addattr is set to"},
	{ARG_AUTO, 'a', "auto", NULL, 0,
	 ARG_MANUAL | ARG_ADDATTR | ARG_DELATTR | ARG_INDEX | ARG_VALUE, 0,
	 "The device starts with its parent"},
	{ARG_MANUAL, 'm', "manual", NULL, 0, ARG_ADDATTR | ARG_DELATTR | ARG_INDEX | ARG_VALUE, 0,
	 "The device starts on request only"},
	{ARG_LIVE, 'l', "live", NULL, 0, ARG_TYPE | ARG_INDEX | ARG_VALUE, 0,
	 "Change the running device; its definition too with --defined"},
	{ARG_DEFINED, 'd', "defined", NULL, 0, 0, 0, "Definitions, not running devices"},
	{ARG_JSONFILE, 0, "jsonfile", "JSONFILE", TEXT(jsonfile),
	 ARG_TYPE | ARG_INDEX | ARG_VALUE | ARG_AUTO | ARG_MANUAL | ARG_ADDATTR | ARG_DELATTR, 0,
	 "Take type, start and attributes from this file"},
	{ARG_DUMPJSON, 0, "dumpjson", NULL, 0, 0, 0, "Print JSON"},
	{ARG_VERBOSE, 'v', "verbose", NULL, 0, 0, 0, "Print attributes, too"},
	{ARG_FORCE, 'f', "force", NULL, 0, 0, 0, "Go on even if a call-out script refuses"},
	{ARG_HELP, 'h', "help", NULL, 0, 0, 0, "Print this help"},
	{ARG_VERSION, 'V', "version", NULL, 0, 0, 0, "Print the version"},
};

/* What is said of the command "help". */
static const struct subcommand helping = {
	.name = "help",
	.summary = "Print this help, or that of a command",
};

static bool is_taken(const struct command_line *line, const struct argument *argument)
{
	unsigned takes = line->subcommand ? line->subcommand->takes : ARG_VERSION;

	return argument->bit & (takes | ARG_HELP);
}

/* "--uuid <UUID>" */
static const char *shown(struct pool *pool, const struct argument *argument)
{
	return argument->value ? pool_printf(pool, "--%s <%s>", argument->name, argument->value)
			       : pool_printf(pool, "--%s", argument->name);
}

/* The options of `mask` with `between` between them. */
static const char *shown_all(struct pool *pool, unsigned mask, const char *between)
{
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		if (arguments[i].bit & mask)
			text = pool_printf(pool, "%s%s%s", text, *text ? between : "",
					   shown(pool, &arguments[i]));
	return text;
}

const char *command_line_usage(const struct command_line *line)
{
	const struct subcommand *subcommand = line->subcommand;
	struct pool *pool = line->pool;

	if (!subcommand)
		return "Usage: mdevctl <COMMAND>";
	const char *usage = pool_printf(pool, "Usage: %s%s%s%s", line->program,
					streq(line->program, "lsmdev") ? "" : " ",
					streq(line->program, "lsmdev") ? "" : subcommand->name,
					subcommand->takes ? " [OPTIONS]" : "");
	if (subcommand == &helping)
		return pool_printf(pool, "%s [COMMAND]...", usage);
	if (subcommand->needs == ARG_UUID)
		usage = pool_printf(pool, "%s %s", usage, shown_all(pool, ARG_UUID, ""));
	if (subcommand->one_of)
		usage = pool_printf(pool, "%s <%s>", usage,
				    shown_all(pool, subcommand->one_of, "|"));
	return subcommand->takes_parent ? pool_printf(pool, "%s <PARENT>", usage) : usage;
}

/* Help */

static void print_options(const struct command_line *line)
{
	puts("\nOptions:");
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		const struct argument *argument = &arguments[i];
		char letter[] = {'-', argument->letter, ',', '\0'};

		if (is_taken(line, argument))
			printf("  %3s %-22s %s\n", argument->letter ? letter : "",
			       shown(line->pool, argument), argument->help);
	}
}

static void print_help(const struct command_line *line)
{
	const struct subcommand *subcommand = line->subcommand;

	if (subcommand) {
		printf("%s\n\n%s%s%s\n", subcommand->summary,
		       subcommand->help ? subcommand->help : "", subcommand->help ? "\n\n" : "",
		       command_line_usage(line));
	} else {
		printf("Mediated devices, by mdevctl's command line\n\n%s\n\nCommands:\n",
		       command_line_usage(line));
		for (size_t i = 0; i < line->n; i++)
			if (!line->subcommands[i].hidden)
				printf("  %-9s %s\n", line->subcommands[i].name,
				       line->subcommands[i].summary);
		printf("  %-9s %s\n", helping.name, helping.summary);
	}
	if (subcommand != &helping)
		print_options(line);
}

static void print_version(const struct command_line *line)
{
	if (line->subcommand && streq(line->program, "mdevctl"))
		printf("mdevctl-%s " MDEVCTL_VERSION "\n", line->subcommand->name);
	else
		printf("%s " MDEVCTL_VERSION "\n", line->program);
}

/* Values */

/* 1234… or 1234-…, {1234-…} and urn:uuid:1234-… mean the same; NULL for what is none. */
static const char *parse_uuid(struct pool *pool, const char *text)
{
	static const char urn[] = "urn:uuid:";
	size_t length = strlen(text);
	char hyphenated[UUID_LENGTH + 1];

	if (length == UUID_LENGTH + 2 && text[0] == '{' && text[length - 1] == '}')
		text = pool_strndup(pool, text + 1, UUID_LENGTH);
	else if (strncmp(text, urn, strlen(urn)) == 0)
		text += strlen(urn);
	else if (length == UUID_LENGTH - 4) {
		snprintf(hyphenated, sizeof(hyphenated), "%.8s-%.4s-%.4s-%.4s-%.12s", text,
			 text + 8, text + 12, text + 16, text + 20);
		text = hyphenated;
	}
	return uuid_is_valid(text) ? text_lower(pool, text) : NULL;
}

static bool is_index(const char *text)
{
	uint64_t number;

	return text_number(*text == '+' ? text + 1 : text, UINT32_MAX, &number);
}

/* Text, or any name of a file. */
static bool is_value(struct pool *pool, const struct argument *argument, const char *value)
{
	return argument->bit == ARG_JSONFILE ? *value : text_json(pool, value) == value;
}

static int keep(struct command_line *line, const struct argument *argument, const char *value,
		struct err *err)
{
	if (value && !is_value(line->pool, argument, value))
		return err_set(err, ERR_USAGE, "--%s needs a value that is text, not '%s'",
			       argument->name, value);
	if (argument->bit == ARG_UUID && value) {
		const char *uuid = parse_uuid(line->pool, value);

		if (!uuid)
			return err_set(err, ERR_USAGE, "'%s' of --uuid is no UUID", value);
		value = uuid;
	}
	if (argument->bit == ARG_INDEX && !is_index(value))
		return err_set(err, ERR_USAGE, "'%s' of --index is no position", value);
	if (line->arguments.given & argument->bit)
		return err_set(err, ERR_USAGE, "--%s is there twice", argument->name);
	line->arguments.given |= argument->bit;
	if (value)
		memcpy((char *)&line->arguments + argument->offset, &value, sizeof(value));
	return 0;
}

/* Words */

static const struct argument *find_option(const struct command_line *line, const char *name,
					  size_t length, char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		const struct argument *argument = &arguments[i];
		bool same = name ? strlen(argument->name) == length &&
					    strncmp(argument->name, name, length) == 0
				 : argument->letter == letter;

		if (same && is_taken(line, argument))
			return argument;
	}
	return NULL;
}

static int no_value(const struct argument *argument, struct err *err)
{
	return err_set(err, ERR_USAGE, "--%s needs a value, <%s>", argument->name, argument->value);
}

/* The word after an option, for one that has none; what looks like an option is none. */
static const char *next_value(char ***words)
{
	const char *next = (*words)[1];

	if (!next || (next[0] == '-' && next[1]))
		return NULL;
	++*words;
	return next;
}

/* One option, `value` being what is attached to it: 0, 1 when it ended the parsing, -1. */
static int take_option(struct command_line *line, const struct argument *argument,
		       const char *value, char ***words, struct err *err)
{
	if (argument->bit & (ARG_HELP | ARG_VERSION)) {
		if (argument->bit == ARG_HELP)
			print_help(line);
		else
			print_version(line);
		return 1;
	}
	if (argument->value && !value) {
		value = next_value(words);
		if (!value)
			return no_value(argument, err);
	}
	return keep(line, argument, value, err);
}

static int take_long(struct command_line *line, char ***words, struct err *err)
{
	const char *name = **words + 2;
	size_t length = strcspn(name, "=");
	const struct argument *argument = find_option(line, name, length, 0);
	const char *value = name[length] ? name + length + 1 : NULL;

	if (!argument)
		return err_set(err, ERR_USAGE, "there is no option '--%.*s'", (int)length, name);
	if (value && !argument->value)
		return err_set(err, ERR_USAGE, "--%s takes no value", argument->name);
	return take_option(line, argument, value, words, err);
}

/* "-dv", "-uUUID", "-u=UUID", "-du UUID" */
static int take_letters(struct command_line *line, char ***words, struct err *err)
{
	const char *letters = **words + 1;

	for (; *letters; letters++) {
		const struct argument *argument = find_option(line, NULL, 0, *letters);
		const char *value = NULL;
		int result;

		if (!argument)
			return err_set(err, ERR_USAGE, "there is no option '-%c'", *letters);
		if (argument->value && letters[1])
			value = letters + (letters[1] == '=' ? 2 : 1);
		result = take_option(line, argument, value, words, err);
		if (result || argument->value)
			return result;
	}
	return 0;
}

static int take_word(struct command_line *line, const char *word, struct err *err)
{
	if (!line->subcommand->takes_parent || line->arguments.parent ||
	    text_json(line->pool, word) != word)
		return err_set(err, ERR_USAGE, "'%s' is not expected here", word);
	line->arguments.parent = word;
	return 0;
}

/* The subcommand's own words. */
static int take_words(struct command_line *line, char **words, struct err *err)
{
	bool options = true;
	int result = 0;

	for (; *words && result == 0; words++) {
		if (options && streq(*words, "--"))
			options = false;
		else if (options && (*words)[0] == '-' && (*words)[1] == '-')
			result = take_long(line, &words, err);
		else if (options && (*words)[0] == '-' && (*words)[1])
			result = take_letters(line, &words, err);
		else
			result = take_word(line, *words, err);
	}
	return result;
}

/* What goes together */

static int check_conflicts(const struct command_line *line, struct err *err)
{
	unsigned given = line->arguments.given;

	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		if (given & arguments[i].bit && given & arguments[i].conflicts)
			return err_set(err, ERR_USAGE, "--%s does not go with %s",
				       arguments[i].name,
				       shown_all(line->pool, given & arguments[i].conflicts, ", "));
	return 0;
}

/* What contradicts what was given cannot be missing. */
static bool is_excluded(unsigned bit, unsigned given)
{
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		if ((arguments[i].bit & given && arguments[i].conflicts & bit) ||
		    (arguments[i].bit & bit && arguments[i].conflicts & given))
			return true;
	return false;
}

static int check_needs(const struct command_line *line, struct err *err)
{
	const struct subcommand *subcommand = line->subcommand;
	unsigned given = line->arguments.given;

	if (subcommand->needs && !(given & subcommand->needs))
		return err_set(err, ERR_USAGE, "what is missing is %s",
			       shown_all(line->pool, subcommand->needs, " or "));
	if (subcommand->one_of && !(given & subcommand->one_of))
		return err_set(err, ERR_USAGE, "what is missing is one of %s",
			       shown_all(line->pool, subcommand->one_of, ", "));
	if (subcommand->takes_parent && !line->arguments.parent)
		return err_set(err, ERR_USAGE, "what is missing is the <PARENT>");
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		if (given & arguments[i].bit && arguments[i].needs & ~given &&
		    !is_excluded(arguments[i].needs, given))
			return err_set(err, ERR_USAGE, "--%s needs %s", arguments[i].name,
				       shown_all(line->pool, arguments[i].needs, ", "));
	return 0;
}

/* Subcommands */

static int find_subcommand(struct command_line *line, const char *name, struct err *err)
{
	const char **names = pool_alloc(line->pool, line->n * sizeof(*names));

	for (size_t i = 0; i < line->n; i++) {
		names[i] = line->subcommands[i].name;
		if (streq(names[i], name))
			line->subcommand = &line->subcommands[i];
	}
	if (line->subcommand)
		return 0;
	err_set(err, ERR_USAGE, "there is no command '%s'", name);
	const char *nearest = text_nearest(name, names, line->n);
	return nearest ? err_hint(err, "did you mean '%s'?", nearest) : -1;
}

/* "help", "help COMMAND", "help help" */
static enum parsed help(struct command_line *line, char **words, struct err *err)
{
	if (words[0] && streq(words[0], helping.name))
		line->subcommand = &helping;
	else if (words[0] && find_subcommand(line, words[0], err) < 0)
		return PARSED_WRONG;
	if (words[0] && words[1]) {
		err_set(err, ERR_USAGE, "there is no command '%s'", words[1]);
		return PARSED_WRONG;
	}
	print_help(line);
	return PARSED_DONE;
}

/* What stands before the subcommand's name: 0 when it is next, 1 when that was all, -1. */
static int take_front(struct command_line *line, char **words, struct err *err)
{
	const char *word = *words;

	if (word[0] != '-' || !word[1])
		return 0;
	return word[1] == '-' ? take_long(line, &words, err) : take_letters(line, &words, err);
}

static enum parsed parse_subcommand(struct command_line *line, const char *name, char **words,
				    struct err *err)
{
	if (find_subcommand(line, name, err) < 0)
		return PARSED_WRONG;
	int result = take_words(line, words, err);
	if (result > 0)
		return PARSED_DONE;
	if (result < 0 || check_conflicts(line, err) < 0 || check_needs(line, err) < 0)
		return PARSED_WRONG;
	return PARSED;
}

enum parsed command_line_parse(struct command_line *line, char **words, struct err *err)
{
	if (streq(line->program, "lsmdev"))
		return parse_subcommand(line, "list", words, err);
	if (!*words) {
		err_set(err, ERR_USAGE, "what is missing is a command");
		return PARSED_WRONG;
	}
	int result = take_front(line, words, err);
	if (result)
		return result > 0 ? PARSED_DONE : PARSED_WRONG;
	if (streq(*words, helping.name))
		return help(line, words + 1, err);
	return parse_subcommand(line, *words, words + 1, err);
}
