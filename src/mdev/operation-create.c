/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a set of devices, all or none. */
#include "mdev/operation.h"

#include "base/text.h"
#include "mdev/holder.h"
#include "mdev/journal.h"
#include "mdev/names.h"
#include "mdev/recall.h"
#include "mdev/state.h"
#include "mdev/uuid.h"

#include <errno.h>

/* How often a choice of parents may turn out stale once their locks are held. */
#define PLACE_ATTEMPTS 64
/* How long the removal of one that was just made may take. */
#define UNDO_WAIT_MS 5000

void creations_free(struct creations *creations)
{
	inventory_free(&creations->inventory);
	*creations = (struct creations){0};
}

static void reset(struct creations *creations, const struct root *root)
{
	creations_free(creations);
	inventory_init(&creations->inventory, root);
}

/* Names and groups */

static bool is_repeated(const struct creations *creations, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (creations->list[j].request.name &&
		    streq(creations->list[j].request.name, creations->list[i].request.name))
			return true;
	return false;
}

/* Whether names or groups are to be reserved. Those of kept definitions are reserved already. */
static bool wants_names(const struct definitions *definitions, const struct create_options *options)
{
	if (options->defined)
		return false;
	for (size_t i = 0; i < definitions->n; i++)
		if (definitions->list[i].name || definitions->list[i].group)
			return true;
	return options->group_auto;
}

/* UUIDs that are given are reserved as names are: not every kernel refuses one that is taken. */
static bool wants_lock(const struct definitions *definitions, const struct create_options *options)
{
	bool given = false;

	for (size_t i = 0; i < definitions->n && !options->defined; i++)
		given |= definitions->list[i].uuid != NULL;
	return given || wants_names(definitions, options);
}

static int check_name(const struct creations *creations, size_t i, const struct names *names,
		      struct err *err)
{
	const struct creation *creation = &creations->list[i];
	const char *name = creation->request.name;

	if (!name)
		return 0;
	if (is_repeated(creations, i))
		return err_set(err, ERR_EXISTS, "the name '%s' stands in the set twice", name);
	return names_check(names, name, creation->definition->uuid, err);
}

static int decide_names(struct creations *creations, const struct definitions *definitions,
			const struct create_options *options, struct err *err)
{
	struct names names = {0};
	uint32_t automatic = 0;

	if (wants_names(definitions, options))
		names = names_load(&creations->inventory);
	if (options->group_auto)
		automatic = names_free_group(&names);
	for (size_t i = 0; i < creations->n; i++) {
		const struct definition *definition = creations->list[i].definition;
		struct request *request = &creations->list[i].request;

		request->name = definition->name;
		request->group = automatic ? automatic : definition->group;
		if (check_name(creations, i, &names, err) < 0)
			return definition_locate(definition, err);
	}
	return 0;
}

/* Deciding */

static int decide_uuid(struct creations *creations, size_t i, struct err *err)
{
	struct pool *pool = creations->inventory.pool;
	struct request *request = &creations->list[i].request;
	const char *given = creations->list[i].definition->uuid;

	request->uuid = given ? given : uuid_new(pool);
	for (size_t j = 0; given && j < i; j++)
		if (streq(creations->list[j].request.uuid, given))
			return err_set(err, ERR_INVALID, "the UUID %s stands in the set twice",
				       given);
	if (given && root_exists(creations->inventory.root, journal_pending(pool, given)))
		return err_set(err, ERR_EXISTS, "the device %s is still being removed", given);
	if (given && inventory_has_device(&creations->inventory, given)) {
		err_set(err, ERR_EXISTS, "a device %s exists already", given);
		return err_hint(err, "'mdevtool show %s' shows it", given);
	}
	return 0;
}

/* The attributes by the names that the dialect has for them. */
static int name_attributes(struct pool *pool, const struct dialect *dialect,
			   const struct definition *definition, struct request *request,
			   struct err *err)
{
	size_t n = definition->n_attributes;
	struct attribute *list;

