/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVIDIA's virtual functions: vGPUs without mediated devices, and SR-IOV that brings them. */

/*
 * A function is a device record named by its address, from the moment it is enabled; its type is
 * "0" while it is idle. It lies beside the physical function, not below it, so it has its "path".
 */

#include "vf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "kernel.h"
#include "text.h"

#define PCI     "/sys/bus/pci"
#define HEADING "ID    : vGPU Name\n"
#define IDLE    "0"

/* What nvidia-smi's numbers say where there is no GPU instance. */
#define NO_INSTANCE "4294967295\n"

/* Where the first function is, counted in functions from the physical one. */
#define FIRST_FUNCTION 4

/* One entry of types=ID:UNITS:NAME,… */
struct kind {
	char id[16];
	long units;
	char name[64];
};

/* Takes the next entry off *list; false at its end. */
static bool next_kind(char **list, struct kind *kind)
{
	char *entry = strsep(list, ",");
	const char *id = entry ? strsep(&entry, ":") : NULL;
	const char *units = entry ? strsep(&entry, ":") : NULL;

	if (!id || !*id)
		return false;
	if (!units || !entry)
		die("types=ID:UNITS:NAME, not '%s'", id);
	snprintf(kind->id, sizeof(kind->id), "%s", id);
	snprintf(kind->name, sizeof(kind->name), "%s", entry);
	kind->units = strtol(units, NULL, 10);
	return true;
}

static bool find_kind(const struct record *parent, const char *id, struct kind *kind)
{
	autofree char *list = duplicate(record_get(parent, "types"));
	char *rest = list;

	while (next_kind(&rest, kind)) {
		if (strcmp(kind->id, id) == 0)
			return true;
	}
	return false;
}

static bool is_idle(const struct record *device)
{
	return strcmp(record_get(device, "type"), IDLE) == 0;
}

static bool heterogeneous(const struct record *parent)
{
	return strcmp(record_get(parent, "mode"), "heterogeneous") == 0;
}

/* A card has one size of types at a time, unless it is in heterogeneous mode. */
static bool has_room(const struct machine *machine, const struct record *parent,
		     const struct kind *wanted)
{
	long left = record_number(parent, "pool");

	for (const struct record *device = machine->devices; device; device = device->next) {
		struct kind used;

		if (!device_is_on(device, parent) || is_idle(device) ||
		    !find_kind(parent, record_get(device, "type"), &used))
			continue;
		if (used.units != wanted->units && !heterogeneous(parent))
			return false;
		left -= used.units;
	}
	return left >= wanted->units;
}

/* Addresses count on from the physical function's, over the last digit: SLOT.FUNCTION. */
static char *function_address(const struct record *parent, long number)
{
	const char *slot = strrchr(parent->name, ':');
	const char *function = strrchr(parent->name, '.');
	unsigned long place;

	if (!slot || !function)
		die("'%s' is no PCI address", parent->name);
	place = strtoul(slot + 1, NULL, 16) * 8 + strtoul(function + 1, NULL, 8) + FIRST_FUNCTION +
		(unsigned long)number;
	return format("%.*s:%02lx.%lx", (int)(slot - parent->name), parent->name, place / 8,
		      place % 8);
}

static char *beside(const struct record *parent, const char *address)
{
	const char *path = record_get(parent, "path");

	return format("%.*s/%s", (int)(strrchr(path, '/') - path), path, address);
}

/* A function's numbers are its card's. */
static void copy_facts(const struct machine *machine, const struct record *parent, const char *path)
{
	static const char *const facts[] = {"vendor",           "device",   "class",
					    "subsystem_vendor", "revision", "subsystem_device",
					    "numa_node",        "modalias"};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		autofree char *from = format("%s/%s", record_get(parent, "path"), facts[i]);
		autofree char *to = format("%s/%s", path, facts[i]);
		size_t length;
		autofree char *text = tree_read(machine, from, &length);

		if (text)
			tree_file(machine, to, 0444, text, length);
	}
}

static void enable(struct machine *machine, const struct record *parent, long number)
{
	autofree char *address = function_address(parent, number);
	autofree char *path = beside(parent, address);
	autofree char *virtfn = format("virtfn%ld", number);
	autofree char *uevent = format("DRIVER=nvidia\nPCI_SLOT_NAME=%s\n", address);
	struct record *device = record_add(&machine->devices, address);

	record_set(device, "parent", parent->name);
	record_set(device, "path", path);
	record_set(device, "type", IDLE);
	tree_dir(machine, path, 0755);
	copy_facts(machine, parent, path);
	tree_file_in(machine, path, "uevent", 0644, uevent);
	tree_link_in(machine, path, "physfn", record_get(parent, "path"));
	tree_link_in(machine, path, "subsystem", PCI);
	tree_link_in(machine, path, "driver", PCI "/drivers/nvidia");
	tree_link_in(machine, PCI "/drivers/nvidia", address, path);
	tree_link_in(machine, PCI "/devices", address, path);
	tree_link_in(machine, record_get(parent, "path"), virtfn, path);
	device_add_vfio(machine, device, "DMA\n");
	device_save(machine, device);
}

