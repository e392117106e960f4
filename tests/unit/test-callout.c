/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What scripts are told, in which order, what comes of their answers, and which are run at all. */
#include "mdev/callout.h"
#include "base/file.h"
#include "expect.h"
#include "tap.h"
#include "tree.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define UUID       "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define DEFINITION "{\"mdev_type\":\"t1\",\"start\":\"manual\",\"attrs\":[]}"

/* Lines of shell; $4 is the event, $6 the action, $8 the state. */
#define SUPPORTS(version, actions, events)                                    \
	"[ $6 != capabilities ] || echo '{\"supports\":{\"version\":" version \
	",\"actions\":[" actions "],\"events\":[" events "]}}'\n"
#define SUPPORTS_ALL                                                                          \
	SUPPORTS("2", "\"start\",\"stop\",\"define\",\"undefine\",\"modify\",\"attributes\"", \
		 "\"pre\",\"post\",\"get\",\"live\"")
#define ASKED(name) name " get capabilities none\n"

/* A script that leaves a line in the root's file "log", and then does as it is told. */
struct body {
	const char
		*path; /* "c/a": a call-out of /usr; "n/a" a notifier; "ec/", "en/" those of /etc */
	const char *shell;
};

struct scene {
	struct pool *pool;
	const char *tree;
	struct root root;
	struct callout callout;
	const char *said;
};

static void note_said(void *data, const char *line)
{
	struct scene *scene = data;

	scene->said = pool_printf(scene->pool, "%s%s\n", scene->said, line);
}

#define LIB "/usr/lib/mdevctl/scripts.d/"

static const char *place(struct pool *pool, const char *path)
{
	bool etc = *path == 'e';

	return pool_printf(pool, "%s/scripts.d/%s%s", etc ? "etc/mdevctl.d" : "usr/lib/mdevctl",
			   path[etc] == 'c' ? "callouts" : "notifiers", strchr(path, '/'));
}

static void add_script(struct scene *scene, const char *path, const char *shell)
{
	const char *text =
		pool_printf(scene->pool, "#!/bin/sh\necho \"${0##*/} $4 $6 $8\" >>'%s/log'\n%s\n",
			    scene->tree, shell);

	TREE_ADD(scene->tree, {.path = path, .text = text});
	tree_chmod(scene->tree, path, 0755);
}

static void set_up(struct scene *scene, struct pool *pool, const struct body *bodies, size_t n)
{
	*scene = (struct scene){.pool = pool, .tree = tree_new(NULL, 0), .said = ""};
	for (size_t i = 0; i < n && bodies[i].path; i++)
		add_script(scene, place(pool, bodies[i].path), bodies[i].shell);
	scene->root = tree_root(scene->tree);
	scene->callout = (struct callout){.root = &scene->root,
					  .pool = pool,
					  .action = CALLOUT_START,
					  .type = "t1",
					  .uuid = UUID,
					  .parent = "p1",
					  .definition = DEFINITION,
					  .say = note_said,
					  .data = scene};
}

/* For the next action on the same machine. */
static void forget(struct scene *scene, enum callout_action action)
{
	scene->callout.action = action;
	scene->callout.script = NULL;
	scene->callout.versioned = scene->callout.refused = false;
	scene->said = "";
	TREE_ADD(scene->tree, {.path = "log"});
}

static const char *log_of(const struct scene *scene)
{
	const char *log = tree_text(scene->pool, scene->tree, "log");

	return log ? log : "";
}

/* Whole actions */

struct action_case {
	const char *name;
	struct body bodies[6];
	bool force, fails; /* the action itself */
	enum err_kind kind;
	const char *error; /* of callout_begin() */
	const char *log, *said;
};

