/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Driver models: the tables, and the way from a path that is written to the driver's function. */

#include "model.h"

#include <errno.h>
#include <string.h>

#include "ap.h"
#include "kernel.h"
#include "rfc.h"
#include "room.h"
#include "text.h"
#include "vf.h"

static const struct store kernel_stores[] = {
	{ON_TYPE, "create", kernel_create},
	{ON_DEVICE, "remove", kernel_remove},
	{0},
};

static const struct store nvidia_stores[] = {
	{ON_TYPE, "create", kernel_create},
	{ON_DEVICE, "remove", kernel_remove},
	{ON_DEVICE, "nvidia/vgpu_params", nvidia_params},
	{0},
};

static const struct store rfc_stores[] = {
	{ON_TYPE, "create", rfc_create},
	{ON_TYPE, "params", rfc_params},
	{ON_PARENT, "mdev_destroy", rfc_destroy},
	{0},
};

static const struct store ap_stores[] = {
	{ON_TYPE, "create", kernel_create},
	{ON_DEVICE, "remove", kernel_remove},
	{ON_DEVICE, "assign_adapter", ap_assign},
	{ON_DEVICE, "assign_domain", ap_assign},
	{ON_DEVICE, "assign_control_domain", ap_assign},
	{ON_DEVICE, "unassign_adapter", ap_assign},
	{ON_DEVICE, "unassign_domain", ap_assign},
	{ON_DEVICE, "unassign_control_domain", ap_assign},
	{ON_DEVICE, "ap_config", ap_config},
	{0},
};

static const struct store apbus_stores[] = {
	{ON_PARENT, "apmask", apbus_mask},
	{ON_PARENT, "aqmask", apbus_mask},
	{0},
};

static const struct store vf_stores[] = {
	{ON_PARENT, "sriov_numvfs", vf_numvfs},
	{ON_DEVICE, "nvidia/current_vgpu_type", vf_type},
	{ON_DEVICE, "nvidia/vgpu_params", vf_params},
	{ON_DEVICE, "nvidia/placement_id", vf_placement},
	{ON_DEVICE, "nvidia/gpu_instance_id", vf_instance},
	{0},
};

#define POWER_FILES                                     \
	{NULL, "power/control", 0644, "auto\n"},        \
	{                                               \
		NULL, "power/async", 0644, "disabled\n" \
	}

static const struct device_file no_files[] = {{0}};

static const struct device_file power_files[] = {POWER_FILES, {0}};

static const struct device_file mtty_files[] = {
	POWER_FILES,
	{NULL, "vendor/sample_mdev_dev", 0444, "This is MDEV %u\n"},
	{0},
};

static const struct device_file mdpy_files[] = {
	POWER_FILES,
	{"mdpy-vga", "vendor/resolution", 0444, "640x480\n"},
	{"mdpy-xga", "vendor/resolution", 0444, "1024x768\n"},
	{"mdpy-hd", "vendor/resolution", 0444, "1920x1080\n"},
	{0},
};

static const struct device_file mbochs_files[] = {
	POWER_FILES,
	{"mbochs-small", "vendor/memory", 0444, "4 MB\n"},
	{"mbochs-medium", "vendor/memory", 0444, "16 MB\n"},
	{"mbochs-large", "vendor/memory", 0444, "64 MB\n"},
	{0},
};

static const struct device_file nvidia_files[] = {
	POWER_FILES,
	{NULL, "nvidia/vgpu_params", 0644, ""},
	{0},
};

static const struct device_file ap_files[] = {
	{NULL, "assign_adapter", 0200, ""},
	{NULL, "assign_domain", 0200, ""},
	{NULL, "assign_control_domain", 0200, ""},
	{NULL, "unassign_adapter", 0200, ""},
	{NULL, "unassign_domain", 0200, ""},
	{NULL, "unassign_control_domain", 0200, ""},
	{0},
};

/* What drivers below the kernel's mediated device framework have in common. */
#define KERNEL(NAME, DRIVER, FULL) \
	.name = NAME, .count = "available_instances", .driver = DRIVER, .full = FULL, .kernel = true

static const struct model models[] = {
	{.name = "rfc",
	 .count = "max_instances",
	 .driver = "vgpu",
	 .full = ENOSPC,
	 .stores = rfc_stores,
	 .files = no_files,
	 .show = rfc_show},
	{KERNEL("mdev", "mdev", ENOSPC), .stores = kernel_stores, .files = power_files},
	{KERNEL("mtty", "mtty", ENOSPC), .stores = kernel_stores, .files = mtty_files},
	{KERNEL("mdpy", "mdpy", EUSERS), .stores = kernel_stores, .files = mdpy_files},
	{KERNEL("mbochs", "mbochs", ENOSPC), .stores = kernel_stores, .files = mbochs_files},
	{KERNEL("ccw", "vfio_ccw_mdev", EUSERS), .stores = kernel_stores, .files = no_files},
	{KERNEL("ap", "vfio_ap_mdev", EUSERS), .stores = ap_stores, .files = ap_files,
	 .show = ap_show},
	{.name = "apbus",
	 .kernel = true,
	 .stores = apbus_stores,
	 .files = no_files,
	 .show = apbus_show},
	{KERNEL("gvtg", "intel_vgpu_mdev", ENOSPC), .stores = kernel_stores, .files = power_files},
	{KERNEL("nvidia", "nvidia-vgpu-vfio", EUSERS), .stores = nvidia_stores,
	 .files = nvidia_files, .show = nvidia_show},
	{.name = "nvidia-vf",
	 .kernel = true,
	 .stores = vf_stores,
	 .files = no_files,
	 .show = vf_show,
	 .attach = vf_attach,
	 .leave = vf_leave},
};

