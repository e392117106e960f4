/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mediated devices: what the kernel's core does in the tree when one comes and when it goes. */

#include "device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "room.h"
#include "text.h"

#define BUS    "/sys/bus/mdev"
#define GROUPS "/sys/kernel/iommu_groups"

/* What a group is called that no IOMMU is behind. */
#define NO_IOMMU "vfio-noiommu\n"

static const struct record *parent_of(const struct machine *machine, const struct record *device)
{
	const struct record *parent;

	parent = record_find(machine->parents, record_get(device, "parent"));
	if (!parent)
		die("the parent of '%s' has no record", device->name);
	return parent;
}

bool device_is_on(const struct record *device, const struct record *parent)
{
	return strcmp(record_get(device, "parent"), parent->name) == 0;
}

char *device_path(const struct machine *machine, const struct record *device)
{
	const char *own = record_get(device, "path");

	if (*own)
		return duplicate(own);
	return format("%s/%s", record_get(parent_of(machine, device), "path"), device->name);
}

/* The driver line may name another one than the model does. */
static const char *bus_driver(const struct record *parent)
{
	const char *named = record_get(parent, "mdev_driver");

	return *named ? named : model_of(parent)->driver;
}

static void remove_inside(const struct machine *machine, const char *dir, const char *name)
{
	autofree char *path = format("%s/%s", dir, name);

	tree_remove(machine, path);
}

/* The group's number is the lowest that is free, so numbers come back. */
static void add_group(const struct machine *machine, struct record *device, const char *path,
		      const char *kind)
{
	autofree char *group = NULL;
	autofree char *devices = NULL;
	autofree char *node = NULL;
	autofree char *virtual = NULL;
	autofree char *name = NULL;
	int number = 0;

	for (;; number++) {
		free(group);
		group = format(GROUPS "/%d", number);
		if (!tree_exists(machine, group))
			break;
	}
	name = format("%d", number);
	record_set(device, "iommu", name);

	devices = format("%s/devices", group);
	tree_link_in(machine, devices, device->name, path);
	tree_file_in(machine, group, "reserved_regions", 0444, "");
	tree_file_in(machine, group, "type", 0644, kind);
	tree_link_in(machine, path, "iommu_group", group);

	node = format("/dev/vfio/%d", number);
	tree_file(machine, node, 0600, "", 0);
	virtual = format("/sys/devices/virtual/vfio/%d", number);
	tree_dir(machine, virtual, 0755);
	tree_link_in(machine, "/sys/class/vfio", name, virtual);
}

void device_remove_vfio(const struct machine *machine, const struct record *device)
{
	const char *number = record_get(device, "iommu");

	remove_inside(machine, "/sys/class/vfio", number);
	remove_inside(machine, "/sys/devices/virtual/vfio", number);
	remove_inside(machine, "/dev/vfio", number);
	remove_inside(machine, GROUPS, number);
}

/* The lowest number that no device has. */
static size_t free_vfio(const struct machine *machine)
{
	size_t n = 1, lowest = 0;
	autofree bool *taken = NULL;

	for (const struct record *device = machine->devices; device; device = device->next)
		n++;
	taken = allocate(n * sizeof(*taken));
	for (const struct record *device = machine->devices; device; device = device->next) {
		size_t number = (size_t)record_number(device, "vfio");

		if (*record_get(device, "vfio") && number < n)
			taken[number] = true;
	}
	while (taken[lowest])
		lowest++;
	return lowest;
}

static void add_vfio(const struct machine *machine, struct record *device, const char *path)
{
	autofree char *number = NULL;
	autofree char *dir = NULL;
	size_t lowest = free_vfio(machine);

	number = format("%zu", lowest);
	record_set(device, "vfio", number);
	dir = format("%s/vfio-dev/vfio%zu", path, lowest);
	tree_dir(machine, dir, 0755);
}

void device_add_vfio(const struct machine *machine, struct record *device, const char *kind)
{
	autofree char *path = device_path(machine, device);

	add_group(machine, device, path, kind);
	add_vfio(machine, device, path);
}

