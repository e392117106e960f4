/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl define, undefine, modify, start, stop and start-parent-mdevs, by our operations. */
#include "mdevctl/mdevctl.h"

#include "base/text.h"

#include <stdio.h>

/* The running device of --uuid, NULL without one. */
static const struct device *find_running(struct session *session, struct inventory *inventory)
{
	autoerr struct err absent = {0};
	const struct device *device;

	inventory_init(inventory, &session->context->root);
	if (!session->arguments->uuid)
		return NULL;
	device = inventory_find_device(inventory, session->arguments->uuid, NEED_DEVICE_TYPE,
				       &absent);
	return device && device->state != STATE_PENDING_REMOVAL ? device : NULL;
}

/* The kept definitions of --uuid, on --parent if that is given. */
static void find_defined(struct session *session, struct inventory *inventory)
{
	inventory_init(inventory, &session->context->root);
	store_load(inventory, session->arguments->parent, session->arguments->uuid);
}

static int several(const struct session *session, struct err *err)
{
	err_set(err, ERR_INVALID, "'%s' is defined on several parents", session->arguments->uuid);
	return err_hint(err, "say which with --parent");
}

static int not_defined(const struct session *session, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "'%s' is not defined%s%s", session->arguments->uuid,
		       session->arguments->parent ? " on " : "",
		       session->arguments->parent ? session->arguments->parent : "");
}

static int needs_parent(const struct session *session, struct err *err)
{
	if (session->arguments->parent)
		return 0;
	return err_set(err, ERR_INVALID, "--jsonfile needs a --parent");
}

/* define */

/* What was made must not be lost with a closed pipe; that it is one is told at the end. */
static void print_uuid(const char *uuid, const char *what)
{
	puts(uuid);
	if (fflush(stdout) != 0 || ferror(stdout))
		fprintf(stderr, "%s: %s\n", what, uuid);
}

static int keep(struct session *session, const struct definition *definition, struct err *err)
{
	const struct definitions one = {(struct definition *)definition, 1};
	const struct define_options options = {.loose = true};
	autokept struct kept kept = {0};

	if (operation_define(&session->operation, &one, &options, &kept, err) < 0)
		return -1;
	if (!definition->uuid)
		print_uuid(kept.list[0]->definition.uuid, "defined");
	return 0;
}

/* What a device that runs was made with is right for its own parent and type only. */
static int take_running(struct session *session, const struct device *device,
			struct definition *ret, struct err *err)
{
	const struct arguments *given = session->arguments;

	if ((!given->parent || streq(given->parent, device->parent)) &&
	    (!given->type || streq(given->type, device->type)))
		return operation_adopt(&session->operation, given->uuid, ret, err);
	ret->type = pool_strdup(session->operation.pool, device->type);
	return 0;
}

/* Parent and type of a device that runs are known. */
static int describe(struct session *session, struct definition *ret, struct err *err)
{
	const struct arguments *given = session->arguments;
	autoinventory struct inventory inventory = {0};
	const struct device *device = find_running(session, &inventory);

	*ret = (struct definition){.uuid = given->uuid};
	if (!given->parent && (!device || given->type))
		return err_set(err, ERR_INVALID, "a --parent is missing");
	if (device && take_running(session, device, ret, err) < 0)
		return -1;
	if (given->parent)
		ret->parent = given->parent;
	if (given->type && definition_set(ret, session->operation.pool, DEFINITION_TYPE, "--type",
					  given->type, err) < 0)
		return -1;
	if (!ret->type)
		return err_set(err, ERR_INVALID, "a --type is missing");
	ret->start = is_given(session, ARG_AUTO) ? START_AUTO : START_MANUAL;
	return 0;
}

int mdevctl_define(struct session *session, struct err *err)
{
	struct definition definition;

	if (mdevctl_check_parent(session->arguments->parent, err) < 0)
		return -1;
	if (is_given(session, ARG_JSONFILE)
		    ? needs_parent(session, err) < 0 ||
			      mdevctl_read_definition(session, &definition, err) < 0
		    : describe(session, &definition, err) < 0)
		return -1;
	return keep(session, &definition, err);
}

/* undefine */

int mdevctl_undefine(struct session *session, struct err *err)
{
	const struct arguments *given = session->arguments;
	autoinventory struct inventory inventory = {0};

	if (mdevctl_check_parent(given->parent, err) < 0)
		return -1;
	find_defined(session, &inventory);
	say_inventory_warnings(session->context, &inventory);
	if (!inventory.n_definitions)
		return not_defined(session, err);
	for (size_t i = 0; i < inventory.n_definitions; i++) {
		const char *parent = inventory.definitions[i]->definition.parent;
		autokept struct kept kept = {0};

		if (operation_undefine(&session->operation, &given->uuid, 1, parent, &kept, err) <
		    0)
			return -1;
	}
	return 0;
}

