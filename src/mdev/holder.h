/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have a device open. */
#pragma once

#include "mdev/model.h"
#include "mdev/sysfs.h"

/*
 * Fills in device->held and holders from the text of the links /proc/PID/fd/N: a VM that has the
 * device has /dev/vfio/GROUP or /dev/vfio/devices/vfioN open (seen: QEMU 7.2 on Linux 6.1). Nothing
 * is opened that could disturb a VM. Processes of other users are hidden from an ordinary user,
 * those of other PID namespaces from a container: then a device without a known holder is
 * HELD_UNKNOWN. Our parent process does not count with the group alone: see holder.c.
 */
void holders_load(const struct root *root, struct pool *pool, struct device **devices, size_t n);

/*
 * A second look at a device that is HELD_UNKNOWN, for one that is to be removed anyway: true when
 * the kernel says that its group is busy.
 */
bool holder_probe(const struct root *root, const struct device *device);

/*
 * Fills in the device's IOMMU group and its VFIO device from its open directory `dir`: these are
 * what somebody who has it holds open.
 */
void holder_find_nodes(struct pool *pool, int dir, struct device *device);

/*
 * "qemu-system-x86 4711 (web-1)", for a VM of libvirt's "qemu-system-x86 4711 (libvirt's web-1)",
 * several separated by ", "; "unknown", or NULL when it is free.
 */
const char *holders_text(struct pool *pool, const struct device *device);