static const struct action_case old_scripts[] = {
	{.name = "no script", .log = ""},
	{
		.name = "a notifier alone",
		.bodies = {{"n/n", ""}},
		.log = "n notify start success\n",
	},
	{
		.name = "the first whose status is not 2",
		.bodies =
			{{"c/a", "echo other >&2; exit 2"}, {"c/b", ""}, {"c/c", ""}, {"n/n", ""}},
		.log = ASKED("a") ASKED("b") ASKED("c") "a pre start none\nb pre start none\n"
							"b post start success\n"
							"n notify start success\n",
		.said = "a: other\n",
	},
	{
		.name = "2 from all",
		.bodies = {{"c/a", "exit 2"}, {"ec/b", "exit 2"}},
		.log = ASKED("a") ASKED("b") "a pre start none\nb pre start none\n",
	},
	{
		.name = "order is by bytes, a directory at a time",
		.bodies = {{"c/Z", "exit 2"},
			   {"ec/0", "exit 2"},
			   {"c/10", "exit 2"},
			   {"c/9", "exit 2"},
			   {"en/1", ""},
			   {"n/2", ""}},
		.log = ASKED("10") ASKED("9") ASKED("Z")
			ASKED("0") "10 pre start none\n9 pre start none\nZ pre start none\n"
				   "0 pre start none\n2 notify start success\n"
				   "1 notify start success\n",
	},
	{
		.name = "an action that fails",
		.bodies = {{"c/a", ""}, {"n/n", ""}},
		.fails = true,
		.log = ASKED(
			"a") "a pre start none\na post start failure\nn notify start failure\n",
	},
	{
		.name = "a refusal",
		.bodies = {{"c/a", "[ $4 != pre ] || { echo no >&2; exit 1; }"},
			   {"c/b", ""},
			   {"n/n", ""}},
		.kind = ERR_FAILED,
		.error = "the script '" LIB "callouts/a' refuses with status 1",
		.log = ASKED("a") ASKED("b") "a pre start none\na post start failure\n"
					     "n notify start none\n",
		.said = "a: no\n",
	},
	{
		.name = "a refusal, forced",
		.bodies = {{"c/a", "[ $4 != pre ] || exit 255"}, {"n/n", ""}},
		.force = true,
		.log = ASKED(
			"a") "a pre start none\na post start success\nn notify start success\n",
		.said = "forced, though the script '" LIB "callouts/a' refuses with status 255\n",
	},
	{
		.name = "a sudden death",
		.bodies = {{"c/a", "[ $4 != pre ] || kill -9 $$"}, {"c/b", ""}},
		.kind = ERR_FAILED,
		.error = "the script '" LIB "callouts/a' refuses with status 137",
		.log = ASKED("a") ASKED("b") "a pre start none\na post start failure\n",
	},
	{
		.name = "what goes wrong afterwards",
		.bodies = {{"c/a", "[ $4 != post ] || exit 3"}, {"n/a", "exit 1"}, {"n/b", ""}},
		.log = ASKED("a") "a pre start none\na post start success\n"
				  "a notify start success\nb notify start success\n",
		.said = "the script '" LIB "callouts/a' fails with status 3\n"
			"the script '" LIB "notifiers/a' fails with status 1\n",
	},
	{
		.name = "complaints about capabilities are not heard",
		.bodies = {{"c/a", "echo $4 >&2; [ $4 != get ]"}},
		.log = ASKED("a") "a pre start none\na post start success\n",
		.said = "a: pre\na: post\n",
	},
};

