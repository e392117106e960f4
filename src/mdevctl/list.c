/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl list and types: two tables of parents, as text and as JSON. */
#include "mdevctl/mdevctl.h"

#include "base/text.h"
#include "mdev/record.h"

#include <stdio.h>

/* [{"PARENT": [{"NAME": {…}}, …], …}], begun with []; steals `value`. */
static void add(struct pool *pool, json_t *list, const char *parent, const char *name,
		json_t *value)
{
	json_t *parents = json_array_get(list, 0), *of_parent;

	parent = text_json(pool, parent);
	if (!parents) {
		parents = json_object();
		json_array_append_new(list, parents);
	}
	of_parent = json_object_get(parents, parent);
	if (!of_parent) {
		of_parent = json_array();
		json_object_set_new(parents, parent, of_parent);
	}
	json_array_append_new(of_parent, json_pack("{s:o}", text_json(pool, name), value));
}

/* No newline follows, as mdevctl does it. */
static void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	json_decref(json);
}

/* mdevctl has no warnings in its status, and libvirt would take nothing from a list that failed. */
static void tell_warnings(const struct session *session, const struct inventory *inventory)
{
	say_inventory_warnings(session->context, inventory);
	session->context->status = 0;
}

/* Types */

struct type_row {
	const char *title;
	const char *key;
	const char *(*text)(struct pool *pool, const struct type *type);
	bool is_number;
};

static const char *room_text(struct pool *pool, const struct type *type)
{
	return type->available == UNKNOWN ? NULL
					  : pool_printf(pool, "%lld", (long long)type->available);
}

static const char *trimmed(struct pool *pool, const char *text)
{
	size_t length;

	if (!text)
		return NULL;
	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	return pool_strndup(pool, text, length);
}

static const char *api_text(struct pool *pool, const struct type *type)
{
	return trimmed(pool, type->device_api);
}

static const char *name_text(struct pool *pool, const struct type *type)
{
	return trimmed(pool, type->name);
}

/* In one line. */
static const char *description_text(struct pool *pool, const struct type *type)
{
	const char *text = "", *rest = trimmed(pool, type->description), *end;

	if (!rest)
		return NULL;
	for (; (end = strchr(rest, '\n')); rest = end + 1)
		text = pool_printf(pool, "%s%.*s, ", text, (int)(end - rest), rest);
	return pool_printf(pool, "%s%s", text, rest);
}

static const struct type_row type_rows[] = {
	{"Available instances", "available_instances", room_text, true},
	{"Device API", "device_api", api_text, false},
	{"Name", "name", name_text, false},
	{"Description", "description", description_text, false},
};

static json_t *type_json(struct pool *pool, const struct type *type)
{
	json_t *json = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(type_rows); i++) {
		const struct type_row *row = &type_rows[i];
		const char *text = row->text(pool, type);

		if (text && *text)
			json_object_set_new(json, row->key,
					    row->is_number ? json_integer(type->available)
							   : json_string(text_json(pool, text)));
	}
	return json;
}

static void print_type(struct pool *pool, const struct type *type)
{
	printf("  %s\n", text_printable(pool, type->id));
	for (size_t i = 0; i < ARRAY_SIZE(type_rows); i++) {
		const char *text = type_rows[i].text(pool, type);

		if (text && *text)
			printf("    %s: %s\n", type_rows[i].title, text_printable(pool, text));
	}
}

static int compare_parents(const void *a, const void *b)
{
	return strcmp((*(struct parent *const *)a)->name, (*(struct parent *const *)b)->name);
}

static int compare_types(const void *a, const void *b)
{
	return strcmp((*(struct type *const *)a)->id, (*(struct type *const *)b)->id);
}

