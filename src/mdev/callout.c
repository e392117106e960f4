/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl's call-outs and notifiers. */
#include "mdev/callout.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#define STATUS_NOT_MINE 2
#define OUTPUT_MAX      ((size_t)1 << 20)
#define LINKS_MAX       40

/* What mdevctl 1.4.0 says of itself. */
static const char provides[] =
	"{\"provides\":{\"version\":2,\"actions\":[\"start\",\"stop\",\"define\",\"undefine\","
	"\"modify\",\"attributes\",\"capabilities\"],\"events\":[\"pre\",\"post\",\"notify\","
	"\"get\",\"live\"]}}";

static const char *const bases[] = {"/usr/lib/mdevctl/scripts.d", "/etc/mdevctl.d/scripts.d"};

/* Those of enum callout_action come first. */
enum { ACTION_ATTRIBUTES = CALLOUT_STOP + 1, ACTION_CAPABILITIES };
static const char *const actions[] = {
	[CALLOUT_DEFINE] = "define",
	[CALLOUT_UNDEFINE] = "undefine",
	[CALLOUT_MODIFY] = "modify",
	[CALLOUT_START] = "start",
	[CALLOUT_STOP] = "stop",
	[ACTION_ATTRIBUTES] = "attributes",
	[ACTION_CAPABILITIES] = "capabilities",
};

enum event { EVENT_PRE, EVENT_POST, EVENT_NOTIFY, EVENT_GET, EVENT_LIVE };
static const char *const events[] = {
	[EVENT_PRE] = "pre", [EVENT_POST] = "post", [EVENT_NOTIFY] = "notify",
	[EVENT_GET] = "get", [EVENT_LIVE] = "live",
};

/* Which scripts there are */

struct scripts {
	const char **list; /* machine paths, in the order in which they are asked */
	size_t n;
};

static bool is_script(const struct root *root, const char *path)
{
	struct stat st;

	return root_stat(root, path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static struct scripts find_scripts(const struct callout *callout, const char *kind)
{
	struct pool *pool = callout->pool;
	struct scripts scripts = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		const char *dir = pool_printf(pool, "%s/%s", bases[i], kind);
		struct entries entries = {0};

		if (root_list(callout->root, dir, pool, &entries) < 0 || !entries.n)
			continue;
		qsort(entries.list, entries.n, sizeof(*entries.list), compare_names);
		for (size_t j = 0; j < entries.n; j++) {
			const char *path = pool_printf(pool, "%s/%s", dir, entries.list[j].name);

			if (is_script(callout->root, path))
				*pool_push(pool, scripts.list, scripts.n) = path;
		}
	}
	return scripts;
}

/* Which are to be trusted */

/* A symlink has no mode: what can be done to it is its directory's and its owner's. */
static int check_owner(const struct stat *st, const char *path, const char *script, struct err *err)
{
	bool writable = !S_ISLNK(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)) &&
			!(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX));

	if ((st->st_uid == 0 || st->st_uid == geteuid()) && !writable)
		return 0;
	err_set(err, ERR_DENIED, "will not run '%s': others may change '%s' (owner %u, mode %04o)",
		script, path, st->st_uid, st->st_mode & 07777);
	return err_hint(err, "chown -h root '%s' && chmod go-w '%s'", path, path);
}

/* A walk along a path, through its symlinks. */
struct walk {
	const char *done; /* has no symlinks; "" is the top */
	const char *rest;
	int links;
};

static const char *above(struct pool *pool, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? pool_strndup(pool, path, (size_t)(slash - path)) : "";
}

/* Looks at the next component, and goes there. */
static int take_step(const struct callout *callout, struct walk *walk, const char *script,
		     struct err *err)
{
	struct pool *pool = callout->pool;
	size_t length = strcspn(walk->rest, "/");
	const char *name = pool_strndup(pool, walk->rest, length);
	const char *next = pool_printf(pool, "%s/%s", walk->done, name);
	struct stat st;

