/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mending what an interrupted run left: rolling creations back, completing removals. */
#include "mdev/operation.h"

#include "mdev/journal.h"
#include "mdev/state.h"
#include "mdev/store-journal.h"

#include <errno.h>

#define RECOVER_WAIT_MS 5000

struct mending {
	struct operation *operation;
	struct inventory inventory;
	const struct journal_entry *entry;
	bool dry_run;
	bool unfinished; /* something is left, so the entry stays */
	bool renewed;    /* the entry is one of a pending removal, and has been written anew */
};

/* The device as it is now, NULL when it is gone or another one has its UUID. */
static struct device *find(struct mending *mending, const struct record *record)
{
	autoerr struct err ignored = {0};
	struct device *device = inventory_find_device(
		&mending->inventory, record->uuid,
		NEED_DEVICE_TYPE | NEED_DEVICE_GROUP | NEED_DEVICE_HOLDERS, &ignored);

	if (!device || !streq(device->parent, record->parent))
		return NULL;
	/* a creation's entry knows no inode yet */
	if (record->inode && !record_is_current(mending->operation->root, record) &&
	    device->state != STATE_PENDING_REMOVAL)
		return NULL;
	return device;
}

static void remove_one(struct mending *mending, const struct record *record, struct device *device,
		       const char *why)
{
	autoerr struct err failure = {0};

	if (mending->dry_run) {
		operation_note(mending->operation, "would remove %s on '%s': %s", record->uuid,
			       record->parent, why);
		return;
	}
	if (remove_device(mending->operation, device, true, RECOVER_WAIT_MS, &failure) == 0) {
		operation_note(mending->operation, "removed %s on '%s': %s", record->uuid,
			       record->parent, why);
		return;
	}
	/* one that the driver has not finished has an entry of its own now */
	mending->unfinished |= failure.errnum != ETIMEDOUT;
	mending->renewed |= failure.errnum == ETIMEDOUT && mending->entry->pending;
	operation_warn(mending->operation, "cannot remove %s on '%s': %s", record->uuid,
		       record->parent, failure.message);
}

/* A VM uses it by now: as taking it away would cost somebody's work, it becomes one of ours. */
static void keep(struct mending *mending, const struct record *record, const struct device *device,
		 const struct err *held)
{
	struct record kept = *record;
	autoerr struct err failure = {0};

	operation_note(mending->operation, "%s %s on '%s', though its creation was interrupted: %s",
		       mending->dry_run ? "would keep" : "kept", record->uuid, record->parent,
		       held->message);
	kept.inode = record_inode(mending->operation->root, device->path);
	if (!mending->dry_run && record_save(mending->operation->root, &kept, &failure) < 0)
		mending->unfinished = true;
}

/* One clearing for all devices of the same type; they are gone through from the last on. */
static bool is_cleared(const struct mending *mending, const struct record *record)
{
	const struct record *end = mending->entry->devices + mending->entry->n_devices;

	for (const struct record *other = record + 1; other < end; other++)
		if (other->params && streq(other->parent, record->parent) &&
		    streq(other->type, record->type))
			return true;
	return false;
}

static void clear_params(struct mending *mending, const struct record *record)
{
	struct plan plan = {.pool = mending->inventory.pool};
	struct run run = {.root = mending->operation->root, .trace = mending->operation->trace};
	autoerr struct err failure = {0};

	if (!record->params || is_cleared(mending, record))
		return;
	if (dialect_of(record)->plan_clear)
		dialect_of(record)->plan_clear(mending->operation->root, record->parent_path,
					       record->type, &plan);
	if (!plan.n)
		return;
	if (mending->dry_run) {
		operation_note(mending->operation, "would clear the params of type '%s' on '%s'",
			       record->type, record->parent);
	} else if (plan_run(&plan, &run, &failure) == 0) {
		operation_note(mending->operation, "cleared the params of type '%s' on '%s'",
			       record->type, record->parent);
	} else {
		mending->unfinished = true;
		operation_warn(mending->operation,
			       "cannot clear the params of type '%s' on '%s': %s", record->type,
			       record->parent, failure.message);
	}
}

static void forget_record(struct mending *mending, const struct record *record)
{
	autoerr struct err failure = {0};

	if (!mending->dry_run &&
	    record_remove(mending->operation->root, record->uuid, &failure) < 0)
		mending->unfinished = true;
}

static void roll_back(struct mending *mending, const struct record *record)
{
	struct device *device = find(mending, record);
	autoerr struct err held = {0};

	clear_params(mending, record);
	if (device && device->removal_begun)
		return; /* it has an entry of its own */
	if (!device)
		forget_record(mending, record);
	else if (refuse_held(mending->operation->root, device, "remove", &held) < 0)
		keep(mending, record, device, &held);
	else
		remove_one(mending, record, device, "its creation was interrupted");
}

/* True while the kernel is still at it: the bus link is gone, the device's directory is not. */
static bool is_pending(const struct mending *mending, const struct record *record)
{
	const char *real =
		pool_printf(mending->inventory.pool, "%s/%s", record->parent_path, record->uuid);

	return record_inode(mending->operation->root, real) == record->inode && record->inode;
}

static void complete(struct mending *mending, const struct record *record)
{
	struct device *device = find(mending, record);
	autoerr struct err held = {0};

	if (device && device->removal_begun) {
		mending->unfinished =
			mending->entry->pending; /* the others have one of their own */
	} else if (device && device->state != STATE_PENDING_REMOVAL) {
		if (refuse_held(mending->operation->root, device, "remove", &held) < 0)
			operation_note(mending->operation,
				       "left %s on '%s', though its removal was interrupted: %s",
				       record->uuid, record->parent, held.message);
		else
			remove_one(mending, record, device, "its removal was interrupted");
	} else if (is_pending(mending, record)) {
		mending->unfinished = true;
		if (!mending->entry->pending)
			operation_note(mending->operation, "%s on '%s' is still being removed",
				       record->uuid, record->parent);
	} else {
		forget_record(mending, record);
	}
}