static void disable(struct machine *machine, struct record *device)
{
	autofree char *path = duplicate(record_get(device, "path"));
	autofree char *state = format(PRIVATE "/devices/%s", device->name);
	autofree char *on_bus = format(PCI "/devices/%s", device->name);
	autofree char *of_driver = format(PCI "/drivers/nvidia/%s", device->name);

	tree_remove(machine, on_bus);
	tree_remove(machine, of_driver);
	device_remove_vfio(machine, device);
	tree_retire(machine, path);
	tree_remove(machine, state);
	record_drop(&machine->devices, device);
	state_changed(machine);
}

static void disable_all(struct machine *machine, const struct record *parent)
{
	long number = record_number(parent, "numvfs");
	struct record *next;

	for (struct record *device = machine->devices; device; device = next) {
		next = device->next;
		if (device_is_on(device, parent))
			disable(machine, device);
	}
	while (number-- > 0) {
		autofree char *link = format("%s/virtfn%ld", record_get(parent, "path"), number);

		tree_remove(machine, link);
	}
}

void vf_leave(struct machine *machine, const struct record *parent)
{
	disable_all(machine, parent);
}

void vf_attach(struct machine *machine, const struct record *parent)
{
	const char *path = record_get(parent, "path");
	autofree char *total = format("%s\n", record_get(parent, "vfs"));

	tree_file_in(machine, path, "sriov_totalvfs", 0444, total);
	tree_file_in(machine, path, "sriov_offset", 0444, "4\n");
	tree_file_in(machine, path, "sriov_stride", 0444, "1\n");
	tree_file_in(machine, path, "sriov_drivers_autoprobe", 0644, "1\n");
	for (long i = 0; i < record_number(parent, "numvfs"); i++)
		enable(machine, parent, i);
}

static void show_creatable(struct machine *machine, const struct record *parent,
			   const struct record *device, const char *dir)
{
	autofree char *list = duplicate(record_get(parent, "types"));
	bool bare = strcmp(record_get(parent, "heading"), "no") == 0;
	char *text = duplicate(bare ? "" : HEADING);
	char *rest = list;
	struct kind kind;

	while (is_idle(device) && next_kind(&rest, &kind)) {
		autofree char *before = text;

		if (has_room(machine, parent, &kind))
			text = format("%s%-6s: %s\n", before, kind.id, kind.name);
		else
			text = duplicate(before);
	}
	tree_file_in(machine, dir, "creatable_vgpu_types", 0444, text);
	free(text);
}

static void show_function(struct machine *machine, const struct record *parent,
			  const struct record *device)
{
	autofree char *dir = format("%s/nvidia", record_get(device, "path"));
	autofree char *type = format("%s\n", record_get(device, "type"));
	autofree char *params = format("%s\n", record_get(device, "params"));
	autofree char *placement = format("%s\n", record_get(device, "placement"));
	autofree char *instance = format("%s\n", record_get(device, "instance"));
	bool mixed = heterogeneous(parent), divided = record_number(parent, "instances") > 0;

	show_creatable(machine, parent, device, dir);
	tree_file_in(machine, dir, "current_vgpu_type", 0644, type);
	tree_file_in(machine, dir, "vgpu_params", 0644, params);
	tree_file_in(machine, dir, "placement_id", mixed ? 0644 : 0444,
		     mixed && !is_idle(device) ? placement : "Not Applicable\n");
	tree_file_in(machine, dir, "gpu_instance_id", divided ? 0644 : 0444,
		     *record_get(device, "instance") ? instance : NO_INSTANCE);
	tree_file_in(machine, dir, "warm_update", 0644, "0\n");
}

void vf_show(struct machine *machine, const struct record *parent)
{
	autofree char *number = format("%ld\n", record_number(parent, "numvfs"));

	tree_file_in(machine, record_get(parent, "path"), "sriov_numvfs", 0644, number);
	for (const struct record *device = machine->devices; device; device = device->next) {
		if (device_is_on(device, parent))
			show_function(machine, parent, device);
	}
}