static const struct action_case versioned_scripts[] = {
	{
		.name = "a script with a version is alone",
		.bodies = {{"c/a", ""}, {"c/b", SUPPORTS_ALL}, {"c/c", ""}},
		.log = ASKED("a") ASKED("b") "b pre start none\nb post start success\n",
	},
	{
		.name = "status 1 of capabilities",
		.bodies = {{"c/a", SUPPORTS_ALL "[ $4 != get ] || exit 1"}, {"c/b", ""}},
		.log = ASKED("a") "a pre start none\na post start success\n",
	},
	{
		.name = "status 2 of capabilities",
		.bodies = {{"c/a", SUPPORTS_ALL "exit 2"}, {"c/b", ""}},
		.log = ASKED("a") ASKED("b") "a pre start none\nb pre start none\n"
					     "b post start success\n",
	},
	{
		.name = "status 2 of a script with a version",
		.bodies = {{"c/a", SUPPORTS_ALL "[ $4 = get ] || exit 2"}, {"c/b", ""}},
		.kind = ERR_FAILED,
		.error = "the script '" LIB "callouts/a' refuses with status 2",
		.log = ASKED("a") "a pre start none\na post start failure\n",
	},
	{
		.name = "words and versions of another time",
		.bodies = {{"c/a",
			    SUPPORTS("99", "\"start\",\"dance\"", "\"sing\",\"post\",\"pre\"")},
			   {"c/b", ""}},
		.log = ASKED("a") "a pre start none\na post start success\n",
	},
	{
		.name = "no such action",
		.bodies = {{"c/a", SUPPORTS("2", "\"stop\"", "\"pre\",\"post\"")}, {"n/n", ""}},
		.kind = ERR_UNSUPPORTED,
		.error = "the script '" LIB "callouts/a' does not support 'start'",
		.log = ASKED("a") "n notify start none\n",
	},
	{
		.name = "no such action, forced",
		.bodies = {{"c/a", SUPPORTS("2", "\"stop\"", "\"pre\",\"post\"")}, {"n/n", ""}},
		.force = true,
		.log = ASKED("a") "n notify start success\n",
		.said = "forced, though the script '" LIB "callouts/a' does not support 'start'\n",
	},
	{
		.name = "no \"pre\"",
		.bodies = {{"c/a", SUPPORTS("2", "\"start\"", "\"post\"")}},
		.kind = ERR_UNSUPPORTED,
		.error = "the script '" LIB "callouts/a' does not support the event 'pre'",
		.log = ASKED("a"),
	},
	{
		.name = "no \"pre\", forced",
		.bodies = {{"c/a", SUPPORTS("2", "\"start\"", "\"post\"")}},
		.force = true,
		.log = ASKED("a") "a post start success\n",
		.said = "forced, though the script '" LIB
			"callouts/a' does not support the event 'pre'\n",
	},
	{
		.name = "no \"post\"",
		.bodies = {{"c/a", SUPPORTS("2", "\"start\"", "\"pre\"")}, {"n/n", ""}},
		.log = ASKED("a") "a pre start none\nn notify start success\n",
	},
};

static void check_action(const struct action_case *expected)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct scene scene;

	set_up(&scene, pool, expected->bodies, ARRAY_SIZE(expected->bodies));
	scene.callout.force = expected->force;
	int result = callout_begin(&scene.callout, &err);
	if (expected->kind == ERR_NONE) {
		is_success(result, &err, expected->name);
	} else {
		is_number(result, -1, "%s", expected->name);
		is_error(&err, expected->kind, expected->error, expected->name);
	}
	callout_end(&scene.callout, !expected->fails);
	is_text(log_of(&scene), expected->log, "%s: who is told what", expected->name);
	is_text(scene.said, expected->said ? expected->said : "", "%s: what is said",
		expected->name);
	root_close(&scene.root);
}

/* Answers to get/capabilities that are none: the script is told everything all the same. */
static void test_no_capabilities(void)
{
	static const char *const answers[] = {
		"",
		"null",
		"[]",
		"gar{bage",
		"{\"supports\":{}}",
		"{\"supports\":[]}",
		"{\"provides\":{\"version\":2,\"actions\":[],\"events\":[]}}",
		"{\"supports\":{\"actions\":[],\"events\":[]}}",
		"{\"supports\":{\"version\":\"2\",\"actions\":[],\"events\":[]}}",
		"{\"supports\":{\"version\":2,\"events\":[]}}",
		"{\"supports\":{\"version\":2,\"actions\":{},\"events\":[]}}",
		"{\"supports\":{\"version\":2,\"actions\":[7],\"events\":[]}}",
		"{\"supports\":{\"version\":2,\"actions\":[],\"events\":\"pre\"}}",
	};
	autopool struct pool *pool = pool_new();
	struct scene scene;

	set_up(&scene, pool, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		autoerr struct err err = {0};
		const char *shell = pool_printf(pool, "[ $4 != get ] || echo '%s'", answers[i]);

		forget(&scene, CALLOUT_STOP);
		add_script(&scene, place(pool, "c/a"), shell);
		is_success(callout_begin(&scene.callout, &err), &err, answers[i]);
		callout_end(&scene.callout, true);
		is_text(log_of(&scene), ASKED("a") "a pre stop none\na post stop success\n",
			"'%s' are no capabilities", answers[i]);
	}
	root_close(&scene.root);
}

/* Running devices */

