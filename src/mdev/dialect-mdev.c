/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mediated device framework's tree, as the RFC v2 mail of 2016 describes it and as Linux has it
 * since 4.10. The two differ file by file, so every file is asked for by its presence and the
 * kernel's version never matters:
 *
 *                   RFC v2                           Linux
 *   room            TYPE/max_instances               TYPE/available_instances
 *   create          UUID or UUID:GROUP               UUID
 *   parameters      TYPE/params before create        files of the device after it
 *   destroy         UUID to PARENT/mdev_destroy      1 to DEVICE/remove
 *   a device's type (nowhere)                        the link DEVICE/mdev_type
 */
#include "mdev/dialect.h"

#include "base/text.h"
#include "mdev/holder.h"
#include "mdev/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#define CLASS_DIR   "/sys/class/mdev_bus"
#define DEVICES_DIR "/sys/bus/mdev/devices"
#define TYPES_DIR   "mdev_supported_types"
#define CSS_DIR     "/sys/bus/css"

/* Parents */

/* `name` is an entry of the open directory `dir`, which is found at `path`. */
static void add_parent(struct inventory *inventory, int dir, const char *path, const char *name)
{
	struct pool *pool = inventory->pool;
	const char *link = sysfs_link(dir, name, pool);
	const char *real = sysfs_resolve(pool, path, link ? link : name);
	struct parent *parent;

	if (inventory_knows(inventory, real))
		return;
	parent = pool_alloc(pool, sizeof(*parent));
	*parent = (struct parent){.dialect = &dialect_mdev,
				  .name = name,
				  .path = pool_printf(pool, "%s/%s", path, name),
				  .real = real,
				  .iommu_group = UNKNOWN,
				  .numa_node = UNKNOWN};
	*pool_push(pool, inventory->parents, inventory->n_parents) = parent;
}

static void find_in(struct inventory *inventory, const char *path, const char *only)
{
	struct pool *pool = inventory->pool;
	autoclose int dir = root_openat(inventory->root, path, O_RDONLY | O_DIRECTORY);
	struct entry one = {.name = only};
	struct entries entries = {.list = &one, .n = 1};

	if (dir < 0 || (!only && dir_list(dir, pool, &entries) < 0))
		return;
	for (size_t i = 0; i < entries.n; i++) {
		const char *name = entries.list[i].name;
		const char *types = pool_printf(pool, "%s/%s/" TYPES_DIR, path, name);

		if (root_exists(inventory->root, types))
			add_parent(inventory, dir, path, name);
	}
}

static void find_parents(struct inventory *inventory, const char *only)
{
	struct pool *pool = inventory->pool;
	struct entries buses = {0};

	find_in(inventory, CLASS_DIR, only);
	if (root_list(inventory->root, "/sys/bus", pool, &buses) < 0)
		return;
	for (size_t i = 0; i < buses.n; i++)
		find_in(inventory, pool_printf(pool, "/sys/bus/%s/devices", buses.list[i].name),
			only);
}

/* Candidates */

/* What hands a subchannel to vfio_ccw (seen: Linux 6.1 and 6.12; a bind alone is EBUSY). */
static const char *how_to_bind(struct inventory *inventory, const char *name, const char *driver)
{
	struct pool *pool = inventory->pool;
	bool loaded = root_exists(inventory->root, CSS_DIR "/drivers/vfio_ccw");
	const char *unbind =
		driver ? pool_printf(pool, "echo %s > drivers/%s/unbind && ", name, driver) : "";

	return pool_printf(pool,
			   "%scd " CSS_DIR " && echo vfio_ccw > devices/%s/driver_override && "
			   "%secho %s > drivers/vfio_ccw/bind",
			   loaded ? "" : "modprobe vfio_ccw && ", name, unbind, name);
}

