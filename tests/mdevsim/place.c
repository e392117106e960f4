/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file of the machine a process has open. */

#include "place.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

/* What the kernel puts behind the name of an open file that is gone. */
#define DELETED " (deleted)"

/* The text of the link in /proc, with *gone set and its mark cut off; NULL when unreadable. */
static char *link_text(pid_t thread, int fd, bool *gone)
{
	autofree char *link = format("/proc/%d/fd/%d", (int)thread, fd);
	char text[PATH_MAX];
	ssize_t length = readlink(link, text, sizeof(text) - 1);
	size_t mark = strlen(DELETED);

	if (length < 0)
		return NULL;
	text[length] = '\0';
	*gone = (size_t)length > mark && strcmp(text + length - mark, DELETED) == 0;
	if (*gone)
		text[(size_t)length - mark] = '\0';
	return duplicate(text);
}

static bool same_file_system(const struct machine *machine, pid_t thread, int fd)
{
	autofree char *link = format("/proc/%d/fd/%d", (int)thread, fd);
	struct stat theirs;
	struct stat ours;

	return stat(link, &theirs) == 0 && fstatat(machine->fd, "sys", &ours, 0) == 0 &&
	       theirs.st_dev == ours.st_dev;
}

/* A file of a removed directory goes by the path that it had. */
static const char *before_removal(const char *path)
{
	const char *rest;

	if (!starts_with(path, GONE "/"))
		return path;
	rest = strchr(path + strlen(GONE "/"), '/');
	return rest ? rest : path;
}

static char *place(const struct machine *machine, pid_t thread, int fd, bool *gone)
{
	autofree char *text = link_text(thread, fd, gone);
	size_t length = strlen(machine->dir);

	if (!text)
		return NULL;
	if (strncmp(text, machine->dir, length) == 0) {
		const char *path = before_removal(text + length);

		if (starts_with(path, "/sys/"))
			return duplicate(path);
	}
	if (starts_with(text, "/sys/") && same_file_system(machine, thread, fd))
		return duplicate(text);
	return NULL;
}

char *place_of(const struct machine *machine, pid_t thread, int fd)
{
	bool gone;

	return place(machine, thread, fd, &gone);
}

bool place_still(const struct machine *machine, pid_t thread, int fd)
{
	bool gone = true;
	autofree char *path = place(machine, thread, fd, &gone);

	return path && !gone;
}

char *place_text(const struct machine *machine, pid_t thread, int fd)
{
	bool gone;
	autofree char *text = link_text(thread, fd, &gone);
	size_t length = strlen(machine->dir);

	if (!text)
		return NULL;
	return duplicate(strncmp(text, machine->dir, length) == 0 ? text + length : text);
}

bool place_read_only(const struct machine *machine, const char *path)
{
	struct stat status;

	return fstatat(machine->fd, path + 1, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(status.st_mode) && !(status.st_mode & 0222);
}
