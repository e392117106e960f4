/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping, changing and forgetting definitions. */
#include "mdev/operation.h"

#include "base/text.h"
#include "mdev/address.h"
#include "mdev/names.h"
#include "mdev/store-journal.h"
#include "mdev/uuid.h"

#include <fcntl.h>

void kept_free(struct kept *kept)
{
	inventory_free(&kept->inventory);
	*kept = (struct kept){0};
}

typedef int store_step(const struct root *root, const struct stored *stored, struct err *err);

/* One change of what is kept, with the call-outs around it. */
static int change_store(struct operation *operation, enum callout_action action,
			const struct stored *stored, store_step *change, struct err *err)
{
	struct callout callout = operation_callout(operation, action, stored);
	int result = callout_begin(&callout, err);

	if (result == 0)
		result = change(operation->root, stored, err);
	callout_end(&callout, result == 0);
	return result;
}

/* What a killed run left */

struct mending {
	struct operation *operation;
	struct store_change change;
	bool dry_run;
};

static void tell(const struct mending *mending, size_t i, const char *did)
{
	static const char *const words[] = {
		[STORE_DEFINE] = "define",
		[STORE_MODIFY] = "modify",
		[STORE_UNDEFINE] = "undefine",
	};

	operation_note(mending->operation, "%s%s the definition %s on '%s': '%s' was interrupted",
		       mending->dry_run ? "would have " : "", did, mending->change.list[i].uuid,
		       mending->change.list[i].parent, words[mending->change.operation]);
}

static int forget(const struct mending *mending, size_t i, struct err *err)
{
	const char *parent = mending->change.list[i].parent, *uuid = mending->change.list[i].uuid;
	autoinventory struct inventory inventory = {0};

	inventory_init(&inventory, mending->operation->root);
	store_load(&inventory, parent, uuid);
	for (size_t j = 0; j < inventory.n_definitions; j++) {
		if (!mending->dry_run &&
		    change_store(mending->operation, CALLOUT_UNDEFINE, inventory.definitions[j],
				 store_remove, err) < 0)
			return err_wrap(err, "cannot forget the definition %s", uuid);
		tell(mending, i, "forgotten");
	}
	return 0;
}

static int put_back(const struct mending *mending, size_t i, struct err *err)
{
	const char *parent = mending->change.list[i].parent, *uuid = mending->change.list[i].uuid;
	const struct stored stored = {
		.definition = {.uuid = uuid, .parent = parent},
		.file_name = mending->change.list[i].file_name,
	};
	bool modify = mending->change.operation == STORE_MODIFY;

	if (!store_is_held(mending->operation->root, uuid))
		return 0;
	if (!mending->dry_run &&
	    change_store(mending->operation, modify ? CALLOUT_MODIFY : CALLOUT_DEFINE, &stored,
			 store_take_back, err) < 0)
		return err_wrap(err, "cannot put the definition %s back", uuid);
	tell(mending, i, "put back");
	return 0;
}

/*
 * Of a set that was to be defined nothing stays. One that was being modified or undefined is put
 * back as long as the first of it is held: letting go of that one made the change whole. A single
 * one is changed by a rename or an unlink, as a whole.
 */
static int mend_all(const struct mending *mending, struct err *err)
{
	const struct store_change *change = &mending->change;
	bool define = change->operation == STORE_DEFINE;
	bool half = change->n > 1 &&
		    (define || store_is_held(mending->operation->root, change->list[0].uuid));

	for (size_t i = change->n; i-- > 0 && half;)
		if ((define ? forget : put_back)(mending, i, err) < 0)
			return -1;
	for (size_t i = 0; i < change->n && !mending->dry_run; i++)
		store_tidy(mending->operation->root, change->list[i].uuid);
	return 0;
}

int operation_mend_definitions(struct operation *operation, bool dry_run, struct err *err)
{
	struct mending mending = {.operation = operation, .dry_run = dry_run};

	if (operation->root->stateless || !store_journal_exists(operation->root))
		return 0;
	store_journal_load(operation->root, operation->pool, &mending.change);
	if (mend_all(&mending, err) < 0)
		return -1;
	operation_note(operation, "%s what an interrupted run left of its files in '%s'",
		       dry_run ? "would remove" : "removed", STORE_DIR);
	return dry_run ? 0 : store_journal_remove(operation->root, err);
}

