/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans: as shell, in order, and what still runs after a failure. */
#include "mdev/plan.h"
#include "expect.h"
#include "tap.h"
#include "tree.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static const char *shell(struct pool *pool, const struct plan *plan)
{
	const char *text = "", **lines = NULL;
	size_t n = 0;

	plan_lines(plan, pool, &lines, &n);
	for (size_t i = 0; i < n; i++)
		text = pool_printf(pool, "%s%s\n", text, lines[i]);
	return text;
}

static void test_shell(void)
{
	static const struct {
		enum step_kind kind;
		const char *dir, *name, *text, *want;
	} cases[] = {
		{STEP_REQUIRE, "/sys/t", "max_instances", NULL,
		 "test \"$(cat /sys/t/max_instances)\" -gt 0"},
		{STEP_REQUIRE_LISTED, "/sys/t", "list", "1145", "grep -qw '^ *1145' /sys/t/list"},
		{STEP_EXPECT_OTHER, "/sys/t", "type", "1145",
		 "test \"$(cat /sys/t/type)\" != '1145'"},
		{STEP_STORE, "/sys/t", "params", "frame_rate_limiter=0",
		 "echo 'frame_rate_limiter=0' > /sys/t/params"},
		{STEP_CREATE, "/sys/0000:86:00.0", "create", "U:1",
		 "echo 'U:1' > /sys/0000:86:00.0/create"},
		{STEP_FINALLY, "/sys/t", "params", "", "echo '' > /sys/t/params"},
		{STEP_ATTRIBUTE, "/sys/d", "nvidia/vgpu_params", "a=b",
		 "echo 'a=b' > /sys/d/nvidia/vgpu_params"},
		{STEP_REMOVE, "/sys/d", "remove", "1", "echo '1' > /sys/d/remove"},
		{STEP_EXPECT, "/sys/d", "U", NULL, NULL},
		{STEP_EXPECT_GONE, "/sys/d", "U", NULL, NULL},
		{STEP_STORE, "/sys/a b", "p", "it's $HOME", "echo 'it'\\''s $HOME' > '/sys/a b/p'"},
		{STEP_STORE, "/sys/$(x)", "it's", "", "echo '' > '/sys/$(x)/it'\\''s'"},
		{STEP_STORE, "/sys/i915-GVTg_V5_4", "a@b+c,d%e", "",
		 "echo '' > /sys/i915-GVTg_V5_4/a@b+c,d%e"},
		{STEP_STORE, "/sys/*", "p", "*", "echo '*' > '/sys/*/p'"},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct step step = {
			.kind = cases[i].kind,
			.dir = cases[i].dir,
			.name = cases[i].name,
			.text = cases[i].text,
		};
		is_text(step_shell(pool, &step), cases[i].want, "step %zu as shell", i);
	}
}

static void test_print(void)
{
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};

	is_text(shell(pool, &plan), "", "an empty plan prints nothing");
	plan_add(&plan, STEP_STORE, "/sys/t", "params", "a\x1b[31m");
	plan_add(&plan, STEP_EXPECT, "/sys/t", "x", NULL);
	plan_add(&plan, STEP_CREATE, "/sys/t", "create", "U");
	is_text(shell(pool, &plan),
		"echo 'a\\x1b[31m' > /sys/t/params\n"
		"echo 'U' > /sys/t/create\n",
		"one line a step, in order, nothing raw");
}

static const struct tree_entry files[] = {
	{.path = "sys/room", .text = "2\n"},
	{.path = "sys/full", .text = "0\n"},
	{.path = "sys/words", .text = "few\n"},
	{.path = "sys/params", .text = "?"},
	{.path = "sys/create", .text = "?"},
	{.path = "sys/other", .text = "?"},
	{.path = "sys/list",
	 .text = "ID    : 145 Name\n1145  : NVIDIA L40S-1B\n1149\t: x\n7\n  8:\n"},
	{.path = "sys/directory/"},
	{.path = "sys/dangling@", .text = "nowhere"},
};

