/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on this machine, collected from all dialects. */
#include "mdev/inventory.h"

#include "base/text.h"
#include "mdev/address.h"
#include "mdev/holder.h"
#include "mdev/hwdb.h"
#include "mdev/journal.h"
#include "mdev/state.h"
#include "mdev/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

void inventory_init(struct inventory *inventory, const struct root *root)
{
	*inventory = (struct inventory){.pool = pool_new(), .root = root};
}

void inventory_free(struct inventory *inventory)
{
	pool_free(inventory->pool);
	pool_free(inventory->other);
	*inventory = (struct inventory){0};
}

/* So many parents are worth a second thread. */
#define PARENTS_FOR_TWO 32
/* Of what an ambiguous prefix could mean. */
#define CANDIDATES_SHOWN 8

/* Parents */

static int compare_parents(const void *a, const void *b)
{
	const struct parent *const *x = a, *const *y = b;
	/* plainly: addresses are hexadecimal, of fixed width */
	int order = strcmp((*x)->name, (*y)->name);

	return order ? order : strcmp((*x)->real, (*y)->real);
}

/* A file that a device of this kind simply has not is no news. */
static const char *read_optional(struct inventory *inventory, int dir, const struct parent *parent,
				 const char *file)
{
	const char *text = sysfs_read(dir, file, inventory->pool);

	if (!text && errno != ENOENT)
		inventory_warn_errno(inventory,
				     pool_printf(inventory->pool, "%s/%s", parent->path, file),
				     errno);
	return text;
}

static void load_facts(struct inventory *inventory, struct parent *parent, unsigned needs)
{
	autoclose int dir = root_openat(inventory->root, parent->path, O_RDONLY | O_DIRECTORY);
	int64_t node;

	if (dir < 0) {
		inventory_warn_errno(inventory, parent->path, errno);
		return;
	}
	parent->driver = sysfs_link_name(dir, "driver", inventory->pool);
	const char *group = sysfs_link_name(dir, "iommu_group", inventory->pool);
	uint64_t number;
	if (group && text_number(group, INT64_MAX, &number))
		parent->iommu_group = (int64_t)number;
	if (sysfs_read_number(dir, "numa_node", &node)) /* "-1" is no number, and no node */
		parent->numa_node = node;
	parent->vendor_id = read_optional(inventory, dir, parent, "vendor");
	parent->product_id = read_optional(inventory, dir, parent, "device");
	if (!(needs & NEED_PARENT_PRODUCT))
		return;
	const char *modalias = read_optional(inventory, dir, parent, "modalias");
	if (modalias && parent->vendor_id)
		hwdb_names(inventory->pool, modalias, &parent->vendor, &parent->product);
}

static void load_parent(struct inventory *inventory, struct parent *parent, unsigned needs)
{
	unsigned facts = NEED_PARENT_FACTS | NEED_PARENT_PRODUCT;
	size_t told = inventory->n_warnings;

	if (needs & facts & ~parent->loaded)
		load_facts(inventory, parent, needs);
	parent->loaded |= needs & facts;
	inventory_load_types(inventory, parent, needs);
	if (inventory->n_warnings == told || root_exists(inventory->root, parent->path))
		return;
	parent->gone = true;
	inventory->n_warnings = told;
}

static void drop_gone_parents(struct inventory *inventory)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_parents; i++)
		if (!inventory->parents[i]->gone)
			inventory->parents[n++] = inventory->parents[i];
	inventory->n_parents = n;
}

/* What one thread reads, with memory and warnings of its own. */
struct share {
	struct inventory inventory;
	struct parent **parents;
	size_t n;
	unsigned needs;
};

static void *load_share(void *data)
{
	struct share *share = data;

	for (size_t i = 0; i < share->n; i++)
		load_parent(&share->inventory, share->parents[i], share->needs);
	return NULL;
}