static int begin(struct operation *operation, struct locks *locks, struct kept *kept,
		 struct err *err)
{
	kept_free(kept);
	inventory_init(&kept->inventory, operation->root);
	if (locks_take_names(locks, operation->root, err) < 0)
		return -1;
	return operation_mend_definitions(operation, false, err);
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
		operation_note(operation, "the parent '%s' is not there now%s%s",
			       definition->parent, absent.hint ? ": " : "",
			       absent.hint ? absent.hint : "");
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

/* Those of one set, as --count makes them, go where the one before them goes. */
static bool is_like(const struct definition *one, const struct definition *other)
{
	return streq(one->parent, other->parent) && streq(one->type, other->type);
}

static void take_place_of(struct stored *stored, const struct stored *other)
{
	stored->definition.parent = other->definition.parent;
	stored->definition.type = other->definition.type;
	stored->definition.type_name = other->definition.type_name;
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
		return err_hint(err, "'mdevtool modify %s --help' tells how to change it",
				definition->uuid);
	}
	const char *path = pool_printf(inventory->pool, STORE_DIR "/%s/%s", definition->parent,
				       definition->uuid);
	autoclose int there = root_openat(inventory->root, path, O_PATH | O_NOFOLLOW);
	if (there < 0)
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
		const struct definition *given = &definitions->list[i];
		struct stored *stored = pool_alloc(inventory->pool, sizeof(*stored));
		struct definition *definition = &stored->definition;

		*definition = *given;
		if (!definition->uuid)
			definition->uuid = uuid_new(inventory->pool);
		if (automatic)
			definition->group = automatic;
		stored->file_name = definition->uuid;
		if (!definition->parent)
			take_place(kept, stored, &chosen.list[n_placed++]);
		else if (i && given[-1].parent && is_like(given, &given[-1]))
			take_place_of(stored, kept->list[i - 1]);
		else if (check_parent(operation, kept, stored, options->loose, err) < 0)
			return definition_locate(given, err);
		if (((given->uuid || given->name) && check_repeated(kept, definition, err) < 0) ||
		    check_defined(inventory, definition, options->loose, err) < 0 ||
		    (definition->name &&
		     names_check(&names, definition->name, definition->uuid, err) < 0))
			return definition_locate(given, err);
		*pool_push(inventory->pool, kept->list, kept->n) = stored;
	}
	return 0;
}

/* Writing */

/* A change of what is kept, and the one that undoes it. */
struct change {
	enum callout_action action, reverse;
	store_step *make, *undo;
	store_step *finish;  /* of each, once all are made; NULL for nothing */
	const char *undone;  /* "it could not be …" */
	const char *nothing; /* what a set that was undone comes to */
};

static int remove_all(const struct root *root, const struct stored *stored, struct err *err)
{
	if (store_remove(root, stored, err) < 0)
		return -1;
	return store_forget(root, stored, err);
}

static const struct change defining = {
	.action = CALLOUT_DEFINE,
	.reverse = CALLOUT_UNDEFINE,
	.make = store_write,
	.undo = remove_all,
	.undone = "removed",
	.nothing = "nothing of the set is kept",
};
static const struct change modifying = {
	.action = CALLOUT_MODIFY,
	.reverse = CALLOUT_MODIFY,
	.make = store_write,
	.undo = store_take_back,
	.undone = "put back",
	.nothing = "nothing of the set is changed",
};
static const struct change undefining = {
	.action = CALLOUT_UNDEFINE,
	.reverse = CALLOUT_DEFINE,
	.make = store_remove,
	.undo = store_take_back,
	.finish = store_forget,
	.undone = "put back",
	.nothing = "nothing of the set is undefined",
};

/*
 * Undoes those before the one that failed, and that one, which may be there all the same; all of
 * them when `failed` is n. False when something could not be undone.
 */
static bool undo(struct operation *operation, const struct change *change,
		 struct stored *const *list, size_t n, size_t failed, struct err *err)
{
	bool left = false;

	for (size_t i = failed < n ? failed + 1 : n; i-- > 0;) {
		autoerr struct err failure = {0};
		int undone = i < failed ? change_store(operation, change->reverse, list[i],
						       change->undo, &failure)
					: change->undo(operation->root, list[i], &failure);

		if (undone == 0)
			continue;
		left = true;
		err_append(err, "; and %s could not be %s: %s", list[i]->definition.uuid,
			   change->undone, failure.message);
	}
	if (n > 1 && failed < n)
		err_wrap(err, "definition %zu of %zu failed", failed + 1, n);
	if (n > 1 && !left)
		err_append(err, "; %s", change->nothing);
	return !left;
}

/* Strikes a change out that is whole, or was undone: the next run has nothing to put back. */
static int close_journal(struct operation *operation, int result)
{
	autoerr struct err failure = {0};

	if (store_journal_remove(operation->root, &failure) < 0)
		operation_warn(operation, "%s; %s", failure.message, failure.hint);
	return result;
}

