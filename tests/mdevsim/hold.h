/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim hold, release and unplug: what happens to a device or its parent from outside. */
#pragma once

#include <stdbool.h>

#include "tree.h"

/* The processes that every machine has: PID 1 and ourselves, in the first PID namespace. */
void process_base(const struct machine *machine);

/* Texts that are NULL are those of a QEMU, PID 4711. */
struct process {
	const char *pid;
	const char *command;
	const char *cmdline;
	bool cdev; /* it uses iommufd and the device's own node (Linux 6.6), not its group's */
};

/* A process opens the device. */
void hold(const char *dir, const char *uuid, const struct process *process);

/* All who hold it let it go; a removal that waited for that is finished. */
void release(const char *dir, const char *uuid);

/* The parent goes and takes its devices along; with unbind, only its driver does. */
void unplug(const char *dir, const char *parent, bool unbind);
