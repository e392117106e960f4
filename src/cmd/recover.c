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

static void print_json(struct context *context, const struct operation *operation)
{
	struct document document = {.out = stdout};
	json_t *done = json_array(), *warnings = json_array();

	for (size_t i = 0; i < operation->notes.n; i++)
		json_array_append_new(
			done, json_string(text_json(context->pool, operation->notes.list[i])));
	for (size_t i = 0; i < operation->warnings.n; i++)
		json_array_append_new(
			warnings, json_pack("{s:s}", "message",
					    text_json(context->pool, operation->warnings.list[i])));
	document_member(&document, "recovered", done);
	if (operation->warnings.n)
		document_member(&document, "warnings", json_incref(warnings));
	json_decref(warnings);
	document_end(&document, NULL);
}

/* What only its holder can end; false when there is nothing. */
static bool tell_pending(struct context *context)
{
	autoinventory struct inventory inventory = {0};
	bool any = false;

	inventory_init(&inventory, &context->root);
	inventory_load_devices(&inventory, 0);
	for (size_t i = 0; i < inventory.n_devices; i++) {
		const struct device *device = inventory.devices[i];

		if (!device_is_going(device))
			continue;
		say_note(context, "%s on '%s' is still being removed", device->uuid,
			 device->parent);
		any = true;
	}
	return any;
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct operation operation = begin_operation(context);
	autolocks struct locks locks = LOCKS_INIT;
	int result = operation_recover(&operation, &locks, true, o->dry_run, err);

	if (result == 0)
		result = operation_forget(&operation, o->dry_run, err);
	if (operation.warnings.n)
		context->status = ERR_FAILED;
	for (size_t i = 0; i < operation.warnings.n; i++)
		say_warning(context, "%s", operation.warnings.list[i]);
	if (context->json && result == 0)
		print_json(context, &operation);
	for (size_t i = 0; i < operation.notes.n && !context->json; i++)
		puts(text_printable(context->pool, operation.notes.list[i]));
	if (result == 0 && !tell_pending(context) && !operation.notes.n && !operation.warnings.n &&
	    !context->json)
		say_note(context, "nothing to recover");
	return result;
}

const struct command command_recover = {
	.name = "recover",
	.summary = "Mend what an interrupted run left",
	.help = "Rolls back creations that were interrupted, completes removals, clears parameters that "
		"were left set. Whatever a process holds by then is kept. Every command that writes "
		"does this first for the parents it is about. Devices that somebody else removed are "
		"forgotten.\v"
		"Examples:\n"
		"  mdevtool recover --dry-run\n"
		"  mdevtool recover\n",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
