/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool create */
#include "cmd/command.h"

#include "base/file.h"
#include "base/text.h"
#include "mdev/address.h"

#include <stddef.h>
#include <stdio.h>

#define COUNT_MAX 65536

struct options {
	const char *parent, *type, *uuid, *name, *group, *params;
	struct words attributes;
	const char *count;
	const char *placement;
	bool dry_run;
};

static const struct cmd_option options[] = {
	{"parent", 'p', "PARENT", OPTION_TEXT, offsetof(struct options, parent), COMPLETE_PARENT,
	 NULL, "Make it on this parent; without it one is chosen"},
	{"type", 't', "TYPE", OPTION_TEXT, offsetof(struct options, type), COMPLETE_TYPE, NULL,
	 "Its type: the id, or the whole name"},
	{"uuid", 'u', "UUID", OPTION_TEXT, offsetof(struct options, uuid), COMPLETE_NOTHING, NULL,
	 "Its UUID; without it a random one"},
	{"name", 'n', "NAME", OPTION_TEXT, offsetof(struct options, name), COMPLETE_NOTHING, NULL,
	 "A name to call it by; with --count NAME-1, NAME-2 ..."},
	{"group", 'g', "GROUP|auto", OPTION_TEXT, offsetof(struct options, group), COMPLETE_GROUP,
	 "auto", "The group of one VM's devices, 1 to 4294967295; auto: the lowest unused"},
	{"params", 0, "TEXT", OPTION_TEXT, offsetof(struct options, params), COMPLETE_NOTHING, NULL,
	 "Parameters for the driver, as they are"},
	{"attr", 'a', "NAME=VALUE", OPTION_LIST, offsetof(struct options, attributes),
	 COMPLETE_NOTHING, NULL, "Write VALUE to the new device's file NAME; may be repeated"},
	{"count", 'c', "N", OPTION_TEXT, offsetof(struct options, count), COMPLETE_NOTHING, NULL,
	 "Make N of them"},
	{"placement", 0, "pack|spread|numa=N", OPTION_TEXT, offsetof(struct options, placement),
	 COMPLETE_WORDS, "pack spread numa=",
	 "Choose the fullest parent with room (the default), the emptiest, or one on NUMA node N"},
	{"dry-run", 0, NULL, OPTION_FLAG, offsetof(struct options, dry_run), COMPLETE_NOTHING, NULL,
	 "Print what would be written, and write nothing"},
};

/* The options that say what a definition says, and where. */
static const struct {
	const char *label;
	enum definition_field field;
	size_t option;
	size_t text; /* in struct definition, NULL when it does not say */
} fields[] = {
	{"--parent", DEFINITION_PARENT, offsetof(struct options, parent),
	 offsetof(struct definition, parent)},
	{"--type", DEFINITION_TYPE, offsetof(struct options, type),
	 offsetof(struct definition, type)},
	{"--uuid", DEFINITION_UUID, offsetof(struct options, uuid),
	 offsetof(struct definition, uuid)},
	{"--name", DEFINITION_NAME, offsetof(struct options, name),
	 offsetof(struct definition, name)},
	{"--params", DEFINITION_PARAMS, offsetof(struct options, params),
	 offsetof(struct definition, params)},
};

static const char *text_at(const void *base, size_t offset)
{
	const char *text;

	memcpy(&text, (const char *)base + offset, sizeof(text));
	return text;
}

static int contradiction(const struct definition *definition, const char *label, struct err *err)
{
	err_set(err, ERR_USAGE, "%s says otherwise", label);
	err_locate(err, definition->file, definition->line, definition->column);
	return err_hint(err, "leave %s out, or change the document", label);
}

/* A parent has several spellings. */
static bool says_the_same(const struct context *context, size_t i, const char *before,
			  const char *now)
{
	if (now && fields[i].field == DEFINITION_PARENT) {
		before = address_parent_name(context->pool, before);
		now = address_parent_name(context->pool, now);
	}
	return before && now && streq(before, now);
}

static int add_field(struct context *context, struct definition *definition, size_t i,
		     const char *value, struct err *err)
{
	struct definition asked = {0};
	const char *before = text_at(definition, fields[i].text), *now;

	if (definition_set(&asked, context->pool, fields[i].field, fields[i].label, value, err) < 0)
		return -1;
	now = text_at(&asked, fields[i].text);
	if (definition->file && before && !says_the_same(context, i, before, now))
		return contradiction(definition, fields[i].label, err);
	memcpy((char *)definition + fields[i].text, &now, sizeof(now));
	return 0;
}

static int add_group(struct context *context, const struct options *o,
		     struct definition *definition, struct err *err)
{
	uint32_t before = definition->group;

	if (!o->group)
		return 0;
	if (!streq(o->group, "auto") && definition_set(definition, context->pool, DEFINITION_GROUP,
						       "--group", o->group, err) < 0)
		return -1;
	if (before && before != (streq(o->group, "auto") ? 0 : definition->group))
		return contradiction(definition, "--group", err);
	return 0;
}