static void test_attributes(void)
{
	static const struct {
		const char *name;
		struct body bodies[3];
		const char *json, *log;
	} cases[] = {
		{"nobody", {{0}}, NULL, ""},
		{"an old one",
		 {{"c/a", "exit 2"}, {"c/b", "[ $6 != attributes ] || echo '[1]'; echo b >&2"}},
		 "[1]\n",
		 ASKED("a") ASKED("b") "a get attributes none\nb get attributes none\n"},
		{"one with a version",
		 {{"c/a", ""}, {"c/b", SUPPORTS_ALL "[ $6 != attributes ] || echo '[1]'"}},
		 "[1]\n",
		 ASKED("a") ASKED("b") "b get attributes none\n"},
		{"one that cannot tell",
		 {{"c/a", SUPPORTS_ALL "[ $6 != attributes ] || exit 1"}, {"c/b", ""}},
		 NULL,
		 ASKED("a") "a get attributes none\n"},
		{"one that does not know how",
		 {{"c/a", SUPPORTS("2", "\"start\"", "\"pre\",\"get\"")}, {"c/b", ""}},
		 NULL,
		 ASKED("a")},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		const char *json = "unset";
		struct scene scene;

		set_up(&scene, pool, cases[i].bodies, ARRAY_SIZE(cases[i].bodies));
		is_success(callout_attributes(&scene.callout, &json, &err), &err, cases[i].name);
		is_text(json, cases[i].json, "%s: its answer", cases[i].name);
		is_text(log_of(&scene), cases[i].log, "%s: who is asked", cases[i].name);
		root_close(&scene.root);
	}
}

