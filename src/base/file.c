/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordinary files: bounded reading, atomic replacement, locks with a time limit. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

int file_read(int fd, const char *what, size_t max, struct pool *pool, char **text, size_t *length,
	      struct err *err)
{
	size_t room = 16384, used = 0;
	autofree char *buffer = malloc(room);

	for (;;) {
		ssize_t n = buffer ? read(fd, buffer + used, room - used) : -1;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read '%s'", what);
		used += (size_t)n;
		if (used > max)
			return err_set(err, ERR_INVALID, "'%s' is too large, %zu MiB are the most",
				       what, max >> 20);
		if (n == 0)
			break;
		if (used == room) {
			char *more = realloc(buffer, room *= 2);

			if (!more)
				return err_errno(err, errno, "cannot read '%s'", what);
			buffer = more;
		}
	}
	*text = pool_strndup(pool, buffer, used);
	*length = used;
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/* A new file with its content on the disk, or -1 with errno and no file. */
static int write_temporary(int dir, const char *name, const char *text, mode_t mode)
{
	autoclose int fd = -1;

	/* one that a killed run left is in nobody's use: writers hold the lock */
	unlinkat(dir, name, 0);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (write_all(fd, text) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0)
		return 0;
	int saved = errno;
	unlinkat(dir, name, 0);
	errno = saved;
	return -1;
}

int file_write(int dir, const char *name, const char *what, const char *text, mode_t mode,
	       struct err *err)
{
	if (write_temporary(dir, name, text, mode) < 0)
		return err_errno(err, errno, "cannot write '%s'", what);
	return 0;
}

int file_move(int from, const char *name, int to, const char *new_name, const char *what,
	      struct err *err)
{
	if (renameat(from, name, to, new_name) == 0 && fsync(to) == 0)
		return 0;
	int saved = errno;
	unlinkat(from, name, 0);
	return err_errno(err, saved, "cannot write '%s'", what);
}

int file_replace(int dir, const char *name, const char *what, const char *text, mode_t mode,
		 struct err *err)
{
	autofree char *temporary = NULL;

	if (asprintf(&temporary, ".%s.tmp", name) < 0)
		return err_errno(err, ENOMEM, "cannot write '%s'", what);
	if (file_write(dir, temporary, what, text, mode, err) < 0)
		return -1;
	return file_move(dir, temporary, dir, name, what, err);
}

const char *file_distrust(const struct stat *st, mode_t kind)
{
	if (S_ISLNK(st->st_mode))
		return "a symbolic link, which is not followed";
	if ((st->st_mode & S_IFMT) != kind)
		return kind == S_IFDIR ? "not a directory" : "not a file";
	if ((st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH)))
		return NULL;
	return "others may change it";
}

long long file_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void file_sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static int open_lock(int dir, const char *name, const char *what, struct err *err)
{
	int fd = openat(dir, name,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return err_errno(err, errno, "cannot open the lock of %s", what);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & (S_IRWXG | S_IRWXO)))
		return fd;
	close(fd);
	err_set(err, ERR_DENIED, "cannot use the lock of %s: it is not as mdevtool makes it", what);
	return err_hint(err, "remove the file '%s' when no mdevtool runs", name);
}

/* 0 locked, 1 held by somebody, -1 with *err. */
static int try_lock(int fd, const char *what, struct err *err)
{
	char pid[16];

	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK || errno == EINTR)
			return 1;
		return err_errno(err, errno, "cannot lock %s", what);
	}
	/* for the message of whoever waits in vain; nothing depends on it */
	int length = snprintf(pid, sizeof(pid), "%-8d\n", getpid());
	if (pwrite(fd, pid, (size_t)length, 0) < 0)
		return 0;
	return 0;
}

static int timed_out(int fd, const char *what, struct err *err)
{
	char pid[16] = "";

	if (pread(fd, pid, sizeof(pid) - 1, 0) <= 0)
		pid[0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	err_set(err, ERR_BUSY, "%s is locked by another mdevtool", what);
	if (*pid) {
		err_append(err, " (PID %s)", pid);
		err_hint(err, "'ps -fp %s' shows what it is doing", pid);
	}
	return -1;
}

int file_lock(int dir, const char *name, const char *what, int wait_ms, struct err *err)
{
	long long deadline = file_now_ms() + wait_ms;
	autoclose int fd = open_lock(dir, name, what, err);
	int pause = 1, held;

	if (fd < 0)
		return -1;
	while ((held = try_lock(fd, what, err)) == 1 && file_now_ms() < deadline) {
		file_sleep_ms(pause);
		if (pause < 16)
			pause *= 2;
	}
	if (held == 1)
		return timed_out(fd, what, err);
	if (held < 0)
		return -1;
	return take_fd(&fd);
}

int file_try_lock(int dir, const char *name, const char *what, struct err *err)
{
	autoclose int fd = open_lock(dir, name, what, err);

	if (fd < 0)
		return -2;
	int held = try_lock(fd, what, err);
	if (held != 0)
		return held == 1 ? -1 : -2;
	return take_fd(&fd);
}
