/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool start */
#include "cmd/kept.h"

#include <stddef.h>

#define WAIT_MAX 3600

struct options {
	const char *parent;
	bool automatic;
	const char *wait;
	bool dry_run;
};

static const struct cmd_option options[] = {
	KEPT_PARENT(struct options),
	{"auto", 0, NULL, OPTION_FLAG, offsetof(struct options, automatic), COMPLETE_NOTHING, NULL,
	 "Start all that start by themselves (of one parent with --parent), each on its own"},
	{"wait", 'w', "SECONDS", OPTION_TEXT, offsetof(struct options, wait), COMPLETE_NOTHING,
	 NULL, "With --auto: wait so long for parents and types that are not there yet"},
	{"dry-run", 0, NULL, OPTION_FLAG, offsetof(struct options, dry_run), COMPLETE_NOTHING, NULL,
	 "Print what would be written, and write nothing"},
};

static int check(const struct context *context, const struct options *o,
		 struct start_options *start, struct err *err)
{
	if (o->automatic && context->args.n)
		return err_set(err, ERR_USAGE,
			       "--auto and names of definitions do not go together");
	if (!o->automatic && !context->args.n) {
		err_set(err, ERR_USAGE, "nothing to start: name a definition, or give --auto");
		return err_hint(err, "'mdevtool list --defined' shows what there is");
	}
	if (o->wait && !o->automatic)
		return err_set(err, ERR_USAGE, "--wait goes with --auto");
	if (o->wait && parse_seconds("--wait", o->wait, 0, WAIT_MAX, &start->wait_ms, err) < 0)
		return -1;
	start->automatic = o->automatic;
	start->dry_run = o->dry_run;
	start->given = context->args.list;
	start->n = context->args.n;
	return 0;
}

/* What starts by itself does so unseen: the system's journal has to tell all of it. */
static void tell(const struct context *context, const struct options *o,
		 const struct starting *starting)
{
	const struct definition *definition = &starting->stored->definition;
	const char *name = definition->name ? definition->name : definition->uuid;

	switch (starting->result) {
	case START_DONE:
		if (o->automatic && !o->dry_run)
			say_note(context, "started '%s' on '%s' as '%s'", name, definition->parent,
				 definition->type);
		break;
	case START_ALREADY:
		say_note(context, "'%s' is active already", name);
		break;
	case START_LATER:
		say_note(context, "'%s' waits for its parent: %s", name, starting->failure);
		break;
	case START_FAILED:
		if (starting->failure)
			say_warning(context, "'%s' is not started: %s", name, starting->failure);
		break;
	}
}

/* What JSON has besides: what could not be read, and what was not started. */
static void collect_failures(const struct startings *startings, struct inventory *ret)
{
	for (size_t i = 0; i < startings->inventory.n_warnings; i++) {
		const struct warning *warning = &startings->inventory.warnings[i];

		inventory_warn(ret, warning->file, "%s", warning->message);
	}
	for (size_t i = 0; i < startings->n; i++) {
		const struct starting *starting = &startings->list[i];

		if (starting->result == START_FAILED && starting->failure)
			inventory_warn(ret, starting->stored->definition.file, "%s",
				       starting->failure);
	}
}

static void print_dry_run(struct context *context, const struct startings *startings,
			  const struct inventory *failures)
{
	const char **lines = NULL;
	size_t n = 0;

	for (size_t i = 0; i < startings->n; i++)
		for (size_t j = 0; j < startings->list[i].n_lines; j++)
			*pool_push(context->pool, lines, n) = startings->list[i].lines[j];
	print_steps(context, lines, n, failures);
}

static void print_started(struct context *context, const struct startings *startings,
			  const struct inventory *failures)
{
	autokept struct kept kept = {0};

	inventory_init(&kept.inventory, &context->root);
	for (size_t i = 0; i < startings->n; i++)
		if (startings->list[i].result == START_DONE ||
		    (context->json && startings->list[i].result == START_ALREADY))
			*pool_push(kept.inventory.pool, kept.list, kept.n) =
				(struct stored *)startings->list[i].stored;
	print_kept(context, &kept, "started", failures);
}

/* The document is printed: it has failures as warnings, and stderr the first one with its hint. */
static int answered_partly(struct context *context, const struct err *err)
{
	say_error(context, err);
	context->status = (int)err->kind;
	return 0;
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct operation operation = begin_operation(context);
	autostartings struct startings startings = {0};
	autoinventory struct inventory failures = {0};
	struct start_options start = {0};

	if (check(context, o, &start, err) < 0 ||
	    kept_parent(context, o->parent, &start.parent, err) < 0)
		return -1;
	if (o->dry_run)
		warn_of_stale(context);
	int result = operation_start(&operation, &start, &startings, err);
	say_notes(context, &operation);
	for (size_t i = 0; i < startings.n; i++)
		tell(context, o, &startings.list[i]);
	say_inventory_warnings(context, &startings.inventory);
	if (result < 0 && !o->automatic)
		return result;
	inventory_init(&failures, &context->root);
	collect_failures(&startings, &failures);
	if (o->dry_run)
		print_dry_run(context, &startings, &failures);
	else
		print_started(context, &startings, &failures);
	return result < 0 && context->json ? answered_partly(context, err) : result;
}

const struct command command_start = {
	.name = "start",
	.args = "[DEFINITION...]",
	.summary = "Make the devices that definitions describe",
	.help = "Makes devices of definitions, and prints the UUIDs of those that it made. Several that "
		"are named are a set: all or none. One that is active already is fine.\v"
		"Examples:\n"
		"  mdevtool start seat-1 seat-2\n"
		"  mdevtool start --auto --parent 0000:86:00.0\n"
		"  mdevtool start 7d1c0a42 --dry-run\n",
	.completion = COMPLETE_DEFINITION,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
