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
 * Whoever could change these could have root remove devices. So a directory or file counts only
 * when it belongs to root, or to us, when nobody else may write it, and when it is no symlink.
 *
 * Opens one of the directories above for writing, made when missing. ERR_DENIED when it does not
 * count, or STATE_DIR does not.
 */
int state_open(const struct root *root, const char *path, struct err *err);
/* Whether all of them count, as a writer needs: ERR_DENIED. What is not there is no error. */
int state_check(const struct root *root, struct err *err);

/*
 * For reading: the files of one of the directories, none when it is not there. ERR_DENIED when it
 * does not count. The next function is for what this one has listed.
 */
int state_list(const struct root *root, const char *path, struct pool *pool, struct entries *ret,
	       struct err *err);
/* A file's text, NULL with errno when it cannot be read or does not count; EFBIG above 64 MiB. */
char *state_read(const struct root *root, const char *path, const char *name, struct pool *pool);
/* Why a file that was listed cannot be used: -1 with *err, or 0 when it is gone by now. */
int state_explain(const struct root *root, const char *path, const char *name, struct err *err);

/*
 * Replaces it atomically, mode 0644; nothing is done where the root is stateless, as in
 * state_remove(). ERR_INVALID for more than state_read() would read. Until it is whole it is called
 * ".HALF.tmp".
 */
int state_write(const struct root *root, const char *path, const char *name, const char *half,
		const char *text, struct err *err);
/* Removes what a killed run left under ".HALF.tmp", where nothing is to be written now. */
void state_drop_half(const struct root *root, const char *path, const char *half);
/* Removes it, and what a killed run left under ".NAME.tmp"; missing is fine. */
int state_remove(const struct root *root, const char *path, const char *name, struct err *err);
