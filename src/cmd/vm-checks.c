/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether devices can be handed to a virtual machine. */
#include "cmd/vm-checks.h"

#include "base/text.h"
#include "out/vm.h"

#include <errno.h>
#include <fcntl.h>

/* Checks that refuse */

/* The mail's section 2: without a common group the driver makes a single device of them. */
int vm_check_groups(const struct filtered *devices, struct err *err)
{
	for (size_t i = 0; i < devices->n && devices->n > 1; i++) {
		const struct device *device = devices->list[i];

		if (!device->requires_group)
			continue;
		for (size_t j = 0; j < devices->n; j++) {
			if (device->group && devices->list[j]->group == device->group)
				continue;
			err_set(err, ERR_INVALID,
				"only one device would work: type '%s' requires that all devices of a "
				"VM share a group, but '%s' and '%s' do not",
				device->type, device->uuid, devices->list[i == j ? !i : j]->uuid);
			return err_hint(err, "make them anew with the same --group");
		}
	}
	return 0;
}

static int check_device(struct context *context, const struct device *device, struct err *err)
{
	if (device_is_going(device))
		return err_set(err, ERR_BUSY, "'%s' is being removed", device->uuid);
	if (refuse_held(&context->root, device, "hand over", err) < 0)
		return -1;
	if (!device->device_api || !vm_driver_is_safe(device->device_api)) {
		err_set(err, ERR_UNSUPPORTED,
			"'%s' cannot be given to QEMU: nobody tells which driver it needs",
			device->uuid);
		return err_hint(err, "its type '%s' has no usable device_api", device->type);
	}
	return 0;
}

/* Checks that only warn: they go to stderr, and into JSON */

static void PRINTF(3, 4) doubt(struct context *context, json_t *doubts, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = pool_vprintf(context->pool, format, args);
	va_end(args);
	say_warning(context, "%s", text);
	json_array_append_new(doubts,
			      json_pack("{s:s}", "message", text_json(context->pool, text)));
}

static void doubt_file(struct context *context, const char *uuid, const char *dir, const char *name,
		       json_t *doubts)
{
	autoclose int fd = root_openat(&context->root, dir, O_PATH | O_DIRECTORY);

	if (fd >= 0 && faccessat(fd, name, R_OK | W_OK, AT_EACCESS) == 0)
		return;
	if (errno == ENOENT)
		doubt(context, doubts, "'%s': %s/%s is not there", uuid, dir, name);
	else
		doubt(context, doubts, "'%s': you may not open %s/%s", uuid, dir, name);
}

/* VFIO's device files belong to whoever udev gave them to; QEMU often runs as somebody else. */
static void doubt_access(struct context *context, const struct device *device, bool iommufd,
			 json_t *doubts)
{
	if (!iommufd) {
		if (device->iommu_group != UNKNOWN)
			doubt_file(
				context, device->uuid, "/dev/vfio",
				pool_printf(context->pool, "%lld", (long long)device->iommu_group),
				doubts);
		return;
	}
	doubt_file(context, device->uuid, "/dev", "iommu", doubts);
	if (device->vfio_device)
		doubt_file(context, device->uuid, "/dev/vfio/devices", device->vfio_device, doubts);
	else
		doubt(context, doubts, "'%s': this kernel opens no device through iommufd",
		      device->uuid);
}

/* Every device of an IOMMU group must be with VFIO, or QEMU says that the group is not viable. */
static void doubt_viability(struct context *context, const struct device *device, json_t *doubts)
{
	const char *path = pool_printf(context->pool, "/sys/kernel/iommu_groups/%lld/devices",
				       (long long)device->iommu_group);
	autoclose int dir = root_openat(&context->root, path, O_RDONLY | O_DIRECTORY);
	struct entries members = {0};

	if (device->iommu_group == UNKNOWN || dir < 0 || dir_list(dir, context->pool, &members) < 0)
		return;
	for (size_t i = 0; i < members.n; i++) {
		const char *member =
			pool_printf(context->pool, "%s/%s", path, members.list[i].name);
		autoclose int fd = root_openat(&context->root, member, O_RDONLY | O_DIRECTORY);
		const char *driver = fd < 0 ? NULL : sysfs_link_name(fd, "driver", context->pool);

		if (driver && !strstr(driver, "vfio") && !streq(driver, "pcieport") &&
		    !streq(members.list[i].name, strrchr(device->path, '/') + 1))
			doubt(context, doubts,
			      "'%s': its IOMMU group %lld is not viable, '%s' has the driver '%s'",
			      device->uuid, (long long)device->iommu_group, members.list[i].name,
			      driver);
	}
}

/* A group is one VM's: whoever is not named will be missing there. */
static void doubt_completeness(struct context *context, struct inventory *inventory,
			       const struct filtered *devices, json_t *doubts)
{
	inventory_load_devices(inventory, NEED_DEVICE_RECORD);
	for (size_t i = 0; i < inventory->n_devices; i++) {
		const struct device *other = inventory->devices[i];
		bool named = false, together = false;

		for (size_t j = 0; j < devices->n; j++) {
			named |= devices->list[j] == other;
			together |= other->group && devices->list[j]->group == other->group;
		}
		if (together && !named)
			doubt(context, doubts, "'%s' of group %u is not named", other->uuid,
			      other->group);
	}
}

json_t *vm_doubts(struct context *context, struct inventory *inventory,
		  const struct filtered *devices, bool iommufd)
{
	json_t *doubts = json_array();

	for (size_t i = 0; i < devices->n; i++) {
		if (devices->list[i]->held == HELD_UNKNOWN)
			doubt(context, doubts, "'%s' may be in use: processes are hidden from here",
			      devices->list[i]->uuid);
		doubt_access(context, devices->list[i], iommufd, doubts);
		doubt_viability(context, devices->list[i], doubts);
	}
	doubt_completeness(context, inventory, devices, doubts);
	return doubts;
}

int vm_check(struct context *context, const struct filtered *devices, struct err *err)
{
	for (size_t i = 0; i < devices->n; i++)
		if (check_device(context, devices->list[i], err) < 0)
			return -1;
	return 0;
}
