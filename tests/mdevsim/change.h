/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of files: which one a call is about. */
#pragma once

#include "notify.h"
#include "tree.h"

/*
 * The path of the file that is written, made, removed, or given its name; the machine's where it is
 * below DIR. The caller frees.
 */
char *change_path(const struct machine *machine, const struct notice *notice);
