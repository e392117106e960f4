/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to /sys and its neighbours. */
#include "mdev/sysfs.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RESOLVE_ATTEMPTS 1000

static int open_resolved(int dir, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve};
	long fd;

	/* openat2(2): EAGAIN when anything on the machine was renamed while ".." was walked */
	for (int i = 0; i < RESOLVE_ATTEMPTS; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return (int)fd;
}

static int check_owner(int fd, const char *dir, struct err *err)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot use '%s' as root directory", dir);
	if (st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	err_set(err, ERR_DENIED,
		"cannot use '%s' as root directory: others than root may change it", dir);
	return err_hint(err, "chown root '%s' && chmod go-w '%s'", dir, dir);
}

int root_open(const char *dir, struct root *root, struct err *err)
{
	if (!dir) {
		*root = (struct root){.fd = -1};
		return 0;
	}
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot use '%s' as root directory", dir);
	if (check_owner(fd, dir, err) < 0) {
		close(fd);
		return -1;
	}
	*root = (struct root){.fd = fd};
	return 0;
}

void root_close(struct root *root)
{
	cleanup_close(&root->fd);
}

int root_openat(const struct root *root, const char *path, int flags)
{
	if (root->fd < 0)
		return open(path, flags | O_CLOEXEC);
	return open_resolved(root->fd, path, flags, RESOLVE_IN_ROOT);
}

bool root_exists(const struct root *root, const char *path)
{
	if (root->fd < 0)
		return access(path, F_OK) == 0;
	autoclose int fd = root_openat(root, path, O_PATH);
	return fd >= 0;
}

int root_stat(const struct root *root, const char *path, struct stat *ret)
{
	if (root->fd < 0)
		return stat(path, ret);
	autoclose int fd = root_openat(root, path, O_PATH);
	return fd < 0 ? -1 : fstat(fd, ret);
}

int dir_open(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int root_mkdir(const struct root *root, const char *path)
{
	autopool struct pool *pool = pool_new();
	const char *slash = strrchr(path, '/');

	size_t length = slash > path ? (size_t)(slash - path) : 1; /* "/" keeps its slash */
	const char *parent = pool_strndup(pool, path, length);

	autoclose int dir = root_openat(root, parent, O_PATH | O_DIRECTORY);
	if (dir < 0) {
		if (errno != ENOENT || root_mkdir(root, parent) < 0)
			return -1;
		dir = root_openat(root, parent, O_PATH | O_DIRECTORY);
		if (dir < 0)
			return -1;
	}
	if (mkdirat(dir, slash + 1, 0755) < 0 && errno != EEXIST)
		return -1;
	return 0;
}

char *sysfs_link(int dir, const char *name, struct pool *pool)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, name, target, sizeof(target));

	if (length < 0)
		return NULL;
	if (length == sizeof(target)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return pool_strndup(pool, target, (size_t)length);
}

const char *sysfs_link_name(int dir, const char *name, struct pool *pool)
{
	const char *target = sysfs_link(dir, name, pool);
	const char *slash = target ? strrchr(target, '/') : NULL;

	return slash ? slash + 1 : target;
}

char *sysfs_resolve(struct pool *pool, const char *dir, const char *link)
{
	char *path = pool_alloc(pool, strlen(dir) + strlen(link) + 2), *end = path;

	if (*link != '/')
		end = stpcpy(path, dir);
	while (*link) {
		size_t length = strcspn(link, "/");

		if (length == 2 && strncmp(link, "..", 2) == 0) {
			while (end > path && *--end != '/')
				continue;
		} else if (length && !(length == 1 && *link == '.')) {
			*end++ = '/';
			end = mempcpy(end, link, length);
		}
		link += length + (link[length] == '/');
	}
	*end = '\0';
	return path;
}

