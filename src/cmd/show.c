/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool show */
#include "cmd/command.h"

#include "mdev/address.h"
#include "out/nodedev-xml.h"

#include <stddef.h>

struct options {
	const char *xml;
};

static const struct cmd_option options[] = {
	{"xml", 0, "libvirt", OPTION_OPTIONAL, offsetof(struct options, xml), COMPLETE_WORDS,
	 "libvirt", "A parent as node device XML: the RFC's, or with =libvirt today's"},
};

#define NEEDS_PARENT (NEED_PARENT_FACTS | NEED_PARENT_PRODUCT | NEED_TYPE_ALL)
/* Holders are looked for once, for all devices. */
#define NEEDS_DEVICE (NEED_DEVICE_ALL & ~NEED_DEVICE_HOLDERS)

/* What the names turned out to be. */
struct found {
	const void **parents, **types, **definitions;
	struct device **devices;
	size_t n_parents, n_types, n_devices, n_definitions;
};

/* What several names mean is shown once. */
static bool is_among(const void *record, const void *const *records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (records[i] == record)
			return true;
	return false;
}

static void add_type(struct context *context, struct found *found, const struct type *type)
{
	if (!is_among(type, found->types, found->n_types))
		*pool_push(context->pool, found->types, found->n_types) = type;
}

static void add_parent(struct context *context, struct found *found, const struct parent *parent)
{
	if (is_among(parent, found->parents, found->n_parents))
		return;
	*pool_push(context->pool, found->parents, found->n_parents) = parent;
	for (size_t i = 0; i < parent->n_types; i++)
		add_type(context, found, parent->types[i]);
}

static void add_device(struct context *context, struct found *found, struct device *device)
{
	if (!is_among(device, (const void *const *)found->devices, found->n_devices))
		*pool_push(context->pool, found->devices, found->n_devices) = device;
}

/* A device may be active, defined, or both. */
static bool find_definition(struct context *context, struct inventory *inventory, const char *name,
			    struct found *found, struct err *err)
{
	struct stored *stored = store_find(inventory, name, NULL, err);

	if (!stored)
		return false;
	store_load_states(inventory, &stored, 1);
	for (size_t i = 0; i < found->n_definitions; i++)
		if (store_is_same(found->definitions[i], stored))
			return true;
	*pool_push(context->pool, found->definitions, found->n_definitions) = stored;
	return true;
}

static bool find_types(struct context *context, struct inventory *inventory, const char *name,
		       struct found *found)
{
	bool any = false;

	inventory_load_parents(inventory, NEEDS_PARENT);
	for (size_t i = 0; i < inventory->n_parents; i++) {
		const struct type *type = parent_find_type(inventory->parents[i], name);

		any |= type != NULL;
		if (type)
			add_type(context, found, type);
	}
	return any;
}

/* Whether the hint is about this name, and not where to look for all. */
static bool names_nearest(const struct err *err)
{
	return err->hint && *err->hint != '\'';
}

/* One that makes no devices yet says why, and what to type. */
static bool is_candidate(struct inventory *inventory, const char *name)
{
	const char *parent = address_parent_name(inventory->pool, name);

	inventory_load_candidates(inventory, 0);
	for (size_t i = 0; parent && i < inventory->n_candidates; i++)
		if (streq(inventory->candidates[i]->name, parent))
			return true;
	return false;
}

/* Hints at something near: a parent, a device, a definition or a type. */
static int no_such_name(struct inventory *inventory, const char *name,
			const struct err *const not_found[3], struct err *err)
{
	const char *type = inventory_nearest_type(inventory, name);

	if (is_candidate(inventory, name)) {
		err_set(err, not_found[0]->kind, "%s", not_found[0]->message);
		return err_hint(err, "%s", not_found[0]->hint);
	}
	err_set(err, ERR_NOT_FOUND, "no parent, type, device or definition '%s'", name);
	for (size_t i = 0; i < 3; i++)
		if (names_nearest(not_found[i]))
			return err_hint(err, "%s", not_found[i]->hint);
	if (type)
		return err_hint(err, "did you mean '%s'?", type);
	return err_hint(err, "'mdevtool list-parents', 'list-types' and 'list' show what there is");
}

/* A slot's name means its device, if it has one, and its parent otherwise. */
static bool is_device_of(struct inventory *inventory, const struct parent *parent, const char *name)
{
	const char *slot = address_parent_name(inventory->pool, name);
	autoerr struct err absent = {0};

	return slot && parent_slot(parent, slot) &&
	       inventory_find_device(inventory, slot, 0, &absent);
}

