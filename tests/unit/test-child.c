/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program, and not for ever. */
#include "base/child.h"
#include "base/file.h"
#include "expect.h"
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static char said[8192];

static void hear(void *data, const char *line)
{
	size_t length = strlen(said);

	(void)data;
	snprintf(said + length, sizeof(said) - length, "%s|", line);
}

static int run(const char *shell, const char *input, size_t output_max, int time_ms,
	       struct pool *pool, char **output, struct err *err)
{
	const char *const argv[] = {"sh", "-c", shell, NULL};
	const struct child child = {
		.path = "/bin/sh",
		.argv = argv,
		.input = input,
		.output_max = output_max,
		.time_ms = time_ms,
		.say = hear,
	};

	said[0] = '\0';
	return child_run(&child, pool, output, err);
}

static void test_talking(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	char *output = NULL;

	ok(run("cat; echo one >&2; printf two >&2; exit 7", "text\n", 100, 60000, pool, &output,
	       &err) == 7,
	   "the exit status comes back");
	ok(streq(output, "text\n"), "stdin goes in and stdout comes out");
	ok(streq(said, "one|two|"), "stderr comes line by line, the last without its newline too");
	ok(run("kill -9 $$", "", 0, 60000, pool, &output, &err) == 137,
	   "a signal is 128 and its number");
	ok(run("echo lost; exit 0", "", 0, 60000, pool, &output, &err) == 0 && !*output,
	   "stdout that nobody wants is thrown away");
}

static void test_bounds(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0}, late = {0};
	char *output = NULL, *big = pool_alloc(pool, 1 << 20);

	memset(big, 'x', (1 << 20) - 1);
	ok(run("printf %0100000d 0", "", 100000, 60000, pool, &output, &err) == 0 &&
		   strlen(output) == 100000,
	   "as much as may come comes");
	ok(run("yes | head -n 5000 >&2", "", 0, 60000, pool, &output, &err) == 0 &&
		   streq(said + strlen(said) - 19, "(more is left out)|"),
	   "of very many lines the first");
	ok(run("printf 'a\\000b\\n' >&2", "", 0, 60000, pool, &output, &err) == 0 &&
		   streq(said, "a|b|"),
	   "nothing is lost behind a NUL");
	ok(run("exit 3", big, 0, 60000, pool, &output, &err) == 3,
	   "one that does not read its stdin harms nobody");
	ok(run("cat >/dev/null", big, 0, 60000, pool, &output, &err) == 0,
	   "more than a pipe holds goes in");
	ok(run("yes", "", 1000, 60000, pool, &output, &err) == -1, "too much output is refused");
	is_error(&err, ERR_INVALID, "'/bin/sh' printed more than 1000 bytes", "and says so");

	long long begin = file_now_ms();
	ok(run("trap '' TERM; sleep 60", "", 0, 300, pool, &output, &late) == -1 &&
		   late.errnum == ETIMEDOUT,
	   "its time ends");
	ok(file_now_ms() - begin < 20000, "and what it started ends with it");
	is_error(&late, ERR_BUSY, "'/bin/sh' took longer than 0.3 seconds", "which is told");
	begin = file_now_ms();
	ok(run("sleep 60 & exit 0", "", 0, 30000, pool, &output, &err) == 0 &&
		   file_now_ms() - begin < 20000,
	   "the background is not waited for");
}

static void test_failure(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	const char *const argv[] = {"none", NULL};
	const struct child child = {.path = "/no/such/program",
				    .argv = argv,
				    .input = "",
				    .time_ms = 1000,
				    .say = hear};
	const char *preload = getenv("LD_PRELOAD");
	char *output;

	if (preload && strstr(preload, "vgpreload")) {
		skip("valgrind does not tell that a program cannot be executed");
		return;
	}
	ok(child_run(&child, pool, &output, &err) == -1 && err.errnum == ENOENT,
	   "a program that is not there cannot be run");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_talking();
	test_bounds();
	test_failure();
	return tap_end();
}