static void test_live(void)
{
	static const struct {
		const char *name;
		struct body bodies[3];
		enum err_kind kind;
		const char *error, *log;
	} cases[] = {
		{"nobody", {{0}}, ERR_UNSUPPORTED, "a running device of type 't1' cannot", ""},
		{"an old one",
		 {{"c/a", ""}, {"n/n", ""}},
		 ERR_UNSUPPORTED,
		 "a running",
		 ASKED("a")},
		{"one that can",
		 {{"c/a", SUPPORTS_ALL "[ $4 != live ] || cat >>\"${0%/usr/*}/log\""}, {"n/n", ""}},
		 ERR_NONE,
		 NULL,
		 ASKED("a") "a live modify none\n" DEFINITION "n notify modify none\n"},
		{"one that does not know the event",
		 {{"c/a", SUPPORTS("2", "\"modify\"", "\"pre\"")}, {"n/n", ""}},
		 ERR_UNSUPPORTED,
		 "a running",
		 ASKED("a")},
		{"one that fails",
		 {{"c/a", SUPPORTS_ALL "[ $4 != live ] || exit 2"}, {"n/n", ""}},
		 ERR_FAILED,
		 "the script '" LIB "callouts/a' fails with status 2",
		 ASKED("a") "a live modify none\nn notify modify none\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct scene scene;

		set_up(&scene, pool, cases[i].bodies, ARRAY_SIZE(cases[i].bodies));
		scene.callout.action = CALLOUT_MODIFY;
		scene.callout.force = true;
		int result = callout_live(&scene.callout, &err);
		if (cases[i].kind == ERR_NONE)
			is_success(result, &err, cases[i].name);
		else
			is_error(&err, cases[i].kind, cases[i].error, cases[i].name);
		is_text(log_of(&scene), cases[i].log, "%s: who is told what", cases[i].name);
		root_close(&scene.root);
	}
}

/* What a script is given */

static void test_surroundings(void)
{
	static const char shell[] =
		"[ $4 = pre ] || exit 0\n"
		"exec >>\"${0%/etc/*}/log\" 2>&1\n"
		"echo \"$*\"; cat; echo\n"
		"pwd; env | grep -v ^PWD= | sort\n"
		/* 10 is where sh keeps the script itself */
		"ls /proc/$$/fd | grep -v 10\n"
		/* the C library keeps two signals for itself */
		"grep -E '^Sig(Blk|Ign)' /proc/self/status | sed 's/:.*\\(.......\\)$/:\\1/'\n"
		"echo $PPID\n";
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	static const struct body bodies[] = {{"ec/a", shell}};
	struct scene scene;
	sigset_t set, old;

	set_up(&scene, pool, bodies, ARRAY_SIZE(bodies));
	setenv("SECRET", "1", 1);
	autoclose int inherited = open("/", O_PATH); /* not closed by exec */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	is_success(callout_begin(&scene.callout, &err), &err, "a script looks around");
	sigprocmask(SIG_SETMASK, &old, NULL);
	unsetenv("SECRET");
	ok(inherited >= 3, "there is a descriptor to inherit");
	is_text(log_of(&scene),
		pool_printf(pool,
			    ASKED("a") "a pre start none\n"
				       "-t t1 -e pre -a start -s none -u " UUID
				       " -p p1\n" DEFINITION
				       "\n/\nLC_ALL=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
				       "0\n1\n2\nSigBlk:0000000\nSigIgn:0000000\n%d\n",
			    (int)getpid()),
		"arguments, input, directory, environment, descriptors, signals, parent");
	root_close(&scene.root);
}

static void test_time(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	static const struct body bodies[] = {
		{"c/a", "[ $4 != pre ] || { echo working >&2; trap '' TERM; sleep 100; }"},
		{"n/n", ""}};
	struct scene scene;

	set_up(&scene, pool, bodies, ARRAY_SIZE(bodies));
	scene.callout.time_ms = 2000;
	is_number(callout_begin(&scene.callout, &err), -1, "a script that is too slow");
	is_error(&err, ERR_BUSY, "'" LIB "callouts/a' took longer than 2 seconds", "is named");
	callout_end(&scene.callout, false);
	is_text(log_of(&scene),
		ASKED("a") "a pre start none\na post start failure\nn notify start none\n",
		"and can tidy up");
	is_text(scene.said, "a: working\n", "what it said until then is heard");
	root_close(&scene.root);
}

static void test_bad_manners(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	static const struct body bodies[] = {
		{"c/a", "exec <&-; yes | head -c 300000"},
		{"n/n", "sleep 100 & echo $! >\"${0%/usr/*}/pid\""},
	};
	char *big = pool_alloc(pool, 1 << 20);
	struct scene scene;

	memset(big, ' ', (1 << 20) - 1);
	set_up(&scene, pool, bodies, ARRAY_SIZE(bodies));
	scene.callout.definition = big;
	long long begin = file_now_ms();
	is_success(callout_begin(&scene.callout, &err), &err, "one that reads nothing");
	callout_end(&scene.callout, true);
	ok(file_now_ms() - begin < 50000, "nor is what a notifier leaves behind waited for");
	is_text(log_of(&scene),
		ASKED("a") "a pre start none\na post start success\nn notify start success\n",
		"all are told");
	const char *pid = tree_text(pool, scene.tree, "pid");
	ok(pid && kill((pid_t)strtol(pid, NULL, 10), SIGKILL) == 0, "it is there still");
	root_close(&scene.root);
}

/* Which are run */

static void check_trust(struct scene *scene, bool trusted, const char *name)
{
	autoerr struct err err = {0};

	forget(scene, CALLOUT_DEFINE);
	int result = callout_begin(&scene->callout, &err);
	if (trusted) {
		is_success(result, &err, name);
		callout_end(&scene->callout, true);
		return;
	}
	is_error(&err, ERR_DENIED, "will not run '" LIB "callouts/a': others may change '/", name);
	is_text(log_of(scene), "", "%s: it does not run", name);
}

#define SCRIPT  "usr/lib/mdevctl/scripts.d/callouts/a"
#define CALLOUT "usr/lib/mdevctl/scripts.d/callouts"

/* The script is a link to /opt/x/s by way of /opt/d, a link to /opt/x. */
static void make_link(struct scene *scene, struct pool *pool)
{
	set_up(scene, pool, NULL, 0);
	add_script(scene, "opt/x/s", "");
	TREE_ADD(scene->tree, {.path = "opt/d@", .text = "/nowhere/../opt/./x"},
		 {.path = "nowhere/"}, {.path = SCRIPT "@", .text = "../../../../../opt/d/s"});
}

static void test_modes(void)
{
	static const struct {
		const char *path;
		unsigned mode, usual;
		bool trusted;
	} cases[] = {
		{"opt/x/s", 0700, 0755, true},  {"opt/x/s", 0775, 0755, false},
		{"opt/x/s", 0757, 0755, false}, {"opt/x/s", 01757, 0755, false},
		{"opt/x", 0775, 0755, false},   {"opt/x", 01777, 0755, true},
		{"opt", 0777, 0755, false},     {CALLOUT, 0777, 0755, false},
		{CALLOUT, 01777, 0755, true},   {"usr/lib", 0757, 0755, false},
		{"usr", 0770, 0755, false},     {".", 0777, 0755, false},
		{"nowhere", 0777, 0755, false},
	};
	autopool struct pool *pool = pool_new();
	struct scene scene;

	make_link(&scene, pool);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_chmod(scene.tree, cases[i].path, cases[i].mode);
		check_trust(&scene, cases[i].trusted,
			    pool_printf(pool, "'%s' of mode %04o", cases[i].path, cases[i].mode));
		tree_chmod(scene.tree, cases[i].path, cases[i].usual);
	}
	root_close(&scene.root);
}