	request->attributes = definition->attributes;
	request->n_attributes = n;
	if (!dialect->attribute_name || !n)
		return 0;
	request->attributes = list = pool_alloc(pool, n * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		const struct attribute *given = &definition->attributes[i];

		list[i] = (struct attribute){dialect->attribute_name(pool, given->name),
					     given->value};
		if (!list[i].name)
			return err_set(err, ERR_INVALID,
				       "the attribute '%s' would destroy the device", given->name);
	}
	return 0;
}

static int decide_plan(struct creations *creations, struct creation *creation, struct err *err)
{
	struct pool *pool = creations->inventory.pool;
	struct request *request = &creation->request;
	const struct definition *definition = creation->definition;
	const struct type *type = request->type;
	const struct dialect *dialect = type->parent->dialect;

	request->params = definition->params;
	if (name_attributes(pool, dialect, definition, request, err) < 0)
		return -1;
	creation->params_ignored = dialect->ignores_params(request);
	creation->plan = (struct plan){.pool = pool};
	dialect->plan_create(request, &creation->plan);
	creation->record = (struct record){
		.uuid = request->uuid,
		.name = request->name,
		.dialect = dialect->name,
		.parent = type->parent->name,
		.parent_path = type->parent->real,
		.path = dialect->device_path(pool, request),
		.slot = request->slot,
		.type = type->id,
		.type_name = type->name ? text_json(pool, type->name) : NULL,
		.group = request->group,
		.params = creation->params_ignored ? NULL : request->params,
		.attributes = request->attributes,
		.n_attributes = request->n_attributes,
	};
	return 0;
}

static int decide(struct creations *creations, const struct definitions *definitions,
		  const struct create_options *options, struct err *err)
{
	if (decide_names(creations, definitions, options, err) < 0)
		return -1;
	for (size_t i = 0; i < creations->n; i++) {
		if (decide_uuid(creations, i, err) < 0 ||
		    decide_plan(creations, &creations->list[i], err) < 0)
			return definition_locate(creations->list[i].definition, err);
	}
	return 0;
}

/* Locking */

static bool locks_cover(const struct locks *locks, const struct creations *creations)
{
	for (size_t i = 0; i < creations->n; i++)
		if (!locks_hold(locks, creations->list[i].request.type->parent->name))
			return false;
	return true;
}

static int lock_chosen(struct operation *operation, struct locks *locks,
		       const struct creations *creations, struct err *err)
{
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < creations->n; i++)
		*pool_push(operation->pool, names, n) =
			creations->list[i].request.type->parent->name;
	locks_release_parents(locks);
	return locks_take_parents(locks, operation->root, operation->pool, names, n, err);
}

/*
 * The choice is made, the chosen parents are locked, and the choice is made again on what is then
 * true, until it stays the same.
 */
static int place_and_lock(struct operation *operation, struct locks *locks,
			  const struct definitions *definitions,
			  const struct create_options *options, struct creations *creations,
			  struct err *err)
{
	if (wants_lock(definitions, options) && locks_take_names(locks, operation->root, err) < 0)
		return -1;
	for (int i = 0; i < PLACE_ATTEMPTS; i++) {
		reset(creations, operation->root);
		if (operation_place(creations, definitions, options, err) < 0)
			return -1;
		if (locks_cover(locks, creations))
			return 0;
		if (lock_chosen(operation, locks, creations, err) < 0 ||
		    operation_recover(operation, locks, false, false, err) < 0)
			return -1;
	}
	return err_set(err, ERR_BUSY, "the parents' rooms keep changing");
}

/* Running */

static const char *what_failed(const struct creations *creations, const struct creation *creation)
{
	const struct type *type = creation->request.type;

	return pool_printf(creations->inventory.pool, "cannot create '%s'%s%s%s on '%s'", type->id,
			   type->name ? " (" : "", type->name ? type->name : "",
			   type->name ? ")" : "", type->parent->name);
}

#define LOOK_AT_LOG "the driver's reason may be in the kernel's log: dmesg | tail"