/* modify */

static int no_position(const struct definition *definition, size_t at, struct err *err)
{
	return err_set(err, ERR_INVALID, "there is no attribute %zu: '%s' has %zu", at,
		       definition->uuid, definition->n_attributes);
}

static int add_attribute(const struct arguments *given, struct pool *pool,
			 struct definition *definition, size_t at, struct err *err)
{
	size_t last = definition->n_attributes;
	struct attribute added;

	if (at > last)
		return no_position(definition, at, err);
	if (definition_add_attribute(definition, pool, "--addattr", given->addattr, given->value,
				     err) < 0)
		return -1;
	added = definition->attributes[last];
	memmove(definition->attributes + at + 1, definition->attributes + at,
		(last - at) * sizeof(added));
	definition->attributes[at] = added;
	return 0;
}

static int delete_attribute(struct definition *definition, size_t at, struct err *err)
{
	if (at >= definition->n_attributes)
		return no_position(definition, at, err);
	definition_remove_attribute(definition, at);
	return 0;
}

static int change(void *data, struct pool *pool, struct definition *definition, struct err *err)
{
	const struct session *session = data;
	const struct arguments *given = session->arguments;
	size_t n = definition->n_attributes;
	size_t at = given->index ? strtoul(given->index, NULL, 10) : n;

	if (given->type && definition_set(definition, pool, DEFINITION_TYPE, "--type",
					  pool_strdup(pool, given->type), err) < 0)
		return -1;
	if (is_given(session, ARG_AUTO))
		definition->start = START_AUTO;
	if (is_given(session, ARG_MANUAL))
		definition->start = START_MANUAL;
	if (is_given(session, ARG_ADDATTR))
		return add_attribute(given, pool, definition, at, err);
	if (is_given(session, ARG_DELATTR) && (n || given->index))
		return delete_attribute(definition, given->index ? at : n - 1, err);
	return 0;
}

/* What the document says, in the place of what there was; names and groups are not its. */
static int replace(void *data, struct pool *pool, struct definition *definition, struct err *err)
{
	const struct definition *new = data;

	(void)pool;
	(void)err;
	definition->type = new->type;
	definition->start = new->start;
	definition->attributes = new->attributes;
	definition->n_attributes = new->n_attributes;
	return 0;
}

static int modify(struct session *session, const char *parent, definition_change *how, void *data,
		  struct err *err)
{
	const struct arguments *given = session->arguments;
	const struct modify_options options = {.parent = parent, .loose = true};
	autokept struct kept kept = {0};

	return operation_modify(&session->operation, &given->uuid, 1, &options, how, data, &kept,
				err);
}

static int change_running(struct session *session, const struct definition *definition,
			  struct err *err)
{
	const struct stored stored = {.definition = *definition};
	struct callout callout = operation_callout(&session->operation, CALLOUT_MODIFY, &stored);

	return callout_live(&callout, err);
}

static bool is_defined(struct session *session, const char *parent)
{
	autoinventory struct inventory inventory = {0};

	inventory_init(&inventory, &session->context->root);
	store_load(&inventory, parent, session->arguments->uuid);
	return inventory.n_definitions;
}

/*
 * A running device is changed by its call-out, and with --defined its definition, too: that of the
 * parent that it runs on.
 */
static int modify_live(struct session *session, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	const char *parent = session->arguments->parent;
	struct definition definition;

	if (is_given(session, ARG_AUTO | ARG_MANUAL))
		return err_set(err, ERR_INVALID,
			       "a running device does not start: --auto and --manual are "
			       "its definition's");
	if (!is_given(session, ARG_JSONFILE))
		return err_set(err, ERR_INVALID, "--live needs a --jsonfile");
	const struct device *device = find_running(session, &inventory);
	if (!device || (parent && !streq(device->parent, parent)))
		return err_set(err, ERR_NOT_FOUND, "'%s' is not active%s%s",
			       session->arguments->uuid, parent ? " on " : "",
			       parent ? parent : "");
	if (mdevctl_read_definition(session, &definition, err) < 0)
		return -1;
	if (!streq(definition.type, device->type))
		return err_set(err, ERR_INVALID, "'%s' is a '%s' and cannot become a '%s'",
			       device->uuid, device->type, definition.type);
	if (is_given(session, ARG_DEFINED) && !is_defined(session, device->parent))
		return not_defined(session, err);
	definition.parent = device->parent;
	if (change_running(session, &definition, err) < 0)
		return -1;
	return is_given(session, ARG_DEFINED)
		       ? modify(session, device->parent, replace, &definition, err)
		       : 0;
}

