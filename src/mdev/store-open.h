/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files and directories of definitions, of which only those count that nobody else may change:
 * what others put there was not put there by root to be made a device of.
 */
#pragma once

#include "mdev/sysfs.h"

#include <sys/types.h>

/* 0, or -1 with why a file or directory (S_IFREG, S_IFDIR) does not count, its name left out. */
int store_judge(int fd, mode_t kind, struct err *err);
/* STORE_DIR, or STORE_OWN, which is no link: a descriptor, or -1 with *err. */
int store_open(const struct root *root, const char *path, struct err *err);
/* The directory of a parent's definitions, made when it is missing and `make` says so. */
int store_open_parent(const struct root *root, const char *parent, bool make, struct err *err);
/* Whatever a link leads to was not put there to be a definition: -1, ELOOP. */
int store_refuse_link(struct err *err);
