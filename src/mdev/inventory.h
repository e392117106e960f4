/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on this machine: parents, types and devices, of all dialects, read only as asked. */
#pragma once

#include "mdev/model.h"
#include "mdev/sysfs.h"

/* What is wanted; nothing else is opened. */
enum need {
	NEED_PARENT_FACTS = 1 << 0,   /* driver, ids, NUMA node */
	NEED_PARENT_PRODUCT = 1 << 1, /* names from the hardware database */
	NEED_TYPE_NAME = 1 << 2,
	NEED_TYPE_ROOM = 1 << 3,
	NEED_TYPE_API = 1 << 4,
	NEED_TYPE_FACTS = 1 << 5, /* description, fb_length, resolution, heads */
	NEED_TYPE_RULES = 1 << 6, /* requires_group, params */
	NEED_DEVICE_TYPE = 1 << 7,
	NEED_DEVICE_TYPE_NAME = 1 << 8, /* and the driver for QEMU, and the group rule */
	NEED_DEVICE_RECORD = 1 << 9,
	NEED_DEVICE_GROUP = 1 << 10, /* IOMMU group and VFIO device */
	NEED_DEVICE_HOLDERS = 1 << 11,
	NEED_TYPES = 1 << 12, /* just which there are */
};
#define NEED_TYPE_ALL \
	(NEED_TYPE_NAME | NEED_TYPE_ROOM | NEED_TYPE_API | NEED_TYPE_FACTS | NEED_TYPE_RULES)
#define NEED_DEVICE_ALL                                                                      \
	(NEED_DEVICE_TYPE | NEED_DEVICE_TYPE_NAME | NEED_DEVICE_RECORD | NEED_DEVICE_GROUP | \
	 NEED_DEVICE_HOLDERS)

/* Something was left out of the answer; the rest of it stands. */
struct warning {
	const char *message;
	const char *file; /* NULL where it is about no single file */
};

struct inventory {
	struct pool *pool; /* owns everything below */
	const struct root *root;
	struct parent **parents;
	size_t n_parents;
	bool parents_loaded;
	struct device **devices;
	size_t n_devices;
	bool devices_loaded;
	struct type **device_types; /* of devices whose parent was not asked for; a dialect's */
	size_t n_device_types;
	struct entries records; /* the devices that have a record of ours */
	bool records_loaded;
	struct warning *warnings;
	size_t n_warnings;
};

void inventory_init(struct inventory *inventory, const struct root *root);
void inventory_free(struct inventory *inventory);
#define autoinventory __attribute__((cleanup(inventory_free)))

void inventory_warn(struct inventory *inventory, const char *file, const char *format, ...)
	PRINTF(3, 4);
/* The same for a file that could not be read. */
void inventory_warn_errno(struct inventory *inventory, const char *file, int errnum);

/* Finds all parents, sorted by name. A machine without any is no error. */
void inventory_load_parents(struct inventory *inventory, unsigned needs);
/*
 * The one parent that `given` means (see address.h), in any spelling. ERR_NOT_FOUND names the
 * nearest.
 */
struct parent *inventory_find_parent(struct inventory *inventory, const char *given, unsigned needs,
				     struct err *err);
/* Loads the parent's types, sorted by id, once. */
void inventory_load_types(struct inventory *inventory, struct parent *parent, unsigned needs);
/*
 * Whether `given` means this type: "11" is the id "11", else exactly "nvidia-11"; otherwise the
 * whole id or the whole name; never a part.
 */
bool type_matches(const struct type *type, const char *given);
/* The parent's type that `given` means, NULL without one. An id is preferred to a name. */
struct type *parent_find_type(const struct parent *parent, const char *given);

/* Finds all devices, sorted by UUID, with what `needs` asks of each. */
void inventory_load_devices(struct inventory *inventory, unsigned needs);
/* Loads what `needs` asks of one device that inventory_load_devices() found. */
void inventory_load_device(struct inventory *inventory, struct device *device, unsigned needs);
/*
 * The device that `given` means: a UUID in any case, a unique prefix of one with 8 or more digits,
 * or a name. ERR_NOT_FOUND, ERR_INVALID for a prefix that is too short or ambiguous.
 */
struct device *inventory_find_device(struct inventory *inventory, const char *given, unsigned needs,
				     struct err *err);
/* The types of all parents (loaded before) that `given` means; for "did you mean". */
const char *inventory_nearest_type(struct inventory *inventory, const char *given);
/* Finds out who holds these devices, reading /proc once for all of them. */
void inventory_load_holders(struct inventory *inventory, struct device **devices, size_t n);
