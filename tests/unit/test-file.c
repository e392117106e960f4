/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded reading, atomic replacement, locks with a time limit. */
#include "base/file.h"
#include "expect.h"
#include "tap.h"
#include "tree.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A file of `size` bytes that is read with a bound of `max`. */
static void check_read(const char *tree, size_t size, size_t max, bool good)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	char *content = pool_alloc(pool, size + 1), *text = NULL;
	size_t length = 0;

	memset(content, 'x', size);
	TREE_ADD(tree, {.path = "bounded", .text = content});
	autoclose int dir = tree_open(tree, ".");
	autoclose int fd = openat(dir, "bounded", O_RDONLY | O_CLOEXEC);
	int result = file_read(fd, "its-name", max, pool, &text, &length, &err);
	if (good)
		ok(result == 0 && length == size && streq(text, content),
		   "%zu bytes are read, %zu are the most", size, max);
	else
		is_error(&err, ERR_INVALID, "'its-name' is too large", "more than the most");
}

static void test_read(void)
{
	static const struct {
		size_t size, max;
		bool good;
	} cases[] = {
		{0, 0, true},          {0, 10, true},          {10, 10, true},
		{11, 10, false},       {1, 0, false},          {16384, 16384, true},
		{16385, 16384, false}, {40000, 1 << 20, true}, {100000, 99999, false},
	};
	const char *tree = tree_new(NULL, 0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_read(tree, cases[i].size, cases[i].max, cases[i].good);
}

static void test_read_bytes(void)
{
	const char *tree = tree_new(
		(const struct tree_entry[]){{"nul", "a\0b", 3}, {"directory/", NULL, 0}}, 2);
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");
	autoclose int nul = openat(dir, "nul", O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	char *text = NULL;

	is_number(file_read(nul, "nul", 10, pool, &text, &length, &err), 0, "a NUL is read");
	ok(length == 3 && text && memcmp(text, "a\0b", 4) == 0, "with what follows it");
	file_read(dir, "directory", 10, pool, &text, &length, &err);
	is_error(&err, ERR_INVALID, "cannot read 'directory': ", "a directory is not read");
}

static void test_replace(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "old", .text = "old text\n"},
		{.path = ".old.tmp", .text = "left by a killed run"},
		{.path = "victim", .text = "untouched"},
		{.path = ".linked.tmp@", .text = "victim"},
		{.path = "link@", .text = "victim"},
		{.path = "taken/file", .text = ""},
	}));
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");
	struct stat st;

	is_success(file_replace(dir, "new", "/x/new", "new text\n", 0644, &err), &err,
		   "a new file is written");
	is_text(tree_text(pool, tree, "new"), "new text\n", "with its content");
	ok(fstatat(dir, "new", &st, 0) == 0 && (st.st_mode & 07777) == 0644, "and its mode");
	ok(!tree_has(tree, ".new.tmp"), "and no temporary file");

	is_success(file_replace(dir, "old", "/x/old", "", 0600, &err), &err,
		   "an old one is replaced beside a temporary file that was left");
	is_text(tree_text(pool, tree, "old"), "", "by nothing");
	ok(fstatat(dir, "old", &st, 0) == 0 && (st.st_mode & 07777) == 0600, "with the new mode");
	ok(!tree_has(tree, ".old.tmp"), "and the temporary file is gone");

	is_success(file_replace(dir, "linked", "/x/linked", "l", 0644, &err), &err,
		   "a symlink in the temporary file's place");
	is_success(file_replace(dir, "link", "/x/link", "l", 0644, &err), &err,
		   "a symlink in the file's place");
	is_text(tree_text(pool, tree, "victim"), "untouched", "is not followed");
	ok(readlinkat(dir, "link", (char[8]){0}, 8) < 0, "and gives way");

	file_replace(dir, "taken", "/x/taken", "t", 0644, &err);
	is_error(&err, ERR_INVALID, "cannot write '/x/taken': ", "a directory in its place");
	ok(!tree_has(tree, ".taken.tmp"), "leaves no temporary file");
	ok(tree_has(tree, "taken/file"), "and stays");
	file_replace(dir, "no/file", "/x/no/file", "t", 0644, &err);
	is_error(&err, ERR_NOT_FOUND, "cannot write '/x/no/file': ", "a missing directory");
}

static void test_replace_denied(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = "d/f", .text = "old"}}));
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, "d");

	tree_chmod(tree, "d", 0555);
	if (!become_ordinary()) {
		skip("cannot become an ordinary user");
		return;
	}
	file_replace(dir, "f", "/x/f", "new", 0644, &err);
	become_oneself();
	is_error(&err, ERR_DENIED, "cannot write '/x/f': ", "a directory without write permission");
	is_text(tree_text(pool, tree, "d/f"), "old", "keeps the old file");
	tree_chmod(tree, "d", 0755);
}

