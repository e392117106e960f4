/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The locks of names and parents: how long a run waits for another one, and what it then says. */
#include "base/file.h"
#include "expect.h"
#include "mdev/lock.h"
#include "tap.h"
#include "tree.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define CARD  "0000:86:00.0"
#define OTHER "0000:87:00.0"

static const struct tree_entry empty_run[] = {{.path = "run/"}};

/* A child that holds the names or the card until it is killed. */
static pid_t hold(const struct root *root, bool names)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		_exit(1);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		static const char *const parents[] = {CARD};
		struct locks locks = LOCKS_INIT;
		struct err err = {0};
		int result = names ? locks_take_names(&locks, root, &err)
				   : locks_take_parents(&locks, root, pool_new(), parents, 1, &err);

		if (result < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		ok(false, "the child has the lock");
	close(ready[0]);
	return child;
}

static void let_go(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void test_limit(void)
{
	autolocks struct locks locks = LOCKS_INIT;

	is_number(locks.wait_ms, 30000, "a run waits for 30 seconds");
	is_number(ERR_BUSY, 6, "and then ends with the manual's status for what is in use");
}

static void is_busy(struct err *err, pid_t holder, long long begun, const char *what)
{
	long long took = file_now_ms() - begun;
	autopool struct pool *pool = pool_new();

	ok(took >= 100 && took < 5000, "waits for as long as it may, %lld ms", took);
	is_text(err->hint, pool_printf(pool, "'ps -fp %d' shows what it is doing", holder),
		"the hint says how to look at the holder");
	is_error(err, ERR_BUSY,
		 pool_printf(pool, "%s is locked by another mdevtool (PID %d)", what, holder),
		 "the holder is named");
}

static void test_names(void)
{
	const char *tree = TREE_NEW(empty_run);
	struct root root = tree_root(tree);
	autolocks struct locks locks = LOCKS_INIT;
	autoerr struct err err = {0};
	pid_t holder = hold(&root, true);
	long long begun = file_now_ms();

	locks.wait_ms = 100;
	is_number(locks_take_names(&locks, &root, &err), -1, "names that another run has");
	is_busy(&err, holder, begun, "the list of names and groups");
	is_number(locks.names, -1, "are not held");
	let_go(holder);
	is_success(locks_take_names(&locks, &root, &err), &err, "names that are free again");
	root_close(&root);
}

static void test_parents(void)
{
	static const char *const parents[] = {OTHER, CARD, OTHER};
	const char *tree = TREE_NEW(empty_run);
	struct root root = tree_root(tree);
	autopool struct pool *pool = pool_new(); /* outlives the locks */
	autolocks struct locks locks = LOCKS_INIT;
	autoerr struct err err = {0};
	pid_t holder = hold(&root, false);
	long long begun = file_now_ms();

	locks.wait_ms = 100;
	is_number(locks_take_parents(&locks, &root, pool, parents, 3, &err), -1,
		  "a parent that another run has");
	is_busy(&err, holder, begun, "'" CARD "'");
	ok(!locks_hold(&locks, CARD) && !locks_hold(&locks, OTHER),
	   "those behind it are not held either");
	is_number(locks_try_parent(&locks, &root, pool, CARD, &err), 1, "a mere try");
	is_number(locks_try_parent(&locks, &root, pool, OTHER, &err), 0, "of another one");
	let_go(holder);
	is_success(locks_take_parents(&locks, &root, pool, parents, 3, &err), &err,
		   "a parent that is free again");
	ok(locks_hold(&locks, CARD) && locks_hold(&locks, OTHER), "all are held");
	is_number((long long)locks.n, 2, "once each");
	root_close(&root);
}

int main(void)
{
	if (!tree_can_be_root())
		return tap_end();
	test_limit();
	test_names();
	test_parents();
	return tap_end();
}
