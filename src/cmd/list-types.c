/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool list-types */
#include "cmd/command.h"

#include <stddef.h>

struct options {
	const char *type;
	bool available;
	bool all;
};

static const struct cmd_option options[] = {
	{"type", 't', "TYPE", OPTION_TEXT, offsetof(struct options, type), COMPLETE_TYPE, NULL,
	 "Only this type: its id, or its whole name"},
	{"available", 0, NULL, OPTION_FLAG, offsetof(struct options, available), COMPLETE_NOTHING,
	 NULL, "Only types with room"},
	{"all", 0, NULL, OPTION_FLAG, offsetof(struct options, all), COMPLETE_NOTHING, NULL,
	 "Those too that cannot be had now, each with the reason and what to type"},
};

static bool is_wanted(const struct options *o, const struct type *type)
{
	return (o->all || type->offered) && (!o->type || type_matches(type, o->type)) &&
	       (!o->available || type->available > 0);
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

/* What is to be shown. */
struct chosen {
	const struct type **list;
	size_t n;
	size_t known;  /* how many there are of --type */
	size_t hidden; /* left out, as they are not offered now */
};

static void choose(struct context *context, const struct options *o,
		   const struct inventory *inventory, struct chosen *ret)
{
	for (size_t i = 0; i < inventory->n_parents; i++) {
		const struct parent *parent = inventory->parents[i];

		for (size_t j = 0; j < parent->n_types; j++) {
			const struct type *type = parent->types[j];

			ret->known += o->type && type_matches(type, o->type);
			ret->hidden += !type->offered && !o->all && !o->available;
			if (is_wanted(o, type))
				*pool_push(context->pool, ret->list, ret->n) = type;
		}
	}
}

/* A parent that makes nothing yet stands there with its reason, and without a type. */
static void add_candidates(struct context *context, const struct options *o,
			   const struct inventory *inventory, struct chosen *ret)
{
	for (size_t i = 0; i < inventory->n_candidates && !o->type && !o->available; i++) {
		struct parent *parent = inventory->candidates[i];
		struct type *type = pool_alloc(context->pool, sizeof(*type));

		*type = (struct type){.parent = parent,
				      .heads = UNKNOWN,
				      .available = 0,
				      .reason = parent->reason,
				      .fix = parent->fix};
		*pool_push(context->pool, ret->list, ret->n) = type;
	}
}

static int load(struct context *context, const struct options *o, struct inventory *inventory,
		unsigned needs, struct err *err)
{
	for (size_t i = 0; i < context->args.n; i++)
		if (!inventory_find_parent(inventory, context->args.list[i], needs, err))
			return -1;
	if (!context->args.n && o->all)
		inventory_load_candidates(inventory, needs);
	else if (!context->args.n)
		inventory_load_parents(inventory, needs);
	return 0;
}

/* A card whose virtual functions are off looks like none at all. */
static const char *could_be(struct inventory *inventory, bool all)
{
	if (!all)
		inventory_load_candidates(inventory, 0);
	return inventory->n_candidates ? ": 'mdevtool list-parents --all' shows what could" : "";
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	struct chosen chosen = {0};

	if (o->all && !context->format.columns && !context->json)
		context->format.columns = "parent,type,name,free,reason,fix";
	if (select_fields(&type_fields, &context->format, context->pool, &selection, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	if (load(context, o, &inventory,
		 selection.needs | NEED_TYPES | (o->type ? NEED_TYPE_NAME : 0U) |
			 (o->available ? NEED_TYPE_ROOM : 0U),
		 err) < 0)
		return -1;
	choose(context, o, &inventory, &chosen);
	if (o->type && !chosen.known)
		return unknown_type(context, &inventory, o->type, err);
	add_candidates(context, o, &inventory, &chosen);
	print_records(context, &selection, &inventory, (const void *const *)chosen.list, chosen.n);
	if (chosen.hidden)
		say_note(context, "%zu more cannot be had now: --all shows them, and why",
			 chosen.hidden);
	if (!inventory.n_parents && !inventory.n_candidates)
		say_note(context, "no driver has registered for mediated devices here%s",
			 could_be(&inventory, o->all));
	return 0;
}

const struct command command_list_types = {
	.name = "list-types",
	.args = "[PARENT...]",
	.summary = "Show the types of devices that parents can make",
	.help = "Shows every type that the parents publish, and how many of it can be made now. With --all "
		"it says of each without room why, and what to type.\v"
		"Examples:\n"
		"  mdevtool list-types 0000:86:00.0\n"
		"  mdevtool list-types --type 'GRID M60-0B' --available\n"
		"  mdevtool list-types --all\n"
		"  mdevtool list-types --json | jq -r '.types[] | select(.available > 0).id'\n",
	.completion = COMPLETE_PARENT,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.fields = &type_fields,
	.only_reads = true,
	.run = run,
};
