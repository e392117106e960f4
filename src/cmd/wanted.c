/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted: definitions from documents and options. */
#include "cmd/wanted.h"

#include "base/text.h"
#include "mdev/address.h"
#include "mdev/store.h"

#include <stddef.h>

#define COUNT_MAX 65536

/* The options that say what a definition says, and where. */
static const struct {
	const char *label;
	enum definition_field field;
	size_t option;
	size_t text; /* in struct definition, NULL when it does not say */
} fields[] = {
	{"--parent", DEFINITION_PARENT, offsetof(struct wanted, parent),
	 offsetof(struct definition, parent)},
	{"--type", DEFINITION_TYPE, offsetof(struct wanted, type),
	 offsetof(struct definition, type)},
	{"--uuid", DEFINITION_UUID, offsetof(struct wanted, uuid),
	 offsetof(struct definition, uuid)},
	{"--name", DEFINITION_NAME, offsetof(struct wanted, name),
	 offsetof(struct definition, name)},
	{"--params", DEFINITION_PARAMS, offsetof(struct wanted, params),
	 offsetof(struct definition, params)},
};

static const char *text_at(const void *base, size_t offset)
{
	const char *text;

	memcpy(&text, (const char *)base + offset, sizeof(text));
	return text;
}

int wanted_contradiction(const struct definition *definition, const char *label, const char *value,
			 const char *said, struct err *err)
{
	err_set(err, ERR_USAGE, "%s%s%s%s is not what the document says: '%s'", label,
		value ? " '" : "", value ? value : "", value ? "'" : "", said);
	definition_locate(definition, err);
	return err_hint(err, "leave %s out, or change the document", label);
}

/* A type has an id and a name. */
static bool is_same_type(const struct context *context, const char *before, const char *now)
{
	autoinventory struct inventory inventory = {0};
	bool same = streq(before, now);

	if (same)
		return true;
	inventory_init(&inventory, &context->root);
	inventory_load_parents(&inventory, NEED_TYPES | NEED_TYPE_NAME);
	for (size_t i = 0; i < inventory.n_parents && !same; i++) {
		const struct type *type = parent_find_type(inventory.parents[i], before);

		same = type && type == parent_find_type(inventory.parents[i], now);
	}
	return same;
}

/* A parent has several spellings. */
static bool says_the_same(const struct context *context, size_t i, const char *before,
			  const char *now)
{
	if (now && fields[i].field == DEFINITION_PARENT) {
		before = address_parent_name(context->pool, before);
		now = address_parent_name(context->pool, now);
	}
	if (before && now && fields[i].field == DEFINITION_TYPE)
		return is_same_type(context, before, now);
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
		return wanted_contradiction(definition, fields[i].label, value, before, err);
	memcpy((char *)definition + fields[i].text, &now, sizeof(now));
	return 0;
}

static int add_group(struct context *context, const struct wanted *wanted,
		     struct definition *definition, struct err *err)
{
	uint32_t before = definition->group;

	if (!wanted->group)
		return 0;
	if (!streq(wanted->group, "auto") &&
	    definition_set(definition, context->pool, DEFINITION_GROUP, "--group", wanted->group,
			   err) < 0)
		return -1;
	if (definition->file && before &&
	    before != (streq(wanted->group, "auto") ? 0 : definition->group))
		return wanted_contradiction(definition, "--group", wanted->group,
					    pool_printf(context->pool, "%u", before), err);
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

int wanted_add(struct context *context, const struct wanted *wanted, struct definition *definition,
	       struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = text_at(wanted, fields[i].option);

		if (value && add_field(context, definition, i, value, err) < 0)
			return -1;
	}
	if (add_group(context, wanted, definition, err) < 0)
		return -1;
	for (size_t i = 0; i < wanted->attributes.n; i++)
		if (add_attribute(context, definition, wanted->attributes.list[i], err) < 0)
			return -1;
	if (definition->type)
		return 0;
	if (definition->file)
		return err_at(err, definition->file, definition->line, definition->column,
			      "it does not say which type");
	err_set(err, ERR_USAGE, "no type given");
	return err_hint(err, "'mdevtool list-types --available' shows what can be made");
}

static int multiply(struct context *context, const struct wanted *wanted,
		    struct definitions *definitions, struct err *err)
{
	struct definition model;
	uint64_t count;

	if (!wanted->count)
		return 0;
	if (!text_number(wanted->count, COUNT_MAX, &count) || count == 0)
		return err_set(err, ERR_USAGE, "--count must be a number from 1 to %d, not '%s'",
			       COUNT_MAX, wanted->count);
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

/* Who forgets the option's name, or means a definition, has named a file that is not there. */
static int hint_at_type(const struct context *context, const struct wanted *wanted,
			const char *word, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	autoerr struct err absent = {0};

	if (err->kind != ERR_NOT_FOUND || err->hint)
		return -1;
	inventory_init(&inventory, &context->root);
	if (store_find(&inventory, word, NULL, &absent))
		return err_hint(err, "'mdevtool start %s' makes what is defined", word);
	return wanted->type ? -1 : err_hint(err, "a type is named with --type");
}

int wanted_definitions(struct context *context, const struct wanted *wanted,
		       const struct words *documents, struct definitions *ret, struct err *err)
{
	*ret = (struct definitions){0};
	for (size_t i = 0; i < documents->n; i++) {
		struct definitions more;

		if (definitions_read(documents->list[i], context->pool, &more, err) < 0)
			return hint_at_type(context, wanted, documents->list[i], err);
		for (size_t j = 0; j < more.n; j++)
			*pool_push(context->pool, ret->list, ret->n) = more.list[j];
	}
	if (!documents->n)
		*pool_push(context->pool, ret->list, ret->n) = (struct definition){0};
	if (ret->n > 1 && (wanted->uuid || wanted->name))
		return err_set(err, ERR_USAGE, "%s cannot be that of %zu devices",
			       wanted->uuid ? "--uuid" : "--name", ret->n);
	for (size_t i = 0; i < ret->n; i++)
		if (wanted_add(context, wanted, &ret->list[i], err) < 0)
			return -1;
	return multiply(context, wanted, ret, err);
}

int wanted_placement(const struct wanted *wanted, struct create_options *ret, struct err *err)
{
	uint64_t node;

	ret->group_auto = wanted->group && streq(wanted->group, "auto");
	if (!wanted->placement || streq(wanted->placement, "pack"))
		return 0;
	if (streq(wanted->placement, "spread")) {
		ret->placement = PLACEMENT_SPREAD;
		return 0;
	}
	if (strncmp(wanted->placement, "numa=", 5) == 0 &&
	    text_number(wanted->placement + 5, 4095, &node)) {
		ret->placement = PLACEMENT_NUMA;
		ret->numa_node = (int64_t)node;
		return 0;
	}
	return err_set(err, ERR_USAGE, "--placement must be pack, spread or numa=N, not '%s'",
		       wanted->placement);
}