/* A name can be a parent's, a device's or a type's, tried in this order. */
static int find(struct context *context, struct inventory *inventory, const char *name,
		struct found *found, struct err *err)
{
	autoerr struct err not_parent = {0};
	autoerr struct err not_device = {0};
	autoerr struct err not_defined = {0};
	const struct parent *parent =
		inventory_find_parent(inventory, name, NEEDS_PARENT, &not_parent);
	struct device *device;

	if (parent && !is_device_of(inventory, parent, name)) {
		add_parent(context, found, parent);
		return 0;
	}
	device = inventory_find_device(inventory, name, NEEDS_DEVICE, &not_device);
	if (device)
		add_device(context, found, device);
	if (find_definition(context, inventory, name, found, &not_defined) || device)
		return 0;
	if (find_types(context, inventory, name, found))
		return 0;
	if (not_device.kind == ERR_NOT_FOUND && not_defined.kind == ERR_NOT_FOUND)
		return no_such_name(
			inventory, name,
			(const struct err *const[]){&not_parent, &not_device, &not_defined}, err);
	err_keep_first(err, not_device.kind == ERR_NOT_FOUND ? &not_defined : &not_device);
	return -1;
}

static int print_xml(const struct found *found, const char *dialect, struct err *err)
{
	if (*dialect && !streq(dialect, "libvirt"))
		return err_set(err, ERR_USAGE, "--xml is 'libvirt' or nothing, not '%s'", dialect);
	if (!found->n_parents || found->n_devices || found->n_definitions)
		return err_set(err, ERR_UNSUPPORTED, "only parents can be shown as XML");
	if (found->n_parents > 1)
		puts("<devices>");
	for (size_t i = 0; i < found->n_parents; i++)
		print_nodedev_xml(found->parents[i], *dialect ? NODEDEV_LIBVIRT : NODEDEV_RFC,
				  stdout);
	if (found->n_parents > 1)
		puts("</devices>");
	return 0;
}

/* One noun of what was found. */
struct section {
	const struct fields *fields;
	const void **records;
	size_t n;
};

static void print_json(struct context *context, const struct inventory *inventory,
		       const struct section *sections, size_t n)
{
	struct document document = {.out = stdout};

	for (size_t i = 0; i < n; i++) {
		struct selection selection;

		select_all(sections[i].fields, context->pool, &selection);
		if (sections[i].n)
			document_array(&document, &selection, sections[i].records, sections[i].n);
	}
	document_end(&document, inventory);
}

static void print_text(struct context *context, const struct section *sections, size_t n)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		struct selection selection;

		select_all(sections[i].fields, context->pool, &selection);
		for (size_t j = 0; j < sections[i].n; j++) {
			if (!first)
				putchar('\n');
			first = false;
			print_vertical(&selection, sections[i].records[j], stdout);
		}
	}
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct found found = {0};

	if (!context->args.n) {
		err_set(err, ERR_USAGE,
			"nothing to show: name a parent, a type, a device or a definition");
		return err_hint(err,
				"'mdevtool list' shows devices, 'mdevtool list-parents' parents");
	}
	inventory_init(&inventory, &context->root);
	for (size_t i = 0; i < context->args.n; i++)
		if (find(context, &inventory, context->args.list[i], &found, err) < 0)
			return -1;
	inventory_load_holders(&inventory, found.devices, found.n_devices);

	const struct section sections[] = {
		{&parent_fields, found.parents, found.n_parents},
		{&type_fields, found.types, found.n_types},
		{&device_fields, (const void **)found.devices, found.n_devices},
		{&definition_fields, found.definitions, found.n_definitions},
	};
	if (o->xml && print_xml(&found, o->xml, err) < 0)
		return -1;
	if (!o->xml && context->json)
		print_json(context, &inventory, sections, ARRAY_SIZE(sections));
	else if (!o->xml)
		print_text(context, sections, ARRAY_SIZE(sections));
	say_inventory_warnings(context, &inventory);
	return 0;
}

const struct command command_show = {
	.name = "show",
	.args = "NAME...",
	.summary = "Show everything about a parent, type, device or definition",
	.help = "Shows everything about parents (with their types), types, devices and definitions.\v"
		"Examples:\n"
		"  mdevtool show 0000:86:00.0\n"
		"  mdevtool show 2f0c2d5e --json\n"
		"  mdevtool show pci_0000_86_00_0 --xml\n",
	.completion = COMPLETE_ANY_NAME,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.only_reads = true,
	.run = run,
};
