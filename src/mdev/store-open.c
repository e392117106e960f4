/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening what nobody else may change. */
#include "mdev/store-open.h"

#include "base/file.h"
#include "mdev/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int store_judge(int fd, mode_t kind, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot look at it");
	const char *why = file_distrust(&st, kind);
	if (!why)
		return 0;
	if ((st.st_mode & S_IFMT) != kind)
		return err_set(err, ERR_INVALID, "%s", why);
	err_set(err, ERR_DENIED, "%s", why);
	return err_hint(err, "'chown root' and 'chmod go-w' make it root's alone");
}

int store_open(const struct root *root, const char *path, struct err *err)
{
	int flags = streq(path, STORE_OWN) ? O_NOFOLLOW : 0;
	autoclose int fd = root_openat(root, path, O_RDONLY | O_DIRECTORY | flags);

	if (fd < 0)
		return err_errno(err, errno, "cannot read it");
	return store_judge(fd, S_IFDIR, err) < 0 ? -1 : take_fd(&fd);
}

int store_refuse_link(struct err *err)
{
	err_set(err, ERR_INVALID, "a symbolic link, which is not followed");
	err->errnum = ELOOP;
	return -1;
}

int store_open_parent(const struct root *root, const char *parent, bool make, struct err *err)
{
	autopool struct pool *pool = pool_new();
	autoclose int top = store_open(root, STORE_DIR, err);

	if (top < 0)
		return err_wrap(err, STORE_DIR);
	if (make && mkdirat(top, parent, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "cannot make it");
	autoclose int dir = dir_open(top, parent);
	int errnum = errno;
	if (dir >= 0)
		return store_judge(dir, S_IFDIR, err) < 0 ? -1 : take_fd(&dir);
	return sysfs_link(top, parent, pool) ? store_refuse_link(err)
					     : err_errno(err, errnum, "cannot open it");
}
