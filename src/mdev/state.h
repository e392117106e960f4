/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/mdevtool: what we know beyond sysfs, until the next boot. */
#pragma once

#include "mdev/sysfs.h"

#define STATE_DIR     "/run/mdevtool"
#define STATE_RECORDS STATE_DIR "/devices" /* one record per device made by us */
#define STATE_JOURNAL STATE_DIR "/journal" /* one entry per operation under way */
#define STATE_LOCKS   STATE_DIR "/lock"
#define STATE_TYPES   STATE_DIR "/types" /* types that were seen, one file per parent */

/*
 * Opens one of the directories above, made when missing. ERR_DENIED when it, or STATE_DIR, belongs
 * to somebody who is neither root nor us, or when others may write to it.
 */
int state_open(const struct root *root, const char *path, struct err *err);

/*
 * Reads the file `name` of one of the directories above: its text, NULL with errno. Follows no
 * symlink; more than 64 MiB is EFBIG.
 */
char *state_read(const struct root *root, const char *path, const char *name, struct pool *pool);
/*
 * Replaces it atomically, mode 0644; nothing is done where the root is stateless, as in
 * state_remove(). ERR_INVALID for more than state_read() would read. Until it is whole it is called
 * ".HALF.tmp".
 */
int state_write(const struct root *root, const char *path, const char *name, const char *half,
		const char *text, struct err *err);
/* Removes it, and what a killed run left under ".NAME.tmp"; missing is fine. */
int state_remove(const struct root *root, const char *path, const char *name, struct err *err);
