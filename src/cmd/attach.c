/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool attach */
#include "cmd/plug.h"

#include <stddef.h>

struct options {
	struct plug_options plug;
	const char *bus;
};

static const struct cmd_option options[] = {
	PLUG_OPTIONS(struct options),
	{"bus", 0, "BUS", OPTION_TEXT, offsetof(struct options, bus), COMPLETE_NOTHING, NULL,
	 "Put the device on this bus of the VM, instead of a free port"},
};

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	autoguest struct guest guest = GUEST_INIT;
	struct filtered devices;
	struct plugging *list;
	int wait_ms;

	inventory_init(&inventory, &context->root);
	if (plug_devices(context, &inventory, &devices, err) < 0 ||
	    plug_open(context, &o->plug, &guest, &wait_ms, err) < 0 ||
	    plug_attach(context, &guest, &inventory, &devices, o->bus, &list, err) < 0)
		return -1;
	plug_print(context, "attached", list, devices.n);
	return 0;
}

const struct command command_attach = {
	.name = "attach",
	.args = "DEVICE...",
	.summary = "Give devices to a running virtual machine",
	.help = "Adds the devices to the VM behind a QMP socket, all or none, after the checks that "
		"start-vm-args makes. PCI devices go to free ports. What the VM has already is left "
		"as it is.\v"
		"Examples:\n"
		"  mdevtool attach 2f0c2d5e --qmp web-1.qmp\n"
		"  mdevtool attach web-gpu --qmp web-1.qmp --bus rp2 --timeout 30\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