/* What is left of the entry, when anything is. */
static int close_entry(struct operation *operation, const struct journal_entry *entry,
		       struct journal_entry *rest, struct err *err)
{
	if (!rest->n_devices)
		return journal_remove(operation->root, entry, err);
	if (rest->n_devices == entry->n_devices && rest->pending == entry->pending)
		return 0;
	return journal_write(operation->root, rest, err);
}

static int mend(struct operation *operation, const struct journal_entry *entry, bool dry_run,
		struct err *err)
{
	struct mending mending = {.operation = operation, .entry = entry, .dry_run = dry_run};
	struct journal_entry rest = {
		.id = entry->id,
		.operation = entry->operation,
		.pending = entry->operation == JOURNAL_DESTROY,
	};
	int result = 0;

	inventory_init(&mending.inventory, operation->root);
	for (size_t i = entry->n_devices; i-- > 0;) {
		mending.unfinished = false;
		if (entry->operation == JOURNAL_CREATE)
			roll_back(&mending, &entry->devices[i]);
		else
			complete(&mending, &entry->devices[i]);
		if (mending.unfinished)
			*pool_push(operation->pool, rest.devices, rest.n_devices) =
				entry->devices[i];
	}
	if (!dry_run && !mending.renewed)
		result = close_entry(operation, entry, &rest, err);
	inventory_free(&mending.inventory);
	return result;
}

/*
 * An entry is stale when the locks of all its parents are ours: its writer held them from before
 * the entry was written. 0 stale, 1 not, -1 with *err.
 */
static int is_stale(struct operation *operation, struct locks *locks,
		    const struct journal_entry *entry, bool all, struct err *err)
{
	for (size_t i = 0; i < entry->n_devices; i++) {
		const char *parent = entry->devices[i].parent;

		if (locks_hold(locks, parent))
			continue;
		if (!all)
			return 1;
		int taken = locks_try_parent(locks, operation->root, operation->pool, parent, err);
		if (taken != 0)
			return taken;
	}
	return 0;
}

static bool is_locked(const struct locks *locks, const struct journal_entry *entry)
{
	for (size_t i = 0; i < entry->n_devices; i++)
		if (!locks_hold(locks, entry->devices[i].parent))
			return false;
	return true;
}

/*
 * Under the lock the entry may be gone, or have become another one: of a run on other parents,
 * whose locks are its own.
 */
static struct journal_entry *read_again(struct operation *operation, const struct locks *locks,
					const char *id, struct journal *journal)
{
	journal_load(operation->root, operation->pool, journal);
	for (size_t i = 0; i < journal->n; i++)
		if (streq(journal->entries[i].id, id))
			return is_locked(locks, &journal->entries[i]) ? &journal->entries[i] : NULL;
	return NULL;
}

static int recover_entry(struct operation *operation, struct locks *held,
			 const struct journal_entry *entry, bool all, bool dry_run, struct err *err)
{
	autolocks struct locks own = LOCKS_INIT;
	struct locks *locks = all ? &own : held;
	autoerr struct err failure = {0};
	struct journal journal;
	struct journal_entry *now;
	int stale = is_stale(operation, locks, entry, all, &failure);

	if (stale < 0)
		return operation_cannot_tell(operation, entry->devices[0].parent, dry_run, &failure,
					     err);
	if (stale > 0)
		return 0;
	now = read_again(operation, locks, entry->id, &journal);
	return now ? mend(operation, now, dry_run, err) : 0;
}

int operation_recover(struct operation *operation, struct locks *locks, bool all, bool dry_run,
		      struct err *err)
{
	struct journal journal;

	if (operation->root->stateless)
		return 0;
	if (state_check(operation->root, err) < 0)
		return -1;
	journal_load(operation->root, operation->pool, &journal);
	for (size_t i = 0; i < journal.n; i++)
		if (recover_entry(operation, locks, &journal.entries[i], all, dry_run, err) < 0)
			return -1;
	for (size_t i = 0; i < journal.n_broken && all; i++)
		operation_warn(operation, "'%s/%s' is no journal entry: look at it, then remove it",
			       STATE_JOURNAL, journal.broken[i]);
	return 0;
}

/* Its writer may have ended, and taken it away, since it was read. */
static bool is_left(struct operation *operation, const struct journal_entry *entry)
{
	autolocks struct locks locks = LOCKS_INIT;
	autoerr struct err ignored = {0};
	struct journal now;

	return is_stale(operation, &locks, entry, true, &ignored) == 0 &&
	       read_again(operation, &locks, entry->id, &now);
}

static void look_for_stale_definitions(struct operation *operation)
{
	autolocks struct locks locks = LOCKS_INIT;
	autoerr struct err ignored = {0};

	if (store_journal_exists(operation->root) &&
	    locks_try_names(&locks, operation->root, &ignored) == 0 &&
	    store_journal_exists(operation->root))
		operation_note(
			operation,
			"an interrupted run left something of definitions; the next one that "
			"defines or changes any, or 'mdevtool recover', mends it");
}

void operation_look_for_stale(struct operation *operation)
{
	struct journal journal;

	journal_load(operation->root, operation->pool, &journal);
	for (size_t i = 0; i < journal.n; i++)
		if (!journal.entries[i].pending && is_left(operation, &journal.entries[i]))
			operation_note(operation,
				       "an interrupted run left something on '%s'; the next "
				       "one that writes there, or 'mdevtool recover', mends it",
				       journal.entries[i].devices[0].parent);
	look_for_stale_definitions(operation);
}