/* All of kept, or none; what is left is for the next run to mend. */
static int define_all(struct operation *operation, struct kept *kept, bool *left, struct err *err)
{
	for (size_t i = 0; i < kept->n; i++) {
		struct stored *stored = kept->list[i];

		if (change_store(operation, defining.action, stored, defining.make, err) < 0) {
			*left = !undo(operation, &defining, kept->list, kept->n, i, err);
			return -1;
		}
		stored->definition.file = pool_printf(kept->inventory.pool, STORE_DIR "/%s/%s",
						      stored->definition.parent, stored->file_name);
	}
	return 0;
}

/* Second names that cannot be removed are left to the next run. */
static bool let_go(struct operation *operation, struct stored *const *list, size_t n)
{
	bool left = false;

	for (size_t i = 0; i < n; i++) {
		autoerr struct err failure = {0};

		if (store_let_go(operation->root, list[i], &failure) == 0)
			continue;
		left = true;
		operation_warn(operation, "%s; 'mdevtool recover' tries again", failure.message);
	}
	return !left;
}

/*
 * The same for what is kept already; before[i] is what kept->list[i] was. A set is changed once the
 * first of it is let go, see mend_all(); a single one changes as a whole anyway.
 */
static int change_all(struct operation *operation, const struct change *change,
		      const struct kept *kept, struct stored *const *before, struct err *err)
{
	size_t n_held = 0, n_changed = 0;
	int result = 0;

	while (n_held < kept->n && kept->n > 1 && result == 0) {
		result = store_hold(operation->root, before[n_held], err);
		n_held += result == 0;
	}
	while (n_changed < kept->n && result == 0) {
		result = change_store(operation, change->action, kept->list[n_changed],
				      change->make, err);
		n_changed += result == 0;
	}
	if (result == 0 && n_held)
		result = store_let_go(operation->root, before[0], err);
	if (result < 0 && n_held == kept->n)
		undo(operation, change, before, kept->n, n_changed, err);
	for (size_t i = 0; i < kept->n && result == 0 && change->finish; i++) {
		autoerr struct err failure = {0};

		if (change->finish(operation->root, kept->list[i], &failure) < 0)
			operation_note(operation, "%s", failure.message);
	}
	return let_go(operation, before, n_held) ? close_journal(operation, result) : result;
}

int operation_define(struct operation *operation, const struct definitions *definitions,
		     const struct define_options *options, struct kept *ret, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;
	bool left = false;

	if (begin(operation, &locks, ret, err) < 0 ||
	    decide(operation, definitions, options, ret, err) < 0 ||
	    store_journal_write(operation->root, STORE_DEFINE, ret->list, ret->n, err) < 0)
		return -1;
	if (define_all(operation, ret, &left, err) < 0)
		return left ? -1 : close_journal(operation, -1);
	/* until this is struck out the next run would take the set back */
	return store_journal_remove(operation->root, err);
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

/* What a change leaves alone: it may write to the attributes where they are. */
static struct stored *copy_of(struct pool *pool, const struct stored *stored)
{
	struct stored *copy = pool_alloc(pool, sizeof(*copy));

	*copy = *stored;
	copy->definition.attributes = NULL;
	copy->definition.n_attributes = 0;
	for (size_t i = 0; i < stored->definition.n_attributes; i++)
		*pool_push(pool, copy->definition.attributes, copy->definition.n_attributes) =
			stored->definition.attributes[i];
	return copy;
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
		definition->type_name = NULL;
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
	struct stored **before = NULL;
	size_t n_before = 0;

	if (begin(operation, &locks, ret, err) < 0)
		return -1;
	const struct names names = names_load(&ret->inventory);
	uint32_t automatic = names_free_group(&names);
	if (find_all(ret, given, n, options->parent, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++) {
		*pool_push(ret->inventory.pool, before, n_before) =
			copy_of(ret->inventory.pool, ret->list[i]);
		if (change_one(operation, ret, ret->list[i], &names, options->loose, change, data,
			       err) < 0)
			return -1;
		if (options->group_auto)
			ret->list[i]->definition.group = automatic;
	}
	if (store_journal_write(operation->root, STORE_MODIFY, ret->list, ret->n, err) < 0)
		return -1;
	return change_all(operation, &modifying, ret, before, err);
}

int operation_undefine(struct operation *operation, const char *const *given, size_t n,
		       const char *parent, struct kept *ret, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;

	if (begin(operation, &locks, ret, err) < 0 || find_all(ret, given, n, parent, err) < 0 ||
	    store_journal_write(operation->root, STORE_UNDEFINE, ret->list, ret->n, err) < 0)
		return -1;
	return change_all(operation, &undefining, ret, ret->list, err);
}
