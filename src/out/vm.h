/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as a virtual machine takes it. */
#pragma once

#include "mdev/model.h"

#include "base/pool.h"

/* A driver's name comes from the kernel's driver: only one of plain characters is handed on. */
bool vm_driver_is_safe(const char *driver);
/*
 * QEMU's arguments for the device, "-device vfio-pci,sysfsdev=…" (the mail's section 4). Neither a
 * safe driver nor a device's path has anything that QEMU or a shell would take otherwise.
 */
const char *vm_qemu_arguments(struct pool *pool, const struct device *device);