int mdevctl_types(struct session *session, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	const struct arguments *given = session->arguments;
	json_t *json = json_array();

	(void)err;
	inventory_init(&inventory, &session->context->root);
	inventory_load_parents(&inventory, NEED_TYPES | NEED_TYPE_NAME | NEED_TYPE_ROOM |
						   NEED_TYPE_API | NEED_TYPE_FACTS);
	if (inventory.n_parents)
		qsort(inventory.parents, inventory.n_parents, sizeof(*inventory.parents),
		      compare_parents);
	for (size_t i = 0; i < inventory.n_parents; i++) {
		struct parent *parent = inventory.parents[i];

		/* those with slots make no mediated devices, see collect_devices() */
		if (!parent->n_types || parent->n_slots ||
		    (given->parent && !streq(given->parent, parent->name)))
			continue;
		qsort(parent->types, parent->n_types, sizeof(*parent->types), compare_types);
		if (!is_given(session, ARG_DUMPJSON))
			puts(text_printable(inventory.pool, parent->name));
		for (size_t j = 0; j < parent->n_types; j++)
			if (is_given(session, ARG_DUMPJSON))
				add(inventory.pool, json, parent->name, parent->types[j]->id,
				    type_json(inventory.pool, parent->types[j]));
			else
				print_type(inventory.pool, parent->types[j]);
	}
	if (is_given(session, ARG_DUMPJSON))
		print_json(json);
	else
		json_decref(json);
	tell_warnings(session, &inventory);
	return 0;
}

/* Devices and definitions */

/* A line of the list. */
struct entry_row {
	const char *uuid, *parent, *type;
	bool automatic;
	const char *note;                    /* " (active)", " (defined)" or "" */
	const struct definition *definition; /* whose attributes are shown; NULL for none */
};

struct listing {
	struct pool *pool;
	struct entry_row *rows;
	size_t n;
};

static bool is_wanted(const struct session *session, const char *uuid, const char *parent)
{
	const struct arguments *given = session->arguments;

	return (!given->uuid || streq(given->uuid, uuid)) &&
	       (!given->parent || streq(given->parent, parent));
}

static const struct stored *find_stored(const struct inventory *inventory, const char *uuid,
					const char *parent)
{
	for (size_t i = 0; i < inventory->n_definitions; i++) {
		const struct definition *definition = &inventory->definitions[i]->definition;

		if (streq(definition->uuid, uuid) && streq(definition->parent, parent))
			return inventory->definitions[i];
	}
	return NULL;
}

/* It runs as it is defined: on that parent, with that type. */
static bool is_active(const struct inventory *inventory, const struct definition *definition)
{
	for (size_t i = 0; i < inventory->n_devices; i++) {
		const struct device *device = inventory->devices[i];

		if (streq(device->uuid, definition->uuid) &&
		    device_is_at(device, definition->parent) &&
		    device_has_type(device, definition->type))
			return true;
	}
	return false;
}

static void collect_definitions(const struct session *session, struct inventory *inventory,
				struct listing *listing)
{
	inventory_load_devices(inventory, NEED_DEVICE_TYPE);
	for (size_t i = 0; i < inventory->n_definitions; i++) {
		const struct definition *definition = &inventory->definitions[i]->definition;

		if (is_wanted(session, definition->uuid, definition->parent))
			*pool_push(listing->pool, listing->rows, listing->n) = (struct entry_row){
				.uuid = definition->uuid,
				.parent = definition->parent,
				.type = definition->type,
				.automatic = definition->start == START_AUTO,
				.note = is_active(inventory, definition) ? " (active)" : "",
				.definition = definition,
			};
	}
}

/* What the call-out of its type tells of a running device; what fails is a warning. */
static const struct definition *ask_attributes(struct session *session, struct inventory *inventory,
					       const struct device *device)
{
	const struct stored stored = {
		.definition = {.uuid = device->uuid,
			       .parent = device->parent,
			       .type = device->type},
	};
	struct callout callout = operation_callout(&session->operation, CALLOUT_MODIFY, &stored);
	struct definition *ret = pool_alloc(inventory->pool, sizeof(*ret));
	autoerr struct err failure = {0};
	const char *json = NULL;

	if (callout_attributes(&callout, &json, &failure) < 0 ||
	    (json &&
	     definition_parse_attributes(ret, inventory->pool, callout.script, json, &failure) < 0))
		inventory_warn(inventory, NULL, "the attributes of '%s' are not known: %s",
			       device->uuid, failure.message);
	return ret;
}

