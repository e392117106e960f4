/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool detach */
#include "cmd/plug.h"

#include <stddef.h>

struct options {
	struct plug_options plug;
};

static const struct cmd_option options[] = {
	PLUG_OPTIONS(struct options),
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
	    plug_open(context, &o->plug, &guest, &wait_ms, err) < 0)
		return -1;
	list = plug_list(context, &devices);
	if (guest_detach(&guest, list, devices.n, wait_ms, err) < 0)
		return -1;
	plug_print(context, "detached", list, devices.n);
	return 0;
}

const struct command command_detach = {
	.name = "detach",
	.args = "DEVICE...",
	.summary = "Take devices away from a running virtual machine",
	.help = "Asks the VM behind a QMP socket for the devices, and waits until its system has let go "
		"of them. The devices stay, and can be given to another VM. What the VM does not "
		"have is left as it is.\v"
		"Examples:\n"
		"  mdevtool detach 2f0c2d5e --qmp web-1.qmp\n"
		"  mdevtool detach web-gpu --qmp web-1.qmp --timeout 60\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
