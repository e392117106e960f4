/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes to stderr, and records to stdout. */
#include "cmd/command.h"

#include "base/text.h"

#include <stdio.h>

/* One place where strings from outside meet the terminal. */
static void say(const char *prefix, const char *text)
{
	autopool struct pool *pool = pool_new();

	fprintf(stderr, "%s%s\n", prefix, text_printable(pool, text));
}

static void PRINTF(2, 0) say_formatted(const char *prefix, const char *format, va_list args)
{
	autopool struct pool *pool = pool_new();

	say(prefix, pool_vprintf(pool, format, args));
}

void say_warning(const struct context *context, const char *format, ...)
{
	va_list args;

	(void)context;
	va_start(args, format);
	say_formatted("warning: ", format, args);
	va_end(args);
}

void say_note(const struct context *context, const char *format, ...)
{
	va_list args;

	if (context->quiet)
		return;
	va_start(args, format);
	say_formatted("", format, args);
	va_end(args);
}

void say_error(const struct context *context, const struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *place = "";

	(void)context;
	if (err->file && err->line)
		place = pool_printf(pool, "%s:%d:%d: ", err->file, err->line, err->column);
	else if (err->file)
		place = pool_printf(pool, "%s: ", err->file);
	say("mdevtool: ", pool_printf(pool, "%s%s", place, err->message));
	if (err->hint)
		say("hint: ", err->hint);
}

void say_inventory_warnings(struct context *context, const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_warnings; i++) {
		const struct warning *warning = &inventory->warnings[i];

		if (warning->file)
			say_warning(context, "%s: %s", warning->file, warning->message);
		else
			say_warning(context, "%s", warning->message);
		context->status = ERR_FAILED;
	}
}

static void say_script(const char *line)
{
	say("", line);
}

struct operation begin_operation(struct context *context)
{
	return (struct operation){
		.root = &context->root,
		.pool = context->pool,
		.trace = context->verbose ? stderr : NULL,
		.say = say_script,
	};
}

void say_notes(struct context *context, const struct operation *operation)
{
	for (size_t i = 0; i < operation->warnings.n; i++)
		say_warning(context, "%s", operation->warnings.list[i]);
	for (size_t i = 0; i < operation->notes.n; i++)
		say_note(context, "%s", operation->notes.list[i]);
}

void warn_of_stale(struct context *context)
{
	struct operation operation = begin_operation(context);

	operation_look_for_stale(&operation);
	for (size_t i = 0; i < operation.notes.n; i++)
		say_warning(context, "%s", operation.notes.list[i]);
}

void print_steps(const struct context *context, const char *const *lines, size_t n,
		 const struct inventory *failures)
{
	struct document document = {.out = stdout};
	json_t *steps = json_array();

	for (size_t i = 0; i < n; i++) {
		if (context->json)
			json_array_append_new(steps, json_string(lines[i]));
		else
			puts(lines[i]);
	}
	if (context->json) {
		document_member(&document, "steps", json_incref(steps));
		document_end(&document, failures);
	}
	json_decref(steps);
}

void print_records(struct context *context, const struct selection *selection,
		   const struct inventory *inventory, const void *const *records, size_t n)
{
	if (context->json) {
		struct document document = {.out = stdout};

		document_array(&document, selection, records, n);
		document_end(&document, inventory);
	} else {
		print_table(selection, &context->format, records, n, stdout);
	}
	say_inventory_warnings(context, inventory);
}
