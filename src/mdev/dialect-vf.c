/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVIDIA's vGPUs on SR-IOV virtual functions, Linux 6.8 and later: there are no mediated devices,
 * the vendor's driver has files of its own below each virtual function (VF). None of this was seen
 * by us on such hardware; it is what users of it report. Every assumption is in this file, and a
 * file that says something else is a warning that shows what it says:
 *
 *   parent       the physical function (PF), whose links virtfn0, virtfn1 … lead to its VFs
 *   type         a line "1145  : NVIDIA L40S-1B" of VF/nvidia/creatable_vgpu_types, below the
 *                heading "ID    : vGPU Name", which may be missing
 *   room         the idle VFs whose list names the type. A VF that has a type is out of it; so are
 *                types of other sizes, unless the GPU is in heterogeneous mode. A list of only the
 *                heading means that the GPU is full
 *   device       a VF whose nvidia/current_vgpu_type is not 0. It has no UUID: ours is in the
 *                record, which counts as long as the VF has the type that is recorded
 *   create       the type's id to current_vgpu_type, then nvidia/vgpu_params and other attributes
 *   destroy      0 to current_vgpu_type
 *   for QEMU     vfio-pci with the VF's directory; the VF keeps its driver
 */
#include "mdev/dialect.h"

#include "base/text.h"
#include "mdev/address.h"
#include "mdev/holder.h"
#include "mdev/journal.h"
#include "mdev/recall.h"
#include "mdev/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define PCI_DIR   "/sys/bus/pci/devices"
#define VENDOR    "nvidia/"
#define CREATABLE "creatable_vgpu_types"
#define CURRENT   "current_vgpu_type"
#define IDLE      "0"

/* Functions */

static const char *path_of(struct pool *pool, const char *function)
{
	return pool_printf(pool, PCI_DIR "/%s", function);
}

static const char *file_of(struct pool *pool, const char *function, const char *name)
{
	return pool_printf(pool, PCI_DIR "/%s/" VENDOR "%s", function, name);
}

static bool makes_vgpus(const struct inventory *inventory, const char *function)
{
	return root_exists(inventory->root, file_of(inventory->pool, function, CURRENT));
}

/* The VFs of a PF by their number, those whose driver has no vGPUs too. */
static const char **list_functions(struct inventory *inventory, int dir, size_t *n)
{
	struct pool *pool = inventory->pool;
	const char **list = NULL;
	struct pci_address a;
	const char *name;

	*n = 0;
	for (size_t i = 0; (name = sysfs_link_name(dir, pool_printf(pool, "virtfn%zu", i), pool));
	     i++)
		if (pci_address_parse(name, &a)) /* a link to anything else is no function's */
			*pool_push(pool, list, *n) = name;
	return list;
}

/* The PF so named with those of its VFs that can be vGPUs; NULL without any. */
static struct parent *read_parent(struct inventory *inventory, const char *name)
{
	struct pool *pool = inventory->pool;
	const char *path = path_of(pool, name);
	size_t n;

	if (!root_exists(inventory->root, pool_printf(pool, "%s/virtfn0", path)))
		return NULL;
	autoclose int bus = root_openat(inventory->root, PCI_DIR, O_RDONLY | O_DIRECTORY);
	autoclose int dir = root_openat(inventory->root, path, O_RDONLY | O_DIRECTORY);
	const char **functions = list_functions(inventory, dir, &n);
	const char *link = sysfs_link(bus, name, pool);
	struct parent *parent = pool_alloc(pool, sizeof(*parent));
	*parent = (struct parent){.dialect = &dialect_vf,
				  .name = name,
				  .path = path,
				  .real = link ? sysfs_resolve(pool, PCI_DIR, link) : path,
				  .iommu_group = UNKNOWN,
				  .numa_node = UNKNOWN};
	for (size_t i = 0; i < n; i++)
		if (makes_vgpus(inventory, functions[i]))
			*pool_push(pool, parent->slots, parent->n_slots) = functions[i];
	return parent->n_slots ? parent : NULL;
}

