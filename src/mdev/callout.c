/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl's call-outs and notifiers. */
#include "mdev/callout.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

#define STATUS_NOT_MINE 2
#define OUTPUT_MAX      ((size_t)1 << 20)

/* What mdevctl 1.4.0 says of itself. */
static const char provides[] =
	"{\"provides\":{\"version\":2,\"actions\":[\"start\",\"stop\",\"define\",\"undefine\","
	"\"modify\",\"attributes\",\"capabilities\"],\"events\":[\"pre\",\"post\",\"notify\","
	"\"get\",\"live\"]}}";

static const char *const bases[] = {"/usr/lib/mdevctl/scripts.d", "/etc/mdevctl.d/scripts.d"};

static const char *const actions[] = {
	[CALLOUT_DEFINE] = "define", [CALLOUT_UNDEFINE] = "undefine", [CALLOUT_MODIFY] = "modify",
	[CALLOUT_START] = "start",   [CALLOUT_STOP] = "stop",
};

/* Which scripts there are */

struct scripts {
	const char **list; /* machine paths, in the order in which they are asked */
	size_t n;
};

static bool is_script(const struct root *root, const char *path)
{
	struct stat st;
	autoclose int fd = root_openat(root, path, O_PATH);

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
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

static int check_owner(const struct root *root, const char *path, const char *script,
		       struct err *err)
{
	struct stat st;
	autoclose int fd = root_openat(root, path, O_PATH);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot look at '%s'", path);
	if ((st.st_uid == 0 || st.st_uid == geteuid()) &&
	    (!(st.st_mode & (S_IWGRP | S_IWOTH)) || (S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)))
		return 0;
	err_set(err, ERR_DENIED, "will not run '%s': others may change '%s' (owner %u, mode %04o)",
		script, path, st.st_uid, st.st_mode & 07777);
	return err_hint(err, "chown root '%s' && chmod go-w '%s'", path, path);
}

/* Where the script really lies, as a path of this process. */
static const char *real_path(const struct callout *callout, const char *script)
{
	autoclose int fd = root_openat(callout->root, script, O_PATH);
	const char *link = pool_printf(callout->pool, "/proc/self/fd/%d", fd);
	autofree char *real = fd < 0 ? NULL : realpath(link, NULL);

	return real ? pool_strdup(callout->pool, real) : NULL;
}

/* The part of a path of this process that lies inside the root. */
static const char *inside(const struct callout *callout, const char *real)
{
	autofree char *root = callout->root->dir ? realpath(callout->root->dir, NULL) : NULL;
	size_t length = root && strcmp(root, "/") != 0 ? strlen(root) : 0;

	return root && strncmp(real, root, length) == 0 ? real + length : real;
}

static int check_trust(const struct callout *callout, const char *script, const char **real,
		       struct err *err)
{
	*real = real_path(callout, script);
	if (!*real)
		return err_errno(err, errno, "cannot find '%s'", script);
	char *path = pool_strdup(callout->pool, inside(callout, *real));
	for (;;) {
		if (check_owner(callout->root, *path ? path : "/", script, err) < 0)
			return -1;
		char *slash = strrchr(path, '/');
		if (!slash || !*path)
			return 0;
		*slash = '\0';
	}
}

/* Running one */

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

/* Its exit status, or -1. */
static int run_script(const struct callout *callout, const char *script, const char *event,
		      const char *action, const char *state, const char *input, char **output,
		      struct err *err)
{
	struct voice voice = {callout, strrchr(script, '/') + 1};
	const char *path;
	char *ignored;

	if (check_trust(callout, script, &path, err) < 0)
		return -1;
	const char *const argv[] = {script,          "-t", callout->type, "-e", event,         "-a",
				    action,          "-s", state,         "-u", callout->uuid, "-p",
				    callout->parent, NULL};
	const struct child child = {
		.path = path,
		.argv = argv,
		.input = input,
		.output_max = output ? OUTPUT_MAX : 0,
		.time_ms = callout->time_ms ? callout->time_ms : CALLOUT_MS,
		.say = say_line,
		.data = &voice,
	};
	return child_run(&child, callout->pool, output ? output : &ignored, err);
}

/* Which one is this type's */

static bool has_word(const json_t *list, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (json_is_string(item) && streq(json_string_value(item), word))
			return true;
	return false;
}

/* True when the script answers {"supports": {"version": 2, …}}: it is this type's. */
static bool take_capabilities(struct callout *callout, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	const json_t *supports = json_object_get(json, "supports");
	bool good = json_integer_value(json_object_get(supports, "version")) >= 2;

	callout->live = good && has_word(json_object_get(supports, "events"), "live") &&
			has_word(json_object_get(supports, "actions"), "modify");
	json_decref(json);
	return good;
}

/* A script of version 1 knows nothing of capabilities and may well fail: that counts for nothing.
 */
static int ask_capabilities(struct callout *callout, const struct scripts *scripts, struct err *err)
{
	for (size_t i = 0; i < scripts->n; i++) {
		autoerr struct err failure = {0};
		char *output;
		int status = run_script(callout, scripts->list[i], "get", "capabilities", "none",
					provides, &output, &failure);

		if (failure.kind == ERR_DENIED || failure.kind == ERR_BUSY) {
			err_keep_first(err, &failure);
			return -1;
		}
		if (status != 0 || !take_capabilities(callout, output))
			continue;
		callout->script = scripts->list[i];
		return 0;
	}
	return 0;
}

static int refuse(struct callout *callout, const char *script, int status, struct err *err)
{
	callout->script = script;
	if (status >= 0)
		err_set(err, ERR_FAILED, "the script '%s' refuses with status %d", script, status);
	return -1;
}

/* The event "pre", for the script that is known or for the first that feels meant. */
static int give_pre(struct callout *callout, const struct scripts *scripts, struct err *err)
{
	for (size_t i = 0; i < scripts->n; i++) {
		const char *script = scripts->list[i];

		if (callout->script && !streq(callout->script, script))
			continue;
		int status = run_script(callout, script, "pre", actions[callout->action], "none",
					callout->definition, NULL, err);
		if (status != 0 && status != STATUS_NOT_MINE)
			return refuse(callout, script, status, err);
		if (status == 0)
			callout->script = script;
		if (callout->script)
			return 0;
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

static void tell(const struct callout *callout, const char *script, const char *event,
		 const char *state, const char *input)
{
	autoerr struct err failure = {0};
	int status = run_script(callout, script, event, actions[callout->action], state, input,
				NULL, &failure);

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

	for (size_t i = 0; i < notifiers.n; i++)
		tell(callout, notifiers.list[i], "notify", state, "");
}

void callout_end(struct callout *callout, bool success)
{
	const char *state = success ? "success" : "failure";

	/* also the script that refused: what it locked in "pre" it unlocks in "post" */
	if (callout->script)
		tell(callout, callout->script, "post", state, callout->definition);
	notify(callout, callout->refused ? "none" : state);
}

/* Running devices */

int callout_attributes(struct callout *callout, const char **json, struct err *err)
{
	const struct scripts scripts = find_scripts(callout, "callouts");

	*json = NULL;
	if (scripts.n && ask_capabilities(callout, &scripts, err) < 0)
		return -1;
	for (size_t i = 0; i < scripts.n; i++) {
		autoerr struct err failure = {0};
		char *output;

		if (callout->script && !streq(callout->script, scripts.list[i]))
			continue;
		int status = run_script(callout, scripts.list[i], "get", "attributes", "none", "",
					&output, &failure);
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
	const struct scripts scripts = find_scripts(callout, "callouts");

	if (scripts.n && ask_capabilities(callout, &scripts, err) < 0)
		return -1;
	if (!callout->live) {
		err_set(err, ERR_UNSUPPORTED,
			"a running device of type '%s' cannot be changed: no script knows how",
			callout->type);
		return err_hint(err, "remove the device and start it anew");
	}
	int status = run_script(callout, callout->script, "live", "modify", "none",
				callout->definition, NULL, err);
	notify(callout, "none");
	if (status <= 0)
		return status;
	return err_set(err, ERR_FAILED, "the script '%s' fails with status %d", callout->script,
		       status);
}
