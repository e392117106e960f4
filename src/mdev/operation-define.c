/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping, changing and forgetting definitions. */
#include "mdev/operation.h"

#include "base/text.h"
#include "mdev/address.h"
#include "mdev/names.h"
#include "mdev/uuid.h"

#include <fcntl.h>

void kept_free(struct kept *kept)
{
	inventory_free(&kept->inventory);
	*kept = (struct kept){0};
}

static int begin(struct operation *operation, struct locks *locks, struct kept *kept,
		 struct err *err)
{
	kept_free(kept);
	inventory_init(&kept->inventory, operation->root);
	return locks_take_names(locks, operation->root, err);
}

static int locate(const struct definition *definition, struct err *err)
{
	if (definition->file)
		err_locate(err, definition->file, definition->line, definition->column);
	return -1;
}

/* Where it goes, and the type's own id */

/* mdevctl knows types by their id only. */
static void take_type(struct kept *kept, struct stored *stored, const struct type *type)
{
	struct pool *pool = kept->inventory.pool;

	stored->definition.type = pool_strdup(pool, type->id);
	stored->definition.type_name =
		type->name ? text_json(pool, pool_strdup(pool, type->name)) : NULL;
}

static int check_type(struct operation *operation, struct kept *kept, struct stored *stored,
		      bool loose, struct err *err)
{
	struct inventory *inventory = &kept->inventory;
	struct definition *definition = &stored->definition;
	autoerr struct err absent = {0};
	struct parent *parent =
		inventory_find_parent(inventory, definition->parent, NEED_TYPE_NAME, &absent);
	const struct type *type = parent ? parent_find_type(parent, definition->type) : NULL;

	if (type)
		take_type(kept, stored, type);
	if (!parent && !loose)
		operation_note(operation, "the parent '%s' is not there now", definition->parent);
	return parent && !type && !loose ? refuse_type(inventory, parent, definition->type, err)
					 : 0;
}

/* Places those that name no parent, as a whole. */
static int choose_parents(const struct definitions *definitions,
			  const struct define_options *options, struct creations *ret,
			  struct err *err)
{
	struct definitions homeless = {0};

	for (size_t i = 0; i < definitions->n; i++)
		if (!definitions->list[i].parent)
			*pool_push(ret->inventory.pool, homeless.list, homeless.n) =
				definitions->list[i];
	return operation_place(ret, &homeless, &options->create, err);
}

static void take_place(struct kept *kept, struct stored *stored, const struct creation *chosen)
{
	const struct type *type = chosen->request.type;

	stored->definition.parent = pool_strdup(kept->inventory.pool, type->parent->name);
	take_type(kept, stored, type);
}

static int check_parent(struct operation *operation, struct kept *kept, struct stored *stored,
			bool loose, struct err *err)
{
	struct definition *definition = &stored->definition;
	const char *given = definition->parent;

	definition->parent = address_parent_name(kept->inventory.pool, given);
	if (!definition->parent || !store_can_hold(definition->parent))
		return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent", given);
	return check_type(operation, kept, stored, loose, err);
}

/* Refusing what is taken */

static int check_repeated(const struct kept *kept, const struct definition *definition,
			  struct err *err)
{
	for (size_t i = 0; i < kept->n; i++) {
		const struct definition *other = &kept->list[i]->definition;

		if (streq(other->uuid, definition->uuid))
			return err_set(err, ERR_INVALID, "the UUID %s stands in the set twice",
				       definition->uuid);
		if (definition->name && other->name && streq(other->name, definition->name))
			return err_set(err, ERR_EXISTS, "the name '%s' stands in the set twice",
				       definition->name);
	}
	return 0;
}

static int check_defined(const struct inventory *inventory, const struct definition *definition,
			 bool loose, struct err *err)
{
	for (size_t i = 0; i < inventory->n_definitions; i++) {
		const struct definition *other = &inventory->definitions[i]->definition;

		if (!streq(other->uuid, definition->uuid) ||
		    (loose && !streq(other->parent, definition->parent)))
			continue;
		err_set(err, ERR_EXISTS, "'%s' is defined already, on '%s'", definition->uuid,
			other->parent);
		return err_hint(err, "'mdevtool modify %s' changes it", definition->uuid);
	}
	const char *path = pool_printf(inventory->pool, STORE_DIR "/%s/%s", definition->parent,
				       definition->uuid);
	if (!root_exists(inventory->root, path))
		return 0;
	err_set(err, ERR_EXISTS, "'%s' is there already, and cannot be read", path);
	return err_hint(err, "'mdevtool show %s' tells why", definition->uuid);
}

