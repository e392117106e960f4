/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool list */
#include "cmd/filter.h"

#include <stddef.h>

struct options {
	struct filter filter;
	bool defined;
};

static const struct cmd_option options[] = {
	FILTER_PARENT(struct options),
	FILTER_TYPE(struct options),
	FILTER_GROUP(struct options),
	{"defined", 'd', NULL, OPTION_FLAG, offsetof(struct options, defined), COMPLETE_NOTHING,
	 NULL, "Show the definitions that are kept instead"},
};

static int list_definitions(struct context *context, const struct filter *filter, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	struct filtered_definitions found;

	if (select_fields(&definition_fields, &context->format, context->pool, &selection, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	if (filter_definitions(context, &inventory, filter, &found, err) < 0)
		return -1;
	if (selection.needs & NEED_DEFINITION_STATE)
		store_load_states(&inventory, found.list, found.n);
	print_records(context, &selection, &inventory, (const void *const *)found.list, found.n);
	return 0;
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	struct filtered devices;

	if (o->defined)
		return list_definitions(context, &o->filter, err);
	if (select_fields(&device_fields, &context->format, context->pool, &selection, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	if (filter_devices(context, &inventory, &o->filter, selection.needs, &devices, err) < 0)
		return -1;
	print_records(context, &selection, &inventory, (const void *const *)devices.list,
		      devices.n);
	return 0;
}

const struct command command_list = {
	.name = "list",
	.args = "[DEVICE...]",
	.summary = "Show devices and who holds them, or the definitions",
	.help = "Shows the active devices, those made by other tools included, and which process or "
		"virtual machine has each open. 'unknown' there means that processes are hidden from "
		"whoever asks. With --defined it shows the definitions, active or not.\v"
		"Examples:\n"
		"  mdevtool list --parent 0000:86:00.0\n"
		"  mdevtool list --group 1 -o uuid,type,held-by\n"
		"  mdevtool list --json 2f0c2d5e\n"
		"  mdevtool list --defined\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.fields = &device_fields,
	.defined_fields = &definition_fields,
	.only_reads = true,
	.run = run,
};
