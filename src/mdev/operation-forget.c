/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forgetting what was kept of devices and definitions that others removed. */
#include "mdev/operation.h"

#include "mdev/journal.h"
#include "mdev/recall.h"
#include "mdev/state.h"
#include "mdev/store-journal.h"

#include <errno.h>

/*
 * Why the record belongs to no device any more; NULL when it does, or when that cannot be seen, as
 * what is forgotten wrongly is lost.
 */
static const char *why_stale(const struct operation *operation, const struct record *record)
{
	const char *real = pool_printf(operation->pool, "%s/%s", record->parent_path, record->uuid);

	uint64_t inode = record_inode(operation->root, record->path);
	if (!inode && errno != ENOENT)
		return NULL;
	if (inode == record->inode)
		return record_is_current(operation->root, record)
			       ? NULL
			       : "others have changed what it was made of";
	/* the driver of one whose removal is pending has not let go of the directory yet */
	if (record_inode(operation->root, real) == record->inode)
		return NULL;
	return inode ? "another device has its UUID" : "the device is gone";
}

/* One that an entry of the journal is about goes with that entry. */
static bool is_in_journal(const struct journal *journal, const char *uuid)
{
	for (size_t i = 0; i < journal->n; i++)
		for (size_t j = 0; j < journal->entries[i].n_devices; j++)
			if (streq(journal->entries[i].devices[j].uuid, uuid))
				return true;
	return false;
}

/* With the parent's lock held nobody is making the device just now. */
static int forget_if_stale(struct operation *operation, const char *uuid, bool dry_run,
			   struct err *err)
{
	const struct record *record = record_load(operation->root, uuid, operation->pool);
	autolocks struct locks locks = LOCKS_INIT;
	autoerr struct err failure = {0};
	struct journal journal;

	if (!record || !why_stale(operation, record))
		return 0;
	int taken = locks_try_parent(&locks, operation->root, operation->pool, record->parent,
				     &failure);
	if (taken < 0)
		return operation_cannot_tell(operation, record->parent, dry_run, &failure, err);
	if (taken > 0)
		return 0;
	journal_load(operation->root, operation->pool, &journal);
	record = record_load(operation->root, uuid, operation->pool);
	const char *why = record ? why_stale(operation, record) : NULL;
	if (!why || !locks_hold(&locks, record->parent) || is_in_journal(&journal, uuid))
		return 0;
	if (!dry_run && record_remove(operation->root, uuid, &failure) < 0)
		operation_warn(operation, "%s", failure.message);
	else
		operation_note(operation, "%s %s on '%s': %s", dry_run ? "would forget" : "forgot",
			       uuid, record->parent, why);
	return 0;
}

/* What killed runs left of definitions, and what was kept of those that others forgot. */
static int forget_definitions(struct operation *operation, bool dry_run, struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;
	autoerr struct err failure = {0};
	const char **uuids = NULL;
	size_t n = 0;

	if (!store_journal_exists(operation->root) &&
	    !store_prune(operation->root, operation->pool, true, &uuids, &n))
		return 0;
	if (locks_take_names(&locks, operation->root, &failure) < 0)
		return operation_cannot_tell(operation, STORE_DIR, dry_run, &failure, err);
	if (operation_mend_definitions(operation, dry_run, err) < 0)
		return -1;
	n = 0;
	store_prune(operation->root, operation->pool, dry_run, &uuids, &n);
	for (size_t i = 0; i < n; i++)
		operation_note(operation, "%s what was kept of %s, which is not defined any more",
			       dry_run ? "would forget" : "forgot", uuids[i]);
	return 0;
}

/* What runs left that were killed while they wrote an entry, each under the lock of its parent. */
static int forget_temporaries(struct operation *operation, bool dry_run, struct err *err)
{
	const char **parents = NULL;
	size_t n = journal_temporaries(operation->root, operation->pool, &parents);

	for (size_t i = 0; i < n; i++) {
		autolocks struct locks locks = LOCKS_INIT;
		autoerr struct err failure = {0};
		int taken = locks_try_parent(&locks, operation->root, operation->pool, parents[i],
					     &failure);

		if (taken < 0 &&
		    operation_cannot_tell(operation, parents[i], dry_run, &failure, err) < 0)
			return -1;
		if (taken == 0 && !dry_run &&
		    journal_forget_temporary(operation->root, parents[i], err) < 0)
			return -1;
		if (taken == 0)
			operation_note(operation,
				       "%s what an interrupted run left of its journal "
				       "for '%s'",
				       dry_run ? "would remove" : "removed", parents[i]);
	}
	return 0;
}

/* What can be made now may not be listed any more once somebody has made it. */
static int remember_types(struct operation *operation, bool dry_run, struct err *err)
{
	autoinventory struct inventory inventory = {0};

	inventory_init(&inventory, operation->root);
	inventory_load_parents(&inventory, 0);
	for (size_t i = 0; i < inventory.n_parents && !dry_run; i++) {
		struct parent *parent = inventory.parents[i];
		autolocks struct locks locks = LOCKS_INIT;

		if (!parent->dialect->hides_types)
			continue;
		int taken = locks_try_parent(&locks, operation->root, operation->pool, parent->name,
					     err);
		if (taken < 0)
			return -1;
		inventory_load_types(&inventory, parent, NEED_TYPE_NAME);
		if (taken == 0 && recall_keep(operation->root, parent, err) < 0)
			return -1;
	}
	return 0;
}

int operation_forget(struct operation *operation, bool dry_run, struct err *err)
{
	struct entries records = {0};

	if (operation->root->stateless)
		return 0;
	if (forget_definitions(operation, dry_run, err) < 0 ||
	    forget_temporaries(operation, dry_run, err) < 0)
		return -1;
	/* without sysfs nothing can be seen */
	if (!root_exists(operation->root, "/sys/bus"))
		return 0;
	if (state_list(operation->root, STATE_RECORDS, operation->pool, &records, err) < 0)
		return -1;
	for (size_t i = 0; i < records.n; i++)
		if (forget_if_stale(operation, records.list[i].name, dry_run, err) < 0)
			return -1;
	return remember_types(operation, dry_run, err);
}