static int add_attribute(struct context *context, struct definition *definition, const char *word,
			 struct err *err)
{
	const char *equals = strchr(word, '=');

	if (!equals)
		return err_set(err, ERR_USAGE, "--attr must be NAME=VALUE, not '%s'", word);
	return definition_add_attribute(definition, context->pool, "--attr",
					pool_strndup(context->pool, word, (size_t)(equals - word)),
					equals + 1, err);
}

/* What the options say goes into the definition; what it says itself must not differ. */
static int add_options(struct context *context, const struct options *o,
		       struct definition *definition, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = text_at(o, fields[i].option);

		if (value && add_field(context, definition, i, value, err) < 0)
			return -1;
	}
	if (add_group(context, o, definition, err) < 0)
		return -1;
	for (size_t i = 0; i < o->attributes.n; i++)
		if (add_attribute(context, definition, o->attributes.list[i], err) < 0)
			return -1;
	if (definition->type)
		return 0;
	if (definition->file)
		return err_at(err, definition->file, definition->line, definition->column,
			      "it does not say which type");
	err_set(err, ERR_USAGE, "no type given");
	return err_hint(err, "'mdevtool list-types --available' shows what can be made");
}

static int multiply(struct context *context, const struct options *o,
		    struct definitions *definitions, struct err *err)
{
	struct definition model;
	uint64_t count;

	if (!o->count)
		return 0;
	if (!text_number(o->count, COUNT_MAX, &count) || count == 0)
		return err_set(err, ERR_USAGE, "--count must be a number from 1 to %d, not '%s'",
			       COUNT_MAX, o->count);
	if (definitions->n != 1)
		return err_set(err, ERR_USAGE, "--count multiplies one definition, there are %zu",
			       definitions->n);
	model = definitions->list[0];
	if (model.uuid)
		return err_set(err, ERR_USAGE, "--count and a UUID do not go together");
	*definitions = (struct definitions){0};
	for (uint64_t i = 1; i <= count; i++) {
		struct definition *one =
			pool_push(context->pool, definitions->list, definitions->n);
		struct definition named = {0};

		*one = model;
		if (!model.name)
			continue;
		const char *name =
			pool_printf(context->pool, "%s-%llu", model.name, (unsigned long long)i);
		if (definition_set(&named, context->pool, DEFINITION_NAME, "--name", name, err) < 0)
			return -1;
		one->name = name;
	}
	return 0;
}

/* Who forgets the option's name has named a file that is not there. */
static int hint_at_type(const struct options *o, struct err *err)
{
	if (err->kind != ERR_NOT_FOUND || o->type || err->hint)
		return -1;
	return err_hint(err, "a type is named with --type");
}

static int collect(struct context *context, const struct options *o,
		   struct definitions *definitions, struct err *err)
{
	*definitions = (struct definitions){0};
	for (size_t i = 0; i < context->args.n; i++) {
		struct definitions more;

		if (definitions_read(context->args.list[i], context->pool, &more, err) < 0)
			return hint_at_type(o, err);
		for (size_t j = 0; j < more.n; j++)
			*pool_push(context->pool, definitions->list, definitions->n) = more.list[j];
	}
	if (!context->args.n)
		*pool_push(context->pool, definitions->list, definitions->n) =
			(struct definition){0};
	if (definitions->n > 1 && (o->uuid || o->name))
		return err_set(err, ERR_USAGE, "%s cannot be that of %zu devices",
			       o->uuid ? "--uuid" : "--name", definitions->n);
	for (size_t i = 0; i < definitions->n; i++)
		if (add_options(context, o, &definitions->list[i], err) < 0)
			return -1;
	return multiply(context, o, definitions, err);
}

static int parse_placement(const struct options *o, struct create_options *ret, struct err *err)
{
	uint64_t node;

	if (!o->placement || streq(o->placement, "pack"))
		return 0;
	if (streq(o->placement, "spread")) {
		ret->placement = PLACEMENT_SPREAD;
		return 0;
	}
	if (strncmp(o->placement, "numa=", 5) == 0 && text_number(o->placement + 5, 4095, &node)) {
		ret->placement = PLACEMENT_NUMA;
		ret->numa_node = (int64_t)node;
		return 0;
	}
	return err_set(err, ERR_USAGE, "--placement must be pack, spread or numa=N, not '%s'",
		       o->placement);
}

/* Printing */

static void explain_choice(const struct creation *creation, const struct create_options *create,
			   struct pool *pool, FILE *out)
{
	static const char *const words[] = {
		[PLACEMENT_PACK] = "the fullest",
		[PLACEMENT_SPREAD] = "the emptiest",
		[PLACEMENT_NUMA] = "the fullest on its NUMA node",
	};
	const struct type *type = creation->request.type;
	const struct parent *parent = type->parent;

