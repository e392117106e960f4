/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool export */
#include "cmd/kept.h"

#include "out/export.h"

#include <stddef.h>
#include <stdio.h>

struct options {
	const char *parent;
	const char *format;
};

static const struct cmd_option options[] = {
	KEPT_PARENT(struct options),
	{"format", 'f', "json|mdevctl|rfc-xml|libvirt-xml", OPTION_TEXT,
	 offsetof(struct options, format), COMPLETE_WORDS, "json mdevctl rfc-xml libvirt-xml",
	 "Print them so; json, the default, loses nothing"},
};

/* What is printed, and what it is made of. */
struct collection {
	struct inventory inventory;
	const struct stored **list;
	size_t n;
	bool single; /* one was named, so it is no list */
};

static void add(struct context *context, struct collection *collection, const struct stored *stored)
{
	*pool_push(context->pool, collection->list, collection->n) = stored;
}

/* What several names mean is printed once; what documents say has no file of its own. */
static void add_once(struct context *context, struct collection *collection,
		     const struct stored *stored)
{
	for (size_t i = 0; i < collection->n; i++)
		if (collection->list[i]->file_name && store_is_same(collection->list[i], stored))
			return;
	add(context, collection, stored);
}

static struct stored *describe(struct context *context, const struct definition *definition,
			       const char *file_name)
{
	struct stored *stored = pool_alloc(context->pool, sizeof(*stored));

	*stored = (struct stored){.definition = *definition, .file_name = file_name};
	return stored;
}

static int add_document(struct context *context, struct collection *collection, const char *file,
			struct err *err)
{
	struct definitions definitions;

	if (definitions_read(file, context->pool, &definitions, err) < 0)
		return -1;
	for (size_t i = 0; i < definitions.n; i++)
		add(context, collection, describe(context, &definitions.list[i], NULL));
	return 0;
}

/* A definition, else a device that exists. */
static int add_named(struct context *context, struct collection *collection, const char *given,
		     const char *parent, struct err *err)
{
	struct operation operation = begin_operation(context);
	autoerr struct err undefined = {0};
	autoerr struct err absent = {0};
	const struct stored *stored = store_find(&collection->inventory, given, parent, &undefined);
	struct definition definition;

	if (stored) {
		add_once(context, collection, stored);
		return 0;
	}
	if (undefined.kind == ERR_NOT_FOUND &&
	    operation_adopt(&operation, given, &definition, &absent) == 0) {
		say_notes(context, &operation);
		add_once(context, collection, describe(context, &definition, definition.uuid));
		return 0;
	}
	err_keep_first(err, absent.kind == ERR_INVALID ? &absent : &undefined);
	if (err->kind == ERR_NOT_FOUND)
		err_rephrase(err, "no definition, device or FILE '%s'", given);
	return -1;
}

static int collect(struct context *context, const char *parent, struct collection *collection,
		   struct err *err)
{
	for (size_t i = 0; i < context->args.n; i++) {
		const char *word = context->args.list[i];
		int result = names_document(word)
				     ? add_document(context, collection, word, err)
				     : add_named(context, collection, word, parent, err);

		if (result < 0)
			return -1;
	}
	collection->single = context->args.n && collection->n == 1;
	if (context->args.n)
		return 0;
	store_load(&collection->inventory, parent, NULL);
	collection->list = (const struct stored **)collection->inventory.definitions;
	collection->n = collection->inventory.n_definitions;
	return 0;
}

/* mdevctl's list tells them apart by parent and UUID. */
static int check(enum export_format format, const struct collection *collection, struct err *err)
{
	for (size_t i = 0; format == EXPORT_MDEVCTL && !collection->single && i < collection->n;
	     i++)
		if (!collection->list[i]->definition.parent ||
		    !collection->list[i]->definition.uuid)
			return err_set(err, ERR_UNSUPPORTED,
				       "a list in mdevctl's format needs the parent and the UUID "
				       "of each device");
	return 0;
}

static void tell_lost(struct context *context, enum export_format format,
		      const struct collection *collection)
{
	for (size_t i = 0; i < collection->n; i++) {
		const struct definition *definition = &collection->list[i]->definition;
		const char *lost =
			export_lost(context->pool, format, !collection->single, definition);
		const char *name = definition->name ? definition->name : definition->uuid;

		if (lost)
			say_note(context,
				 "'%s' is printed without what this format cannot hold: %s",
				 name ? name : definition->type, lost);
	}
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	enum export_format format = EXPORT_JSON;
	struct collection collection = {0};
	const char *parent;
	int result;

	if (o->format && !export_format_named(o->format, &format))
		return err_set(err, ERR_USAGE,
			       "--format must be json, mdevctl, rfc-xml or libvirt-xml, not '%s'",
			       o->format);
	if (context->json && format != EXPORT_JSON)
		return err_set(err, ERR_USAGE, "--json and --format=%s contradict each other",
			       o->format);
	if (kept_parent(context, o->parent, &parent, err) < 0)
		return -1;
	inventory_init(&collection.inventory, &context->root);
	result = collect(context, parent, &collection, err);
	if (result == 0)
		result = check(format, &collection, err);
	if (result == 0) {
		tell_lost(context, format, &collection);
		if (collection.single)
			export_print_one(format, collection.list[0], stdout);
		else
			export_print_list(format, collection.list, collection.n, stdout);
		say_inventory_warnings(context, &collection.inventory);
	}
	inventory_free(&collection.inventory);
	return result;
}

const struct command command_export = {
	.name = "export",
	.args = "[DEFINITION|DEVICE|FILE|-]...",
	.summary = "Print definitions as documents",
	.help = "Prints definitions, all of them unless some are named, as a document that 'define' and "
		"'create' read. A FILE is converted.\v"
		"Examples:\n"
		"  mdevtool export seat-1 --format libvirt-xml\n"
		"  mdevtool export >all.json\n"
		"  mdevtool export --format mdevctl my-vgpu.xml\n",
	.completion = COMPLETE_DEFINITION_OR_FILE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