static void load_in_two(struct inventory *inventory, unsigned needs)
{
	size_t half = inventory->n_parents / 2;
	struct share other = {
		.parents = inventory->parents + half,
		.n = inventory->n_parents - half,
		.needs = needs,
	};
	struct share own = {
		.inventory = *inventory, .parents = inventory->parents, .n = half, .needs = needs};
	pthread_t thread;

	if (!inventory->other)
		inventory->other = pool_new();
	other.inventory = (struct inventory){.pool = inventory->other, .root = inventory->root};
	bool threaded = pthread_create(&thread, NULL, load_share, &other) == 0;
	load_share(&own);
	if (threaded)
		pthread_join(thread, NULL);
	else
		load_share(&other);
	inventory->warnings = own.inventory.warnings;
	inventory->n_warnings = own.inventory.n_warnings;
	for (size_t i = 0; i < other.inventory.n_warnings; i++)
		*pool_push(inventory->pool, inventory->warnings, inventory->n_warnings) =
			other.inventory.warnings[i];
}

void inventory_load_parents(struct inventory *inventory, unsigned needs)
{
	for (size_t i = 0; i < n_dialects && !inventory->parents_loaded; i++)
		dialects[i]->find_parents(inventory, NULL);
	inventory->parents_loaded = true;
	if (inventory->n_parents)
		qsort(inventory->parents, inventory->n_parents, sizeof(*inventory->parents),
		      compare_parents);
	/* libudev's database is for one thread */
	if (inventory->n_parents >= PARENTS_FOR_TWO && needs && !(needs & NEED_PARENT_PRODUCT))
		load_in_two(inventory, needs);
	else
		for (size_t i = 0; i < inventory->n_parents; i++)
			load_parent(inventory, inventory->parents[i], needs);
	drop_gone_parents(inventory);
}

void inventory_load_candidates(struct inventory *inventory, unsigned needs)
{
	inventory_load_parents(inventory, needs);
	for (size_t i = 0; i < n_dialects; i++)
		dialects[i]->find_candidates(inventory);
	if (inventory->n_candidates)
		qsort(inventory->candidates, inventory->n_candidates,
		      sizeof(*inventory->candidates), compare_parents);
	for (size_t i = 0; i < inventory->n_candidates; i++)
		if (needs & (NEED_PARENT_FACTS | NEED_PARENT_PRODUCT))
			load_facts(inventory, inventory->candidates[i], needs);
}

/* One that could become a parent: its reason says more than that there is none. */
static bool is_candidate(const struct inventory *inventory, const char *name, const char *given,
			 struct err *err)
{
	for (size_t i = 0; i < inventory->n_candidates; i++) {
		const struct parent *candidate = inventory->candidates[i];

		if (!streq(candidate->name, name))
			continue;
		err_set(err, ERR_NOT_FOUND, "'%s' makes no devices: %s", given, candidate->reason);
		err_hint(err, "%s", candidate->fix);
		return true;
	}
	return false;
}

/* All parents, in an inventory of its own: the caller's keeps what it has loaded. */
static int no_such_parent(const struct root *root, const char *name, const char *given,
			  struct err *err)
{
	autoinventory struct inventory all = {0};
	const char **names;

	inventory_init(&all, root);
	inventory_load_candidates(&all, 0);
	if (is_candidate(&all, name, given, err))
		return -1;
	err_set(err, ERR_NOT_FOUND, "no parent '%s'", given);
	for (size_t i = 0; i < n_dialects; i++) {
		const char *other = dialects[i]->find_by_other_name
					    ? dialects[i]->find_by_other_name(&all, name)
					    : NULL;
		if (other)
			return err_hint(err, "did you mean '%s', the subchannel of '%s'?", other,
					given);
	}
	if (!all.n_parents)
		return err_hint(err, "no driver has registered for mediated devices here: is its "
				     "module loaded?");
	names = pool_alloc(all.pool, all.n_parents * sizeof(*names));
	for (size_t i = 0; i < all.n_parents; i++)
		names[i] = all.parents[i]->name;
	const char *nearest = text_nearest(given, names, all.n_parents);
	if (nearest)
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "'mdevtool list-parents' shows them all");
}

static struct parent *known_parent(const struct inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->n_parents; i++)
		if (streq(inventory->parents[i]->name, name) ||
		    parent_slot(inventory->parents[i], name))
			return inventory->parents[i];
	return NULL;
}

struct parent *inventory_find_parent(struct inventory *inventory, const char *given, unsigned needs,
				     struct err *err)
{
	const char *name = address_parent_name(inventory->pool, given);
	struct parent *parent;

