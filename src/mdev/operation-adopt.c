/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A definition of a device that exists. */
#include "mdev/operation.h"

#include "mdev/uuid.h"

#include <fcntl.h>

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
