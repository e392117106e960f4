/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making devices of kept definitions. */
#include "mdev/operation.h"

#include "base/file.h"

#define RETRY_PAUSE_MS 200

void startings_free(struct startings *startings)
{
	inventory_free(&startings->inventory);
	*startings = (struct startings){0};
}

/* Which definitions */

static void add(struct startings *startings, const struct stored *stored)
{
	for (size_t i = 0; i < startings->n; i++)
		if (streq(startings->list[i].stored->definition.uuid, stored->definition.uuid))
			return;
	*pool_push(startings->inventory.pool, startings->list, startings->n) =
		(struct starting){.stored = stored};
}

static int select_named(struct startings *startings, const struct start_options *options,
			struct err *err)
{
	for (size_t i = 0; i < options->n; i++) {
		const struct stored *stored =
			store_find(&startings->inventory, options->given[i], options->parent, err);

		if (!stored)
			return -1;
		add(startings, stored);
	}
	return 0;
}

/* Those of a parent's slots are the parent's. */
static bool is_at(const struct definition *definition, const char *name,
		  const struct parent *parent)
{
	return !name || streq(definition->parent, name) ||
	       (parent && !parent_slot(parent, name) && parent_slot(parent, definition->parent));
}

static void select_automatic(struct startings *startings, const struct start_options *options)
{
	struct inventory *inventory = &startings->inventory;
	autoerr struct err ignored = {0};
	const struct parent *parent =
		options->parent ? inventory_find_parent(inventory, options->parent, 0, &ignored)
				: NULL;

	store_load(inventory, NULL, NULL);
	for (size_t i = 0; i < inventory->n_definitions; i++)
		if (inventory->definitions[i]->definition.start == START_AUTO &&
		    is_at(&inventory->definitions[i]->definition, options->parent, parent))
			*pool_push(inventory->pool, startings->list, startings->n) =
				(struct starting){.stored = inventory->definitions[i]};
}

/* What is active already */

/* 1 when it is active as defined, -1 when otherwise, 0 when it is not. */
static int check_active(struct inventory *devices, const struct definition *definition,
			struct err *err)
{
	autoerr struct err absent = {0};
	const struct device *device =
		inventory_find_device(devices, definition->uuid, NEED_DEVICE_TYPE, &absent);

	if (!device || device->state == STATE_PENDING_REMOVAL)
		return 0;
	if (device_is_at(device, definition->parent) &&
	    (device_has_type(device, definition->type) || streq(device->type, "unknown")))
		return 1;
	err_set(err, ERR_EXISTS, "'%s' is active otherwise than defined: type '%s' on '%s'",
		definition->uuid, device->type, device->parent);
	return err_hint(err, "'mdevtool destroy %s' removes it", definition->uuid);
}

/* Starting */

static void keep_lines(struct startings *startings, const struct creation *creation)
{
	for (size_t i = 0; i < startings->n; i++) {
		struct starting *starting = &startings->list[i];

		if (streq(starting->stored->definition.uuid, creation->request.uuid))
			plan_lines(&creation->plan, startings->inventory.pool, &starting->lines,
				   &starting->n_lines);
	}
}

/* With -1 *begun tells whether it had made any of them. */
static int create(struct operation *operation, struct startings *startings,
		  const struct definitions *definitions, bool dry_run, bool *begun, struct err *err)
{
	/* errors name the file, but no place in it is at fault */
	for (size_t i = 0; i < definitions->n; i++)
		definitions->list[i].line = definitions->list[i].column = 0;
	const struct create_options options = {.defined = true, .dry_run = dry_run};
	autocreations struct creations creations = {0};

	*begun = false;
	if (operation_create(operation, definitions, &options, &creations, err) < 0) {
		for (size_t i = 0; i < creations.n; i++)
			*begun |= creations.list[i].made;
		return -1;
	}
	for (size_t i = 0; i < creations.n && dry_run; i++)
		keep_lines(startings, &creations.list[i]);
	return 0;
}

/* Whoever was faster did what was wanted, but what a creation that failed has left is not that. */
static bool is_done_by_now(struct operation *operation, const struct definition *definition,
			   bool begun)
{
	autoinventory struct inventory devices = {0};
	autoerr struct err ignored = {0};

	inventory_init(&devices, operation->root);
	return !begun && check_active(&devices, definition, &ignored) > 0;
}

static int start_set(struct operation *operation, const struct start_options *options,
		     struct startings *startings, struct err *err)
{
	autoinventory struct inventory devices = {0};
	struct definitions definitions = {0};
	bool begun = false;