/* Takes the last newlines off; the text's length, or -1 with errno. */
static ssize_t read_page(int fd, char text[SYSFS_PAGE + 1])
{
	ssize_t length = fd < 0 ? -1 : read(fd, text, SYSFS_PAGE + 1);

	if (length < 0)
		return -1;
	if (length > SYSFS_PAGE) {
		errno = EFBIG;
		return -1;
	}
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return (ssize_t)strlen(text);
}

static ssize_t read_file(int dir, const char *name, char text[SYSFS_PAGE + 1])
{
	autoclose int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return read_page(fd, text);
}

char *sysfs_read(int dir, const char *name, struct pool *pool)
{
	char text[SYSFS_PAGE + 1];
	ssize_t length = read_file(dir, name, text);

	return length < 0 ? NULL : pool_strndup(pool, text, (size_t)length);
}

bool sysfs_read_number(int dir, const char *name, int64_t *ret)
{
	char text[SYSFS_PAGE + 1];
	uint64_t number;

	if (read_file(dir, name, text) < 0)
		return false;
	if (!text_number(text, INT64_MAX, &number)) {
		errno = EINVAL;
		return false;
	}
	*ret = (int64_t)number;
	return true;
}

static int compare_entries(const void *a, const void *b)
{
	const char *x = ((const struct entry *)a)->name, *y = ((const struct entry *)b)->name;

	/* most names differ in their first letter, and numbers do not matter then */
	if (*x != *y && *x > '9' && *y > '9')
		return (unsigned char)*x - (unsigned char)*y;
	return strverscmp(x, y);
}

