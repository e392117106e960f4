/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim: a directory that answers like the sysfs of a machine with mediated devices. */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "hold.h"
#include "run.h"

static const char usage[] =
	"usage: mdevsim build DESCRIPTION DIR\n"
	"       mdevsim run DIR [--linger] [FAULT…] -- COMMAND [ARGUMENT…]\n"
	"       mdevsim hold [--cdev] DIR DEVICE [PID [COMMAND [CMDLINE]]]\n"
	"       mdevsim release DIR DEVICE\n"
	"       mdevsim unplug [--unbind] DIR PARENT\n"
	"\n"
	"faults, where WHAT is the number of an answered write or a glob on its path:\n"
	"  --fail WHAT=ERRNO[*TIMES]  answer with an error\n"
	"  --short WHAT=COUNT         take only so many bytes, the driver sees nothing\n"
	"  --swallow WHAT             take all bytes, the driver sees nothing\n"
	"  --delay WHAT=MS            wait before the driver sees it\n"
	"  --never WHAT               never return\n"
	"  --kill-before WHAT         kill the writer before the driver acts\n"
	"  --kill-after WHAT          kill the writer after the driver has acted\n"
	"  --crash WHAT               kill the command, whoever writes, before the driver acts\n"
	"  --exec WHAT=COMMAND        run a shell command before the driver sees it\n"
	"\n"
	"With \"file:\" before it WHAT is about the command's other changes: files made, written, renamed,\n"
	"removed, flushed, and what it prints or sends. They can --fail, --kill-before and --crash, which kills\n"
	"whoever makes the change, too.\n";

static int fail_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

static int hold_command(int argc, char *argv[])
{
	struct process process = {0};

	if (argc > 0 && strcmp(argv[0], "--cdev") == 0) {
		process.cdev = true;
		argc--;
		argv++;
	}
	if (argc < 2 || argc > 5)
		return fail_usage();
	if (argc > 2)
		process.pid = argv[2];
	if (argc > 3)
		process.command = argv[3];
	if (argc > 4)
		process.cmdline = argv[4];
	hold(argv[0], argv[1], &process);
	return 0;
}

static int unplug_command(int argc, char *argv[])
{
	bool unbind = argc > 0 && strcmp(argv[0], "--unbind") == 0;

	if (unbind) {
		argc--;
		argv++;
	}
	if (argc != 2)
		return fail_usage();
	unplug(argv[0], argv[1], unbind);
	return 0;
}

/*
 * A closed stdin, stdout or stderr must not become a descriptor of ours, which messages or the
 * command would then take for theirs. The command finds it closed again.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char *argv[])
{
	const char *verb = argc > 1 ? argv[1] : "";

	fill_standard_descriptors();
	if (strcmp(verb, "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	argc -= 2;
	argv += 2;
	if (strcmp(verb, "build") == 0 && argc == 2)
		build(argv[0], argv[1]);
	else if (strcmp(verb, "run") == 0 && argc >= 2)
		return run(argv);
	else if (strcmp(verb, "hold") == 0)
		return hold_command(argc, argv);
	else if (strcmp(verb, "release") == 0 && argc == 2)
		release(argv[0], argv[1]);
	else if (strcmp(verb, "unplug") == 0)
		return unplug_command(argc, argv);
	else
		return fail_usage();
	return 0;
}