static void test_owners(void)
{
	static const char *const paths[] = {"opt/x/s", "opt/x", "opt/d", SCRIPT, CALLOUT, "usr"};
	autopool struct pool *pool = pool_new();
	struct scene scene;

	if (geteuid() != 0) {
		skip("only root can give files away");
		return;
	}
	make_link(&scene, pool);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		autoclose int top = tree_open(scene.tree, ".");
		bool given = fchownat(top, paths[i], 1234, 0, AT_SYMLINK_NOFOLLOW) == 0;

		check_trust(&scene, false, paths[i]);
		ok(given && fchownat(top, paths[i], 0, 0, AT_SYMLINK_NOFOLLOW) == 0,
		   "that was another's");
	}
	root_close(&scene.root);
}

/* What goes wrong with one of them stops the action, or is told. */
static void test_distrust(void)
{
	static const struct body bodies[] = {{"c/a", ""}, {"c/b", ""}, {"n/m", ""}, {"n/n", ""}};

	for (int force = 0; force < 2; force++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct scene scene;

		set_up(&scene, pool, bodies, ARRAY_SIZE(bodies));
		scene.callout.force = force;
		tree_chmod(scene.tree, place(pool, "c/b"), 0777);
		tree_chmod(scene.tree, place(pool, "n/m"), 0777);
		is_number(callout_begin(&scene.callout, &err), force ? 0 : -1,
			  "one of several that others may change");
		callout_end(&scene.callout, true);
		is_text(log_of(&scene),
			force ? ASKED("a") "n notify start success\n"
			      : ASKED("a") "n notify start none\n",
			"it is not run, nor is such a notifier");
		ok(strstr(scene.said, "will not run '" LIB "notifiers/m'"), "which is told");
		is_number(strncmp(scene.said, "forced, though will not run '", 29) == 0, force,
			  "as is the other, if forced");
		root_close(&scene.root);
	}
}

static void test_no_scripts(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct scene scene;

	set_up(&scene, pool, NULL, 0);
	add_script(&scene, CALLOUT "/plain", "");
	add_script(&scene, CALLOUT "/.hidden", "");
	add_script(&scene, CALLOUT "/directory/script", "");
	tree_chmod(scene.tree, CALLOUT "/plain", 0644);
	TREE_ADD(scene.tree, {.path = CALLOUT "/dangling@", .text = "nowhere"},
		 {.path = CALLOUT "/fifo|"}, {.path = CALLOUT "/circle@", .text = "circle"});
	is_success(callout_begin(&scene.callout, &err), &err, "what is no script");
	callout_end(&scene.callout, true);
	is_text(log_of(&scene), "", "is not run");
	is_text(scene.said, "", "nor talked about");
	root_close(&scene.root);
}

static void test_unusable(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	const char *preload = getenv("LD_PRELOAD");
	struct scene scene;

	if (preload && strstr(preload, "vgpreload")) {
		skip("valgrind does not tell that a program cannot be executed");
		return;
	}
	set_up(&scene, pool, NULL, 0);
	TREE_ADD(scene.tree, {.path = SCRIPT, .text = "#!/no/such/interpreter\n"});
	tree_chmod(scene.tree, SCRIPT, 0755);
	is_number(callout_begin(&scene.callout, &err), -1, "one that cannot be executed");
	is_error(&err, ERR_NOT_FOUND, "cannot run '" LIB "callouts/a'", "may be anybody's");
	callout_end(&scene.callout, false);
	is_text(scene.said, "", "that is told once");
	root_close(&scene.root);
}

/* The root directory is what was opened, whatever has its name by now. */
static void test_renamed_root(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct scene scene;

	set_up(&scene, pool, NULL, 0);
	root_close(&scene.root);
	add_script(&scene, "a/" SCRIPT, "echo \"ours $$\" >&2");
	scene.root = tree_root(pool_printf(pool, "%s/a", scene.tree));
	autoclose int top = tree_open(scene.tree, ".");
	ok(renameat(top, "a", top, "b") == 0, "another takes its place");
	add_script(&scene, "a/" SCRIPT, "echo theirs >&2");
	is_success(callout_begin(&scene.callout, &err), &err, "a script of a root directory");
	ok(strncmp(scene.said, "a: ours", 7) == 0, "is the one that was judged");
	root_close(&scene.root);
}