/* All that is decided before anything is written. */
static int decide(struct operation *operation, const struct definitions *definitions,
		  const struct define_options *options, struct kept *kept, struct err *err)
{
	struct inventory *inventory = &kept->inventory;
	struct names names = names_load(inventory);
	uint32_t automatic = options->create.group_auto ? names_free_group(&names) : 0;
	autocreations struct creations chosen = {0};
	size_t n_placed = 0;

	inventory_init(&chosen.inventory, operation->root);
	if (choose_parents(definitions, options, &chosen, err) < 0)
		return -1;
	/* one look at all for a set, at the one file for a single one */
	store_load(inventory, NULL, definitions->n == 1 ? definitions->list[0].uuid : NULL);
	for (size_t i = 0; i < definitions->n; i++) {
		struct stored *stored = pool_alloc(inventory->pool, sizeof(*stored));
		struct definition *definition = &stored->definition;

		*definition = definitions->list[i];
		if (!definition->uuid)
			definition->uuid = uuid_new(inventory->pool);
		if (automatic)
			definition->group = automatic;
		stored->file_name = definition->uuid;
		if (!definition->parent)
			take_place(kept, stored, &chosen.list[n_placed++]);
		else if (check_parent(operation, kept, stored, options->loose, err) < 0)
			return locate(&definitions->list[i], err);
		if (check_repeated(kept, definition, err) < 0 ||
		    check_defined(inventory, definition, options->loose, err) < 0 ||
		    (definition->name &&
		     names_check(&names, definition->name, definition->uuid, err) < 0))
			return locate(&definitions->list[i], err);
		*pool_push(inventory->pool, kept->list, kept->n) = stored;
	}
	return 0;
}

/* Writing */

typedef int store_change(const struct root *root, const struct stored *stored, struct err *err);

/* One change of what is kept, with the call-outs around it. */
static int change_store(struct operation *operation, enum callout_action action,
			const struct stored *stored, store_change *change, struct err *err)
{
	struct callout callout = operation_callout(operation, action, stored);
	int result = callout_begin(&callout, err);

	if (result == 0)
		result = change(operation->root, stored, err);
	callout_end(&callout, result == 0);
	return result;
}

static int undo(struct operation *operation, const struct kept *kept, size_t failed,
		struct err *err)
{
	bool left = false;

	/* the one that failed may be there all the same */
	for (size_t i = failed + 1; i-- > 0;) {
		autoerr struct err failure = {0};
		int removed = i < failed ? change_store(operation, CALLOUT_UNDEFINE, kept->list[i],
							store_remove, &failure)
					 : store_remove(operation->root, kept->list[i], &failure);

		if (removed == 0)
			continue;
		left = true;
		err_append(err, "; and %s could not be removed: %s", kept->list[i]->definition.uuid,
			   failure.message);
	}
	if (kept->n == 1)
		return -1;
	err_wrap(err, "definition %zu of %zu failed", failed + 1, kept->n);
	return left ? -1 : err_append(err, "; nothing of the set is kept");
}