/* A definition that is broken is one, too. */
static bool is_defined(const struct session *session, struct pool *pool,
		       const struct device *device)
{
	const char *file = pool_printf(pool, STORE_DIR "/%s/%s", device->parent, device->uuid);

	return root_exists(&session->context->root, file);
}

/*
 * Whether it starts by itself is for the definition to say. What has a slot is none of mdevctl's
 * devices: libvirt 11 takes each that is listed here for a mediated device, and offers it to VMs.
 */
static void collect_devices(struct session *session, struct inventory *inventory,
			    struct listing *listing)
{
	inventory_load_devices(inventory, NEED_DEVICE_TYPE);
	for (size_t i = 0; i < inventory->n_devices; i++) {
		const struct device *device = inventory->devices[i];
		const struct stored *stored = find_stored(inventory, device->uuid, device->parent);

		if (!device->address && is_wanted(session, device->uuid, device->parent))
			*pool_push(listing->pool, listing->rows, listing->n) = (struct entry_row){
				.uuid = device->uuid,
				.parent = device->parent,
				.type = device->type,
				.automatic = stored && stored->definition.start == START_AUTO,
				.note = is_defined(session, listing->pool, device) ? " (defined)"
										   : "",
				.definition = is_given(session, ARG_DUMPJSON | ARG_VERBOSE)
						      ? ask_attributes(session, inventory, device)
						      : NULL,
			};
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct entry_row *x = a, *y = b;
	int order = strcmp(x->parent, y->parent);

	return order ? order : strcmp(x->uuid, y->uuid);
}

static json_t *row_json(struct pool *pool, const struct entry_row *row)
{
	const struct definition *definition = row->definition;
	json_t *attributes =
		definition ? attributes_to_json(definition->attributes, definition->n_attributes)
			   : json_array();

	return json_pack("{s:s, s:s, s:o}", "mdev_type", text_json(pool, row->type), "start",
			 row->automatic ? "auto" : "manual", "attrs", attributes);
}

static void print_rows_json(const struct session *session, const struct listing *listing)
{
	json_t *json = json_array();

	if (is_given(session, ARG_UUID) && listing->n == 1) {
		json_decref(json);
		json = row_json(listing->pool, listing->rows);
	} else {
		for (size_t i = 0; i < listing->n; i++)
			add(listing->pool, json, listing->rows[i].parent, listing->rows[i].uuid,
			    row_json(listing->pool, &listing->rows[i]));
	}
	print_json(json);
}

static void print_row(struct pool *pool, const struct entry_row *row, bool verbose)
{
	const struct definition *definition = verbose ? row->definition : NULL;

	printf("%s %s %s %s%s\n", row->uuid, text_printable(pool, row->parent),
	       text_printable(pool, row->type), row->automatic ? "auto" : "manual", row->note);
	if (definition && definition->n_attributes)
		puts("  Attrs:");
	for (size_t i = 0; definition && i < definition->n_attributes; i++)
		printf("    @{%zu}: {\"%s\":\"%s\"}\n", i, definition->attributes[i].name,
		       definition->attributes[i].value);
}

int mdevctl_list(struct session *session, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct listing listing = {0};

	(void)err;
	inventory_init(&inventory, &session->context->root);
	listing.pool = inventory.pool;
	store_load(&inventory, NULL, session->arguments->uuid);
	if (is_given(session, ARG_DEFINED))
		collect_definitions(session, &inventory, &listing);
	else
		collect_devices(session, &inventory, &listing);
	if (listing.n)
		qsort(listing.rows, listing.n, sizeof(*listing.rows), compare_rows);
	if (is_given(session, ARG_DUMPJSON))
		print_rows_json(session, &listing);
	for (size_t i = 0; i < listing.n && !is_given(session, ARG_DUMPJSON); i++)
		print_row(listing.pool, &listing.rows[i], is_given(session, ARG_VERBOSE));
	tell_warnings(session, &inventory);
	return 0;
}
