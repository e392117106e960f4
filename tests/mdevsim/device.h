/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mediated devices: what the kernel's core does in the tree when one comes and when it goes. */
#pragma once

#include "state.h"

/*
 * Makes the device, its record, its IOMMU group and every link, or answers a negative errno.
 * Group and params may be NULL; they are only remembered.
 */
long device_create(struct machine *machine, const struct record *parent, const char *type,
		   const char *uuid, const char *group, const char *params);

/*
 * Removes the device. One that is held vanishes from the bus and stays otherwise, as a real one
 * does until it is let go: the answer is ANSWER_BLOCKED, and device_finish does the rest.
 */
long device_remove(struct machine *machine, struct record *device);
void device_finish(struct machine *machine, struct record *device);

/*
 * The IOMMU group and the VFIO device of a device, which its record remembers. A group's kind is
 * "unknown\n" or how an IOMMU translates for it.
 */
void device_add_vfio(const struct machine *machine, struct record *device, const char *kind);
void device_remove_vfio(const struct machine *machine, const struct record *device);

bool device_is_on(const struct record *device, const struct record *parent);

/* The directory of the device; the caller frees. */
char *device_path(const struct machine *machine, const struct record *device);
