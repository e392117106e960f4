/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door: the only place that knows that /sys may lie somewhere else, and the only one that
 * writes to it.
 *
 * Paths are the machine's own ("/sys/bus/mdev/devices"). They are resolved inside the root, so no
 * symlink leads out of it (openat2(2), RESOLVE_IN_ROOT); a root of NULL is the machine itself.
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct root {
	int fd; /* -1 for the machine itself */
	/*
	 * For a process that may write to sysfs, but not below /run/mdevtool: nothing is written or
	 * locked there, and of what is ours of a definition only what the user gave is kept.
	 */
	bool stateless;
};

/* A text file of sysfs is a page at most; a store too. */
#define SYSFS_PAGE 4096

/*
 * Opens `dir` as the root of everything, or the machine itself for NULL. Root is refused a
 * directory that belongs to somebody else, or that others may write to: ERR_DENIED.
 */
int root_open(const char *dir, struct root *root, struct err *err);
void root_close(struct root *root);

/* open(2) of a machine path inside the root: a descriptor, or -1 with errno. */
int root_openat(const struct root *root, const char *path, int flags);
bool root_exists(const struct root *root, const char *path);
/* stat(2) of a machine path: 0, or -1 with errno. */
int root_stat(const struct root *root, const char *path, struct stat *ret);
/* The directory `name` (a single component, no symlink) below an open one. */
int dir_open(int dir, const char *name);
/* mkdir(2) for the directory and the missing ones above it, root's, 0755: 0 or -1 with errno. */
int root_mkdir(const struct root *root, const char *path);

/*
 * The target text of the symlink `name` below `dir`, in `pool`; NULL with errno.
 * Targets are read, never followed: in sysfs their text says all.
 */
char *sysfs_link(int dir, const char *name, struct pool *pool);
/* The last component of the symlink's target: what a driver, group or type link means. */
const char *sysfs_link_name(int dir, const char *name, struct pool *pool);
/* `link` of the directory `dir` as an absolute path: "/sys/a/b" and "../c" give "/sys/a/c". */
char *sysfs_resolve(struct pool *pool, const char *dir, const char *link);

/*
 * The text of the file `name` below the directory `dir`, without its last newlines; NULL with
 * errno, EFBIG when it is longer than a page. Opened through no symlink; whatever lies there in the
 * place of a file (a FIFO, a device), this never blocks.
 */
char *sysfs_read(int dir, const char *name, struct pool *pool);
/* The same as a number: false with errno, EINVAL when it is none. */
bool sysfs_read_number(int dir, const char *name, int64_t *ret);

/* NAME=VALUE for a device's own file; the name is a relative path. */
struct attribute {
	const char *name;
	const char *value;
};

struct entry {
	const char *name;
	unsigned char type; /* DT_DIR, DT_LNK, DT_REG, … */
};
struct entries {
	struct entry *list; /* sorted by name, version-wise: 2 before 10 */
	size_t n;
};
/* The entries of an open directory but those that begin with a dot: 0, or -1 with errno. */
int dir_list(int dir, struct pool *pool, struct entries *ret);
/* Only those that do, "." and ".." left out. */
int dir_list_hidden(int dir, struct pool *pool, struct entries *ret);
/* The same as dir_list() for a machine path. */
int root_list(const struct root *root, const char *path, struct pool *pool, struct entries *ret);
const struct entry *entries_find(const struct entries *entries, const char *name);

/*
 * Stores `text` and a newline into the attribute `name` (a relative path without symlinks, "." or
 * "..") below the directory `dir` (a machine path): one open, one write, checked. A driver that
 * takes less than all is an error. The kernel cuts at a page: longer texts are refused.
 *
 * With `wait` the write is made by a child process that holds nothing else, and this function
 * returns after that time at the latest with ETIMEDOUT: a removal can block in the kernel for as
 * long as somebody holds the device (seen on Linux 6.1), and not even SIGKILL ends it then.
 *
 * Returns 0, an errno value, or SYSFS_SHORT when the driver took a part only.
 */
#define SYSFS_SHORT (-1)
struct sysfs_wait {
	int ms;
	pid_t writer; /* result, with ETIMEDOUT: the child that is still writing */
};
int sysfs_store(const struct root *root, const char *dir, const char *name, const char *text,
		struct sysfs_wait *wait);
/* Whether such a child is there still; one that this user may not see is none. */
bool sysfs_is_writing(pid_t writer);
/* Opens the attribute `name` beneath the open directory `dir`, through no symlink. */
int sysfs_open_attribute(int dir, const char *name, int flags);
/* The text of the attribute `name` beneath `dir`, as sysfs_read() gives it. */
char *sysfs_read_attribute(int dir, const char *name, struct pool *pool);