	inventory_init(&devices, operation->root);
	for (size_t i = 0; i < startings->n; i++) {
		struct starting *starting = &startings->list[i];
		int active = check_active(&devices, &starting->stored->definition, err);

		if (active < 0)
			return -1;
		starting->result = active ? START_ALREADY : START_DONE;
		if (!active)
			*pool_push(devices.pool, definitions.list, definitions.n) =
				starting->stored->definition;
	}
	if (!definitions.n ||
	    create(operation, startings, &definitions, options->dry_run, &begun, err) == 0)
		return 0;
	for (size_t i = 0; i < definitions.n; i++)
		if (!is_done_by_now(operation, &definitions.list[i], begun))
			return -1;
	for (size_t i = 0; i < startings->n; i++)
		startings->list[i].result = START_ALREADY;
	err_clear(err);
	return 0;
}

/*
 * Whether it may work a little later: parents and types come late, and where types are listed only
 * while they can be made, so does room.
 */
static bool may_come(struct operation *operation, const struct definition *definition,
		     const struct err *err)
{
	autoinventory struct inventory inventory = {0};
	autoerr struct err ignored = {0};
	const struct parent *parent;

	if (err->kind != ERR_NO_ROOM)
		return err->kind == ERR_NOT_FOUND || err->kind == ERR_BUSY;
	inventory_init(&inventory, operation->root);
	parent = inventory_find_parent(&inventory, definition->parent, 0, &ignored);
	return parent && parent->dialect->hides_types;
}

/* True when there is hope that it works a little later. */
static bool start_one(struct operation *operation, const struct start_options *options,
		      struct startings *startings, struct inventory *devices,
		      struct starting *starting, struct err *err)
{
	struct definition definition = starting->stored->definition;
	const struct definitions one = {&definition, 1};
	bool begun = false;
	int active = check_active(devices, &definition, err);

	starting->result = active > 0 ? START_ALREADY : START_FAILED;
	if (active)
		return false;
	if (create(operation, startings, &one, options->dry_run, &begun, err) == 0) {
		starting->result = START_DONE;
		return false;
	}
	if (!is_done_by_now(operation, &definition, begun))
		return may_come(operation, &definition, err);
	starting->result = START_ALREADY;
	err_clear(err);
	return false;
}

static bool parent_is_there(struct operation *operation, const char *parent)
{
	autoinventory struct inventory inventory = {0};
	autoerr struct err ignored = {0};

	inventory_init(&inventory, operation->root);
	return inventory_find_parent(&inventory, parent, 0, &ignored);
}

static void give_up(struct operation *operation, struct startings *startings,
		    struct starting *starting, struct err *failure, struct err *first)
{
	const char *parent = starting->stored->definition.parent;

	starting->failure = pool_strdup(startings->inventory.pool, failure->message);
	if (failure->kind == ERR_NOT_FOUND && !parent_is_there(operation, parent)) {
		starting->result = START_LATER;
		return;
	}
	err_keep_first(first, failure);
}

/* Tries those that are not done; true when some of them are worth another round. */
static bool start_round(struct operation *operation, const struct start_options *options,
			struct startings *startings, bool last, struct err *first)
{
	autoinventory struct inventory devices = {0};
	bool again = false;

	inventory_init(&devices, operation->root);
	for (size_t i = 0; i < startings->n; i++) {
		struct starting *starting = &startings->list[i];
		autoerr struct err failure = {0};

		if (starting->result != START_FAILED || starting->failure)
			continue;
		bool later = start_one(operation, options, startings, &devices, starting, &failure);
		if (later && !last)
			again = true;
		else if (failure.kind)
			give_up(operation, startings, starting, &failure, first);
	}
	return again;
}

/* In rounds, so that a parent that takes its time keeps no other waiting. */
static int start_each(struct operation *operation, const struct start_options *options,
		      struct startings *startings, struct err *err)
{
	long long deadline = file_now_ms() + options->wait_ms;
	autoerr struct err first = {0};

	while (start_round(operation, options, startings, file_now_ms() >= deadline, &first))
		file_sleep_ms(RETRY_PAUSE_MS);
	if (!first.kind)
		return 0;
	err_keep_first(err, &first);
	return -1;
}

int operation_start(struct operation *operation, const struct start_options *options,
		    struct startings *ret, struct err *err)
{
	startings_free(ret);
	inventory_init(&ret->inventory, operation->root);
	if (options->automatic) {
		select_automatic(ret, options);
		return start_each(operation, options, ret, err);
	}
	if (select_named(ret, options, err) < 0)
		return -1;
	return start_set(operation, options, ret, err);
}