static bool is_dots(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

static int list(int dir, bool hidden, struct pool *pool, struct entries *ret)
{
	struct entries entries = {0};
	_Alignas(struct dirent64) char buffer[8192];
	ssize_t length;

	while ((length = getdents64(dir, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *found = (const struct dirent64 *)(buffer + at);

			at += found->d_reclen;
			if ((found->d_name[0] == '.') != hidden || is_dots(found->d_name))
				continue;
			*pool_push(pool, entries.list, entries.n) =
				(struct entry){pool_strdup(pool, found->d_name), found->d_type};
		}
	}
	if (length < 0)
		return -1;
	if (entries.n)
		qsort(entries.list, entries.n, sizeof(*entries.list), compare_entries);
	*ret = entries;
	return 0;
}

int dir_list(int dir, struct pool *pool, struct entries *ret)
{
	return list(dir, false, pool, ret);
}

int dir_list_hidden(int dir, struct pool *pool, struct entries *ret)
{
	return list(dir, true, pool, ret);
}

int root_list(const struct root *root, const char *path, struct pool *pool, struct entries *ret)
{
	autoclose int dir = root_openat(root, path, O_RDONLY | O_DIRECTORY);

	return dir < 0 ? -1 : dir_list(dir, pool, ret);
}

const struct entry *entries_find(const struct entries *entries, const char *name)
{
	const struct entry key = {.name = name};

	if (!entries->n)
		return NULL;
	return bsearch(&key, entries->list, entries->n, sizeof(key), compare_entries);
}

/*
 * The same without openat2(2), a component at a time. systemd answers ENOSYS for it in units with
 * RestrictSUIDSGID=, as systemd-udevd is, and so to what udev's rules run (seen: systemd 252).
 */
static int open_by_components(int dir, const char *name, int flags)
{
	autopool struct pool *pool = pool_new();
	const char *slash = strchr(name, '/');
	const char *first = slash ? pool_strndup(pool, name, (size_t)(slash - name)) : name;

	if (*name && !text_is_component(first)) {
		errno = EXDEV;
		return -1;
	}
	if (!slash)
		return openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
	autoclose int next = openat(dir, first, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0 && errno == ENOTDIR)
		errno = sysfs_link(dir, first, pool) ? ELOOP : ENOTDIR;
	return next < 0 ? -1 : open_by_components(next, slash + 1, flags);
}

int sysfs_open_attribute(int dir, const char *name, int flags)
{
	flags |= O_NONBLOCK | O_NOCTTY;
	int fd = open_resolved(dir, name, flags,
			       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	return fd < 0 && errno == ENOSYS ? open_by_components(dir, name, flags) : fd;
}

char *sysfs_read_attribute(int dir, const char *name, struct pool *pool)
{
	autoclose int fd = sysfs_open_attribute(dir, name, O_RDONLY);
	char text[SYSFS_PAGE + 1];
	ssize_t length = read_page(fd, text);

	return length < 0 ? NULL : pool_strndup(pool, text, (size_t)length);
}

/* One write, all or nothing. */
static int write_once(int fd, const char *text, size_t length)
{
	ssize_t written = write(fd, text, length);

	if (written < 0)
		return errno;
	return (size_t)written == length ? 0 : SYSFS_SHORT;
}

/* For ps(1), and so that another process with its number is not taken for it. */
#define WRITER_NAME "mdevtool-write"

/* In the child: only the file and the pipe stay open of what the parent has, least of all locks. */
static _Noreturn void write_alone(int fd, int report, const char *text, size_t length)
{
	int low = fd < report ? fd : report, high = fd < report ? report : fd;

	for (int other = 0; other < high; other++)
		if (other != low)
			close(other);
	closefrom(high + 1); /* where the kernel has no close_range(2), too */
	setsid();
	prctl(PR_SET_NAME, WRITER_NAME);

	int errnum = write_once(fd, text, length);
	if (write(report, &errnum, sizeof(errnum)) != sizeof(errnum))
		_exit(1);
	_exit(0);
}

/* Waits for the child's word: 0, its errno value, or ETIMEDOUT while it is still writing. */
static int hear(int pipe, pid_t child, struct sysfs_wait *wait)
{
	struct pollfd poll_pipe = {.fd = pipe, .events = POLLIN};
	long long deadline = file_now_ms() + wait->ms;
	int errnum, left = wait->ms, ready;

	while ((ready = poll(&poll_pipe, 1, left)) < 0 && errno == EINTR) {
		left = (int)(deadline - file_now_ms());
		if (left < 0)
			left = 0;
	}
	if (ready <= 0) {
		wait->writer = child;
		return ETIMEDOUT;
	}
	if (read(pipe, &errnum, sizeof(errnum)) != sizeof(errnum))
		errnum = EINTR; /* it died before it could say */
	waitpid(child, NULL, 0);
	return errnum;
}

static int write_by_child(int fd, const char *text, size_t length, struct sysfs_wait *wait)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	autoclose int read_end = ends[0];
	autoclose int write_end = ends[1];

	pid_t child = fork();
	if (child < 0)
		return errno;
	if (child == 0)
		write_alone(fd, write_end, text, length);
	close(take_fd(&write_end));
	return hear(read_end, child, wait);
}

int sysfs_store(const struct root *root, const char *dir, const char *name, const char *text,
		struct sysfs_wait *wait)
{
	autofree char *line = NULL;
	int length = asprintf(&line, "%s\n", text);

	if (length < 0)
		return ENOMEM;
	if (length > SYSFS_PAGE)
		return EFBIG;
	autoclose int at = root_openat(root, dir, O_PATH | O_DIRECTORY);
	if (at < 0)
		return errno;
	autoclose int fd = sysfs_open_attribute(at, name, O_WRONLY);
	if (fd < 0)
		return errno;
	if (!wait)
		return write_once(fd, line, (size_t)length);
	return write_by_child(fd, line, (size_t)length, wait);
}

bool sysfs_is_writing(pid_t writer)
{
	char path[32], begin[64], text[128];
	int length = snprintf(begin, sizeof(begin), "%d (" WRITER_NAME ") ", (int)writer);

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)writer);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	/* one that has ended may wait for long to be reaped */
	return n > length && memcmp(text, begin, (size_t)length) == 0 && text[length] != 'Z';
}