static void add_model_files(const struct machine *machine, const struct record *device,
			    const char *path)
{
	const struct model *model = model_of(parent_of(machine, device));

	for (const struct device_file *file = model->files; file->path; file++) {
		const char *mark = strstr(file->text, "%u");
		autofree char *text = NULL;

		if (file->type && strcmp(file->type, record_get(device, "type")) != 0)
			continue;
		text = mark ? format("%.*s%s%s", (int)(mark - file->text), file->text, device->name,
				     mark + 2)
			    : duplicate(file->text);
		tree_file_in(machine, path, file->path, file->mode, text);
	}
}

static void add_tree(const struct machine *machine, struct record *device)
{
	const struct record *parent = parent_of(machine, device);
	autofree char *path = device_path(machine, device);
	autofree char *driver = format(BUS "/drivers/%s", bus_driver(parent));
	autofree char *uevent = format("DRIVER=%s\n", bus_driver(parent));
	autofree char *group_name = NULL;
	autofree char *type = NULL;
	autofree char *type_devices = NULL;

	tree_dir(machine, path, 0755);
	tree_link_in(machine, path, "subsystem", BUS);
	tree_link_in(machine, path, "driver", driver);
	tree_link_in(machine, driver, device->name, path);
	tree_file_in(machine, path, "uevent", 0644, uevent);
	device_add_vfio(machine, device, "unknown\n");
	group_name = format(GROUPS "/%s/name", record_get(device, "iommu"));
	tree_file(machine, group_name, 0444, NO_IOMMU, strlen(NO_IOMMU));
	add_model_files(machine, device, path);
	if (model_of(parent)->kernel) {
		type = format("%s/" TYPES "/%s", record_get(parent, "path"),
			      record_get(device, "type"));
		type_devices = format("%s/devices", type);
		tree_link_in(machine, path, "mdev_type", type);
		tree_link_in(machine, type_devices, device->name, path);
		tree_file_in(machine, path, "remove", 0200, "");
	}
	tree_link_in(machine, BUS "/devices", device->name, path);
}

long device_create(struct machine *machine, const struct record *parent, const char *type,
		   const char *uuid, const char *group, const char *params)
{
	const char *full = record_get(parent, "full");
	struct record *device;

	if (record_find(machine->devices, uuid))
		return -EEXIST;
	if (room_left(machine, parent, type) <= 0)
		return *full ? -errno_by_name(full) : -model_of(parent)->full;

	device = record_add(&machine->devices, uuid);
	record_set(device, "parent", parent->name);
	record_set(device, "type", type);
	record_set(device, "group", group ? group : "");
	record_set(device, "params", params ? params : "");
	add_tree(machine, device);
	device_save(machine, device);
	return 0;
}

/* What goes first, before anybody is waited for. */
static void leave_bus(const struct machine *machine, const struct record *device)
{
	const struct record *parent = parent_of(machine, device);
	autofree char *path = device_path(machine, device);
	autofree char *driver = format(BUS "/drivers/%s", bus_driver(parent));
	autofree char *of_type = format("%s/" TYPES "/%s/devices", record_get(parent, "path"),
					record_get(device, "type"));

	remove_inside(machine, BUS "/devices", device->name);
	remove_inside(machine, driver, device->name);
	remove_inside(machine, of_type, device->name);
	remove_inside(machine, path, "remove");
	remove_inside(machine, path, "mdev_type");
	remove_inside(machine, path, "driver");
	remove_inside(machine, path, "uevent");
}

void device_finish(struct machine *machine, struct record *device)
{
	autofree char *path = device_path(machine, device);
	autofree char *state = format(PRIVATE "/devices/%s", device->name);

	leave_bus(machine, device);
	device_remove_vfio(machine, device);
	tree_retire(machine, path);
	tree_remove(machine, state);
	record_drop(&machine->devices, device);
	state_changed(machine);
}

long device_remove(struct machine *machine, struct record *device)
{
	if (*record_get(device, "removing"))
		return -EAGAIN;
	if (!*record_get(device, "held")) {
		device_finish(machine, device);
		return 0;
	}
	leave_bus(machine, device);
	record_set(device, "removing", "1");
	device_save(machine, device);
	return ANSWER_BLOCKED;
}