/* The device is undone by then, so that nobody can look at what it has. */
static void hint_for_attribute(const struct creation *creation, bool defined,
			       const struct step *step, struct err *err)
{
	const char *uuid = creation->request.uuid;
	bool missing = err->errnum == ENOENT || err->errnum == EXDEV || err->errnum == ELOOP;

	if (missing && defined)
		err_hint(err, "'mdevtool modify %s --del-attr %s' takes it out of the definition",
			 uuid, step->name);
	else if (err->errnum == EADDRNOTAVAIL)
		err_hint(err,
			 "a queue of it is the host's: 'echo -ADAPTER > /sys/bus/ap/apmask' or "
			 "'echo -DOMAIN > /sys/bus/ap/aqmask' gives it up");
	else if (err->errnum == EADDRINUSE)
		err_hint(err, "another device has a queue of it: "
			      "'grep . /sys/bus/mdev/devices/*/matrix' shows which");
	else if (err->errnum == EACCES)
		err_hint(err, "create it without '%s'", step->name);
	else if (missing)
		err_hint(err, "create it without '%s': 'ls %s' then shows what it has", step->name,
			 step->dir);
	else if (defined)
		err_hint(err, "'mdevtool modify %s --attr %s=VALUE' corrects it; " LOOK_AT_LOG,
			 uuid, step->name);
	else
		err_hint(err, "create it with another value of '%s'; " LOOK_AT_LOG, step->name);
}

/* EINVAL and its like with room left: the driver's own reason is in the kernel's log, if at all. */
static void hint_for_refusal(const struct creation *creation, struct err *err)
{
	const char *parent = creation->request.type->parent->name;

	if (err->hint)
		return;
	if (err->kind == ERR_NO_ROOM)
		err_hint(err, "'mdevtool list --parent %s' shows what occupies it", parent);
	else if (err->errnum == EINVAL || err->kind == ERR_FAILED)
		err_hint(err, LOOK_AT_LOG);
	else if (err->kind == ERR_DENIED && geteuid() != 0)
		err_hint(err, "only root may write there");
}

static struct callout start_callout(struct operation *operation, const struct creation *creation)
{
	const struct request *request = &creation->request;
	const struct stored stored = {.definition = {
					      .uuid = request->uuid,
					      .parent = request->type->parent->name,
					      .type = request->type->id,
					      .start = creation->definition->start,
					      .attributes = creation->definition->attributes,
					      .n_attributes = creation->definition->n_attributes,
				      }};

	return operation_callout(operation, CALLOUT_START, &stored);
}

/* Of one that fails the call-outs are told when it is undone. */
static int run_one(struct operation *operation, struct creations *creations,
		   struct creation *creation, bool *left, struct err *err)
{
	struct run run = {.root = operation->root, .trace = operation->trace};
	struct record *record = &creation->record;
	int result;

	creation->callout = start_callout(operation, creation);
	result = callout_begin(&creation->callout, err);
	if (result == 0)
		result = plan_run(&creation->plan, &run, err);
	creation->made = run.made;
	*left |= run.left;
	if (result == 0) {
		record->inode = record_inode(operation->root, record->path);
		result = record->inode
				 ? record_save(operation->root, record, err)
				 : err_set(err, ERR_FAILED, "it was made, but is gone already");
	}
	if (result == 0) {
		callout_end(&creation->callout, true);
		return 0;
	}
	err_wrap(err, "%s", what_failed(creations, creation));
	if (run.failed && run.failed->kind == STEP_ATTRIBUTE)
		hint_for_attribute(creation, creations->defined, run.failed, err);
	else
		hint_for_refusal(creation, err);
	return -1;
}

/*
 * Removes what was just made, unless somebody holds it by now: then it is kept and recorded, and
 * ERR_BUSY says who. One that is gone is no error.
 */
static int undo_one(struct operation *operation, const struct record *record, bool was_started,
		    struct err *err)
{
	autoinventory struct inventory inventory = {0};
	autoerr struct err ignored = {0};
	struct record kept = *record;
	struct device *device;

