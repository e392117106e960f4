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

static int refuse(const struct stat *st, mode_t kind, const char *path, struct err *err)
{
	const char *why = file_distrust(st, kind);

	if (!why)
		return 0;
	err_set(err, ERR_DENIED, "cannot use '%s': %s", path, why);
	return err_hint(err, "'ls -ld %s' shows what it is; root's, mode 0%o, is right", path,
			kind == S_IFDIR ? 0755 : 0644);
}

/* The directory `name` of `dir`, which is found at `path`: a descriptor, or -1 with *err. */
static int open_trusted(int dir, const char *name, int flags, const char *path, struct err *err)
{
	int fd = openat(dir, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int errnum = errno;
	struct stat st;

	if (fd < 0) {
		if (errnum != ENOENT && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    refuse(&st, S_IFDIR, path, err) < 0)
			return -1;
		return err_errno(err, errnum, "cannot open '%s'", path);
	}
	if (fstat(fd, &st) < 0)
		err_errno(err, errno, "cannot read '%s'", path);
	else if (refuse(&st, S_IFDIR, path, err) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_ours(const struct root *root, struct err *err)
{
	autoclose int top = root_openat(root, "/run", O_PATH | O_DIRECTORY);

	if (top < 0)
		return err_errno(err, errno, "cannot open '%s'", STATE_DIR);
	return open_trusted(top, strrchr(STATE_DIR, '/') + 1, O_PATH, STATE_DIR, err);
}

/* What one of the directories is called in STATE_DIR. */
static const char *name_of(const char *path)
{
	return path + strlen(STATE_DIR "/");
}

/* One of the directories, through STATE_DIR, which is judged too. */
static int open_directory(const struct root *root, const char *path, struct err *err)
{
	autoclose int ours = open_ours(root, err);

	return ours < 0 ? -1 : open_trusted(ours, name_of(path), O_RDONLY, path, err);
}

int state_open(const struct root *root, const char *path, struct err *err)
{
	autoerr struct err failure = {0};
	int fd = open_directory(root, path, &failure);

	if (fd < 0 && failure.kind == ERR_NOT_FOUND) {
		if (root_mkdir(root, path) == 0)
			return open_directory(root, path, err);
		err_clear(&failure);
		err_errno(&failure, errno, "cannot make '%s'", path);
	}
	if (fd < 0 && failure.kind == ERR_DENIED && !failure.hint && geteuid() != 0)
		err_hint(&failure, "only root may change devices: sudo");
	if (fd < 0)
		err_keep_first(err, &failure);
	return fd;
}

int state_check(const struct root *root, struct err *err)
{
	static const char *const paths[] = {STATE_RECORDS, STATE_JOURNAL, STATE_LOCKS, STATE_TYPES};
	autoerr struct err failure = {0};
	autoclose int ours = open_ours(root, &failure);

	for (size_t i = 0; i < ARRAY_SIZE(paths) && ours >= 0 && !failure.kind; i++) {
		struct stat st;

		if (fstatat(ours, name_of(paths[i]), &st, AT_SYMLINK_NOFOLLOW) == 0)
			refuse(&st, S_IFDIR, paths[i], &failure);
		else if (errno != ENOENT)
			err_errno(&failure, errno, "cannot look at '%s'", paths[i]);
	}
	if (!failure.kind || failure.kind == ERR_NOT_FOUND)
		return 0;
	err_keep_first(err, &failure);
	return -1;
}

int state_list(const struct root *root, const char *path, struct pool *pool, struct entries *ret,
	       struct err *err)
{
	autoerr struct err failure = {0};
	autoclose int dir = open_directory(root, path, &failure);

	*ret = (struct entries){0};
	if (dir < 0 && failure.kind == ERR_NOT_FOUND)
		return 0;
	if (dir < 0)
		err_keep_first(err, &failure);
	else if (dir_list(dir, pool, ret) < 0)
		err_errno(err, errno, "cannot read '%s'", path);
	return err->kind ? -1 : 0;
}

int state_explain(const struct root *root, const char *path, const char *name, struct err *err)
{
	autoclose int dir = root_openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	autofree char *what = NULL;
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    asprintf(&what, "%s/%s", path, name) < 0)
		return 0;
	if (refuse(&st, S_IFREG, what, err) < 0)
		return -1;
	if (faccessat(dir, name, R_OK, AT_EACCESS) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot read '%s'", what);
	return err_set(err, ERR_INVALID, "cannot use '%s': it is not as mdevtool left it", what);
}

char *state_read(const struct root *root, const char *path, const char *name, struct pool *pool)
{
	autoclose int dir = root_openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	autoclose int fd =
		dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autoerr struct err err = {0};
	struct stat st;
	size_t length;
	char *text;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) < 0 || file_distrust(&st, S_IFREG)) {
		errno = EPERM;
		return NULL;
	}
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

void state_drop_half(const struct root *root, const char *path, const char *half)
{
	autoclose int dir = root_openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	autofree char *temporary = NULL;

	if (!root->stateless && dir >= 0 && asprintf(&temporary, TEMPORARY, half) >= 0)
		unlinkat(dir, temporary, 0);
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