	fprintf(out, "# on %s", text_printable(pool, parent->name));
	if (parent->product)
		fprintf(out, " (%s %s)", text_printable(pool, parent->vendor ? parent->vendor : ""),
			text_printable(pool, parent->product));
	if (type->available != UNKNOWN)
		fprintf(out, ": %lld free", (long long)type->available);
	if (creation->n_candidates > 1)
		fprintf(out, ", %s of %zu parents that offer '%s'", words[create->placement],
			creation->n_candidates, text_printable(pool, type->id));
	fputc('\n', out);
}

static void print_dry_run(struct context *context, const struct create_options *create,
			  const struct creations *creations)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < creations->n; i++) {
		const struct creation *creation = &creations->list[i];

		if (!context->json) {
			explain_choice(creation, create, context->pool, stdout);
			plan_print(&creation->plan, stdout);
			continue;
		}
		for (size_t j = 0; j < creation->plan.n; j++) {
			const char *line = step_shell(context->pool, &creation->plan.steps[j]);

			if (line)
				json_array_append_new(
					steps, json_string(text_printable(context->pool, line)));
		}
	}
	if (context->json) {
		struct document document = {.out = stdout};

		document_member(&document, "steps", json_incref(steps));
		document_end(&document, NULL);
	}
	json_decref(steps);
}

static int print_devices_json(struct context *context, const struct creations *creations,
			      struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct format all = {.json = true};
	struct document document = {.out = stdout};
	struct selection selection;
	const void **devices = NULL;
	size_t n = 0;

	if (select_fields(&device_fields, &all, context->pool, &selection, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	for (size_t i = 0; i < creations->n; i++) {
		struct device *device = inventory_find_device(
			&inventory, creations->list[i].record.uuid, selection.needs, err);

		if (!device)
			return -1;
		device->params_ignored = creations->list[i].params_ignored;
		*pool_push(context->pool, devices, n) = device;
	}
	document_array(&document, &selection, devices, n);
	document_end(&document, &inventory);
	say_inventory_warnings(context, &inventory);
	return 0;
}

/* What was made must not be lost with a closed pipe: then the UUIDs go to stderr. */
static int print_made(struct context *context, const struct creations *creations, struct err *err)
{
	int result = 0;

	if (context->json)
		result = print_devices_json(context, creations, err);
	else
		for (size_t i = 0; i < creations->n; i++)
			puts(creations->list[i].record.uuid);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return result;
	for (size_t i = 0; i < creations->n; i++)
		fprintf(stderr, "made: %s\n", creations->list[i].record.uuid);
	return result;
}

/* The line that says how far a set is has been begun, and not ended. */
static bool in_progress;

/* On a terminal, a set that takes longer than a second shows how far it is. */
static void show_progress(size_t done, size_t total)
{
	static long long start, last;
	long long now = file_now_ms();

	if (!start)
		start = last = now;
	if (total < 2 || now - start < 1000 || (now - last < 200 && done < total))
		return;
	last = now;
	in_progress = done < total;
	fprintf(stderr, "\r%zu of %zu made%s", done, total, in_progress ? "" : "\n");
	fflush(stderr);
}

/* What is said next has a line of its own. */
static void end_progress(void)
{
	if (in_progress)
		fputc('\n', stderr);
	in_progress = false;
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct create_options create = {.dry_run = o->dry_run,
					.group_auto = o->group && streq(o->group, "auto")};
	struct operation operation = begin_operation(context);
	autocreations struct creations creations = {0};
	struct definitions definitions;
	int result;

	if (parse_placement(o, &create, err) < 0 || collect(context, o, &definitions, err) < 0)
		return -1;
	if (isatty(STDERR_FILENO) && !context->quiet && !context->verbose)
		operation.progress = show_progress;
	if (o->dry_run)
		warn_of_stale(context);
	result = operation_create(&operation, &definitions, &create, &creations, err);
	end_progress();
	say_notes(context, &operation);
	if (result < 0)
		return -1;
	if (o->dry_run) {
		print_dry_run(context, &create, &creations);
		return 0;
	}
	return print_made(context, &creations, err);
}

const struct command command_create = {
	.name = "create",
	.args = "[FILE|-]...",
	.summary = "Make a device, or a set of them",
	.help = "Makes devices that exist until they are destroyed or the machine restarts, and prints "
		"their UUIDs. What to make comes from options, or from FILEs in XML or JSON, or both. A "
		"set is made as a whole or not at all.\v"
		"Examples:\n"
		"  mdevtool create --type 11 --group 1 --params frame_rate_limiter=0\n"
		"  mdevtool create --type 'GRID M60-0B' --count 4 --name desk --dry-run\n"
		"  mdevtool create my-vgpu.xml\n"
		"  echo '{\"parent\":\"matrix\",\"type\":\"vfio_ap-passthrough\"}' | mdevtool create -\n",
	.completion = COMPLETE_FILE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
