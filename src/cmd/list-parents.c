/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool list-parents */
#include "cmd/command.h"

static bool has(const struct parent *const *parents, size_t n, const struct parent *parent)
{
	for (size_t i = 0; i < n; i++)
		if (parents[i] == parent)
			return true;
	return false;
}

static int run(struct context *context, const void *options, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	const struct parent **wanted = NULL;
	size_t n = 0;

	(void)options;
	if (select_fields(&parent_fields, &context->format, context->pool, &selection, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	for (size_t i = 0; i < context->args.n; i++) {
		const struct parent *parent = inventory_find_parent(
			&inventory, context->args.list[i], selection.needs, err);

		if (!parent)
			return -1;
		if (!has(wanted, n, parent))
			*pool_push(context->pool, wanted, n) = parent;
	}
	if (!context->args.n) {
		inventory_load_parents(&inventory, selection.needs);
		wanted = (const struct parent **)inventory.parents;
		n = inventory.n_parents;
	}
	print_records(context, &selection, &inventory, (const void *const *)wanted, n);
	if (!n)
		say_note(context, "no driver has registered for mediated devices here");
	return 0;
}

const struct command command_list_parents = {
	.name = "list-parents",
	.args = "[PARENT...]",
	.summary = "Show the physical devices that can make mediated ones",
	.help = "Shows the parents: physical devices whose driver makes mediated devices.\v"
		"Examples:\n"
		"  mdevtool list-parents\n"
		"  mdevtool list-parents 0000:86:00.0 -o parent,driver,numa\n",
	.completion = COMPLETE_PARENT,
	.fields = &parent_fields,
	.only_reads = true,
	.run = run,
};
