/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/mdevtool: opening its directories, reading and writing its files. */
#include "mdev/state.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define TEMPORARY ".%s.tmp"

#define STATE_FILE_MAX ((size_t)64 << 20)

static int check(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot use '%s'", path);
	if ((st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	err_set(err, ERR_DENIED, "cannot use '%s': others may change it", path);
	return err_hint(err, "'ls -ld %s' shows its owner and mode; root and 0755 are right", path);
}

static int open_checked(const struct root *root, const char *path, struct err *err)
{
	int fd = root_openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (fd >= 0 && check(fd, path, err) < 0) {
		close(fd);
		return -1;
	}
	if (fd < 0)
		err_errno(err, errno, "cannot open '%s'", path);
	return fd;
}

static int make(const struct root *root, const char *path, struct err *err)
{
	if (root_mkdir(root, path) == 0)
		return 0;
	err_errno(err, errno, "cannot make '%s'", path);
	return geteuid() == 0 ? -1 : err_hint(err, "only root may change devices: sudo");
}

int state_open(const struct root *root, const char *path, struct err *err)
{
	if (!root_exists(root, path) && make(root, path, err) < 0)
		return -1;
	autoclose int top = open_checked(root, STATE_DIR, err);
	return top < 0 ? -1 : open_checked(root, path, err);
}

char *state_read(const struct root *root, const char *path, const char *name, struct pool *pool)
{
	autoclose int dir = root_openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	autoclose int fd =
		dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autoerr struct err err = {0};
	size_t length;
	char *text;

	if (fd < 0)
		return NULL;
	if (file_read(fd, name, STATE_FILE_MAX, pool, &text, &length, &err) < 0) {
		errno = err.errnum ? err.errnum : EFBIG;
		return NULL;
	}
	return text;
}

int state_write(const struct root *root, const char *path, const char *name, const char *half,
		const char *text, struct err *err)
{
	autofree char *what = NULL, *temporary = NULL;

	if (root->stateless)
		return 0;
	if (strlen(text) > STATE_FILE_MAX)
		return err_set(err, ERR_INVALID, "too much to remember in '%s/%s'", path, name);
	autoclose int dir = state_open(root, path, err);

	if (dir < 0)
		return -1;
	if (asprintf(&what, "%s/%s", path, name) < 0 || asprintf(&temporary, TEMPORARY, half) < 0)
		return err_errno(err, ENOMEM, "cannot write '%s'", name);
	if (file_write(dir, temporary, what, text, 0644, err) < 0)
		return -1;
	return file_move(dir, temporary, dir, name, what, err);
}

int state_remove(const struct root *root, const char *path, const char *name, struct err *err)
{
	autofree char *temporary = NULL;

	if (root->stateless)
		return 0;
	autoclose int dir = root_openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (dir >= 0 && asprintf(&temporary, TEMPORARY, name) >= 0)
		unlinkat(dir, temporary, 0);
	if ((dir < 0 || unlinkat(dir, name, 0) < 0) && errno != ENOENT)
		return err_errno(err, errno, "cannot remove '%s/%s'", path, name);
	return 0;
}
