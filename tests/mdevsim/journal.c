/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal: one line in DIR/.mdevsim/journal for each write that was answered. */

#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static void append(const struct machine *machine, const char *file, const char *line)
{
	int fd = openat(machine->fd, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		die("cannot write the journal: %s", strerror(errno));
	close(fd);
}

void journal_write(const struct machine *machine, const char *path, const char *text, size_t length,
		   const char *result)
{
	autofree char *escaped = escape(text, length);
	autofree char *line = format("%s\t%s\t%s\n", path, escaped, result);

	append(machine, &(PRIVATE "/journal")[1], line);
}

void journal_change(const struct machine *machine, const char *path)
{
	autofree char *escaped = escape(path, strlen(path));
	autofree char *line = format("%s\n", escaped);

	append(machine, &(PRIVATE "/changes")[1], line);
}

void journal_answer(const struct machine *machine, const char *path, const char *text,
		    size_t length, long answer)
{
	autofree char *result = NULL;

	result = answer < 0 ? duplicate(strerrorname_np((int)-answer)) : format("%ld", answer);
	journal_write(machine, path, text, length, result);
}
