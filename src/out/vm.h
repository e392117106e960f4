/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as a virtual machine takes it. */
#pragma once

#include "mdev/model.h"

#include "base/pool.h"

/*
 * QEMU's arguments for the device, "-device vfio-pci,sysfsdev=…" (the mail's section 4), safe for a
 * shell, commas doubled as QEMU wants them.
 */
const char *vm_qemu_arguments(struct pool *pool, const struct device *device);
