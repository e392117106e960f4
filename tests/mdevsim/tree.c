/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's tree of files: making, replacing and removing them below DIR. */

#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

/* No file of sysfs is longer, and neither is one of ours. */
#define LONGEST_FILE (256 * 1024)

static const char *below(const char *path)
{
	return path[0] == '/' && path[1] ? path + 1 : ".";
}

static void make_ancestors(const struct machine *machine, const char *path)
{
	autofree char *partial = duplicate(below(path));

	for (char *slash = strchr(partial, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(machine->fd, partial, 0755) < 0 && errno != EEXIST)
			die("cannot make '/%s': %s", partial, strerror(errno));
		*slash = '/';
	}
}

void tree_dir(const struct machine *machine, const char *path, mode_t mode)
{
	make_ancestors(machine, path);
	if (mkdirat(machine->fd, below(path), mode) < 0 && errno != EEXIST)
		die("cannot make '%s': %s", path, strerror(errno));
	if (fchmodat(machine->fd, below(path), mode, 0) < 0)
		die("cannot set the mode of '%s': %s", path, strerror(errno));
}

void tree_link(const struct machine *machine, const char *path, const char *target)
{
	char now[4096];
	ssize_t length = readlinkat(machine->fd, below(path), now, sizeof(now));

	if (length == (ssize_t)strlen(target) && memcmp(now, target, (size_t)length) == 0)
		return;
	make_ancestors(machine, path);
	unlinkat(machine->fd, below(path), 0);
	if (symlinkat(target, machine->fd, below(path)) < 0)
		die("cannot link '%s': %s", path, strerror(errno));
}

void tree_link_to(const struct machine *machine, const char *path, const char *to)
{
	size_t common = 0;
	autofree char *target = NULL;
	int up = 0;

	for (size_t i = 0; path[i] && path[i] == to[i]; i++) {
		if (path[i] == '/')
			common = i;
	}
	for (const char *slash = strchr(path + common + 1, '/'); slash;
	     slash = strchr(slash + 1, '/'))
		up++;

	target = allocate(3 * (size_t)up + strlen(to) + 1);
	for (int i = 0; i < up; i++)
		strcat(target, "../");
	strcat(target, to + common + 1);
	tree_link(machine, path, target);
}

static void fill(const struct machine *machine, const char *path, int flags, mode_t mode,
		 const char *text, size_t length)
{
	/* Plain names only: pwrite is used as write(2) may itself be under a filter. */
	int fd = openat(machine->fd, below(path), O_WRONLY | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		die("cannot open '%s': %s", path, strerror(errno));
	if (pwrite(fd, text, length, 0) != (ssize_t)length || ftruncate(fd, (off_t)length) < 0)
		die("cannot fill '%s': %s", path, strerror(errno));
	if (fchmod(fd, mode) < 0)
		die("cannot set the mode of '%s': %s", path, strerror(errno));
	close(fd);
}

/* Newlines cover what is longer now, so that a reader sees no mixture before it is cut off. */
static void overwrite(const struct machine *machine, const char *path, mode_t mode,
		      const char *text, size_t length, size_t before)
{
	if (before > length) {
		autofree char *covering = allocate(before);

		memset(covering, '\n', before);
		memcpy(covering, text, length);
		fill(machine, path, 0, mode, covering, before);
	}
	fill(machine, path, 0, mode, text, length);
}

void tree_file(const struct machine *machine, const char *path, mode_t mode, const char *text,
	       size_t length)
{
	autofree char *temporary = NULL;
	autofree char *before = NULL;
	size_t before_length;

	before = tree_read(machine, path, &before_length);
	if (before && before_length == length && memcmp(before, text, length) == 0)
		return;
	if ((mode & 0222) && tree_exists(machine, path)) {
		overwrite(machine, path, mode, text, length, before ? before_length : 0);
		return;
	}

	make_ancestors(machine, path);
	temporary = format(PRIVATE "/new.%d", (int)getpid());
	fill(machine, temporary, O_CREAT | O_TRUNC, mode, text, length);
	if (renameat(machine->fd, below(temporary), machine->fd, below(path)) < 0)
		die("cannot put '%s': %s", path, strerror(errno));
}

void tree_link_in(const struct machine *machine, const char *dir, const char *name, const char *to)
{
	autofree char *path = format("%s/%s", dir, name);

	tree_link_to(machine, path, to);
}

void tree_file_in(const struct machine *machine, const char *dir, const char *name, mode_t mode,
		  const char *text)
{
	autofree char *path = format("%s/%s", dir, name);

	tree_file(machine, path, mode, text, strlen(text));
}

static void remove_inner(const struct machine *machine, const char *path)
{
	char **names __attribute__((cleanup(tree_list_free))) = tree_list(machine, path);

	for (char **name = names; *name; name++) {
		autofree char *inner = format("%s/%s", path, *name);

		tree_remove(machine, inner);
	}
}

void tree_remove(const struct machine *machine, const char *path)
{
	if (unlinkat(machine->fd, below(path), 0) == 0 || errno == ENOENT || errno == ENOTDIR)
		return;
	remove_inner(machine, path);
	if (unlinkat(machine->fd, below(path), AT_REMOVEDIR) < 0 && errno != ENOENT)
		die("cannot remove '%s': %s", path, strerror(errno));
}

void tree_retire(const struct machine *machine, const char *path)
{
	autofree char *grave = NULL;
	struct stat status;

	if (fstatat(machine->fd, below(path), &status, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	remove_inner(machine, path);
	grave = format(GONE "/%llu%s", (unsigned long long)status.st_ino, path);
	tree_dir(machine, grave, 0755);
	/* an empty directory may be replaced */
	if (renameat(machine->fd, below(path), machine->fd, below(grave)) < 0)
		die("cannot remove '%s': %s", path, strerror(errno));
}

bool tree_exists(const struct machine *machine, const char *path)
{
	struct stat status;

	return fstatat(machine->fd, below(path), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

char *tree_read(const struct machine *machine, const char *path, size_t *length)
{
	int fd = openat(machine->fd, below(path), O_RDONLY | O_CLOEXEC);
	struct stat status;
	ssize_t count;
	char *text;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > LONGEST_FILE) {
		close(fd);
		return NULL;
	}
	text = allocate((size_t)status.st_size + 1);
	count = read(fd, text, (size_t)status.st_size);
	close(fd);
	if (count < 0)
		count = 0;
	text[count] = '\0';
	if (length)
		*length = (size_t)count;
	return text;
}

char **tree_list(const struct machine *machine, const char *path)
{
	int fd = openat(machine->fd, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	char **names = allocate(sizeof(*names));
	const struct dirent *entry;
	size_t count = 0;

	if (!stream)
		return names;
	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names = reallocarray(names, count + 2, sizeof(*names));
		if (!names)
			die("out of memory");
		names[count++] = duplicate(entry->d_name);
		names[count] = NULL;
	}
	closedir(stream);
	return names;
}

void tree_list_free(void *list)
{
	char **names = *(char ***)list;

	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}