/* NULL for what is no I/O subchannel with a device (its `type` is 0), and for a parent. */
static const char *why_not(struct inventory *inventory, int dir, const char *driver)
{
	struct pool *pool = inventory->pool;
	const char *type = sysfs_read(dir, "type", pool);
	const char *device = sysfs_read(dir, "dev_busid", pool);

	if (!type || !streq(type, "0") || !device || streq(device, "none") ||
	    faccessat(dir, TYPES_DIR, F_OK, 0) == 0)
		return NULL;
	if (!driver)
		return pool_printf(pool, "the subchannel of '%s' has no driver", device);
	return pool_printf(pool, "the subchannel of '%s' has the driver '%s', not 'vfio_ccw'",
			   device, driver);
}

static void find_candidates(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	struct entries all = {0};

	if (root_list(inventory->root, CSS_DIR "/devices", pool, &all) < 0)
		return;
	for (size_t i = 0; i < all.n; i++) {
		const char *name = all.list[i].name;
		const char *path = pool_printf(pool, CSS_DIR "/devices/%s", name);
		autoclose int dir = root_openat(inventory->root, path, O_RDONLY | O_DIRECTORY);
		const char *driver = dir < 0 ? NULL : sysfs_link_name(dir, "driver", pool);
		const char *reason = dir < 0 ? NULL : why_not(inventory, dir, driver);
		struct parent *candidate;

		if (!reason)
			continue;
		candidate = pool_alloc(pool, sizeof(*candidate));
		*candidate = (struct parent){.dialect = &dialect_mdev,
					     .name = name,
					     .path = path,
					     .real = path,
					     .iommu_group = UNKNOWN,
					     .numa_node = UNKNOWN,
					     .reason = reason,
					     .fix = how_to_bind(inventory, name, driver)};
		*pool_push(pool, inventory->candidates, inventory->n_candidates) = candidate;
	}
}

/* The subchannel of a channel device, which people know by the device's number. */
static const char *find_by_other_name(struct inventory *inventory, const char *given)
{
	struct pool *pool = inventory->pool;
	const char *number = text_lower(pool, given);
	struct entries all = {0};

	if (root_list(inventory->root, CSS_DIR "/devices", pool, &all) < 0)
		return NULL;
	for (size_t i = 0; i < all.n; i++) {
		const char *path = pool_printf(pool, CSS_DIR "/devices/%s", all.list[i].name);
		autoclose int dir = root_openat(inventory->root, path, O_RDONLY | O_DIRECTORY);
		const char *device = dir < 0 ? NULL : sysfs_read(dir, "dev_busid", pool);

		if (device && streq(device, number))
			return all.list[i].name;
	}
	return NULL;
}

/* Types */

enum presence {
	OPTIONAL,
	MANDATORY_RFC,   /* of a display type, says the mail's section 1 */
	MANDATORY_LINUX, /* says Documentation/driver-api/vfio-mediated-device.rst */
};

static const struct {
	const char *file;
	unsigned need;
	enum presence presence;
	size_t offset;
} texts[] = {
	{"name", NEED_TYPE_NAME, MANDATORY_RFC, offsetof(struct type, name)},
	{"device_api", NEED_TYPE_API, MANDATORY_LINUX, offsetof(struct type, device_api)},
	{"description", NEED_TYPE_FACTS, OPTIONAL, offsetof(struct type, description)},
	{"fb_length", NEED_TYPE_FACTS, MANDATORY_RFC, offsetof(struct type, fb_length)},
	{"resolution", NEED_TYPE_FACTS, MANDATORY_RFC, offsetof(struct type, resolution)},
};

/* One type while it is read. */
struct reading {
	struct inventory *inventory;
	struct type *type;
	int dir;
	struct entries files;
	enum presence mandatory;
};

static const char *file_path(const struct reading *reading, const char *file)
{
	return pool_printf(reading->inventory->pool, "%s/%s", reading->type->path, file);
}

