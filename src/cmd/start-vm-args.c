/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool start-vm-args */
#include "cmd/filter.h"

#include "base/text.h"
#include "out/vm.h"

#include <stddef.h>
#include <stdio.h>

struct options {
	struct filter filter;
};

static const struct cmd_option options[] = {
	FILTER_GROUP(struct options),
};

/* The mail's section 2: without a common group the driver makes a single device of them. */
static int check_groups(const struct filtered *devices, struct err *err)
{
	for (size_t i = 0; i < devices->n && devices->n > 1; i++) {
		const struct device *device = devices->list[i];

		if (!device->requires_group)
			continue;
		for (size_t j = 0; j < devices->n; j++) {
			if (device->group && devices->list[j]->group == device->group)
				continue;
			err_set(err, ERR_INVALID,
				"only one device would work: type '%s' requires that all devices of a "
				"VM share a group, but '%s' and '%s' do not",
				device->type, device->uuid, devices->list[i == j ? !i : j]->uuid);
			return err_hint(err, "make them anew with the same --group");
		}
	}
	return 0;
}

static int check_device(struct context *context, const struct device *device, struct err *err)
{
	if (device->state == STATE_PENDING_REMOVAL)
		return err_set(err, ERR_BUSY, "'%s' is being removed", device->uuid);
	if (refuse_held(&context->root, device, "hand over", err) < 0)
		return -1;
	if (!device->device_api || !vm_driver_is_safe(device->device_api)) {
		err_set(err, ERR_UNSUPPORTED,
			"'%s' cannot be given to QEMU: nobody tells which driver it needs",
			device->uuid);
		return err_hint(err, "its type '%s' has no usable device_api", device->type);
	}
	if (device->held == HELD_UNKNOWN)
		say_warning(context, "'%s' may be in use: processes are hidden from here",
			    device->uuid);
	return 0;
}

static void print(struct context *context, const struct filtered *devices)
{
	json_t *arguments = json_array();

	for (size_t i = 0; i < devices->n; i++) {
		const char *line = vm_qemu_arguments(context->pool, devices->list[i]);

		if (context->json)
			json_array_append_new(arguments, json_string(line));
		else
			puts(line);
	}
	if (context->json) {
		struct document document = {.out = stdout};

		document_member(&document, "arguments", json_incref(arguments));
		document_end(&document, NULL);
	}
	json_decref(arguments);
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct filtered devices;

	if (!context->args.n && !o->filter.group)
		return err_set(err, ERR_USAGE, "name a device or a --group");
	if (context->args.n && o->filter.group)
		return err_set(err, ERR_USAGE, "name devices or a --group, not both");
	inventory_init(&inventory, &context->root);
	if (filter_devices(context, &inventory, &o->filter, NEED_DEVICE_ALL, &devices, err) < 0)
		return -1;
	if (!devices.n)
		return err_set(err, ERR_NOT_FOUND, "no device has the group %s", o->filter.group);
	for (size_t i = 0; i < devices.n; i++)
		if (check_device(context, devices.list[i], err) < 0)
			return -1;
	if (check_groups(&devices, err) < 0)
		return -1;
	print(context, &devices);
	say_inventory_warnings(context, &inventory);
	return 0;
}

const struct command command_start_vm_args = {
	.name = "start-vm-args",
	.args = "[DEVICE...]",
	.summary = "Print QEMU's arguments for devices",
	.help = "Prints the arguments that hand the devices to QEMU, one line each, after checking that "
		"they exist, that nobody holds them and that they may be together in one VM.\v"
		"Examples:\n"
		"  mdevtool start-vm-args 2f0c2d5e\n"
		"  qemu-system-x86_64 -machine q35 $(mdevtool start-vm-args --group 1)\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.only_reads = true,
	.run = run,
};
