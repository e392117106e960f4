/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordinary files: bounded reading, atomic replacement, locks with a time limit. */
#pragma once

#include "base/err.h"
#include "base/pool.h"

#include <sys/stat.h>
#include <sys/types.h>

/*
 * Reads `fd` to its end into memory of `pool`, NUL-terminated. `what` names it in messages.
 * ERR_INVALID when it holds more than `max` bytes, ERR_FAILED and the like from the system.
 */
int file_read(int fd, const char *what, size_t max, struct pool *pool, char **text, size_t *length,
	      struct err *err);

/*
 * Replaces the file `name` below the directory `dir` as a whole: write a temporary file, fsync,
 * rename, fsync the directory. A crash leaves the old file or the new one. The temporary file is
 * ".NAME.tmp" in the same directory. `what` names the file in messages.
 */
int file_replace(int dir, const char *name, const char *what, const char *text, mode_t mode,
		 struct err *err);

/*
 * The two halves of it, for a temporary file in another directory of the same file system: the
 * first leaves the content on the disk under `name`, or nothing; the second puts it in its place.
 */
int file_write(int dir, const char *name, const char *what, const char *text, mode_t mode,
	       struct err *err);
int file_move(int from, const char *name, int to, const char *new_name, const char *what,
	      struct err *err);

/*
 * Takes an exclusive lock on the file `name` below `dir` (made when missing, mode 0600) and returns
 * its descriptor; closing it releases the lock. Waits at most `wait_ms` milliseconds, then fails
 * with ERR_BUSY, naming the holder's PID where the file tells it. `what` is what the lock guards.
 * ERR_DENIED for what is no file, or one that others could hold, too.
 */
int file_lock(int dir, const char *name, const char *what, int wait_ms, struct err *err);
/* Like file_lock(), at once: a descriptor, -1 when somebody holds it, -2 on errors with *err. */
int file_try_lock(int dir, const char *name, const char *what, struct err *err);

/*
 * Why a directory or file (`kind` is S_IFDIR or S_IFREG) that is root's to change is not to be
 * relied on, NULL when it is: it belongs to root, or to us, and nobody else may write it.
 */
const char *file_distrust(const struct stat *st, mode_t kind);

/* Milliseconds of the monotonic clock. */
long long file_now_ms(void);
void file_sleep_ms(int ms);