/* A child that holds the lock until it is killed. */
static pid_t hold(int dir, const char *name)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		_exit(1);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		struct err err = {0};
		int fd = file_lock(dir, name, "it", 0, &err);

		if (fd < 0 || write(ready[1], "", 1) != 1)
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

static void test_lock(void)
{
	const char *tree = tree_new(NULL, 0);
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");
	struct stat st;

	int fd = file_lock(dir, "lock", "it", 0, &err);
	ok(fd >= 0, "a free lock is taken at once");
	ok(fstatat(dir, "lock", &st, 0) == 0 && (st.st_mode & 07777) == 0600, "its file is 0600");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "it does not outlive exec");
	is_number(file_try_lock(dir, "lock", "it", &err), -1, "it is not taken twice");
	ok(err.kind == ERR_NONE, "which is no error of a mere try");
	close(fd);
	fd = file_try_lock(dir, "lock", "it", &err);
	ok(fd >= 0, "closing it releases it");
	close(fd);
}

static void test_lock_held(void)
{
	const char *tree = tree_new(NULL, 0);
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");
	pid_t child = hold(dir, "lock");
	long long begun = file_now_ms();

	is_number(file_lock(dir, "lock", "'0000:86:00.0'", 150, &err), -1, "a held lock");
	long long took = file_now_ms() - begun;
	ok(took >= 150 && took < 5000, "is waited for as long as said");
	is_text(err.hint, pool_printf(pool, "'ps -fp %d' shows what it is doing", child),
		"the hint says how to look at the holder");
	is_error(&err, ERR_BUSY,
		 pool_printf(pool, "'0000:86:00.0' is locked by another mdevtool (PID %d)", child),
		 "the holder is named");
	is_number(file_try_lock(dir, "lock", "it", &err), -1, "a mere try");
	let_go(child);
	autoclose int fd = file_lock(dir, "lock", "it", 0, &err);
	ok(fd >= 0, "a killed holder has released it");
}

/* The file's last owner had a longer PID, or somebody wrote something else into it. */
static void test_lock_text(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", "it is locked by another mdevtool"},
		{"x\x1b[31m", "it is locked by another mdevtool"},
		{"123456789012345678901234567890", "it is locked by another mdevtool (PID 123"},
	};
	const char *tree = tree_new(NULL, 0);
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autoclose int fd = file_lock(dir, "lock", "it", 0, &err);

		TREE_ADD(tree, {.path = "lock", .text = cases[i].text});
		file_lock(dir, "lock", "it", 0, &err);
		ok(!err.message || !strchr(err.message, '\x1b'), "nothing raw in the message");
		is_error(&err, ERR_BUSY, cases[i].want, "a lock file with another text");
	}
	TREE_ADD(tree, {.path = "long", .text = "1234567890 and more"});
	is_number(file_lock(dir, "long", "it", 0, &err), -1,
		  "a lock that others can read, and so hold");
	is_error(&err, ERR_DENIED, "cannot use the lock of it: it is not as mdevtool makes it",
		 "why");
	tree_chmod(tree, "long", 0600);
	autoclose int fd = file_lock(dir, "long", "it", 0, &err);
	autopool struct pool *pool = pool_new();
	file_lock(dir, "long", "it", 0, &err);
	is_error(&err, ERR_BUSY,
		 pool_printf(pool, "it is locked by another mdevtool (PID %d)", getpid()),
		 "a longer text before");
}

static void test_lock_wait(void)
{
	const char *tree = tree_new(NULL, 0);
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");
	pid_t holder = hold(dir, "lock");

	pid_t killer = fork();
	if (killer == 0) {
		file_sleep_ms(100);
		kill(holder, SIGKILL);
		_exit(0);
	}
	autoclose int fd = file_lock(dir, "lock", "it", 20000, &err);
	ok(fd >= 0, "a lock that is released while we wait is taken");
	let_go(holder);
	waitpid(killer, NULL, 0);
}

static void test_lock_refused(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "elsewhere", .text = "kept"},
		{.path = "link@", .text = "elsewhere"},
		{.path = "directory/"},
	}));
	autoerr struct err err = {0};
	autoclose int dir = tree_open(tree, ".");

	is_number(file_lock(dir, "link", "it", 0, &err), -1, "a symlink for a lock");
	is_error(&err, ERR_INVALID, "cannot open the lock of it: ", "is not followed");
	is_number(file_try_lock(dir, "directory", "it", &err), -2, "a directory for a lock");
	is_error(&err, ERR_INVALID, "cannot open the lock of it: ", "is an error");
	is_number(file_lock(dir, "no/lock", "it", 0, &err), -1, "a missing directory");
	is_error(&err, ERR_NOT_FOUND, "cannot open the lock of it: ", "is an error");
}

int main(void)
{
	test_read();
	test_read_bytes();
	test_replace();
	test_replace_denied();
	test_lock();
	test_lock_held();
	test_lock_text();
	test_lock_wait();
	test_lock_refused();
	return tap_end();
}