/* A plan's run on a fresh tree. */
struct trial {
	struct pool *pool;
	struct plan plan;
	struct root root;
	const char *tree;
	struct run run;
	struct err err;
};

static void begin(struct trial *trial)
{
	*trial = (struct trial){.pool = pool_new(), .tree = TREE_NEW(files)};
	trial->plan.pool = trial->pool;
	trial->root = tree_root(trial->tree);
	trial->run.root = &trial->root;
	trial->run.wait.ms = 20000;
}

static struct step *add(struct trial *trial, enum step_kind kind, const char *name,
			const char *text)
{
	return plan_add(&trial->plan, kind, "/sys", name, text);
}

/* What was stored last: each store writes over the file's beginning, as far as it goes. */
static const char *content(const struct trial *trial, const char *name)
{
	const char *text =
		tree_text(trial->pool, trial->tree, pool_printf(trial->pool, "sys/%s", name));
	const char *newline = text ? strchr(text, '\n') : NULL;

	return newline ? pool_strndup(trial->pool, text, (size_t)(newline + 1 - text)) : text;
}

static void end(struct trial *trial)
{
	root_close(&trial->root);
	err_clear(&trial->err);
	pool_free(trial->pool);
}

static void test_good(void)
{
	struct trial t;
	char *trace = NULL;
	size_t length;

	begin(&t);
	t.run.trace = open_memstream(&trace, &length);
	add(&t, STEP_REQUIRE, "room", NULL);
	add(&t, STEP_STORE, "params", "p");
	add(&t, STEP_CREATE, "create", "U");
	add(&t, STEP_FINALLY, "params", "")->undoes = 1;
	add(&t, STEP_EXPECT, "create", NULL);
	add(&t, STEP_EXPECT, "dangling", NULL);
	add(&t, STEP_EXPECT_GONE, "no", NULL);
	add(&t, STEP_ATTRIBUTE, "other", "o");
	add(&t, STEP_REMOVE, "other", "1");
	is_success(plan_run(&t.plan, &t.run, &t.err), &t.err, "a plan without obstacles");
	fclose(t.run.trace);
	ok(t.run.made, "made the device");
	ok(!t.run.left, "and left nothing");
	is_text(content(&t, "create"), "U\n", "the create was stored");
	is_text(content(&t, "params"), "\n", "the params were cleared after they were stored");
	is_text(content(&t, "other"), "1\n", "the last store is the last");
	is_text(trace,
		"test \"$(cat /sys/room)\" -gt 0\n"
		"echo 'p' > /sys/params\n"
		"echo 'U' > /sys/create\n"
		"echo '' > /sys/params\n"
		"echo 'o' > /sys/other\n"
		"echo '1' > /sys/other\n",
		"the trace has each step, in order");
	free(trace);
	end(&t);
}

static void test_no_room(void)
{
	struct trial t;

	begin(&t);
	add(&t, STEP_REQUIRE, "full", NULL);
	add(&t, STEP_STORE, "params", "p");
	add(&t, STEP_CREATE, "create", "U");
	add(&t, STEP_FINALLY, "params", "")->undoes = 1;
	is_number(plan_run(&t.plan, &t.run, &t.err), -1, "a plan that finds no room");
	is_error(&t.err, ERR_NO_ROOM, "no room, full is 0", "says so");
	ok(!t.run.made && !t.run.left, "made and left nothing");
	is_text(content(&t, "params"), "?", "what was not set is not cleared");
	is_text(content(&t, "create"), "?", "and nothing else is stored");
	end(&t);
}

/* The first word of a line, and the whole of it. */
static void test_listed(void)
{
	static const struct {
		const char *word;
		bool listed;
	} cases[] = {{"1145", true}, {"1149", true},   {"7", true},     {"ID", true},  {"8", true},
		     {"114", false}, {"11450", false}, {"L40S", false}, {"145", false}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial t;

		begin(&t);
		add(&t, STEP_REQUIRE_LISTED, "list", cases[i].word);
		is_number(plan_run(&t.plan, &t.run, &t.err), cases[i].listed ? 0 : -1,
			  "'%s' in a list", cases[i].word);
		if (!cases[i].listed)
			is_error(&t.err, ERR_NO_ROOM, "no room, '/sys/list' does not list it now",
				 "says so");
		end(&t);
	}
}