	inventory_init(&inventory, operation->root);
	inventory.expected = record;
	device = inventory_find_device(&inventory, record->uuid,
				       NEED_DEVICE_TYPE | NEED_DEVICE_GROUP | NEED_DEVICE_HOLDERS,
				       &ignored);
	if (!device) /* it went with its parent */
		return record_remove(operation->root, record->uuid, err);
	if (refuse_held(operation->root, device, "remove", err) == 0)
		return remove_device(operation, device, was_started, UNDO_WAIT_MS, err);
	kept.inode = record_inode(operation->root, device->path);
	record_save(operation->root, &kept, &ignored);
	return -1;
}

/* What became of a set that had to be undone. */
struct undoing {
	bool kept;    /* a device is there still, because somebody holds it: it is ours now */
	bool to_mend; /* something is left that the journal has to remember */
};

/* Removes what was made of the first `tried`, last first; call-outs know that `started` were. */
static struct undoing undo(struct operation *operation, struct creations *creations, size_t tried,
			   size_t started, struct err *err)
{
	struct undoing result = {0};

	for (size_t i = tried; i-- > 0;) {
		struct creation *creation = &creations->list[i];
		autoerr struct err failure = {0};
		int undone = creation->made
				     ? undo_one(operation, &creation->record, i < started, &failure)
				     : 0;

		if (i >= started)
			callout_end(&creation->callout, false);
		if (undone == 0)
			continue;
		/* a pending removal has a journal entry of its own */
		bool held = failure.kind == ERR_BUSY &&
			    (failure.errnum == 0 || failure.errnum == ETIMEDOUT);
		result.kept |= held;
		result.to_mend |= !held;
		err_append(err, "; and %s %s: %s", creation->record.uuid,
			   held ? "is left" : "could not be removed", failure.message);
	}
	return result;
}

/* After `started` devices were made one more could not be, unless those are all. */
static int give_up(struct operation *operation, struct creations *creations,
		   const struct journal_entry *entry, size_t started, bool left, struct err *err)
{
	size_t tried = started < creations->n ? started + 1 : started;

	if (creations->n > 1 && started < creations->n)
		err_wrap(err, "device %zu of %zu failed", tried, creations->n);
	struct undoing undoing = undo(operation, creations, tried, started, err);
	if (undoing.to_mend || left) {
		/* the journal keeps what is left to mend */
		if (left)
			err_append(err, "; and what was set for it could not be cleared");
		return err_hint(err, "'mdevtool recover' tries again");
	}
	if (creations->n > 1 && !undoing.kept)
		err_append(err, "; nothing of the set is left");
	else if (started && !undoing.kept)
		err_append(err, "; the device is gone again");
	autoerr struct err ignored = {0};
	journal_remove(operation->root, entry, &ignored);
	return -1;
}

static struct journal_entry journal_entry(const struct creations *creations)
{
	struct journal_entry entry = {
		.id = creations->list[0].record.uuid,
		.operation = JOURNAL_CREATE,
	};

	for (size_t i = 0; i < creations->n; i++)
		*pool_push(creations->inventory.pool, entry.devices, entry.n_devices) =
			creations->list[i].record;
	return entry;
}

/*
 * What was recorded of a slot that is idle now is of a device that others removed. It would be
 * taken for the new one if that got the same type.
 */
static int forget_slots(struct operation *operation, const struct creations *creations,
			struct err *err)
{
	struct entries records = {0};
	bool any = false;

	for (size_t i = 0; i < creations->n; i++)
		any |= creations->list[i].request.slot != NULL;
	if (!any || root_list(operation->root, STATE_RECORDS, operation->pool, &records) < 0)
		return 0;
	for (size_t i = 0; i < records.n; i++) {
		const struct record *record =
			record_load(operation->root, records.list[i].name, operation->pool);

		for (size_t j = 0; record && record->slot && j < creations->n; j++)
			if (streq(record->path, creations->list[j].record.path) &&
			    record_remove(operation->root, record->uuid, err) < 0)
				return -1;
	}
	return 0;
}