/* Whether the file is there; a mandatory one that is not is worth a warning. */
static bool has_file(const struct reading *reading, const char *file, enum presence presence)
{
	const struct entry *entry = entries_find(&reading->files, file);

	if (entry && (entry->type == DT_REG || entry->type == DT_UNKNOWN))
		return true;
	if (entry) {
		inventory_warn(reading->inventory, file_path(reading, file), "not a file");
		return false;
	}
	if (presence != OPTIONAL && presence == reading->mandatory)
		inventory_warn(reading->inventory, file_path(reading, file),
			       "the driver must publish it, but does not");
	return false;
}

static void read_number(const struct reading *reading, const char *file, int64_t *ret)
{
	if (!sysfs_read_number(reading->dir, file, ret))
		inventory_warn_errno(reading->inventory, file_path(reading, file), errno);
}

static void read_texts(const struct reading *reading, unsigned needs)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text;

		if (!(needs & texts[i].need) ||
		    !has_file(reading, texts[i].file, texts[i].presence))
			continue;
		text = sysfs_read(reading->dir, texts[i].file, reading->inventory->pool);
		if (!text)
			inventory_warn_errno(reading->inventory, file_path(reading, texts[i].file),
					     errno);
		memcpy((char *)reading->type + texts[i].offset, &text, sizeof(text));
	}
}