	if (!name) {
		err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent", given);
		return NULL;
	}
	if (!known_parent(inventory, name))
		for (size_t i = 0; i < n_dialects && !inventory->parents_loaded; i++)
			dialects[i]->find_parents(inventory, name);
	parent = known_parent(inventory, name);
	if (parent)
		load_parent(inventory, parent, needs);
	if (parent && !parent->gone)
		return parent;
	no_such_parent(inventory->root, name, given, err);
	return NULL;
}

/* Types */

void inventory_load_types(struct inventory *inventory, struct parent *parent, unsigned needs)
{
	needs &= NEED_TYPES | NEED_TYPE_ALL;
	if (!(needs & ~parent->loaded))
		return;
	parent->loaded |= needs;
	parent->types = NULL;
	parent->n_types = 0;
	parent->dialect->load_types(inventory, parent, parent->loaded);
}

static struct type *known_type(const struct parent *parent, const char *id, unsigned needs)
{
	for (size_t i = 0; i < parent->n_types; i++)
		if (streq(parent->types[i]->id, id) && !(needs & ~parent->types[i]->loaded))
			return parent->types[i];
	return NULL;
}

/* What is loaded so is forgotten when all types are loaded. */
static struct type *load_type(struct inventory *inventory, struct parent *parent, const char *id,
			      unsigned needs)
{
	struct type *type = known_type(parent, id, needs);

	if (type || !parent->dialect->load_type)
		return type;
	type = parent->dialect->load_type(inventory, parent, id, needs);
	if (type) {
		type->loaded = needs;
		*pool_push(inventory->pool, parent->types, parent->n_types) = type;
	}
	return type;
}

struct type *inventory_find_type(struct inventory *inventory, struct parent *parent,
				 const char *given, unsigned needs)
{
	struct type *type = NULL;
	uint64_t number;

	needs &= NEED_TYPES | NEED_TYPE_ALL;
	if (needs & ~parent->loaded) {
		type = load_type(inventory, parent, given, needs);
		if (!type && text_number(given, UINT64_MAX, &number))
			type = load_type(inventory, parent,
					 pool_printf(inventory->pool, "nvidia-%s", given), needs);
	}
	if (type)
		return type;
	inventory_load_types(inventory, parent, needs);
	return parent_find_type(parent, given);
}

const char *inventory_nearest_type(struct inventory *inventory, const char *given)
{
	const char **words = NULL;
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_parents; i++) {
		const struct parent *parent = inventory->parents[i];

		for (size_t j = 0; j < parent->n_types; j++) {
			*pool_push(inventory->pool, words, n) = parent->types[j]->id;
			if (parent->types[j]->name)
				*pool_push(inventory->pool, words, n) = parent->types[j]->name;
		}
	}
	return text_nearest(given, words, n);
}

/* Devices */

static int compare_devices(const void *a, const void *b)
{
	const struct device *const *x = a, *const *y = b;

	return strcmp((*x)->uuid, (*y)->uuid);
}

static bool has_device(const struct inventory *inventory, const char *uuid)
{
	for (size_t i = 0; i < inventory->n_devices; i++)
		if (streq(inventory->devices[i]->uuid, uuid))
			return true;
	return false;
}

/*
 * A driver may block before the bus link goes, and a virtual function has none. A removal that
 * ended and left the device there has failed.
 */
static void mark_removal(struct inventory *inventory, const struct journal_entry *entry,
			 const struct record *record)
{
	if (!sysfs_is_writing(entry->writer))
		return;
	for (size_t i = 0; i < inventory->n_devices; i++)
		if (streq(inventory->devices[i]->uuid, record->uuid) &&
		    record_is_current(inventory->root, record))
			inventory->devices[i]->removal_begun = true;
}

/*
 * A device whose removal the driver has not finished has lost its bus link, but its directory below
 * the parent is still there and its room still taken (seen on Linux 6.1).
 */
