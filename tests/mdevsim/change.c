/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of files: which one a call is about. */

#include "change.h"

#include <limits.h>
#include <sys/syscall.h>

#include "place.h"
#include "text.h"

#define NONE (-1)

/* Where the arguments of a call are: the directory's descriptor, and the name. */
static const struct call {
	int number;
	int dir;
	int name; /* NONE: the descriptor is the file's own */
} calls[] = {
	{SYS_openat, 0, 1},    {SYS_unlinkat, 0, 1},  {SYS_mkdirat, 0, 1},   {SYS_fchmodat, 0, 1},
	{SYS_renameat2, 2, 3}, {SYS_linkat, 2, 3},    {SYS_symlinkat, 1, 2},
#ifdef SYS_renameat
	{SYS_renameat, 2, 3},
#endif
#ifdef SYS_rename
	{SYS_unlink, NONE, 0}, {SYS_rmdir, NONE, 0},  {SYS_mkdir, NONE, 0},  {SYS_chmod, NONE, 0},
	{SYS_creat, NONE, 0},  {SYS_rename, NONE, 1}, {SYS_link, NONE, 1},   {SYS_symlink, NONE, 1},
#endif
};

static const struct call *find(int number)
{
	static const struct call by_descriptor = {.dir = 0, .name = NONE};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (calls[i].number == number)
			return &calls[i];
	}
	return &by_descriptor;
}

char *change_path(const struct machine *machine, const struct notice *notice)
{
	const struct call *call = find(notice->call);
	autofree char *dir = NULL;
	char name[PATH_MAX] = "";

	if (call->name != NONE)
		notify_read_string(notice->thread, notice->arguments[call->name], name,
				   sizeof(name));
	if (call->dir != NONE && name[0] != '/')
		dir = place_text(machine, notice->thread, (int)notice->arguments[call->dir]);
	return format("%s%s%s", dir ? dir : "", dir && *name ? "/" : "", name);
}
