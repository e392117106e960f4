/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl's subcommands as a table, and its way to begin and to end. */
#include "mdevctl/mdevctl.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define ONE_CHANGE (ARG_AUTO | ARG_MANUAL | ARG_ADDATTR | ARG_DELATTR | ARG_JSONFILE)

static const struct subcommand subcommands[] = {
	{
		.name = "define",
		.summary = "Keep the definition of a device",
		.help = "A device that runs needs its UUID only: parent and type are its own. Without "
			"--uuid a UUID is made and printed.",
		.takes = ARG_UUID | ARG_AUTO | ARG_PARENT | ARG_TYPE | ARG_JSONFILE | ARG_FORCE,
		.needs = ARG_UUID | ARG_PARENT,
		.run = mdevctl_define,
	},
	{
		.name = "undefine",
		.summary = "Forget the definition of a device",
		.help = "Without --parent those of all parents are forgotten. A device that runs goes "
			"on.",
		.takes = ARG_UUID | ARG_PARENT | ARG_FORCE,
		.needs = ARG_UUID,
		.run = mdevctl_undefine,
	},
	{
		.name = "modify",
		.summary = "Change the definition of a device",
		.help = "With --live the running device is changed, where its call-out script can do "
			"that.",
		.takes = ARG_UUID | ARG_PARENT | ARG_TYPE | ARG_INDEX | ARG_VALUE | ARG_LIVE |
			 ARG_DEFINED | ARG_FORCE | ONE_CHANGE,
		.needs = ARG_UUID,
		.one_of = ONE_CHANGE,
		.run = mdevctl_modify,
	},
	{
		.name = "start",
		.summary = "Make a device",
		.help = "A device that is defined needs its UUID only, one that is not its parent and "
			"type. Without --uuid a UUID is made and printed.",
		.takes = ARG_UUID | ARG_PARENT | ARG_TYPE | ARG_JSONFILE | ARG_FORCE,
		.needs = ARG_UUID | ARG_PARENT,
		.run = mdevctl_start,
	},
	{
		.name = "stop",
		.summary = "Remove a device",
		.takes = ARG_UUID | ARG_FORCE,
		.needs = ARG_UUID,
		.run = mdevctl_stop,
	},
	{
		.name = "list",
		.summary = "Show devices, or definitions",
		.help = "With --dumpjson and a --uuid that is there once, what could be its --jsonfile.",
		.takes = ARG_DEFINED | ARG_DUMPJSON | ARG_VERBOSE | ARG_UUID | ARG_PARENT |
			 ARG_VERSION,
		.run = mdevctl_list,
	},
	{
		.name = "types",
		.summary = "Show the types of devices that parents can make",
		.takes = ARG_PARENT | ARG_DUMPJSON,
		.run = mdevctl_types,
	},
	{
		.name = "start-parent-mdevs",
		.summary = "Make the devices of a parent that start by themselves",
		.takes_parent = true,
		.hidden = true,
		.run = mdevctl_start_parent,
	},
};

const char *mdevctl_name(const char *argv0)
{
	static const char *const names[] = {"mdevctl", "lsmdev"};
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && argv0; i++)
		if (streq(slash ? slash + 1 : argv0, names[i]))
			return names[i];
	return NULL;
}

int mdevctl_check_parent(const char *parent, struct err *err)
{
	if (!parent || text_is_component(parent))
		return 0;
	return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent", parent);
}

int mdevctl_read_definition(struct session *session, struct definition *ret, struct err *err)
{
	const struct arguments *given = session->arguments;
	struct pool *pool = session->operation.pool;
	const char *file = given->jsonfile;
	autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t length;
	char *text;

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", file);
	if (file_read(fd, file, DOCUMENT_MAX, pool, &text, &length, err) < 0 ||
	    definition_parse_stored(file, text, length, pool, ret, err) < 0)
		return -1;
	ret->uuid = given->uuid;
	ret->parent = given->parent;
	ret->file = NULL;
	return 0;
}

/* A daemon that is confined may write sysfs and definitions, but not what only we know of. */
static void see_what_is_allowed(struct session *session)
{
	struct root *root = &session->context->root;
	autoerr struct err denied = {0};

	if (locks_probe(root, &denied) == 0 ||
	    (denied.errnum != EACCES && denied.errnum != EPERM && denied.errnum != EROFS))
		return;
	root->stateless = true;
	say_warning(session->context,
		    "%s: what is made is not recorded, nor are other runs kept out meanwhile",
		    denied.message);
}

static int run(const struct command_line *line, struct context *context, struct err *err)
{
	struct session session = {
		.context = context,
		.arguments = &line->arguments,
	};

	if (root_open(context->root_dir, &context->root, err) < 0)
		return -1;
	if (!(line->subcommand->takes & ARG_DUMPJSON)) /* those that do only list */
		see_what_is_allowed(&session);
	session.operation = begin_operation(context);
	session.operation.force = is_given(&session, ARG_FORCE);
	int result = line->subcommand->run(&session, err);
	say_notes(context, &session.operation);
	return result;
}

static void say_wrong(const struct command_line *line, const struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *place = err->file ? err->file : "";

	if (err->file && err->line)
		place = pool_printf(pool, "%s:%d:%d", err->file, err->line, err->column);
	fprintf(stderr, "Error: %s%s%s\n", text_printable(pool, place), *place ? ": " : "",
		text_printable(pool, err->message));
	if (err->hint)
		fprintf(stderr, "hint: %s\n", text_printable(pool, err->hint));
	if (err->kind == ERR_USAGE)
		fprintf(stderr, "\n%s\n", command_line_usage(line));
}

/* All that fails is 1, but for the command line itself. */
static int finish(const struct command_line *line, int result, struct err *err)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && result == 0)
		result = err_errno(err, errno, "cannot write to stdout");
	if (result == 0)
		return 0;
	say_wrong(line, err);
	return err->kind == ERR_USAGE ? ERR_USAGE : ERR_FAILED;
}

int mdevctl_main(const char *name, char **argv, struct context *context)
{
	struct command_line line = {
		.program = name,
		.subcommands = subcommands,
		.n = ARRAY_SIZE(subcommands),
		.pool = context->pool,
	};
	const char *log = getenv("MDEVCTL_LOG");
	autoerr struct err err = {0};
	int result = 0;

	/* of mdevctl's levels those that trace it show what is written */
	context->verbose = log && (strstr(log, "debug") || strstr(log, "trace"));
	context->root_dir = getenv("MDEVCTL_ENV_ROOT");
	if (context->root_dir && !*context->root_dir)
		context->root_dir = ".";
	switch (command_line_parse(&line, argv + 1, &err)) {
	case PARSED:
		result = run(&line, context, &err);
		break;
	case PARSED_DONE:
		break;
	case PARSED_WRONG:
		result = -1;
		break;
	}
	return finish(&line, result, &err);
}