/* The mail calls the file max_instances, in its prose also max_instance. */
static const char *room_file(const struct reading *reading)
{
	static const char *const names[] = {"available_instances", "max_instances", "max_instance"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (entries_find(&reading->files, names[i]))
			return names[i];
	return NULL;
}

static void read_room(const struct reading *reading)
{
	if (reading->type->room_file)
		read_number(reading, reading->type->room_file, &reading->type->available);
	else
		has_file(reading,
			 reading->mandatory == MANDATORY_RFC ? "max_instances"
							     : "available_instances",
			 reading->mandatory);
}

/* What occupies the parent is all that is known of why a count is 0. */
static void explain_room(struct inventory *inventory, struct type *type)
{
	if (!type->parent)
		return;
	type->reason = pool_printf(inventory->pool, "%s is 0", type->room_file);
	type->fix = pool_printf(inventory->pool, "mdevtool list --parent %s", type->parent->name);
}

static void read_rules(const struct reading *reading)
{
	struct type *type = reading->type;

	has_file(reading, "create", reading->mandatory);
	type->has_params = entries_find(&reading->files, "params");
	if (entries_find(&reading->files, "requires_group")) {
		const char *text =
			sysfs_read(reading->dir, "requires_group", reading->inventory->pool);

		/* it counts when it is there, unless it says 0 */
		type->requires_group = !text || !streq(text, "0");
	}
}

/* GVT-g writes "key: value" lines, NVIDIA "key=value, key=value". */
static void split_description(struct inventory *inventory, struct type *type)
{
	struct pool *pool = inventory->pool;
	char *rest = pool_strdup(pool, type->description), *item;

	while ((item = strsep(&rest, ",\n"))) {
		char *value = item + strcspn(item, ":=");

		item += strspn(item, " \t");
		if (!*value || value <= item || strcspn(item, " ") < (size_t)(value - item))
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		*pool_push(pool, type->facts, type->n_facts) = (struct fact){item, value};
	}
}

/* The facts that other drivers publish as files of their own. */
static void adopt_facts(struct type *type)
{
	for (size_t i = 0; i < type->n_facts; i++) {
		const struct fact *fact = &type->facts[i];
		uint64_t number;

		if (streq(fact->key, "framebuffer") || streq(fact->key, "low_gm_size"))
			type->fb_length = type->fb_length ? type->fb_length : fact->value;
		else if (streq(fact->key, "max_resolution") || streq(fact->key, "resolution"))
			type->resolution = type->resolution ? type->resolution : fact->value;
		else if (streq(fact->key, "num_heads") && type->heads == UNKNOWN &&
			 text_number(fact->value, INT64_MAX, &number))
			type->heads = (int64_t)number;
	}
}

static void read_facts(const struct reading *reading)
{
	if (has_file(reading, "heads", MANDATORY_RFC))
		read_number(reading, "heads", &reading->type->heads);
	if (!reading->type->description)
		return;
	split_description(reading->inventory, reading->type);
	adopt_facts(reading->type);
}

/* The files that only the mail's tree has tell which of them must be there. */
static enum presence mandatory_files(const struct entries *files)
{
	static const char *const rfc[] = {"max_instances", "fb_length", "resolution", "heads"};

	for (size_t i = 0; i < ARRAY_SIZE(rfc); i++)
		if (entries_find(files, rfc[i]))
			return MANDATORY_RFC;
	return MANDATORY_LINUX;
}

static struct type *load_type(struct inventory *inventory, struct parent *parent,
			      const char *types_path, int types_dir, const char *id, unsigned needs)
{
	struct pool *pool = inventory->pool;
	struct type *type = pool_alloc(pool, sizeof(*type));
	struct reading reading = {.inventory = inventory, .type = type};
	autoclose int dir = -1;

	*type = (struct type){.parent = parent,
			      .id = id,
			      .path = pool_printf(pool, "%s/%s", types_path, id),
			      .heads = UNKNOWN,
			      .available = UNKNOWN,
			      .offered = true};
	if (!(needs & NEED_TYPE_ALL))
		return type;
	reading.dir = dir = dir_open(types_dir, id);
	if (dir < 0 || dir_list(dir, pool, &reading.files) < 0) {
		inventory_warn_errno(inventory, type->path, errno);
		return type;
	}
	reading.mandatory = mandatory_files(&reading.files);
	type->room_file = room_file(&reading);
	read_texts(&reading, needs);
	if (needs & NEED_TYPE_ROOM)
		read_room(&reading);
	if (type->available == 0)
		explain_room(inventory, type);
	if (needs & NEED_TYPE_FACTS)
		read_facts(&reading);
	if (needs & NEED_TYPE_RULES)
		read_rules(&reading);
	if (!type->device_api && reading.mandatory == MANDATORY_RFC)
		type->device_api = "vfio-pci"; /* the mail's section 4 knows no other */
	return type;
}

static void load_types(struct inventory *inventory, struct parent *parent, unsigned needs)
{
	struct pool *pool = inventory->pool;
	const char *path = pool_printf(pool, "%s/" TYPES_DIR, parent->path);
	autoclose int dir = root_openat(inventory->root, path, O_RDONLY | O_DIRECTORY);
	struct entries entries = {0};

	if (dir < 0 || dir_list(dir, pool, &entries) < 0) {
		inventory_warn_errno(inventory, path, errno);
		return;
	}
	for (size_t i = 0; i < entries.n; i++)
		if (entries.list[i].type == DT_DIR || entries.list[i].type == DT_UNKNOWN)
			*pool_push(pool, parent->types, parent->n_types) = load_type(
				inventory, parent, path, dir, entries.list[i].name, needs);
}

static struct type *load_one_type(struct inventory *inventory, struct parent *parent,
				  const char *id, unsigned needs)
{
	const char *path = pool_printf(inventory->pool, "%s/" TYPES_DIR, parent->path);
	autoclose int dir = root_openat(inventory->root, path, O_PATH | O_DIRECTORY);
	struct stat st;

	if (dir < 0 || !text_is_component(id) || *id == '.' ||
	    fstatat(dir, id, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return NULL;
	return load_type(inventory, parent, path, dir, pool_strdup(inventory->pool, id), needs);
}

/* Devices */

static void find_devices(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	autoclose int dir = root_openat(inventory->root, DEVICES_DIR, O_RDONLY | O_DIRECTORY);
	struct entries entries = {0};

	if (dir < 0 || dir_list(dir, pool, &entries) < 0) {
		if (errno != ENOENT)
			inventory_warn_errno(inventory, DEVICES_DIR, errno);
		return;
	}
	for (size_t i = 0; i < entries.n; i++) {
		const char *name = entries.list[i].name;
		const char *link = sysfs_link(dir, name, pool);
		char *real = link ? sysfs_resolve(pool, DEVICES_DIR, link) : NULL;
		char *slash = real ? strrchr(real, '/') : NULL;

		if (!link && errno == ENOENT) /* it may vanish while we look */
			continue;
		if (!uuid_is_valid(name) || !slash || slash == real) {
			inventory_warn(inventory, pool_printf(pool, DEVICES_DIR "/%s", name),
				       "not a mediated device");
			continue;
		}
		*slash = '\0';
		struct device *device = pool_alloc(pool, sizeof(*device));
		*device = (struct device){.uuid = name,
					  .dialect = &dialect_mdev,
					  .parent = strrchr(real, '/') + 1,
					  .parent_path = real,
					  .path = pool_printf(pool, DEVICES_DIR "/%s", name),
					  .type = "unknown",
					  .iommu_group = UNKNOWN};
		*pool_push(pool, inventory->devices, inventory->n_devices) = device;
	}
}

/* Where the type of this path is among the device types, which are sorted by it, or would be. */
static size_t type_position(const struct inventory *inventory, const char *path, bool *found)
{
	size_t low = 0, high = inventory->n_device_types;

	*found = false;
	while (low < high && !*found) {
		size_t middle = (low + high) / 2;
		int order = strcmp(path, inventory->device_types[middle]->path);

		*found = order == 0;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

static void keep_type(struct inventory *inventory, size_t position, struct type *type)
{
	size_t behind = inventory->n_device_types - position;

	*pool_push(inventory->pool, inventory->device_types, inventory->n_device_types) = NULL;
	struct type **at = inventory->device_types + position;
	memmove(at + 1, at, behind * sizeof(*at));
	*at = type;
}

/* One reading of each type, however many devices have it. */
static const struct type *type_of(struct inventory *inventory, const struct device *device)
{
	const char *types = pool_printf(inventory->pool, "%s/" TYPES_DIR, device->parent_path);
	const char *path = pool_printf(inventory->pool, "%s/%s", types, device->type);
	bool found;
	size_t position = type_position(inventory, path, &found);

	if (found)
		return inventory->device_types[position];

	autoclose int dir = root_openat(inventory->root, types, O_PATH | O_DIRECTORY);
	if (dir < 0 || !text_is_component(device->type) ||
	    faccessat(dir, device->type, F_OK, 0) < 0)
		return NULL;
	struct type *type = load_type(inventory, NULL, types, dir, device->type,
				      NEED_TYPE_NAME | NEED_TYPE_API | NEED_TYPE_RULES);
	keep_type(inventory, position, type);
	return type;
}

static void load_device(struct inventory *inventory, struct device *device, unsigned needs)
{
	struct pool *pool = inventory->pool;
	autoclose int dir = root_openat(inventory->root, device->path, O_RDONLY | O_DIRECTORY);

	if (dir < 0) {
		device->gone = errno == ENOENT; /* it may vanish while we look, with its record */
		if (!device->gone)
			inventory_warn_errno(inventory, device->path, errno);
		return;
	}
	if (needs & (NEED_DEVICE_TYPE | NEED_DEVICE_TYPE_NAME)) {
		const char *type = sysfs_link_name(dir, "mdev_type", pool);

		if (type)
			device->type = type;
		/* NVIDIA's plugin (its users report) */
		device->needs_vm_uuid = strncmp(device->type, "nvidia-", 7) == 0;
	}
	if (needs & (NEED_DEVICE_GROUP | NEED_DEVICE_HOLDERS))
		holder_find_nodes(pool, dir, device);
	if (!(needs & NEED_DEVICE_TYPE_NAME))
		return;

	const struct type *type = type_of(inventory, device);
	if (!type) {
		/* the mail's section 4 knows one driver only, whatever the type */
		if (root_exists(inventory->root,
				pool_printf(pool, "%s/mdev_destroy", device->parent_path)))
			device->device_api = "vfio-pci";
		return;
	}
	device->type_name = type->name ? type->name : device->type_name;
	device->device_api = type->device_api;
	device->requires_group = type->requires_group;
}

/* Plans */

static const char *device_path(struct pool *pool, const struct request *request)
{
	return pool_printf(pool, DEVICES_DIR "/%s", request->uuid);
}

static bool has_device(const struct root *root, struct pool *pool, const char *uuid)
{
	return root_exists(root, pool_printf(pool, DEVICES_DIR "/%s", uuid));
}

/* NVIDIA's driver on Linux takes parameters in a file of the device (its vGPU user guide). */
static bool has_vgpu_params(const struct type *type)
{
	return !type->has_params && strncmp(type->id, "nvidia-", 7) == 0;
}

static bool ignores_params(const struct request *request)
{
	return request->params && !request->type->has_params && !has_vgpu_params(request->type);
}

/* The mail's section 2, in its order; on Linux the attributes come after it. */
static void plan_create(const struct request *request, struct plan *plan)
{
	const struct type *type = request->type;
	const char *device = device_path(plan->pool, request);
	const char *text = request->uuid;
	size_t params = 0;

	if (type->room_file)
		plan_add(plan, STEP_REQUIRE, type->path, type->room_file, NULL);
	if (request->params && type->has_params) {
		params = plan->n;
		plan_add(plan, STEP_STORE, type->path, "params", request->params);
	}
	if (request->group && type->requires_group)
		text = pool_printf(plan->pool, "%s:%u", text, request->group);
	plan_add(plan, STEP_CREATE, type->path, "create", text);
	if (request->params && type->has_params)
		plan_add(plan, STEP_FINALLY, type->path, "params", "")->undoes = params;
	plan_add(plan, STEP_EXPECT, DEVICES_DIR, request->uuid, NULL);
	if (request->params && has_vgpu_params(type))
		plan_add(plan, STEP_ATTRIBUTE, device, "nvidia/vgpu_params", request->params);
	for (size_t i = 0; i < request->n_attributes; i++)
		plan_add(plan, STEP_ATTRIBUTE, device, request->attributes[i].name,
			 request->attributes[i].value);
}

static void plan_destroy(const struct root *root, const struct device *device, struct plan *plan)
{
	const char *remove = pool_printf(plan->pool, "%s/remove", device->path);

	if (root_exists(root, remove))
		plan_add(plan, STEP_REMOVE, device->path, "remove", "1");
	else
		plan_add(plan, STEP_REMOVE, device->parent_path, "mdev_destroy", device->uuid);
	plan_add(plan, STEP_EXPECT_GONE, DEVICES_DIR, device->uuid, NULL);
}

static void plan_clear(const struct root *root, const char *parent_path, const char *type,
		       struct plan *plan)
{
	const char *dir = pool_printf(plan->pool, "%s/" TYPES_DIR "/%s", parent_path, type);

	if (root_exists(root, pool_printf(plan->pool, "%s/params", dir)))
		plan_add(plan, STEP_STORE, dir, "params", "");
}

const struct dialect dialect_mdev = {
	.name = "mdev",
	.find_parents = find_parents,
	.find_candidates = find_candidates,
	.find_by_other_name = find_by_other_name,
	.load_types = load_types,
	.load_type = load_one_type,
	.find_devices = find_devices,
	.load_device = load_device,
	.plan_create = plan_create,
	.device_path = device_path,
	.has_device = has_device,
	.ignores_params = ignores_params,
	.plan_destroy = plan_destroy,
	.plan_clear = plan_clear,
};