int mdevctl_modify(struct session *session, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct definition definition;

	if (mdevctl_check_parent(session->arguments->parent, err) < 0)
		return -1;
	if (is_given(session, ARG_LIVE))
		return modify_live(session, err);
	find_defined(session, &inventory);
	if (!is_given(session, ARG_JSONFILE)) {
		if (inventory.n_definitions > 1)
			return several(session, err);
		if (inventory.n_definitions)
			return modify(session, session->arguments->parent, change, session, err);
		say_inventory_warnings(session->context, &inventory);
		return not_defined(session, err);
	}
	if (needs_parent(session, err) < 0 ||
	    mdevctl_read_definition(session, &definition, err) < 0)
		return -1;
	return inventory.n_definitions
		       ? modify(session, session->arguments->parent, replace, &definition, err)
		       : keep(session, &definition, err);
}

/* start */

static int make(struct session *session, const struct definition *definition, bool defined,
		struct err *err)
{
	const struct definitions one = {(struct definition *)definition, 1};
	const struct create_options options = {.defined = defined};
	autocreations struct creations creations = {0};

	if (operation_create(&session->operation, &one, &options, &creations, err) < 0)
		return -1;
	if (!definition->uuid)
		print_uuid(creations.list[0].request.uuid, "made");
	return 0;
}

static int start_transient(struct session *session, struct err *err)
{
	const struct arguments *given = session->arguments;
	struct definition definition = {.uuid = given->uuid, .parent = given->parent};

	if (is_given(session, ARG_JSONFILE)) {
		if (needs_parent(session, err) < 0 ||
		    mdevctl_read_definition(session, &definition, err) < 0)
			return -1;
	} else if (!given->type || !given->parent) {
		return err_set(err, ERR_INVALID,
			       "what is not defined needs a --parent and a --type");
	} else if (definition_set(&definition, session->operation.pool, DEFINITION_TYPE, "--type",
				  given->type, err) < 0) {
		return -1;
	}
	return make(session, &definition, false, err);
}

int mdevctl_start(struct session *session, struct err *err)
{
	const struct arguments *given = session->arguments;
	autoinventory struct inventory inventory = {0};

	if (mdevctl_check_parent(given->parent, err) < 0)
		return -1;
	if (!given->uuid || is_given(session, ARG_JSONFILE))
		return start_transient(session, err);
	find_defined(session, &inventory);
	if (inventory.n_definitions > 1)
		return several(session, err);
	if (!inventory.n_definitions) {
		say_inventory_warnings(session->context, &inventory);
		return start_transient(session, err);
	}
	const struct definition *definition = &inventory.definitions[0]->definition;
	if (given->type && !streq(given->type, definition->type))
		return err_set(err, ERR_EXISTS, "'%s' is defined on '%s' with type '%s'",
			       definition->uuid, definition->parent, definition->type);
	return make(session, definition, true, err);
}

/* stop */

int mdevctl_stop(struct session *session, struct err *err)
{
	const char *uuid = session->arguments->uuid;
	const struct destroy_options options = {.wait_ms = -1};
	autodestructions struct destructions destructions = {0};
	autoinventory struct inventory inventory = {0};

	if (!find_running(session, &inventory))
		return err_set(err, ERR_NOT_FOUND, "'%s' is not active", uuid);
	return operation_destroy(&session->operation, &uuid, 1, &options, &destructions, err);
}

/* start-parent-mdevs: what udev runs, and nobody waits for */

int mdevctl_start_parent(struct session *session, struct err *err)
{
	const char *parent = session->arguments->parent;
	const struct start_options options = {.parent = parent, .automatic = true};
	autostartings struct startings startings = {0};
	autoerr struct err told = {0};

	(void)err;
	if (!text_is_component(parent))
		return 0;
	operation_start(&session->operation, &options, &startings, &told);
	for (size_t i = 0; i < startings.n; i++)
		if (startings.list[i].failure)
			say_warning(session->context, "'%s' is not started: %s",
				    startings.list[i].stored->definition.uuid,
				    startings.list[i].failure);
	say_inventory_warnings(session->context, &startings.inventory);
	return 0;
}