static bool any_held(const struct machine *machine, const struct record *parent)
{
	for (const struct record *device = machine->devices; device; device = device->next) {
		if (device_is_on(device, parent) && *record_get(device, "held"))
			return true;
	}
	return false;
}

/* The errnos are those of Linux's drivers/pci/iov.c, but that of a function that is held. */
long vf_numvfs(const struct request *request)
{
	struct record *parent = request->parent;
	long now = record_number(parent, "numvfs");
	autofree char *value = NULL;
	unsigned long number;
	int error = parse_number(request->text, &number);

	if (error)
		return -error;
	if (number > (unsigned long)record_number(parent, "vfs"))
		return -ERANGE;
	if ((long)number == now)
		return 0;
	if (number && now)
		return -EBUSY;
	if (any_held(request->machine, parent))
		return -EBUSY;
	if (!number)
		disable_all(request->machine, parent);
	for (long i = 0; i < (long)number; i++)
		enable(request->machine, parent, i);
	value = format("%lu", number);
	record_set(parent, "numvfs", value);
	parent_save(request->machine, parent);
	return 0;
}

/* Whether one of `units` at `place` lies beside all others. */
static bool place_is_free(const struct request *request, long place, long units)
{
	if (place % units || place + units > record_number(request->parent, "pool"))
		return false;
	for (const struct record *device = request->machine->devices; device;
	     device = device->next) {
		struct kind other;
		long at = record_number(device, "placement");

		if (device == request->device || !device_is_on(device, request->parent) ||
		    !find_kind(request->parent, record_get(device, "type"), &other))
			continue;
		if (at < place + units && place < at + other.units)
			return false;
	}
	return true;
}

static void set_placement(const struct request *request, long place)
{
	autofree char *text = format("%ld", place);

	record_set(request->device, "placement", text);
}

static long take_type(const struct request *request, const struct kind *kind)
{
	long place = 0;

	if (heterogeneous(request->parent)) {
		while (!place_is_free(request, place, kind->units)) {
			place += kind->units;
			if (place >= record_number(request->parent, "pool"))
				return -EINVAL;
		}
	}
	record_set(request->device, "type", kind->id);
	set_placement(request, place);
	device_save(request->machine, request->device);
	return 0;
}

long vf_type(const struct request *request)
{
	autofree char *id = NULL;
	struct kind kind;
	unsigned long number;
	int error = parse_number(request->text, &number);

	if (error)
		return -error;
	if (*record_get(request->device, "held"))
		return -EPERM;
	if (!number) {
		record_set(request->device, "type", IDLE);
		record_set(request->device, "params", NULL);
		record_set(request->device, "placement", NULL);
		record_set(request->device, "instance", NULL);
		device_save(request->machine, request->device);
		return 0;
	}
	if (!is_idle(request->device))
		return -EBUSY;
	id = format("%lu", number);
	if (!find_kind(request->parent, id, &kind) ||
	    !has_room(request->machine, request->parent, &kind))
		return -EINVAL;
	return take_type(request, &kind);
}

long vf_params(const struct request *request)
{
	if (is_idle(request->device) || *record_get(request->device, "held"))
		return -EPERM;
	return nvidia_params(request);
}

long vf_placement(const struct request *request)
{
	struct kind kind;
	unsigned long number;
	int error = parse_number(request->text, &number);

	if (error)
		return -error;
	if (*record_get(request->device, "held"))
		return -EPERM;
	if (!find_kind(request->parent, record_get(request->device, "type"), &kind))
		return -EPERM;
	if (number > (unsigned long)record_number(request->parent, "pool") ||
	    !place_is_free(request, (long)number, kind.units))
		return -EINVAL;
	set_placement(request, (long)number);
	device_save(request->machine, request->device);
	return 0;
}

long vf_instance(const struct request *request)
{
	unsigned long number;
	int error = parse_number(request->text, &number);
	autofree char *text = NULL;

	if (error)
		return -error;
	if (is_idle(request->device) || *record_get(request->device, "held"))
		return -EPERM;
	if (number >= (unsigned long)record_number(request->parent, "instances"))
		return -EINVAL;
	text = format("%lu", number);
	record_set(request->device, "instance", text);
	device_save(request->machine, request->device);
	return 0;
}

long vf_read_error(const struct record *parent, const struct record *device, const char *file)
{
	autofree char *list = duplicate(record_get(parent, "unreadable"));
	char *rest = list;

	if (!starts_with(file, "nvidia/") || !is_idle(device))
		return 0;
	for (const char *name = strsep(&rest, ","); name; name = strsep(&rest, ",")) {
		if (strcmp(name, file + strlen("nvidia/")) == 0)
			return -EIO;
	}
	return 0;
}
