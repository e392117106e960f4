/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool recover */
#include "cmd/command.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>

struct options {
	bool dry_run;
};

static const struct cmd_option options[] = {
	{"dry-run", 0, NULL, OPTION_FLAG, offsetof(struct options, dry_run), COMPLETE_NOTHING, NULL,
	 "Say what would be done, and do nothing"},
};

static void print(struct context *context, const struct notes *notes)
{
	struct document document = {.out = stdout};
	json_t *done = json_array();

	for (size_t i = 0; i < notes->n; i++) {
		const char *line = text_printable(context->pool, notes->list[i]);

		json_array_append_new(done, json_string(line));
		if (!context->json)
			puts(line);
	}
	if (context->json) {
		document_member(&document, "recovered", json_incref(done));
		document_end(&document, NULL);
	}
	json_decref(done);
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct operation operation = begin_operation(context);
	autolocks struct locks locks = LOCKS_INIT;
	int result = operation_recover(&operation, &locks, true, o->dry_run, err);

	if (result == 0 || !context->json)
		print(context, &operation.notes);
	if (result == 0 && !operation.notes.n && !context->json)
		say_note(context, "nothing to recover");
	return result;
}

const struct command command_recover = {
	.name = "recover",
	.summary = "Mend what an interrupted run left",
	.help = "Rolls back creations that were interrupted, completes removals, clears parameters that "
		"were left set. Whatever a process holds by then is kept. Every command that writes "
		"does this first for the parents it is about.\v"
		"Examples:\n"
		"  mdevtool recover --dry-run\n"
		"  mdevtool recover\n",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