const struct model *model_of(const struct record *parent)
{
	const char *name = record_get(parent, "model");

	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
		if (strcmp(models[i].name, name) == 0)
			return &models[i];
	}
	die("there is no driver model '%s'", name);
}

static void attach_type(struct machine *machine, const struct record *parent, const char *type)
{
	autofree char *create = NULL;
	autofree char *devices = NULL;

	create = format("%s/" TYPES "/%s/create", record_get(parent, "path"), type);
	tree_file(machine, create, 0200, "", 0);
	if (!model_of(parent)->kernel)
		return;
	devices = format("%s/" TYPES "/%s/devices", record_get(parent, "path"), type);
	tree_dir(machine, devices, 0755);
}

void model_attach(struct machine *machine, const struct record *parent)
{
	autofree char *types = format("%s/" TYPES, record_get(parent, "path"));
	char **names __attribute__((cleanup(tree_list_free))) = tree_list(machine, types);

	for (char **type = names; *type; type++)
		attach_type(machine, parent, *type);
	if (!model_of(parent)->kernel) {
		autofree char *destroy = format("%s/mdev_destroy", record_get(parent, "path"));

		tree_file(machine, destroy, 0200, "", 0);
	}
	if (model_of(parent)->attach)
		model_of(parent)->attach(machine, parent);
}

static void show_counts(struct machine *machine, const struct record *parent)
{
	const struct model *model = model_of(parent);
	autofree char *types = format("%s/" TYPES, record_get(parent, "path"));
	char **names __attribute__((cleanup(tree_list_free))) = tree_list(machine, types);

	for (char **type = names; *type; type++) {
		autofree char *path = format("%s/%s/%s", types, *type, model->count);
		autofree char *text = format("%ld\n", room_left(machine, parent, *type));

		tree_file(machine, path, 0444, text, strlen(text));
	}
}

static void show(struct machine *machine, const struct record *parent)
{
	const struct model *model = model_of(parent);

	if (model->count)
		show_counts(machine, parent);
	if (model->show)
		model->show(machine, parent);
}

void model_show(struct machine *machine)
{
	for (const struct record *parent = machine->parents; parent; parent = parent->next)
		show(machine, parent);
}

/* Whether the path lies below a device that has a place of its own. */
static bool place_on_function(struct request *request, const char *path)
{
	for (struct record *device = request->machine->devices; device; device = device->next) {
		const char *base = record_get(device, "path");
		size_t length = strlen(base);

		if (!length || !starts_with(path, base) || path[length] != '/')
			continue;
		request->device = device;
		request->parent =
			record_find(request->machine->parents, record_get(device, "parent"));
		request->file = path + length + 1;
		return request->parent;
	}
	return false;
}

/* Fills in where the path lies; false when it is below no parent. */
static bool place_request(struct request *request, const char *path, enum place *place, char **type)
{
	const char *rest = NULL;
	size_t longest = 0;

	if (place_on_function(request, path)) {
		*place = ON_DEVICE;
		return true;
	}
	for (struct record *parent = request->machine->parents; parent; parent = parent->next) {
		const char *base = record_get(parent, "path");
		size_t length = strlen(base);

		if (length > longest && starts_with(path, base) && path[length] == '/') {
			longest = length;
			request->parent = parent;
			rest = path + length + 1;
		}
	}
	if (!rest)
		return false;

	*place = ON_PARENT;
	request->file = rest;
	if (starts_with(rest, TYPES "/") && strchr(rest + strlen(TYPES "/"), '/')) {
		const char *name = rest + strlen(TYPES "/");
		const char *slash = strchr(name, '/');

		*place = ON_TYPE;
		*type = format("%.*s", (int)(slash - name), name);
		request->type = *type;
		request->file = slash + 1;
	} else if (strlen(rest) > UUID_LENGTH && rest[UUID_LENGTH] == '/') {
		autofree char *uuid = format("%.*s", UUID_LENGTH, rest);

		request->device = record_find(request->machine->devices, uuid);
		if (request->device) {
			*place = ON_DEVICE;
			request->file = rest + UUID_LENGTH + 1;
		}
	}
	return true;
}

static const struct store *find_store(struct request *request, const char *path, char **type)
{
	enum place place;

	if (!place_request(request, path, &place, type))
		return NULL;
	for (const struct store *store = model_of(request->parent)->stores; store->file; store++) {
		if (store->place == place && strcmp(store->file, request->file) == 0)
			return store;
	}
	return NULL;
}

bool model_claims(struct machine *machine, const char *path)
{
	struct request request = {.machine = machine};
	autofree char *type = NULL;

	return find_store(&request, path, &type);
}

long model_read_error(struct machine *machine, const char *path)
{
	struct request request = {.machine = machine};

	if (!place_on_function(&request, path))
		return 0;
	return vf_read_error(request.parent, request.device, request.file);
}

bool model_refuses_reads(const struct machine *machine)
{
	for (const struct record *parent = machine->parents; parent; parent = parent->next) {
		if (*record_get(parent, "unreadable"))
			return true;
	}
	return false;
}

long model_store(struct machine *machine, const char *path, const char *text, size_t length)
{
	struct request request = {.machine = machine, .text = text, .length = length};
	autofree char *type = NULL;
	const struct store *store = find_store(&request, path, &type);
	long answer;

	if (!store || !tree_exists(machine, path))
		return -ENODEV;
	answer = store->function(&request);
	/* what a bus is told may be about all its parents, and what they are told about the bus */
	bool is_bus = !model_of(request.parent)->count;
	for (const struct record *parent = machine->parents; parent; parent = parent->next)
		if (is_bus || parent == request.parent || !model_of(parent)->count)
			show(machine, parent);
	return answer ? answer : (long)length;
}