static void find_pending(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	struct journal *journal = pool_alloc(pool, sizeof(*journal));

	journal_load(inventory->root, pool, journal);
	inventory->journal = journal;
	if (journal->problem)
		inventory_warn(inventory, NULL, "%s", journal->problem);
	for (size_t i = 0; i < journal->n; i++) {
		for (size_t j = 0; j < journal->entries[i].n_devices; j++) {
			const struct record *record = &journal->entries[i].devices[j];
			const char *real =
				pool_printf(pool, "%s/%s", record->parent_path, record->uuid);

			if (journal->entries[i].pending)
				mark_removal(inventory, &journal->entries[i], record);
			if (!journal->entries[i].pending || has_device(inventory, record->uuid) ||
			    !record->inode || record_inode(inventory->root, real) != record->inode)
				continue;
			struct device *device = pool_alloc(pool, sizeof(*device));
			*device = (struct device){.uuid = record->uuid,
						  .name = record->name,
						  .dialect = dialect_of(record),
						  .parent = record->parent,
						  .parent_path = record->parent_path,
						  .path = real,
						  .type = record->type,
						  .type_name = record->type_name,
						  .group = record->group,
						  .state = STATE_PENDING_REMOVAL,
						  .iommu_group = UNKNOWN};
			*pool_push(pool, inventory->devices, inventory->n_devices) = device;
		}
	}
}

static void find_devices(struct inventory *inventory)
{
	if (inventory->devices_loaded)
		return;
	inventory->devices_loaded = true;
	for (size_t i = 0; i < n_dialects; i++)
		dialects[i]->find_devices(inventory);
	find_pending(inventory);
	if (inventory->n_devices)
		qsort(inventory->devices, inventory->n_devices, sizeof(*inventory->devices),
		      compare_devices);
}

/* The record in the journal, of a device that is just being made or removed. */
static const struct record *find_under_way(const struct inventory *inventory,
					   const struct device *device, uint64_t inode)
{
	const struct journal *journal = inventory->journal;

	for (size_t i = 0; journal && i < journal->n; i++) {
		const struct journal_entry *entry = &journal->entries[i];

		for (size_t j = 0; j < entry->n_devices; j++) {
			const struct record *record = &entry->devices[j];

			/* that of a creation knows no inode yet */
			if (streq(record->uuid, device->uuid) &&
			    streq(record->parent, device->parent) &&
			    (!record->inode || record->inode == inode))
				return record;
		}
	}
	return NULL;
}

static void list_records(struct inventory *inventory)
{
	autoerr struct err err = {0};

	if (inventory->records_loaded)
		return;
	inventory->records_loaded = true;
	if (state_list(inventory->root, STATE_RECORDS, inventory->pool, &inventory->records, &err) <
	    0)
		inventory_warn(inventory, NULL, "%s", err.message);
}

static const struct record *load_listed(struct inventory *inventory, const char *uuid)
{
	autoerr struct err err = {0};

	if (!entries_find(&inventory->records, uuid))
		return NULL;
	const struct record *record = record_load(inventory->root, uuid, inventory->pool);
	if (!record && state_explain(inventory->root, STATE_RECORDS, uuid, &err) < 0)
		inventory_warn(inventory, NULL, "%s", err.message);
	return record;
}

/*
 * The record is written after its device was made and removed after it is gone; around that the
 * journal knows as much. It is read before the list of records: whoever has left it by then has its
 * record.
 */
static const struct record *find_record(struct inventory *inventory, const struct device *device,
					uint64_t inode)
{
	const struct record *record = load_listed(inventory, device->uuid);

	return record && record_is_current(inventory->root, record)
		       ? record
		       : find_under_way(inventory, device, inode);
}

/*
 * Whether a device whose record is not found was destroyed meanwhile. Where an address tells
 * devices apart its record alone has told the UUID.
 */
static bool is_gone(const struct root *root, const struct device *device)
{
	if (device->address && !streq(device->address, device->uuid))
		return true;
	return !record_inode(root, device->path) && errno == ENOENT;
}

/* Without a record that fits, somebody else made it. */
static void load_record(struct inventory *inventory, struct device *device)
{
	if (device->record_loaded)
		return;
	device->record_loaded = true;
	list_records(inventory);
	uint64_t inode = record_inode(inventory->root, device->path);
	const struct record *record = find_record(inventory, device, inode);
	device->gone = !(inode && record) && is_gone(inventory->root, device);
	if (!record) {
		device->state = STATE_FOREIGN;
		return;
	}
	device->name = record->name;
	device->group = record->group;
	device->params = record->params;
	device->attributes = record->attributes;
	device->n_attributes = record->n_attributes;
	device->type = record->type;
	device->type_name = record->type_name;
}

static void load_device(struct inventory *inventory, struct device *device, unsigned needs)
{
	if (device->state == STATE_PENDING_REMOVAL)
		return;
	if (needs & (NEED_DEVICE_RECORD | NEED_DEVICE_TYPE | NEED_DEVICE_TYPE_NAME))
		load_record(inventory, device);
	device->dialect->load_device(inventory, device, needs);
}

