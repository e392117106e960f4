/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file of the machine a process has open. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tree.h"

/*
 * The machine's path of an open file below DIR/sys, NULL when it is another file. It is the path
 * also of one that has been removed since it was opened. Where the process lives in a mount
 * namespace of its own with DIR/sys mounted at /sys, that is seen too.
 */
char *place_of(const struct machine *machine, pid_t thread, int fd);

/* Whether the open file is still the one that the path names. */
bool place_still(const struct machine *machine, pid_t thread, int fd);

/* The text of the link to an open file, with DIR cut off where it is below it; NULL without one. */
char *place_text(const struct machine *machine, pid_t thread, int fd);

/* sysfs refuses to open such a file for writing even to root; a plain file system does not. */
bool place_read_only(const struct machine *machine, const char *path);
