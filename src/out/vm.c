/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as a virtual machine takes it. */
#include "out/vm.h"

bool vm_driver_is_safe(const char *driver)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-";

	return *driver && !driver[strspn(driver, plain)];
}

const char *vm_qemu_arguments(struct pool *pool, const struct device *device)
{
	return pool_printf(pool, "-device %s,sysfsdev=%s", device->device_api, device->path);
}