int operation_define(struct operation *operation, const struct definitions *definitions,
		     const struct define_options *options, struct kept *ret, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;

	if (begin(operation, &locks, ret, err) < 0 ||
	    decide(operation, definitions, options, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++) {
		struct definition *definition = &ret->list[i]->definition;

		if (change_store(operation, CALLOUT_DEFINE, ret->list[i], store_write, err) < 0)
			return undo(operation, ret, i, err);
		definition->file = pool_printf(ret->inventory.pool, STORE_DIR "/%s/%s",
					       definition->parent, ret->list[i]->file_name);
	}
	return 0;
}

/* Adopting */

/* A file's present value counts more than what was once written there. */
static const char *present_value(int dir, const struct attribute *attribute, struct pool *pool)
{
	struct definition probe = {0};
	autoerr struct err ignored = {0};
	char *text = sysfs_read_attribute(dir, attribute->name, pool);

	/* a file that tells nothing was only meant to be written to */
	if (!text || !*text ||
	    definition_add_attribute(&probe, pool, "", attribute->name, text, &ignored) < 0)
		return pool_strdup(pool, attribute->value);
	return text;
}

static void adopt_recorded(struct operation *operation, const struct device *device,
			   struct definition *definition)
{
	struct pool *pool = operation->pool;
	autoclose int dir = root_openat(operation->root, device->path, O_RDONLY | O_DIRECTORY);

	for (size_t i = 0; i < device->n_attributes; i++) {
		const struct attribute *attribute = &device->attributes[i];

		*pool_push(pool, definition->attributes, definition->n_attributes) =
			(struct attribute){pool_strdup(pool, attribute->name),
					   present_value(dir, attribute, pool)};
	}
	if (device->state == STATE_FOREIGN)
		operation_note(
			operation,
			"'%s' was made by others: which attributes it was given is not known",
			device->uuid);
}

/* The type's script knows best, else our record does. */
static int adopt_attributes(struct operation *operation, const struct device *device,
			    struct definition *definition, struct err *err)
{
	const struct stored stored = {.definition = *definition};
	struct callout callout = operation_callout(operation, CALLOUT_DEFINE, &stored);
	const char *json;

	if (callout_attributes(&callout, &json, err) < 0)
		return -1;
	if (json)
		return definition_parse_attributes(definition, operation->pool, callout.script,
						   json, err);
	adopt_recorded(operation, device, definition);
	return 0;
}

int operation_adopt(struct operation *operation, const char *given, struct definition *ret,
		    struct err *err)
{
	struct pool *pool = operation->pool;
	autoinventory struct inventory inventory = {0};
	const struct device *device;

	inventory_init(&inventory, operation->root);
	device = inventory_find_device(&inventory, given, NEED_DEVICE_TYPE | NEED_DEVICE_RECORD,
				       err);
	if (!device)
		return -1;
	if (!uuid_is_valid(device->uuid)) {
		err_set(err, ERR_UNSUPPORTED,
			"cannot define '%s': others have set it up, without a UUID", device->uuid);
		return err_hint(err, "'mdevtool define --type %s --parent %s' defines one like it",
				device->type, device->uuid);
	}
	if (streq(device->type, "unknown"))
		return err_set(err, ERR_UNSUPPORTED, "cannot define '%s': nobody knows its type",
			       device->uuid);
	*ret = (struct definition){
		.name = device->name ? pool_strdup(pool, device->name) : NULL,
		.parent = pool_strdup(pool, device->parent),
		.type = pool_strdup(pool, device->type),
		.uuid = pool_strdup(pool, device->uuid),
		.params = device->params ? pool_strdup(pool, device->params) : NULL,
		.group = device->group,
	};
	return adopt_attributes(operation, device, ret, err);
}

/* Changing */

/* Those that are meant, each once. */
static int find_all(struct kept *kept, const char *const *given, size_t n, const char *parent,
		    struct err *err)
{
	struct inventory *inventory = &kept->inventory;

	for (size_t i = 0; i < n; i++) {
		struct stored *stored = store_find(inventory, given[i], parent, err);
		bool repeated = false;

		if (!stored)
			return -1;
		for (size_t j = 0; j < kept->n; j++)
			repeated |= streq(kept->list[j]->definition.uuid, stored->definition.uuid);
		if (!repeated)
			*pool_push(inventory->pool, kept->list, kept->n) = stored;
	}
	return 0;
}

static int change_one(struct operation *operation, struct kept *kept, struct stored *stored,
		      const struct names *names, bool loose, definition_change *change, void *data,
		      struct err *err)
{
	const struct definition before = stored->definition;
	struct definition *definition = &stored->definition;

	if (change(data, kept->inventory.pool, definition, err) < 0)
		return -1;
	if (!streq(definition->type, before.type)) {
		stored->definition.type_name = NULL;
		if (check_type(operation, kept, stored, loose, err) < 0)
			return -1;
	}
	return definition->name ? names_check(names, definition->name, definition->uuid, err) : 0;
}

int operation_modify(struct operation *operation, const char *const *given, size_t n,
		     const struct modify_options *options, definition_change *change, void *data,
		     struct kept *ret, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;

	if (begin(operation, &locks, ret, err) < 0)
		return -1;
	const struct names names = names_load(&ret->inventory);
	uint32_t automatic = names_free_group(&names);
	if (find_all(ret, given, n, options->parent, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++) {
		if (change_one(operation, ret, ret->list[i], &names, options->loose, change, data,
			       err) < 0)
			return -1;
		if (options->group_auto)
			ret->list[i]->definition.group = automatic;
	}
	for (size_t i = 0; i < ret->n; i++)
		if (change_store(operation, CALLOUT_MODIFY, ret->list[i], store_write, err) < 0)
			return -1;
	return 0;
}

int operation_undefine(struct operation *operation, const char *const *given, size_t n,
		       const char *parent, struct kept *ret, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;

	if (begin(operation, &locks, ret, err) < 0 || find_all(ret, given, n, parent, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++)
		if (change_store(operation, CALLOUT_UNDEFINE, ret->list[i], store_remove, err) < 0)
			return -1;
	return 0;
}