/* s390's ap-check */

static const char *read_ap_check(struct pool *pool)
{
	const char *source = getenv("top_srcdir");
	const char *path = pool_printf(pool, "%s/tests/tools/ap-check", source ? source : ".");
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	autoerr struct err err = {0};
	char *text;
	size_t length;

	return fd < 0 || file_read(fd, path, 65536, pool, &text, &length, &err) < 0 ? NULL : text;
}

static const char *lock_of(const struct scene *scene)
{
	autoclose int top = tree_open(scene->tree, "run/lock");

	return sysfs_link(top, "ap", scene->pool);
}

static bool set_up_ap(struct scene *scene, struct pool *pool)
{
	const char *text = read_ap_check(pool);

	if (!text) {
		skip("tests/tools/ap-check is not at hand");
		return false;
	}
	set_up(scene, pool, NULL, 0);
	TREE_ADD(scene->tree, {.path = CALLOUT "/ap-check", .text = text}, {.path = "run/lock/"});
	tree_chmod(scene->tree, CALLOUT "/ap-check", 0755);
	scene->callout.type = "vfio_ap-passthrough";
	return true;
}

static void test_ap_locks(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	const char *json, *self = pool_printf(pool, "%d", (int)getpid());
	struct scene scene;

	if (!set_up_ap(&scene, pool))
		return;
	for (int action = CALLOUT_DEFINE; action <= CALLOUT_STOP; action++) {
		forget(&scene, action);
		is_success(callout_begin(&scene.callout, &err), &err, "ap-check agrees");
		is_text(lock_of(&scene), self, "it locks in our name");
		callout_end(&scene.callout, action % 2);
		is_text(lock_of(&scene), NULL, "and unlocks");
	}
	forget(&scene, CALLOUT_MODIFY);
	is_success(callout_attributes(&scene.callout, &json, &err), &err, "it tells attributes");
	is_text(json, "[{\"assign_adapter\":\"5\"},{\"assign_domain\":\"4\"}]\n", "namely these");
	is_success(callout_live(&scene.callout, &err), &err, "it changes a device");
	is_text(lock_of(&scene), NULL, "without keeping the lock");
	scene.callout.type = "t1";
	forget(&scene, CALLOUT_START);
	is_success(callout_begin(&scene.callout, &err), &err, "another type");
	is_text(lock_of(&scene), NULL, "is no reason to lock");
	callout_end(&scene.callout, true);
	is_text(scene.said, "", "nor to talk");
	root_close(&scene.root);
}

static void test_ap_refuses(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct scene scene;

	if (!set_up_ap(&scene, pool))
		return;
	scene.callout.definition = "{\"attrs\":[{\"overlap\":\"1\"}]}";
	is_number(callout_begin(&scene.callout, &err), -1, "ap-check refuses");
	is_error(&err, ERR_FAILED, "the script '" LIB "callouts/ap-check' refuses with status 1",
		 "with a status");
	callout_end(&scene.callout, false);
	is_text(scene.said, "ap-check: the matrix overlaps\n", "and a reason");
	is_text(lock_of(&scene), NULL, "and keeps no lock");

	scene.callout.definition = DEFINITION;
	forget(&scene, CALLOUT_START);
	TREE_ADD(scene.tree, {.path = "run/lock/ap@", .text = "1"});
	if (geteuid() == 0) {
		is_number(callout_begin(&scene.callout, &err), -1, "somebody else has the lock");
		err_clear(&err);
		callout_end(&scene.callout, false);
		is_text(lock_of(&scene), "1", "who keeps it");
	}
	root_close(&scene.root);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!tree_can_be_root())
		return tap_end();
	for (size_t i = 0; i < ARRAY_SIZE(old_scripts); i++)
		check_action(&old_scripts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(versioned_scripts); i++)
		check_action(&versioned_scripts[i]);
	test_no_capabilities();
	test_attributes();
	test_live();
	test_surroundings();
	test_time();
	test_bad_manners();
	test_modes();
	test_owners();
	test_distrust();
	test_no_scripts();
	test_unusable();
	test_renamed_root();
	test_ap_locks();
	test_ap_refuses();
	return tap_end();
}
