/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool complete: what could stand at the end of a command line, for the shell's completion. */
#include "cmd/command.h"

#include "base/text.h"
#include "mdev/store.h"

#include <stddef.h>
#include <stdio.h>

/* What is known of the command line. */
struct line {
	struct context *context;
	struct inventory *inventory;
	const struct command *command; /* NULL as long as none is named */
	const char *parent;            /* the value of --parent, NULL without one */
	bool defined;                  /* --defined is in it */
	const char *word;              /* the one to be completed */
};

/* One candidate a line, a tab before its description. */
static void offer(const struct line *line, const char *word, const char *description)
{
	struct pool *pool = line->context->pool;

	if (!word || strncmp(word, line->word, strlen(line->word)) != 0 ||
	    text_printable(pool, word) != word)
		return;
	printf("%s\t%s\n", word, description ? text_printable(pool, description) : "");
}

static void offer_parents(const struct line *line)
{
	inventory_load_parents(line->inventory, NEED_PARENT_FACTS);
	for (size_t i = 0; i < line->inventory->n_parents; i++)
		offer(line, line->inventory->parents[i]->name, line->inventory->parents[i]->driver);
}

static void offer_types(const struct line *line)
{
	struct pool *pool = line->context->pool;
	autoerr struct err ignored = {0};
	unsigned needs = NEED_TYPE_NAME | NEED_TYPE_ROOM;

	if (!line->parent || !inventory_find_parent(line->inventory, line->parent, needs, &ignored))
		inventory_load_parents(line->inventory, needs);
	for (size_t i = 0; i < line->inventory->n_parents; i++) {
		const struct parent *parent = line->inventory->parents[i];

		for (size_t j = 0; j < parent->n_types; j++) {
			const struct type *type = parent->types[j];

			offer(line, type->id,
			      pool_printf(pool, "%s%son %s, %lld free",
					  type->name ? type->name : "", type->name ? " " : "",
					  parent->name, (long long)type->available));
		}
	}
}

static void offer_devices(const struct line *line)
{
	struct pool *pool = line->context->pool;

	inventory_load_devices(line->inventory, NEED_DEVICE_ALL);
	for (size_t i = 0; i < line->inventory->n_devices; i++) {
		const struct device *device = line->inventory->devices[i];
		const char *what = pool_printf(
			pool, "%s on %s%s%s", device->type_name ? device->type_name : device->type,
			device->parent, device->n_holders ? ", held by " : "",
			device->n_holders ? device->holders[0].command : "");

		offer(line, device->uuid, what);
		offer(line, device->name, what);
	}
}

static void offer_definitions(const struct line *line)
{
	struct pool *pool = line->context->pool;

	store_load(line->inventory, line->parent, NULL);
	for (size_t i = 0; i < line->inventory->n_definitions; i++) {
		const struct definition *definition = &line->inventory->definitions[i]->definition;
		const char *what = pool_printf(
			pool, "%s on %s, %s",
			definition->type_name ? definition->type_name : definition->type,
			definition->parent, definition->start == START_AUTO ? "auto" : "manual");

		offer(line, definition->uuid, what);
		offer(line, definition->name, what);
	}
}

static void offer_groups(const struct line *line)
{
	struct pool *pool = line->context->pool;

	inventory_load_devices(line->inventory, NEED_DEVICE_RECORD);
	for (size_t i = 0; i < line->inventory->n_devices; i++)
		if (line->inventory->devices[i]->group)
			offer(line, pool_printf(pool, "%u", line->inventory->devices[i]->group),
			      "a group in use");
}

static void offer_columns_of(const struct line *line, const struct fields *fields)
{
	struct pool *pool = line->context->pool;
	const char *comma = strrchr(line->word, ',');
	const char *before =
		comma ? pool_strndup(pool, line->word, (size_t)(comma + 1 - line->word)) : "";

	for (size_t i = 0; fields && i < fields->n; i++)
		if (fields->list[i].column)
			offer(line, pool_printf(pool, "%s%s", before, fields->list[i].key),
			      fields->list[i].help);
}

static void offer_columns(const struct line *line)
{
	if (!line->command)
		return;
	offer_columns_of(line,
			 line->defined ? line->command->defined_fields : line->command->fields);
}

static void offer_words(const struct line *line, const char *words)
{
	char *rest = pool_strdup(line->context->pool, words), *word;

	while ((word = strsep(&rest, " ")))
		offer(line, word, NULL);
}

static void offer_values(const struct line *line, enum completion completion, const char *words)
{
	switch (completion) {
	case COMPLETE_PARENT:
		offer_parents(line);
		break;
	case COMPLETE_TYPE:
		offer_types(line);
		break;
	case COMPLETE_DEVICE:
		offer_devices(line);
		break;
	case COMPLETE_DEFINITION:
		offer_definitions(line);
		break;
	case COMPLETE_DEVICE_OR_FILE:
		offer_devices(line);
		puts(":file");
		break;
	case COMPLETE_DEFINITION_OR_FILE:
		offer_definitions(line);
		puts(":file");
		break;
	case COMPLETE_GROUP:
		offer_groups(line);
		if (words)
			offer_words(line, words);
		break;
	case COMPLETE_COLUMN:
		offer_columns(line);
		break;
	case COMPLETE_ANY_NAME:
		offer_parents(line);
		offer_types(line);
		offer_devices(line);
		offer_definitions(line);
		break;
	case COMPLETE_WORDS:
		offer_words(line, words);
		break;
	case COMPLETE_FILE:
		puts(":file"); /* the shell knows files better */
		break;
	case COMPLETE_NOTHING:
		break;
	}
}

