/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool list */
#include "cmd/filter.h"

#include <stddef.h>

struct options {
	struct filter filter;
};

static const struct cmd_option options[] = {
	FILTER_PARENT(struct options),
	FILTER_TYPE(struct options),
	FILTER_GROUP(struct options),
};

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct selection selection;
	struct filtered devices;

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
	.summary = "Show the devices that exist, and who holds them",
	.help = "Shows the active devices, those made by other tools included, and which process or "
		"virtual machine has each open. 'unknown' there means that processes are hidden from "
		"whoever asks.\v"
		"Examples:\n"
		"  mdevtool list --parent 0000:86:00.0\n"
		"  mdevtool list --group 1 -o uuid,type,held-by\n"
		"  mdevtool list --json 2f0c2d5e\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.fields = &device_fields,
	.only_reads = true,
	.run = run,
};
