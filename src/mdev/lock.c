/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks as files below STATE_LOCKS. */
#include "mdev/lock.h"

#include "base/file.h"
#include "mdev/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* No parent's name begins with a dot. */
#define NAMES_FILE ".names"

static int open_directory(const struct root *root, struct err *err)
{
	int dir = state_open(root, STATE_LOCKS, err);

	if (dir >= 0 && state_check(root, err) < 0) {
		close(dir);
		return -1;
	}
	if (dir >= 0 && fchmod(dir, 0700) < 0 && errno != EPERM) {
		close(dir);
		return err_errno(err, errno, "cannot protect '%s'", STATE_LOCKS);
	}
	return dir;
}

int locks_probe(const struct root *root, struct err *err)
{
	autoclose int dir = open_directory(root, err);

	if (dir < 0)
		return -1;
	autoclose int fd = openat(dir, NAMES_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_errno(err, errno, "cannot write below '%s'", STATE_LOCKS) : 0;
}

#define NAMES "the list of names and groups"

int locks_take_names(struct locks *locks, const struct root *root, struct err *err)
{
	if (root->stateless)
		return 0;
	autoclose int dir = open_directory(root, err);

	if (dir < 0)
		return -1;
	locks->names = file_lock(dir, NAMES_FILE, NAMES, locks->wait_ms, err);
	return locks->names < 0 ? -1 : 0;
}

int locks_try_names(struct locks *locks, const struct root *root, struct err *err)
{
	autoclose int dir = open_directory(root, err);
	int fd = dir < 0 ? -2 : file_try_lock(dir, NAMES_FILE, NAMES, err);

	if (fd < 0)
		return fd == -1 ? 1 : -1;
	locks->names = fd;
	return 0;
}

void locks_release_names(struct locks *locks)
{
	cleanup_close(&locks->names);
	locks->names = -1;
}

bool locks_hold(const struct locks *locks, const char *parent)
{
	for (size_t i = 0; i < locks->n; i++)
		if (streq(locks->parent_names[i], parent))
			return true;
	return false;
}

static void keep(struct locks *locks, struct pool *pool, const char *name, int fd)
{
	size_t n = locks->n;

	*pool_push(pool, locks->parent_names, n) = pool_strdup(pool, name);
	*pool_push(pool, locks->parents, locks->n) = fd;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int locks_take_parents(struct locks *locks, const struct root *root, struct pool *pool,
		       const char *const *names, size_t n, struct err *err)
{
	if (!n)
		return 0;
	autoclose int dir = root->stateless ? -1 : open_directory(root, err);
	const char **sorted = pool_alloc(pool, n * sizeof(*sorted));

	if (dir < 0 && !root->stateless)
		return -1;
	memcpy(sorted, names, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < n; i++) {
		if (locks_hold(locks, sorted[i]))
			continue;
		const char *what = pool_printf(pool, "'%s'", sorted[i]);
		int fd =
			root->stateless ? -1 : file_lock(dir, sorted[i], what, locks->wait_ms, err);
		if (fd < 0 && !root->stateless)
			return -1;
		keep(locks, pool, sorted[i], fd);
	}
	return 0;
}

int locks_try_parent(struct locks *locks, const struct root *root, struct pool *pool,
		     const char *name, struct err *err)
{
	autoclose int dir = open_directory(root, err);

	if (dir < 0)
		return -1;
	if (locks_hold(locks, name))
		return 0;
	int fd = file_try_lock(dir, name, name, err);
	if (fd < 0)
		return fd == -1 ? 1 : -1;
	keep(locks, pool, name, fd);
	return 0;
}

void locks_release_parents(struct locks *locks)
{
	for (size_t i = 0; i < locks->n; i++)
		cleanup_close(&locks->parents[i]);
	locks->n = 0;
}

void locks_release(struct locks *locks)
{
	locks_release_names(locks);
	locks_release_parents(locks);
}