static void drop_gone_devices(struct inventory *inventory)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_devices; i++)
		if (!inventory->devices[i]->gone)
			inventory->devices[n++] = inventory->devices[i];
	inventory->n_devices = n;
}

void inventory_load_devices(struct inventory *inventory, unsigned needs)
{
	find_devices(inventory);
	for (size_t i = 0; i < inventory->n_devices && needs; i++)
		load_device(inventory, inventory->devices[i], needs);
	drop_gone_devices(inventory);
	if (needs & NEED_DEVICE_HOLDERS)
		inventory_load_holders(inventory, inventory->devices, inventory->n_devices);
}

bool inventory_has_device(struct inventory *inventory, const char *uuid)
{
	for (size_t i = 0; i < n_dialects; i++)
		if (dialects[i]->has_device(inventory->root, inventory->pool, uuid))
			return true;
	return false;
}

void inventory_load_holders(struct inventory *inventory, struct device **devices, size_t n)
{
	holders_load(inventory->root, inventory->pool, devices, n);
}

static int no_such_device(struct inventory *inventory, const char *given, struct err *err)
{
	const char **words = NULL;
	size_t n = 0;

	if (strspn(given, "0123456789abcdefABCDEF-") == strlen(given) && strlen(given) < 8) {
		err_set(err, ERR_INVALID,
			"'%s' is too short to name a device, 8 digits are the least", given);
		err_hint(err, "'mdevtool list' shows them all");
		for (size_t i = 0; i < inventory->n_devices; i++)
			if (strncasecmp(inventory->devices[i]->uuid, given, strlen(given)) == 0)
				err_hint(err, "did you mean '%.8s'?", inventory->devices[i]->uuid);
		return -1;
	}
	err_set(err, ERR_NOT_FOUND, "no device '%s'", given);
	for (size_t i = 0; i < inventory->n_devices; i++) {
		const struct device *device = inventory->devices[i];

		*pool_push(inventory->pool, words, n) =
			device->name && !uuid_is_prefix(given) ? device->name : device->uuid;
	}
	const char *nearest = text_nearest(given, words, n);
	if (nearest)
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "'mdevtool list' shows them all");
}

static int ambiguous(struct inventory *inventory, const char *given, struct err *err)
{
	struct pool *pool = inventory->pool;
	const char *candidates = "";
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_devices; i++) {
		if (strncasecmp(inventory->devices[i]->uuid, given, strlen(given)) != 0)
			continue;
		if (n++ < CANDIDATES_SHOWN)
			candidates = pool_printf(pool, "%s%s%s", candidates, n > 1 ? ", " : "",
						 inventory->devices[i]->uuid);
	}
	err_set(err, ERR_INVALID, "'%s' is ambiguous", given);
	if (n > CANDIDATES_SHOWN)
		return err_hint(err, "it could be %s or one of %zu others", candidates,
				n - CANDIDATES_SHOWN);
	return err_hint(err, "it could be %s", candidates);
}

struct device *inventory_find_device(struct inventory *inventory, const char *given, unsigned needs,
				     struct err *err)
{
	bool prefix = uuid_is_prefix(given);
	const char *address = prefix ? NULL : address_parent_name(inventory->pool, given);
	struct device *found = NULL;
	size_t matches = 0;

	find_devices(inventory);
	for (size_t i = 0; i < inventory->n_devices; i++) {
		struct device *device = inventory->devices[i];

		if (prefix && strncasecmp(device->uuid, given, strlen(given)) == 0) {
			found = device;
			matches++;
		} else if (address && device->address && streq(device->address, address)) {
			found = device;
			matches = 1;
			break;
		} else if (!prefix) {
			load_device(inventory, device, NEED_DEVICE_RECORD);
			if (device->name && streq(device->name, given)) {
				found = device;
				matches = 1;
			}
		}
	}
	if (matches != 1) {
		if (matches)
			ambiguous(inventory, given, err);
		else
			no_such_device(inventory, given, err);
		return NULL;
	}
	load_device(inventory, found, needs);
	if (found->gone) {
		no_such_device(inventory, given, err);
		return NULL;
	}
	if (needs & NEED_DEVICE_HOLDERS)
		inventory_load_holders(inventory, &found, 1);
	return found;
}