/* Whoever took it after us may have set it to anything. */
static void test_other(void)
{
	static const struct {
		const char *name, *text;
	} cases[] = {{"room", "1145"}, {"full", "2"}, {"no", "2"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial t;

		begin(&t);
		add(&t, STEP_EXPECT_OTHER, cases[i].name, cases[i].text);
		is_number(plan_run(&t.plan, &t.run, &t.err), 0, "'%s' says not '%s'", cases[i].name,
			  cases[i].text);
		end(&t);
	}
}

static void test_finally(void)
{
	struct trial t;

	begin(&t);
	add(&t, STEP_STORE, "params", "p");
	add(&t, STEP_CREATE, "no", "U");
	add(&t, STEP_FINALLY, "params", "")->undoes = 0;
	add(&t, STEP_STORE, "other", "x");
	is_number(plan_run(&t.plan, &t.run, &t.err), -1, "a plan whose create fails");
	is_error(&t.err, ERR_NOT_FOUND, "cannot write 'U' to '/sys/no': ", "names file and text");
	ok(!t.run.made && !t.run.left, "made and left nothing");
	is_text(content(&t, "params"), "\n", "params are cleared all the same");
	is_text(content(&t, "other"), "?", "what follows is not run");
	end(&t);
}

/* A store that failed may have had an effect. */
static void test_finally_of_failure(void)
{
	struct trial t;

	begin(&t);
	add(&t, STEP_STORE, "directory", "p");
	add(&t, STEP_CREATE, "create", "U");
	add(&t, STEP_FINALLY, "params", "")->undoes = 0;
	add(&t, STEP_FINALLY, "other", "")->undoes = 1;
	is_number(plan_run(&t.plan, &t.run, &t.err), -1, "a plan whose first store fails");
	is_error(&t.err, ERR_INVALID, "cannot write 'p' to '/sys/directory': ", "says so");
	is_text(content(&t, "params"), "\n", "cleans up after it");
	is_text(content(&t, "other"), "?", "but not after what never began");
	is_text(content(&t, "create"), "?", "which is not run");
	end(&t);
}

static void test_finally_fails(void)
{
	struct trial t;

	begin(&t);
	add(&t, STEP_CREATE, "create", "U");
	add(&t, STEP_FINALLY, "no", "")->undoes = 0;
	add(&t, STEP_STORE, "other", "x");
	is_number(plan_run(&t.plan, &t.run, &t.err), -1, "a plan that cannot clean up");
	is_error(&t.err, ERR_NOT_FOUND, "cannot write '' to '/sys/no': ", "says so");
	ok(t.run.made, "made its device");
	ok(t.run.left, "and left something");
	is_text(content(&t, "other"), "?", "what follows is not run");
	end(&t);

	begin(&t);
	add(&t, STEP_STORE, "params", "p");
	add(&t, STEP_CREATE, "directory", "U");
	add(&t, STEP_FINALLY, "no", "")->undoes = 0;
	is_number(plan_run(&t.plan, &t.run, &t.err), -1, "one that fails and cannot clean up");
	is_error(&t.err, ERR_INVALID,
		 "cannot write 'U' to '/sys/directory': ", "gives the first cause");
	ok(t.run.left && !t.run.made, "and left something, but no device");
	end(&t);
}

static void test_failures(void)
{
	static const struct {
		enum step_kind kind;
		const char *name, *text;
		enum err_kind wanted;
		const char *message;
		int errnum;
	} cases[] = {
		{STEP_REQUIRE, "no", NULL, ERR_NOT_FOUND, "cannot read '/sys/no': ", ENOENT},
		{STEP_REQUIRE, "words", NULL, ERR_INVALID, "cannot read '/sys/words': ", EINVAL},
		{STEP_REQUIRE_LISTED, "no", "1145", ERR_NOT_FOUND,
		 "cannot read '/sys/no': ", ENOENT},
		{STEP_EXPECT, "no", NULL, ERR_FAILED,
		 "the driver took it, but '/sys/no' is not there", 0},
		{STEP_EXPECT_OTHER, "room", "2", ERR_FAILED,
		 "the driver took it, but '/sys/room' still says '2'", 0},
		{STEP_EXPECT_GONE, "room", NULL, ERR_FAILED,
		 "the driver took it, but '/sys/room' is still there", 0},
		{STEP_EXPECT_GONE, "dangling", NULL, ERR_FAILED,
		 "the driver took it, but '/sys/dangling' is still there", 0},
		{STEP_ATTRIBUTE, "no", "1", ERR_INVALID, "the device has no attribute 'no'",
		 ENOENT},
		{STEP_ATTRIBUTE, "../x", "1", ERR_INVALID, "the device has no attribute '../x'",
		 EXDEV},
		{STEP_ATTRIBUTE, "dangling", "1", ERR_INVALID,
		 "the device has no attribute 'dangling'", ELOOP},
		{STEP_STORE, "no", "x", ERR_NOT_FOUND, "cannot write 'x' to '/sys/no': ", ENOENT},
		{STEP_REMOVE, "no", "1", ERR_NOT_FOUND, "cannot write '1' to '/sys/no': ", ENOENT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial t;

		begin(&t);
		add(&t, cases[i].kind, cases[i].name, cases[i].text);
		is_number(plan_run(&t.plan, &t.run, &t.err), -1, "a step fails");
		is_number(t.err.errnum, cases[i].errnum, "with its errno");
		is_error(&t.err, cases[i].wanted, cases[i].message, "it says why");
		end(&t);
	}
}

static void test_too_long(void)
{
	struct trial t;

	begin(&t);
	char *text = pool_alloc(t.pool, SYSFS_PAGE + 1);
	memset(text, 'x', SYSFS_PAGE);
	add(&t, STEP_CREATE, "create", text);
	is_number(plan_run(&t.plan, &t.run, &t.err), -1, "a text over a page");
	is_error(&t.err, ERR_INVALID, "text for '/sys/create' is too long, 4095 bytes", "says so");
	ok(!t.run.made, "nothing was made");
	is_text(content(&t, "create"), "?", "nothing was stored");
	end(&t);
}

/* The driver took a part: whether it made the device, nobody knows. */
static void test_short(void)
{
	struct rlimit before, now;
	struct trial t;

	begin(&t);
	add(&t, STEP_CREATE, "create", "0123456789");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	now = (struct rlimit){4, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &now);
	int result = plan_run(&t.plan, &t.run, &t.err);
	setrlimit(RLIMIT_FSIZE, &before);
	is_number(result, -1, "a create that takes only a part");
	is_error(&t.err, ERR_FAILED, "'/sys/create' did not take all of '0123456789'", "says so");
	ok(t.run.made, "and may have made its device");
	end(&t);
}

static void test_readonly(void)
{
	struct trial t;

	begin(&t);
	tree_chmod(t.tree, "sys/create", 0444);
	add(&t, STEP_STORE, "params", "p");
	add(&t, STEP_CREATE, "create", "U");
	add(&t, STEP_FINALLY, "params", "")->undoes = 0;
	if (become_ordinary()) {
		plan_run(&t.plan, &t.run, &t.err);
		become_oneself();
		is_error(&t.err, ERR_DENIED, "cannot write '", "without rights");
	} else {
		skip("cannot become an ordinary user");
	}
	end(&t);
}

int main(void)
{
	test_shell();
	test_print();
	if (!tree_can_be_root())
		return tap_end();
	test_good();
	test_no_room();
	test_listed();
	test_other();
	test_finally();
	test_finally_of_failure();
	test_finally_fails();
	test_failures();
	test_too_long();
	test_short();
	test_readonly();
	return tap_end();
}
