/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay-TARGET [FILE...]: gives a fuzz target each file of its corpus, or those that are named, as
 * it is and cut off at every byte. Needs no fuzzer; a finding ends it.
 */
#include "fuzz.h"
#include "tap.h"

#include "base/file.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>

/* Longer ones are cut in so many places only. */
#define CUTS_MAX 512

/* In memory exactly as long as it is, so that ASan sees its end. */
static void replay_cut(const char *text, size_t length)
{
	uint8_t *data = malloc(length ? length : 1);

	if (!data)
		errx(1, "no memory");
	memcpy(data, text, length);
	LLVMFuzzerTestOneInput(data, length);
	free(data);
}

static void replay(int dir, const char *name)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err error = {0};
	autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t length;
	char *text;

	if (fd < 0 || file_read(fd, name, (size_t)1 << 20, pool, &text, &length, &error) < 0)
		errx(1, "cannot read '%s'", name);
	for (size_t i = 0; i <= CUTS_MAX && i <= length; i++)
		replay_cut(text, length <= CUTS_MAX ? i : length * i / CUTS_MAX);
	ok(true, "%s", name);
}

static int is_visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static void replay_all(const char *program)
{
	autopool struct pool *pool = pool_new();
	const char *top = getenv("top_srcdir"), *target = strrchr(program, '/');
	struct dirent **entries;

	target = strstr(target ? target : program, "replay-") + strlen("replay-");
	const char *path = pool_printf(pool, "%s/tests/fuzz/corpus/%s", top ? top : ".", target);
	int n = scandir(path, &entries, is_visible, alphasort);
	autoclose int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (n <= 0 || dir < 0)
		err(1, "there is nothing in '%s'", path);
	for (int i = 0; i < n; i++) {
		replay(dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(AT_FDCWD, argv[i]);
	if (argc == 1)
		replay_all(program_invocation_name);
	return tap_end();
}