/* Once a device is made its type, and those that it leaves no room for, may not be listed. */
static int remember_types(struct operation *operation, const struct creations *creations,
			  struct err *err)
{
	for (size_t i = 0; i < creations->n; i++) {
		const struct parent *parent = creations->list[i].request.type->parent;

		if (parent->dialect->hides_types && recall_keep(operation->root, parent, err) < 0)
			return -1;
	}
	return 0;
}

static int run_all(struct operation *operation, struct locks *locks,
		   const struct create_options *options, struct creations *creations,
		   struct err *err)
{
	struct journal_entry entry = journal_entry(creations);
	bool left = false;

	if (remember_types(operation, creations, err) < 0 ||
	    forget_slots(operation, creations, err) < 0 ||
	    journal_write(operation->root, &entry, err) < 0)
		return -1;
	locks_release_names(locks); /* the journal's entry holds the names from here on */
	if (operation->progress)
		operation->progress(0, creations->n);
	for (size_t i = 0; i < creations->n; i++) {
		if (run_one(operation, creations, &creations->list[i], &left, err) < 0)
			return give_up(operation, creations, &entry, i, left, err);
		if (operation->progress)
			operation->progress(i + 1, creations->n);
	}
	if (options->use && options->use(options->data, creations, err) < 0)
		return give_up(operation, creations, &entry, creations->n, false, err);
	return journal_remove(operation->root, &entry, err);
}

/* Telling */

static void tell_ignored(struct operation *operation, const struct creations *creations)
{
	for (size_t i = 0; i < creations->n; i++)
		if (creations->list[i].params_ignored)
			operation_warn(operation, "params ignored: type '%s' on '%s' takes none",
				       creations->list[i].request.type->id,
				       creations->list[i].request.type->parent->name);
}

/* A group that had devices before is joined: say so, and whose VM it may be. */
static void tell_joined(struct operation *operation, const struct creations *creations)
{
	uint32_t group = creations->list[0].request.group;
	struct inventory inventory;
	size_t members = 0, ours = 0;
	const char *holder = NULL;

	for (size_t i = 0; i < creations->n; i++)
		ours += creations->list[i].request.group == group;
	if (!group)
		return;
	inventory_init(&inventory, operation->root);
	inventory_load_devices(&inventory, NEED_DEVICE_RECORD);
	for (size_t i = 0; i < inventory.n_devices; i++)
		members += inventory.devices[i]->group == group;
	if (members > ours) {
		inventory_load_devices(&inventory, NEED_DEVICE_GROUP | NEED_DEVICE_HOLDERS);
		for (size_t i = 0; i < inventory.n_devices && !holder; i++)
			if (inventory.devices[i]->group == group && inventory.devices[i]->n_holders)
				holder = holders_text(operation->pool, inventory.devices[i]);
		operation_note(operation, "joined group %u, now %zu devices%s%s", group, members,
			       holder ? ", held by " : "", holder ? holder : "");
	}
	inventory_free(&inventory);
}

int operation_create(struct operation *operation, const struct definitions *definitions,
		     const struct create_options *options, struct creations *ret, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;

	if (options->dry_run) {
		reset(ret, operation->root);
		if (operation_place(ret, definitions, options, err) < 0 ||
		    decide(ret, definitions, options, err) < 0)
			return -1;
		tell_ignored(operation, ret);
		return 0;
	}
	if (!operation->mended && operation_recover(operation, &locks, true, false, err) < 0)
		return -1;
	operation->mended = true;
	if (place_and_lock(operation, &locks, definitions, options, ret, err) < 0 ||
	    decide(ret, definitions, options, err) < 0 ||
	    (options->check && options->check(options->data, ret, err) < 0))
		return -1;
	ret->defined = options->defined;
	if (run_all(operation, &locks, options, ret, err) < 0)
		return -1;
	tell_ignored(operation, ret);
	tell_joined(operation, ret);
	return 0;
}
