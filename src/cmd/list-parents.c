/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool list-parents */
#include "cmd/command.h"

#include <stddef.h>

struct options {
	bool all;
};

static const struct cmd_option options[] = {
	{"all", 0, NULL, OPTION_FLAG, offsetof(struct options, all), COMPLETE_NOTHING, NULL,
	 "Those too that could become parents, each with the reason and what to type"},
};

/* What is to be shown. */
struct chosen {
	const struct parent **list;
	size_t n;
};

static bool has(const struct parent *const *parents, size_t n, const struct parent *parent)
{
	for (size_t i = 0; i < n; i++)
		if (parents[i] == parent)
			return true;
	return false;
}

/* Those that are named, each once. */
static int find_named(struct context *context, struct inventory *inventory, unsigned needs,
		      struct chosen *ret, struct err *err)
{
	for (size_t i = 0; i < context->args.n; i++) {
		const struct parent *parent =
			inventory_find_parent(inventory, context->args.list[i], needs, err);

		if (!parent)
			return -1;
		if (!has(ret->list, ret->n, parent))
			*pool_push(context->pool, ret->list, ret->n) = parent;
	}
	return 0;
}

static void take_all(struct context *context, struct inventory *inventory, struct chosen *ret)
{
	for (size_t i = 0; i < inventory->n_parents; i++)
		*pool_push(context->pool, ret->list, ret->n) = inventory->parents[i];
	for (size_t i = 0; i < inventory->n_candidates; i++)
		*pool_push(context->pool, ret->list, ret->n) = inventory->candidates[i];
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	struct chosen chosen = {0};

	if (o->all && context->args.n)
		return err_set(err, ERR_USAGE, "name parents or --all, not both");
	if (o->all && !context->format.columns && !context->json)
		context->format.columns = "parent,device,driver,types,reason,fix";
	if (select_fields(&parent_fields, &context->format, context->pool, &selection, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	if (find_named(context, &inventory, selection.needs, &chosen, err) < 0)
		return -1;
	if (o->all)
		inventory_load_candidates(&inventory, selection.needs);
	else if (!context->args.n)
		inventory_load_parents(&inventory, selection.needs);
	if (!context->args.n)
		take_all(context, &inventory, &chosen);
	print_records(context, &selection, &inventory, (const void *const *)chosen.list, chosen.n);
	if (chosen.n)
		return 0;
	inventory_load_candidates(&inventory, 0);
	say_note(context, "no driver has registered for mediated devices here%s",
		 inventory.n_candidates ? ": --all shows what could" : "");
	return 0;
}

const struct command command_list_parents = {
	.name = "list-parents",
	.args = "[PARENT...]",
	.summary = "Show the physical devices that can make mediated ones",
	.help = "Shows the parents: physical devices whose driver makes mediated devices. With "
		"--all also what could become one, with what to type: mdevtool binds nothing itself.\v"
		"Examples:\n"
		"  mdevtool list-parents\n"
		"  mdevtool list-parents --all\n"
		"  mdevtool list-parents 0000:86:00.0 -o parent,driver,numa\n",
	.completion = COMPLETE_PARENT,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.fields = &parent_fields,
	.only_reads = true,
	.run = run,
};
