/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool list-types */
#include "cmd/command.h"

#include <stddef.h>

struct options {
	const char *type;
	bool available;
};

static const struct cmd_option options[] = {
	{"type", 't', "TYPE", OPTION_TEXT, offsetof(struct options, type), COMPLETE_TYPE, NULL,
	 "Only this type: its id, or its whole name"},
	{"available", 0, NULL, OPTION_FLAG, offsetof(struct options, available), COMPLETE_NOTHING,
	 NULL, "Only types with room"},
};

static bool is_wanted(const struct options *o, const struct type *type)
{
	return (!o->type || type_matches(type, o->type)) && (!o->available || type->available > 0);
}

static int unknown_type(const struct context *context, struct inventory *inventory,
			const char *given, struct err *err)
{
	const char *nearest = inventory_nearest_type(inventory, given);

	err_set(err, ERR_NOT_FOUND, "no parent offers a type '%s'", given);
	if (context->args.n == 1)
		err_set(err, ERR_NOT_FOUND, "'%s' offers no type '%s'", context->args.list[0],
			given);
	if (nearest)
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "without --type it shows what there is");
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	const struct type **wanted = NULL;
	size_t n = 0, known = 0;

	if (select_fields(&type_fields, &context->format, context->pool, &selection, err) < 0)
		return -1;
	unsigned needs = selection.needs | NEED_TYPES | (o->type ? NEED_TYPE_NAME : 0U) |
			 (o->available ? NEED_TYPE_ROOM : 0U);
	inventory_init(&inventory, &context->root);
	for (size_t i = 0; i < context->args.n; i++)
		if (!inventory_find_parent(&inventory, context->args.list[i], needs, err))
			return -1;
	if (!context->args.n)
		inventory_load_parents(&inventory, needs);
	for (size_t i = 0; i < inventory.n_parents; i++) {
		const struct parent *parent = inventory.parents[i];

		for (size_t j = 0; j < parent->n_types; j++) {
			known += o->type && type_matches(parent->types[j], o->type);
			if (is_wanted(o, parent->types[j]))
				*pool_push(context->pool, wanted, n) = parent->types[j];
		}
	}
	if (o->type && !known)
		return unknown_type(context, &inventory, o->type, err);
	print_records(context, &selection, &inventory, (const void *const *)wanted, n);
	if (!inventory.n_parents)
		say_note(context, "no driver has registered for mediated devices here");
	return 0;
}

const struct command command_list_types = {
	.name = "list-types",
	.args = "[PARENT...]",
	.summary = "Show the types of devices that parents can make",
	.help = "Shows every type that the parents publish, and how many of it can be made now.\v"
		"Examples:\n"
		"  mdevtool list-types 0000:86:00.0\n"
		"  mdevtool list-types --type 'GRID M60-0B' --available\n"
		"  mdevtool list-types --json | jq -r '.types[] | select(.available > 0).id'\n",
	.completion = COMPLETE_PARENT,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.fields = &type_fields,
	.only_reads = true,
	.run = run,
};
