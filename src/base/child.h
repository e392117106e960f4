/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program: without a shell, with little of our own, and not for ever. */
#pragma once

#include "base/err.h"
#include "base/pool.h"

struct child {
	const char *path;        /* absolute */
	const char *name;        /* in messages; NULL: its path */
	const char *const *argv; /* NULL at the end, the program's name first */
	const char *input;       /* its stdin; "" for an empty one */
	size_t output_max;       /* what may come from its stdout; 0 sends that to /dev/null */
	int time_ms;             /* after so long it is killed, with all that it started */
	/*
	 * Is given each line of its stderr, as it comes, without newline and as raw as it is; long
	 * ones in pieces, and of very many only the first. Never NULL.
	 */
	void (*say)(void *data, const char *line);
	void *data;
};

/*
 * Runs it to its end in "/", with a short PATH and nothing else for an environment, no descriptors
 * but the first three and no signal blocked or ignored. Returns its exit status, 128 and the number
 * of the signal that ended it, or -1: ERR_BUSY with errnum ETIMEDOUT when its time was over,
 * ERR_INVALID when it printed too much, or why it could not be started. *output is its stdout in
 * `pool`. What it leaves running in the background is not waited for.
 */
int child_run(const struct child *child, struct pool *pool, char **output, struct err *err);