/* The physical function of a virtual one, else the name itself. */
static const char *physical_name(struct inventory *inventory, const char *name)
{
	autoclose int dir = root_openat(inventory->root, path_of(inventory->pool, name),
					O_RDONLY | O_DIRECTORY);
	struct pci_address a;
	const char *physical = dir < 0 ? NULL : sysfs_link_name(dir, "physfn", inventory->pool);

	return physical && pci_address_parse(physical, &a) ? physical : name;
}

static void list_bus(struct inventory *inventory, struct entries *ret)
{
	if (root_list(inventory->root, PCI_DIR, inventory->pool, ret) < 0)
		*ret = (struct entries){0};
}

static void add_parent(struct inventory *inventory, const char *name)
{
	struct parent *parent = read_parent(inventory, name);

	if (parent && !inventory_knows(inventory, parent->real))
		*pool_push(inventory->pool, inventory->parents, inventory->n_parents) = parent;
}

static void find_parents(struct inventory *inventory, const char *only)
{
	struct entries all = {0};

	if (only) {
		add_parent(inventory, physical_name(inventory, only));
		return;
	}
	list_bus(inventory, &all);
	for (size_t i = 0; i < all.n; i++)
		add_parent(inventory, all.list[i].name);
}

/* Candidates */

/* Why this GPU makes no vGPUs, as far as that can be told; NULL when it is none, or makes mdevs. */
static const char *why_not(struct inventory *inventory, const struct parent *parent,
			   const char **fix)
{
	struct pool *pool = inventory->pool;
	autoclose int dir = root_openat(inventory->root, parent->path, O_RDONLY | O_DIRECTORY);
	const char *vendor = dir < 0 ? NULL : sysfs_read(dir, "vendor", pool);
	const char *driver = dir < 0 ? NULL : sysfs_link_name(dir, "driver", pool);
	int64_t total, enabled;
	size_t n;

	if (!vendor || !streq(vendor, "0x10de") || !driver || !streq(driver, "nvidia") ||
	    !sysfs_read_number(dir, "sriov_totalvfs", &total) || total == 0 ||
	    !sysfs_read_number(dir, "sriov_numvfs", &enabled))
		return NULL;
	if (enabled == 0) {
		*fix = pool_printf(pool, "sriov-manage -e %s", parent->name);
		return pool_printf(pool, "its virtual functions are off, sriov_numvfs is 0 of %lld",
				   (long long)total);
	}
	const char **functions = list_functions(inventory, dir, &n);
	if (!n || root_exists(inventory->root,
			      pool_printf(pool, PCI_DIR "/%s/mdev_supported_types", functions[0])))
		return NULL;
	*fix = pool_printf(pool, "ls -l " PCI_DIR "/%s/driver", functions[0]);
	return pool_printf(pool,
			   "its %zu virtual functions have no " VENDOR CURRENT
			   ": is the vGPU manager loaded, and has it bound them?",
			   n);
}

static void find_candidates(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	struct entries all = {0};

	list_bus(inventory, &all);
	for (size_t i = 0; i < all.n; i++) {
		const char *name = all.list[i].name;
		struct parent candidate = {.dialect = &dialect_vf,
					   .name = name,
					   .path = path_of(pool, name),
					   .real = path_of(pool, name),
					   .iommu_group = UNKNOWN,
					   .numa_node = UNKNOWN};

		if (read_parent(inventory, name))
			continue;
		candidate.reason = why_not(inventory, &candidate, &candidate.fix);
		if (!candidate.reason)
			continue;
		struct parent *copy = pool_alloc(pool, sizeof(*copy));
		*copy = candidate;
		*pool_push(pool, inventory->candidates, inventory->n_candidates) = copy;
	}
}

/* Reading a function */

/* A file that says what nobody reported so far is shown as it is. */
static void warn_unexpected(struct inventory *inventory, const char *file, const char *what,
			    const char *text)
{
	inventory_warn(inventory, file, "it is not %s as far as that is known; it says: %s", what,
		       *text ? text : "(nothing)");
}

static const char *read_file(const struct root *root, struct pool *pool, const char *function,
			     const char *name)
{
	autoclose int dir = root_openat(root, path_of(pool, function), O_PATH | O_DIRECTORY);

	return dir < 0 ? NULL
		       : sysfs_read_attribute(dir, pool_printf(pool, VENDOR "%s", name), pool);
}

