/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of this machine and a running VM: what attach, detach and create --attach share. */
#pragma once

#include "cmd/filter.h"
#include "vm/guest.h"

/* How long a VM may take, unless --timeout says otherwise. */
#define PLUG_WAIT_MS 10000

struct plug_options {
	const char *socket;
	const char *timeout;
};

#define PLUG_OPTIONS(options_struct)                                                          \
	{"qmp",                                                                               \
	 0,                                                                                   \
	 "SOCKET",                                                                            \
	 OPTION_TEXT,                                                                         \
	 offsetof(options_struct, plug.socket),                                               \
	 COMPLETE_FILE,                                                                       \
	 NULL,                                                                                \
	 "The VM's QMP socket, of QEMU's -qmp unix:SOCKET,server=on,wait=off"},               \
	{                                                                                     \
		"timeout", 0, "SECONDS", OPTION_TEXT, offsetof(options_struct, plug.timeout), \
			COMPLETE_NOTHING, NULL, "How long the VM may take to answer (10)"     \
	}

/* Checks the options and connects to the VM. */
int plug_open(struct context *context, const struct plug_options *options, struct guest *guest,
	      int *wait_ms, struct err *err);
/* The devices that context->args name, each once, with all that is known of them. */
int plug_devices(struct context *context, struct inventory *inventory, struct filtered *ret,
		 struct err *err);
/* A list of them for guest_attach() and guest_detach(). */
struct plugging *plug_list(struct context *context, const struct filtered *devices);

/* ERR_INVALID for new devices of the VM's that must share a group with others, and do not. */
int plug_check_groups(struct context *context, const struct guest *guest,
		      struct inventory *inventory, const struct filtered *devices, struct err *err);
/*
 * Checks the devices as start-vm-args does, together with those that the VM has, and attaches
 * them, all or none; *ret has as many as `devices`.
 */
int plug_attach(struct context *context, struct guest *guest, struct inventory *inventory,
		const struct filtered *devices, const char *bus, struct plugging **ret,
		struct err *err);

/* Tells which had nothing to be done; as JSON a record each, under `key`. */
void plug_print(struct context *context, const char *key, const struct plugging *list, size_t n);