	walk->rest += length;
	if (streq(name, "."))
		return 0;
	if (streq(name, "..")) {
		walk->done = above(pool, walk->done);
		return 0;
	}
	autoclose int fd = root_openat(callout->root, next, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot look at '%s'", next);
	if (check_owner(&st, next, script, err) < 0)
		return -1;
	if (!S_ISLNK(st.st_mode)) {
		walk->done = next;
		return 0;
	}
	const char *target = ++walk->links > LINKS_MAX ? NULL : sysfs_link(fd, "", pool);
	if (!target)
		return err_errno(err, walk->links > LINKS_MAX ? ELOOP : errno, "cannot follow '%s'",
				 next);
	walk->rest = pool_printf(pool, "%s/%s", target, walk->rest);
	if (*target == '/')
		walk->done = "";
	return 0;
}

/*
 * Judges all that lies on the way to the script, the directories of symlinks too: nobody else can
 * make the path lead elsewhere, or to something else, after this. *real is the path without
 * symlinks.
 */
static int check_trust(const struct callout *callout, const char *script, const char **real,
		       struct err *err)
{
	struct walk walk = {.done = "", .rest = script};
	struct stat st;
	autoclose int top = root_openat(callout->root, "/", O_PATH);

	if (top < 0 || fstat(top, &st) < 0)
		return err_errno(err, errno, "cannot look at '/'");
	if (check_owner(&st, "/", script, err) < 0)
		return -1;
	while (*(walk.rest += strspn(walk.rest, "/")))
		if (take_step(callout, &walk, script, err) < 0)
			return -1;
	*real = walk.done;
	return 0;
}

/*
 * The path by which a script that is to be trusted is run. What lies above a root directory is not
 * judged, so the path begins at our descriptor of it, which the program does not need to have.
 */
static const char *path_to_run(const struct callout *callout, const char *script, struct err *err)
{
	const char *real = NULL, *self;

	if (check_trust(callout, script, &real, err) < 0)
		return NULL;
	if (callout->root->fd < 0)
		return script;
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	self = proc < 0 ? NULL : sysfs_link(proc, "self", callout->pool);
	if (self)
		return pool_printf(callout->pool, "/proc/%s/fd/%d%s", self, callout->root->fd,
				   real);
	err_errno(err, errno, "cannot run '%s' without /proc", script);
	return NULL;
}

/* Running one */

/* What a script is told. */
struct telling {
	enum event event;
	int action;
	const char *state;
	const char *input;
};

struct voice {
	const struct callout *callout;
	const char *name;
};

static void say_line(void *data, const char *line)
{
	const struct voice *voice = data;
	autopool struct pool *pool = pool_new();

	voice->callout->say(voice->callout->data, pool_printf(pool, "%s: %s", voice->name, line));
}

/* One that does not know what capabilities are may well complain each time. */
static void say_nothing(void *data, const char *line)
{
	(void)data;
	(void)line;
}

/* Its exit status, or -1. */
static int run_script(const struct callout *callout, const char *script,
		      const struct telling *telling, char **output, struct err *err)
{
	struct voice voice = {callout, strrchr(script, '/') + 1};
	const char *path = path_to_run(callout, script, err);
	char *ignored;

	if (!path)
		return -1;
	const char *const argv[] = {script,
				    "-t",
				    callout->type,
				    "-e",
				    events[telling->event],
				    "-a",
				    actions[telling->action],
				    "-s",
				    telling->state,
				    "-u",
				    callout->uuid,
				    "-p",
				    callout->parent,
				    NULL};
	const struct child child = {
		.path = path,
		.name = script,
		.argv = argv,
		.input = telling->input,
		.output_max = output ? OUTPUT_MAX : 0,
		.time_ms = callout->time_ms ? callout->time_ms : CALLOUT_MS,
		.say = telling->action == ACTION_CAPABILITIES ? say_nothing : say_line,
		.data = &voice,
	};
	return child_run(&child, callout->pool, output ? output : &ignored, err);
}

/* Which one is this type's */

/* The words of an array as bits, those that are not known left out; false when it is none. */
static bool take_words(const json_t *array, const char *const *words, size_t n, unsigned *bits)
{
	const json_t *item;
	size_t i;

	*bits = 0;
	json_array_foreach (array, i, item) {
		if (!json_is_string(item))
			return false;
		for (size_t j = 0; j < n; j++)
			if (streq(json_string_value(item), words[j]))
				*bits |= 1U << j;
	}
	return json_is_array(array);
}

/* True when the answer is {"supports": {"version": …, "actions": […], "events": […]}}. */
static bool take_capabilities(struct callout *callout, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	const json_t *supports = json_object_get(json, "supports");
	unsigned can_do, can_hear;
	bool good = json_is_integer(json_object_get(supports, "version")) &&
		    take_words(json_object_get(supports, "actions"), actions, ARRAY_SIZE(actions),
			       &can_do) &&
		    take_words(json_object_get(supports, "events"), events, ARRAY_SIZE(events),
			       &can_hear);

	if (good) {
		callout->versioned = true;
		callout->actions = can_do;
		callout->events = can_hear;
	}
	json_decref(json);
	return good;
}

/* One without a version is told everything. */
static bool supports(const struct callout *callout, enum event event, int action)
{
	return !callout->versioned ||
	       (callout->events & 1U << event && callout->actions & 1U << action);
}

/*
 * What a script that knows nothing of capabilities answers, or fails with, counts for nothing, and
 * of one that knows them the status does not, unless the type is none of its.
 */
static int ask_capabilities(struct callout *callout, const struct scripts *scripts, struct err *err)
{
	static const struct telling telling = {EVENT_GET, ACTION_CAPABILITIES, "none", provides};

	for (size_t i = 0; i < scripts->n; i++) {
		autoerr struct err failure = {0};
		char *output;
		int status = run_script(callout, scripts->list[i], &telling, &output, &failure);

		if (failure.kind == ERR_DENIED || failure.kind == ERR_BUSY) {
			err_keep_first(err, &failure);
			return -1;
		}
		if (status < 0 || status == STATUS_NOT_MINE || !take_capabilities(callout, output))
			continue;
		callout->script = scripts->list[i];
		return 0;
	}
	return 0;
}

/* One that is not given "pre" has nothing to tidy up, unless it is done all the same. */
static int refuse_unsupported(struct callout *callout, struct err *err)
{
	const char *script = callout->script;

	if (!callout->force)
		callout->script = NULL;
	if (!(callout->events & 1U << EVENT_PRE))
		return err_set(err, ERR_UNSUPPORTED,
			       "the script '%s' does not support the event 'pre'", script);
	return err_set(err, ERR_UNSUPPORTED, "the script '%s' does not support '%s'", script,
		       actions[callout->action]);
}

/* The event "pre", for the script that is known or for the first that feels meant. */
static int give_pre(struct callout *callout, const struct scripts *scripts, struct err *err)
{
	const struct telling telling = {EVENT_PRE, (int)callout->action, "none",
					callout->definition};

	if (!supports(callout, EVENT_PRE, (int)callout->action))
		return refuse_unsupported(callout, err);
	for (size_t i = 0; i < scripts->n; i++) {
		const char *script = scripts->list[i];

		if (callout->versioned && !streq(callout->script, script))
			continue;
		int status = run_script(callout, script, &telling, NULL, err);
		if (status == STATUS_NOT_MINE && !callout->versioned)
			continue;
		/* one that could not be started has nothing to tidy up */
		if (status >= 0 || err->errnum == ETIMEDOUT)
			callout->script = script;
		if (status > 0)
			err_set(err, ERR_FAILED, "the script '%s' refuses with status %d", script,
				status);
		return status == 0 ? 0 : -1;
	}
	return 0;
}

int callout_begin(struct callout *callout, struct err *err)
{
	const struct scripts scripts = find_scripts(callout, "callouts");
	autoerr struct err failure = {0};

	if (!scripts.n || (ask_capabilities(callout, &scripts, &failure) == 0 &&
			   give_pre(callout, &scripts, &failure) == 0))
		return 0;
	callout->refused = !callout->force;
	if (callout->force)
		callout->say(callout->data,
			     pool_printf(callout->pool, "forced, though %s", failure.message));
	else
		err_keep_first(err, &failure);
	return callout->refused ? -1 : 0;
}

static void tell(const struct callout *callout, const char *script, const struct telling *telling)
{
	autoerr struct err failure = {0};
	int status = run_script(callout, script, telling, NULL, &failure);

	if (status < 0)
		callout->say(callout->data, failure.message);
	else if (status != 0 && status != STATUS_NOT_MINE)
		callout->say(callout->data,
			     pool_printf(callout->pool, "the script '%s' fails with status %d",
					 script, status));
}

static void notify(const struct callout *callout, const char *state)
{
	const struct scripts notifiers = find_scripts(callout, "notifiers");
	const struct telling telling = {EVENT_NOTIFY, (int)callout->action, state, ""};

	for (size_t i = 0; i < notifiers.n; i++)
		tell(callout, notifiers.list[i], &telling);
}

void callout_end(struct callout *callout, bool success)
{
	const char *state = success && !callout->refused ? "success" : "failure";
	const struct telling telling = {EVENT_POST, (int)callout->action, state,
					callout->definition};

	/* also the script that refused: what it locked in "pre" it unlocks in "post" */
	if (callout->script && supports(callout, EVENT_POST, (int)callout->action))
		tell(callout, callout->script, &telling);
	notify(callout, callout->refused ? "none" : state);
}

/* Running devices */

int callout_attributes(struct callout *callout, const char **json, struct err *err)
{
	static const struct telling telling = {EVENT_GET, ACTION_ATTRIBUTES, "none", ""};
	const struct scripts scripts = find_scripts(callout, "callouts");

	*json = NULL;
	if (scripts.n && ask_capabilities(callout, &scripts, err) < 0)
		return -1;
	if (!supports(callout, EVENT_GET, telling.action))
		return 0;
	for (size_t i = 0; i < scripts.n; i++) {
		autoerr struct err failure = {0};
		char *output;

		if (callout->versioned && !streq(callout->script, scripts.list[i]))
			continue;
		int status = run_script(callout, scripts.list[i], &telling, &output, &failure);
		if (failure.kind == ERR_DENIED || failure.kind == ERR_BUSY) {
			err_keep_first(err, &failure);
			return -1;
		}
		if (status == 0) {
			callout->script = scripts.list[i];
			/* one that knows nothing of attributes often ends well, too */
			*json = output[strspn(output, " \t\r\n")] ? output : NULL;
			return 0;
		}
	}
	return 0;
}

int callout_live(struct callout *callout, struct err *err)
{
	const struct telling telling = {EVENT_LIVE, CALLOUT_MODIFY, "none", callout->definition};
	const struct scripts scripts = find_scripts(callout, "callouts");

	if (scripts.n && ask_capabilities(callout, &scripts, err) < 0)
		return -1;
	if (!callout->versioned || !supports(callout, EVENT_LIVE, CALLOUT_MODIFY)) {
		err_set(err, ERR_UNSUPPORTED,
			"a running device of type '%s' cannot be changed: no script knows how",
			callout->type);
		return err_hint(err, "remove the device and start it anew");
	}
	int status = run_script(callout, callout->script, &telling, NULL, err);
	notify(callout, "none");
	if (status <= 0)
		return status;
	return err_set(err, ERR_FAILED, "the script '%s' fails with status %d", callout->script,
		       status);
}