/* The id of the function's type, IDLE when it has none; NULL when that cannot be told. */
static const char *read_current(struct inventory *inventory, const char *function)
{
	struct pool *pool = inventory->pool;
	const char *text = read_file(inventory->root, pool, function, CURRENT);
	const char *file = file_of(pool, function, CURRENT);
	uint64_t number;

	if (!text) {
		if (errno != ENOENT && errno != ENODEV) /* functions may vanish while we look */
			inventory_warn_errno(inventory, file, errno);
		return NULL;
	}
	if (text_number(text, UINT32_MAX, &number))
		return text;
	warn_unexpected(inventory, file, "a type's number", text);
	return NULL;
}

/* Types */

/* "1145  : NVIDIA L40S-1B" into its two parts, in place. */
static bool split_line(char *line, const char **id, const char **name)
{
	char *colon = strchr(line, ':'), *end;

	if (!colon)
		return false;
	*colon = '\0';
	*id = line + strspn(line, " \t");
	end = line + strlen(line);
	while (end > *id && isspace((unsigned char)end[-1]))
		*--end = '\0';
	*name = colon + 1 + strspn(colon + 1, " \t");
	end = colon + 1 + strlen(colon + 1);
	while (end > *name && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return **id && **name;
}

/* False when any line is not what it should be; 0 is no type, and a type is listed once. */
static bool parse_list(struct pool *pool, const char *text, struct recall *ret)
{
	char *rest = pool_strdup(pool, text), *line;
	bool first = true;

	while ((line = strsep(&rest, "\n"))) {
		const char *id, *name;
		uint64_t number;

		if (!line[strspn(line, " \t\r")])
			continue;
		if (!split_line(line, &id, &name))
			return false;
		if (text_number(id, UINT32_MAX, &number) && number && !recall_name(ret, id))
			*pool_push(pool, ret->list, ret->n) = (struct recalled){id, name};
		else if (!first || !streq(id, "ID"))
			return false;
		first = false;
	}
	return true;
}

/* What the VFs of one PF say together. */
struct survey {
	struct inventory *inventory;
	struct parent *parent;
	size_t n_idle;
	size_t n_listing;      /* idle ones whose lists name any type */
	const char *used;      /* a type that one has */
	const char *bad_file;  /* a list that cannot be read */
	const char *bad_cause; /* and why */
	bool is_denied;        /* that is for want of rights */
};

/* A host that had the same vGPUs as mediated devices keeps their definitions (users' reports). */
static const char *old_id(struct pool *pool, const char *id)
{
	return pool_printf(pool, "nvidia-%s", id);
}

static struct type *get_type(struct survey *survey, const char *id, const char *name)
{
	struct pool *pool = survey->inventory->pool;
	struct parent *parent = survey->parent;

	for (size_t i = 0; i < parent->n_types; i++) {
		struct type *type = parent->types[i];

		if (streq(type->id, id)) {
			type->name = type->name ? type->name : name;
			return type;
		}
	}
	struct type *type = pool_alloc(pool, sizeof(*type));
	*type = (struct type){.parent = parent,
			      .id = id,
			      .old_id = old_id(pool, id),
			      .name = name,
			      .device_api = "vfio-pci",
			      .heads = UNKNOWN};
	*pool_push(pool, parent->types, parent->n_types) = type;
	return type;
}

static void note_bad_list(struct survey *survey, const char *file, const char *cause)
{
	if (survey->bad_file)
		return;
	survey->bad_file = file;
	survey->bad_cause = cause;
}

/* One that has a type may list nothing, and what it lists is no room; but it may tell names. */
static void read_list(struct survey *survey, const char *function, bool is_idle)
{
	struct inventory *inventory = survey->inventory;
	struct pool *pool = inventory->pool;
	const char *file = file_of(pool, function, CREATABLE);
	const char *text = read_file(inventory->root, pool, function, CREATABLE);
	struct recall listed = {0};

	if (!text) {
		if (!is_idle)
			return;
		survey->is_denied |= errno == EACCES || errno == EPERM;
		note_bad_list(survey, file, strerror(errno));
		inventory_warn_errno(inventory, file, errno);
		return;
	}
	if (!parse_list(pool, text, &listed)) {
		note_bad_list(survey, file, "it is no list as far as that is known");
		warn_unexpected(inventory, file, "a list of types", text);
		return;
	}
	for (size_t i = 0; i < listed.n; i++) {
		struct type *type = get_type(survey, listed.list[i].id, listed.list[i].name);

		type->offered = true;
		if (is_idle)
			*pool_push(pool, type->slots, type->n_slots) = function;
	}
	survey->n_listing += is_idle && listed.n;
}

static void survey_functions(struct survey *survey)
{
	for (size_t i = 0; i < survey->parent->n_slots; i++) {
		const char *function = survey->parent->slots[i];
		const char *current = read_current(survey->inventory, function);
		bool is_idle = current && streq(current, IDLE);

		if (!current)
			continue;
		survey->n_idle += is_idle;
		read_list(survey, function, is_idle);
		if (!is_idle) {
			get_type(survey, current, NULL);
			survey->used = survey->used ? survey->used : current;
		}
	}
}

/* Why no VF offers the type, and what helps. */
static void explain(const struct survey *survey, struct type *type)
{
	struct pool *pool = survey->inventory->pool;
	const struct parent *parent = survey->parent;

	type->fix = pool_printf(pool, "mdevtool list --parent %s", parent->name);
	if (!survey->n_idle) {
		type->reason = pool_printf(pool, "all of its %zu virtual functions are in use",
					   parent->n_slots);
	} else if (!survey->n_listing && survey->bad_file) {
		type->reason = pool_printf(pool, "cannot read '%s': %s", survey->bad_file,
					   survey->bad_cause);
		type->fix = survey->is_denied
				    ? pool_printf(pool, "sudo mdevtool list-types %s", parent->name)
				    : pool_printf(pool, "cat %s", survey->bad_file);
	} else if (!survey->n_listing) {
		type->reason = pool_printf(pool,
					   "the GPU is full: the lists of its %zu idle virtual "
					   "functions are empty",
					   survey->n_idle);
	} else if (survey->used) {
		type->reason = pool_printf(pool,
					   "type '%s' is in use, and leaves room only for types of "
					   "its size unless the GPU is in heterogeneous mode",
					   survey->used);
	} else {
		type->reason = "no virtual function lists it now";
		type->fix = pool_printf(pool, "cat %s", file_of(pool, parent->slots[0], CREATABLE));
	}
}

static int compare_types(const void *a, const void *b)
{
	const struct type *const *x = a, *const *y = b;

	return strverscmp((*x)->id, (*y)->id);
}

/* All facts come from the same files, so there is no need to ask for what is needed. */
static void load_types(struct inventory *inventory, struct parent *parent, unsigned needs)
{
	struct survey survey = {.inventory = inventory, .parent = parent};
	const struct recall recall = recall_types(inventory->root, inventory->pool, parent->name);

	(void)needs;
	survey_functions(&survey);
	for (size_t i = 0; i < recall.n; i++)
		get_type(&survey, recall.list[i].id, recall.list[i].name);
	for (size_t i = 0; i < parent->n_types; i++) {
		struct type *type = parent->types[i];

		type->available = (int64_t)type->n_slots;
		if (!type->available)
			explain(&survey, type);
	}
	if (parent->n_types)
		qsort(parent->types, parent->n_types, sizeof(*parent->types), compare_types);
}

/* Devices */

/* The records of devices of this dialect, those under way included. */
struct records {
	struct record *list;
	size_t n;
};

static void add_record(struct pool *pool, struct records *records, const struct record *record)
{
	if (dialect_of(record) == &dialect_vf)
		*pool_push(pool, records->list, records->n) = *record;
}

/*
 * The journal is read first: whoever has left it by then has its record. Records come first in the
 * list, as they know the inode.
 */
static struct records load_records(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	struct records records = {0};
	struct entries files = {0};
	struct journal journal;

	journal_load(inventory->root, pool, &journal);
	if (inventory->expected)
		add_record(pool, &records, inventory->expected);
	if (root_list(inventory->root, STATE_RECORDS, pool, &files) < 0)
		files.n = 0;
	for (size_t i = 0; i < files.n; i++) {
		const struct record *record =
			record_load(inventory->root, files.list[i].name, pool);

		if (record)
			add_record(pool, &records, record);
	}
	for (size_t i = 0; i < journal.n; i++)
		for (size_t j = 0; j < journal.entries[i].n_devices; j++)
			add_record(pool, &records, &journal.entries[i].devices[j]);
	return records;
}

/* The record that says whose the VF is; one of a creation under way knows no inode yet. */
static const struct record *find_record(const struct root *root, const struct records *records,
					const char *path, const char *current)
{
	uint64_t inode = record_inode(root, path);

	for (size_t i = 0; i < records->n; i++) {
		const struct record *record = &records->list[i];

		if (streq(record->path, path) && streq(record->type, current) &&
		    (!record->inode || record->inode == inode))
			return record;
	}
	return NULL;
}

/* A VF that has a type. */
struct configured {
	const struct parent *parent;
	const char *function;
	const char *type;
};

static void add_device(struct inventory *inventory, const struct configured *configured,
		       const struct records *records)
{
	struct pool *pool = inventory->pool;
	const struct parent *parent = configured->parent;
	const char *path = path_of(pool, configured->function);
	const struct record *record = find_record(inventory->root, records, path, configured->type);
	const char *now = record ? configured->type : read_current(inventory, configured->function);

	if (!now || streq(now, IDLE)) /* it was destroyed, and forgotten, meanwhile */
		return;
	struct device *device = pool_alloc(pool, sizeof(*device));
	*device = (struct device){.uuid = record ? record->uuid : configured->function,
				  .address = configured->function,
				  .dialect = &dialect_vf,
				  .parent = parent->name,
				  .parent_path = parent->real,
				  .path = path,
				  .type = now,
				  .old_type = old_id(pool, now),
				  .device_api = "vfio-pci",
				  .iommu_group = UNKNOWN};
	*pool_push(pool, inventory->devices, inventory->n_devices) = device;
}

/* All VFs are read before the records: what is being made meanwhile is under way, or recorded. */
static void find_devices(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	struct configured *list = NULL;
	struct entries all = {0};
	size_t n = 0;

	list_bus(inventory, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct parent *parent = read_parent(inventory, all.list[i].name);

		for (size_t j = 0; parent && j < parent->n_slots; j++) {
			const char *type = read_current(inventory, parent->slots[j]);

			if (type && !streq(type, IDLE))
				*pool_push(pool, list, n) =
					(struct configured){parent, parent->slots[j], type};
		}
	}
	const struct records records = n ? load_records(inventory) : (struct records){0};
	for (size_t i = 0; i < n; i++)
		add_device(inventory, &list[i], &records);
}

/* The name of a type that others gave a VF: what was seen before, else what its siblings list. */
static const char *type_name(struct inventory *inventory, const struct device *device)
{
	struct inventory own = {.pool = inventory->pool, .root = inventory->root};
	const struct recall recall = recall_types(own.root, own.pool, device->parent);
	const char *name = recall_name(&recall, device->type);

	if (name)
		return name;
	struct parent *parent = read_parent(&own, device->parent);
	if (!parent)
		return NULL;
	load_types(&own, parent, NEED_TYPE_NAME);
	for (size_t i = 0; i < parent->n_types; i++)
		if (streq(parent->types[i]->id, device->type))
			return parent->types[i]->name;
	return NULL;
}

/* Some of these cannot be read, or only at times: then they are left out. */
static void load_facts(struct inventory *inventory, struct device *device)
{
	static const char *const files[] = {"gpu_instance_id", "placement_id", "vgpu_params",
					    "warm_update"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *text =
			read_file(inventory->root, inventory->pool, device->address, files[i]);

		if (text && *text)
			*pool_push(inventory->pool, device->facts, device->n_facts) =
				(struct fact){files[i], text};
	}
}

static void load_device(struct inventory *inventory, struct device *device, unsigned needs)
{
	autoclose int dir = root_openat(inventory->root, device->path, O_RDONLY | O_DIRECTORY);

	if (dir < 0) {
		if (errno != ENOENT) /* it may vanish while we look */
			inventory_warn_errno(inventory, device->path, errno);
		return;
	}
	if (needs & (NEED_DEVICE_GROUP | NEED_DEVICE_HOLDERS))
		holder_find_nodes(inventory->pool, dir, device);
	if ((needs & NEED_DEVICE_TYPE_NAME) && !device->type_name)
		device->type_name = type_name(inventory, device);
	if ((needs & NEED_DEVICE_FACTS) && !device->n_facts)
		load_facts(inventory, device);
}

static bool is_recorded(const struct root *root, const struct record *record)
{
	autopool struct pool *pool = pool_new();
	const char *current;

	if (!record->slot)
		return false;
	current = read_file(root, pool, record->slot, CURRENT);
	/* what cannot be seen is not taken for a change */
	return current ? streq(current, record->type) : errno != ENOENT;
}

static bool has_device(const struct root *root, struct pool *pool, const char *uuid)
{
	struct journal journal;

	/* the kernel keeps no two of us from the same UUID: one may be made just now */
	journal_load(root, pool, &journal);
	for (size_t i = 0; i < journal.n; i++)
		for (size_t j = 0; j < journal.entries[i].n_devices; j++)
			if (journal.entries[i].operation == JOURNAL_CREATE &&
			    dialect_of(&journal.entries[i].devices[j]) == &dialect_vf &&
			    streq(journal.entries[i].devices[j].uuid, uuid))
				return true;
	const struct record *record = record_load(root, uuid, pool);
	return record && dialect_of(record) == &dialect_vf && record_is_current(root, record);
}

/* Plans */

static const char *device_path(struct pool *pool, const struct request *request)
{
	return path_of(pool, request->slot);
}

/* placement_id is short for nvidia/placement_id. */
static const char *attribute_name(struct pool *pool, const char *given)
{
	const char *name = strchr(given, '/') ? given : pool_printf(pool, VENDOR "%s", given);

	return streq(name, VENDOR CURRENT) ? NULL : name;
}

/* vgpu_params takes them whatever the type. */
static bool ignores_params(const struct request *request)
{
	(void)request;
	return false;
}

/* What the set has made so far may have left this one no room, and nothing but the list tells. */
static void plan_create(const struct request *request, struct plan *plan)
{
	const char *device = device_path(plan->pool, request);

	plan_add(plan, STEP_REQUIRE_TEXT, device, VENDOR CURRENT, IDLE);
	plan_add(plan, STEP_REQUIRE_LISTED, device, VENDOR CREATABLE, request->type->id);
	plan_add(plan, STEP_CREATE, device, VENDOR CURRENT, request->type->id);
	plan_add(plan, STEP_EXPECT_TEXT, device, VENDOR CURRENT, request->type->id);
	if (request->params)
		plan_add(plan, STEP_ATTRIBUTE, device, VENDOR "vgpu_params", request->params);
	for (size_t i = 0; i < request->n_attributes; i++)
		plan_add(plan, STEP_ATTRIBUTE, device, request->attributes[i].name,
			 request->attributes[i].value);
}

/*
 * An address is used again: what the VF has is looked at once more right before the store, and
 * others may have given it another type right after.
 */
static void plan_destroy(const struct root *root, const struct device *device, struct plan *plan)
{
	(void)root;
	plan_add(plan, STEP_REQUIRE_TEXT, device->path, VENDOR CURRENT, device->type);
	plan_add(plan, STEP_REMOVE, device->path, VENDOR CURRENT, IDLE);
	plan_add(plan, STEP_EXPECT_OTHER, device->path, VENDOR CURRENT, device->type);
}

const struct dialect dialect_vf = {
	.name = "vf",
	.guards_foreign = true,
	.hides_types = true,
	.find_parents = find_parents,
	.find_candidates = find_candidates,
	.load_types = load_types,
	.find_devices = find_devices,
	.load_device = load_device,
	.has_device = has_device,
	.is_recorded = is_recorded,
	.plan_create = plan_create,
	.device_path = device_path,
	.attribute_name = attribute_name,
	.ignores_params = ignores_params,
	.plan_destroy = plan_destroy,
};