static void offer_commands(const struct line *line)
{
	for (size_t i = 0; i < n_commands; i++)
		if (!commands[i]->hidden)
			offer(line, commands[i]->name, commands[i]->summary);
}

/* The tables whose options may stand in the line. */
struct tables {
	const struct cmd_option *list[3];
	size_t n[3];
};

static struct tables tables_of(const struct command *command)
{
	struct tables tables = {.list = {global_options}, .n = {n_global_options}};

	if (command) {
		tables.list[1] = command->options;
		tables.n[1] = command->n_options;
	}
	if (command && command->fields) {
		tables.list[2] = table_options;
		tables.n[2] = n_table_options;
	}
	return tables;
}

static bool takes_value(const struct cmd_option *option)
{
	return option->arg && option->kind != OPTION_OPTIONAL;
}

static void offer_options(const struct line *line)
{
	struct tables tables = tables_of(line->command);

	for (size_t t = 0; t < ARRAY_SIZE(tables.list); t++)
		for (size_t i = 0; i < tables.n[t]; i++)
			offer(line,
			      pool_printf(line->context->pool, "--%s%s", tables.list[t][i].name,
					  takes_value(&tables.list[t][i]) ? "=" : ""),
			      tables.list[t][i].help);
	offer(line, "--help", "Show what it does");
	offer(line, "--usage", "Show a short usage message");
	offer(line, "--version", "Show the version");
}

/* The option that `word` ("--type", "-t") is, NULL when it is none. */
static const struct cmd_option *find_option(const struct command *command, const char *word)
{
	struct tables tables = tables_of(command);

	for (size_t t = 0; t < ARRAY_SIZE(tables.list); t++)
		for (size_t i = 0; i < tables.n[t]; i++) {
			const struct cmd_option *option = tables.list[t] + i;

			if ((word[0] == '-' && word[1] && word[1] == option->letter && !word[2]) ||
			    (strncmp(word, "--", 2) == 0 && streq(word + 2, option->name)))
				return option;
		}
	return NULL;
}

/* Walks over the words before the last; the option whose value the last one is, NULL for none. */
static const struct cmd_option *walk(struct line *line, const struct words *words)
{
	const struct cmd_option *pending = NULL;

	for (size_t i = 0; i + 1 < words->n; i++) {
		const char *word = words->list[i];

		if (pending) {
			if (streq(pending->name, "parent"))
				line->parent = word;
			if (streq(pending->name, "root"))
				line->context->root_dir = word;
			pending = NULL;
			continue;
		}
		if (strncmp(word, "--parent=", 9) == 0)
			line->parent = word + 9;
		if (strncmp(word, "--root=", 7) == 0)
			line->context->root_dir = word + 7;
		line->defined |= streq(word, "--defined") || streq(word, "-d");
		const struct cmd_option *option =
			*word == '-' ? find_option(line->command, word) : NULL;
		if (option && takes_value(option))
			pending = option;
		else if (*word != '-' && !line->command)
			line->command = command_find(word);
	}
	return pending;
}

/* "--type=1": the value behind the equals sign is what is completed. */
static const struct cmd_option *split_option(struct line *line)
{
	const char *equals = strchr(line->word, '=');

	if (strncmp(line->word, "--", 2) != 0 || !equals)
		return NULL;
	const char *name =
		pool_strndup(line->context->pool, line->word, (size_t)(equals - line->word));
	line->word = equals + 1;
	return find_option(line->command, name);
}

static int run(struct context *context, const void *options, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct line line = {.context = context, .inventory = &inventory, .word = ""};
	const char *root = context->root_dir;

	(void)options;
	const struct cmd_option *pending = walk(&line, &context->args);
	if (context->args.n)
		line.word = context->args.list[context->args.n - 1];
	if (!pending)
		pending = split_option(&line);
	if (context->root_dir != root) {
		root_close(&context->root);
		if (root_open(context->root_dir, &context->root, err) < 0)
			return -1;
	}
	inventory_init(&inventory, &context->root);
	if (pending)
		offer_values(&line, pending->completion, pending->words);
	else if (*line.word == '-')
		offer_options(&line);
	else if (!line.command)
		offer_commands(&line);
	else if (line.defined && line.command->defined_fields)
		offer_definitions(&line);
	else
		offer_values(&line, line.command->completion, NULL);
	return 0;
}

const struct command command_complete = {
	.name = "complete",
	.args = "-- [WORD...]",
	.summary = "Complete a command line, for shells",
	.help = "Prints what could complete the last WORD of a command line, one candidate a line with "
		"a tab before its description.",
	.hidden = true,
	.run = run,
};
