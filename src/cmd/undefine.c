/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool undefine */
#include "cmd/kept.h"

#include <stddef.h>

struct options {
	const char *parent;
};

static const struct cmd_option options[] = {
	KEPT_PARENT(struct options),
};

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct operation operation = begin_operation(context);
	autokept struct kept kept = {0};
	const char *parent;

	if (!context->args.n) {
		err_set(err, ERR_USAGE, "nothing to undefine: name a definition");
		return err_hint(err, "'mdevtool list --defined' shows what there is");
	}
	if (kept_parent(context, o->parent, &parent, err) < 0)
		return -1;
	int result = operation_undefine(&operation, context->args.list, context->args.n, parent,
					&kept, err);
	say_notes(context, &operation);
	if (result == 0 && context->json)
		print_kept(context, &kept, "undefined", NULL);
	return result;
}

const struct command command_undefine = {
	.name = "undefine",
	.args = "DEFINITION...",
	.summary = "Forget definitions",
	.help = "Forgets definitions, all or none. Their devices stay: 'mdevtool destroy' removes them. With --json "
		"it prints what was forgotten.\v"
		"Examples:\n"
		"  mdevtool undefine seat-1 seat-2\n"
		"  mdevtool undefine 7d1c0a42 --parent 0000:86:00.0\n",
	.completion = COMPLETE_DEFINITION,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
