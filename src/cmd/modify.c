/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool modify */
#include "cmd/kept.h"

#include "base/text.h"

#include <stddef.h>

struct options {
	const char *parent;
	const char *type, *name, *group, *params;
	struct words set, add, remove;
	bool automatic, manual;
};

static const struct cmd_option options[] = {
	KEPT_PARENT(struct options),
	{"type", 't', "TYPE", OPTION_TEXT, offsetof(struct options, type), COMPLETE_TYPE, NULL,
	 "Give it this type: the id, or the whole name"},
	{"name", 'n', "NAME", OPTION_TEXT, offsetof(struct options, name), COMPLETE_NOTHING, NULL,
	 "Call it so; '' takes its name away"},
	{"group", 'g', "GROUP|auto|none", OPTION_TEXT, offsetof(struct options, group),
	 COMPLETE_GROUP, "auto none", "Put it into this group, the lowest unused, or none"},
	{"params", 0, "TEXT", OPTION_TEXT, offsetof(struct options, params), COMPLETE_NOTHING, NULL,
	 "Give it these parameters for the driver; '' takes them away"},
	{"attr", 'a', "[N:]NAME=VALUE", OPTION_LIST, offsetof(struct options, set),
	 COMPLETE_NOTHING, NULL,
	 "Give the attribute NAME, or the one at position N, this value; a new NAME goes to the end"},
	{"add-attr", 0, "[N:]NAME=VALUE", OPTION_LIST, offsetof(struct options, add),
	 COMPLETE_NOTHING, NULL, "Insert an attribute at position N, or at the end"},
	{"del-attr", 0, "NAME|N", OPTION_LIST, offsetof(struct options, remove), COMPLETE_NOTHING,
	 NULL, "Remove the attribute NAME, or the one at position N, counted from 0"},
	{"auto", 0, NULL, OPTION_FLAG, offsetof(struct options, automatic), COMPLETE_NOTHING, NULL,
	 "Start it with its parent, at boot and whenever that appears"},
	{"manual", 0, NULL, OPTION_FLAG, offsetof(struct options, manual), COMPLETE_NOTHING, NULL,
	 "Start it on request only"},
};

/* Attributes: by name, or by position in the order in which they are written */

#define NO_POSITION SIZE_MAX

/* "2:NAME=VALUE" into position, name and value; without a number there is no position. */
static int parse_attribute(struct pool *pool, const char *option, const char *word,
			   struct attribute *ret, size_t *position, struct err *err)
{
	const char *colon = strchr(word, ':'), *equals = strchr(word, '=');
	struct definition checked = {0};
	uint64_t number;

	*position = NO_POSITION;
	if (colon && equals && colon < equals &&
	    text_number(pool_strndup(pool, word, (size_t)(colon - word)), SIZE_MAX - 1, &number)) {
		*position = (size_t)number;
		word = colon + 1;
	}
	if (!equals)
		return err_set(err, ERR_USAGE, "%s must be NAME=VALUE, not '%s'", option, word);
	*ret = (struct attribute){pool_strndup(pool, word, (size_t)(equals - word)),
				  pool_strdup(pool, equals + 1)};
	return definition_add_attribute(&checked, pool, option, ret->name, ret->value, err);
}

static int no_position(const struct definition *definition, size_t position, struct err *err)
{
	err_set(err, ERR_INVALID, "'%s' has no attribute %zu, it has %zu", definition->uuid,
		position, definition->n_attributes);
	return err_hint(err, "'mdevtool show %s' shows them with their positions",
			definition->uuid);
}

/* "placement_id" is short for "nvidia/placement_id" where that is a device's. */
static bool is_short_for(const char *name, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && streq(slash + 1, name);
}

static bool is_same_attribute(const char *a, const char *b)
{
	return streq(a, b) || is_short_for(a, b) || is_short_for(b, a);
}

static int find_name(const struct definition *definition, const char *name, size_t *ret,
		     struct err *err)
{
	*ret = NO_POSITION;
	for (size_t i = 0; i < definition->n_attributes; i++) {
		if (!is_same_attribute(definition->attributes[i].name, name))
			continue;
		if (*ret != NO_POSITION) {
			err_set(err, ERR_INVALID, "'%s' has the attribute '%s' more than once",
				definition->uuid, name);
			return err_hint(err, "say which by its position: %zu or %zu", *ret, i);
		}
		*ret = i;
	}
	return 0;
}

/* The lists of others are not to change under them. */
static void insert(struct pool *pool, struct definition *definition, size_t at,
		   struct attribute attribute)
{
	struct attribute *list = NULL;
	size_t n = 0;

	for (size_t i = 0; i <= definition->n_attributes; i++) {
		if (i == at)
			*pool_push(pool, list, n) = attribute;
		if (i < definition->n_attributes)
			*pool_push(pool, list, n) = definition->attributes[i];
	}
	definition->attributes = list;
	definition->n_attributes = n;
}

static int set_attribute(struct pool *pool, struct definition *definition, const char *word,
			 struct err *err)
{
	struct attribute one = {"", ""};
	size_t at;

	if (parse_attribute(pool, "--attr", word, &one, &at, err) < 0)
		return -1;
	if (at == NO_POSITION && find_name(definition, one.name, &at, err) < 0)
		return -1;
	if (at == NO_POSITION) {
		insert(pool, definition, definition->n_attributes, one);
		return 0;
	}
	if (at >= definition->n_attributes)
		return no_position(definition, at, err);
	if (is_same_attribute(definition->attributes[at].name, one.name))
		one.name = definition->attributes[at].name;
	definition->attributes[at] = one;
	return 0;
}

