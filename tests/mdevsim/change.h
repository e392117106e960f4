/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of files: which one a call is about. */

#ifndef MDEVSIM_CHANGE_H
#define MDEVSIM_CHANGE_H

#include "notify.h"
#include "tree.h"

/*
 * The path of the file that is written, made, removed, or given its name; the machine's where it is
 * below DIR. The caller frees.
 */
char *change_path(const struct machine *machine, const struct notice *notice);

#endif