static int insert_attribute(struct pool *pool, struct definition *definition, const char *word,
			    struct err *err)
{
	struct attribute one = {"", ""};
	size_t at;

	if (parse_attribute(pool, "--add-attr", word, &one, &at, err) < 0)
		return -1;
	if (at == NO_POSITION)
		at = definition->n_attributes;
	if (at > definition->n_attributes)
		return no_position(definition, at, err);
	insert(pool, definition, at, one);
	return 0;
}

static int remove_attribute(struct pool *pool, struct definition *definition, const char *word,
			    struct err *err)
{
	uint64_t number;
	size_t at;

	(void)pool;
	if (text_number(word, SIZE_MAX - 1, &number))
		at = (size_t)number;
	else if (find_name(definition, word, &at, err) < 0)
		return -1;
	else if (at == NO_POSITION)
		return err_set(err, ERR_INVALID, "'%s' has no attribute '%s'", definition->uuid,
			       word);
	if (at >= definition->n_attributes)
		return no_position(definition, at, err);
	definition_remove_attribute(definition, at);
	return 0;
}

typedef int attribute_change(struct pool *pool, struct definition *definition, const char *word,
			     struct err *err);

static int change_attributes(const struct words *words, attribute_change *change, struct pool *pool,
			     struct definition *definition, struct err *err)
{
	for (size_t i = 0; i < words->n; i++)
		if (change(pool, definition, words->list[i], err) < 0)
			return -1;
	return 0;
}

/* The rest */

static int change_field(struct pool *pool, struct definition *definition,
			enum definition_field field, const char *option, const char *value,
			struct err *err)
{
	return value ? definition_set(definition, pool, field, option, value, err) : 0;
}

static int change_name(struct pool *pool, struct definition *definition, const char *value,
		       struct err *err)
{
	if (!value || *value)
		return change_field(pool, definition, DEFINITION_NAME, "--name", value, err);
	definition->name = NULL;
	return 0;
}

static int change_group(struct pool *pool, struct definition *definition, const char *value,
			struct err *err)
{
	if (!value || streq(value, "auto"))
		return 0;
	if (!streq(value, "none"))
		return change_field(pool, definition, DEFINITION_GROUP, "--group", value, err);
	definition->group = 0;
	return 0;
}

static int change(void *data, struct pool *pool, struct definition *definition, struct err *err)
{
	const struct options *o = data;

	if (change_field(pool, definition, DEFINITION_TYPE, "--type", o->type, err) < 0 ||
	    change_field(pool, definition, DEFINITION_PARAMS, "--params", o->params, err) < 0 ||
	    change_name(pool, definition, o->name, err) < 0 ||
	    change_group(pool, definition, o->group, err) < 0 ||
	    change_attributes(&o->remove, remove_attribute, pool, definition, err) < 0 ||
	    change_attributes(&o->set, set_attribute, pool, definition, err) < 0 ||
	    change_attributes(&o->add, insert_attribute, pool, definition, err) < 0)
		return -1;
	if (o->automatic || o->manual)
		definition->start = o->automatic ? START_AUTO : START_MANUAL;
	return 0;
}

static bool changes_something(const struct options *o)
{
	return o->type || o->name || o->group || o->params || o->set.n || o->add.n || o->remove.n ||
	       o->automatic || o->manual;
}

static int run(struct context *context, const void *given, struct err *err)
{
	struct options o = *(const struct options *)given;
	struct operation operation = begin_operation(context);
	struct modify_options modify = {.group_auto = o.group && streq(o.group, "auto")};
	autokept struct kept kept = {0};

	if (!context->args.n) {
		err_set(err, ERR_USAGE, "nothing to modify: name a definition");
		return err_hint(err, "'mdevtool list --defined' shows what there is");
	}
	if (!changes_something(&o)) {
		err_set(err, ERR_USAGE, "nothing to change: say what");
		return err_hint(err, "'mdevtool modify --help' lists what can be changed");
	}
	if (o.automatic && o.manual)
		return err_set(err, ERR_USAGE, "--auto and --manual contradict each other");
	if (o.name && *o.name && context->args.n > 1)
		return err_set(err, ERR_USAGE, "--name cannot be that of %zu definitions",
			       context->args.n);
	if (kept_parent(context, o.parent, &modify.parent, err) < 0)
		return -1;
	int result = operation_modify(&operation, context->args.list, context->args.n, &modify,
				      change, &o, &kept, err);
	say_notes(context, &operation);
	if (result == 0 && context->json)
		print_kept(context, &kept, "modified", NULL);
	return result;
}

const struct command command_modify = {
	.name = "modify",
	.args = "DEFINITION...",
	.summary = "Change definitions",
	.help = "Changes definitions, several of them as a whole or not at all; a device that is active "
		"stays as it is. Attributes are removed first, then set, then inserted. With --json it "
		"prints what they are now.\v"
		"Examples:\n"
		"  mdevtool modify seat-1 --auto --group 3\n"
		"  mdevtool modify 7d1c0a42 --attr assign_domain=0xab --del-attr 0\n"
		"  mdevtool modify seat-1 --name '' --params frame_rate_limiter=0\n",
	.completion = COMPLETE_DEFINITION,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
