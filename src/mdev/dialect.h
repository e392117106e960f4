/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One way of a kernel to publish mediated devices. Dialects read and plan; they never write. */
#pragma once

#include "mdev/model.h"
#include "mdev/plan.h"
#include "mdev/record.h"

/* A device to be made, with everything decided. */
struct request {
	const struct type *type;
	const char *slot; /* which of the parent's slots; NULL where it has none */
	const char *uuid;
	const char *name; /* ours; NULL without one */
	uint32_t group;   /* 0 without one */
	const char *params;
	const struct attribute *attributes;
	size_t n_attributes;
};

/* Functions that a dialect has no use for are NULL where that is said. */
struct dialect {
	const char *name;
	/*
	 * Its devices are told apart by something that is used again, so that a device that others
	 * made may be anybody's: it is removed only when that is asked for.
	 */
	bool guards_foreign;
	/* A type that is not offered now is not to be seen at all, so its name is remembered. */
	bool hides_types;
	/*
	 * Appends the parents it knows of to the inventory; with `only`, just the one so named, or
	 * the one that has a slot of that name.
	 */
	void (*find_parents)(struct inventory *inventory, const char *only);
	/* Appends what could become a parent to inventory->candidates, with `reason` and `fix`. */
	void (*find_candidates)(struct inventory *inventory);
	/*
	 * The parent, or what could become one, that goes by another name elsewhere, as the
	 * subchannel of a device does; NULL for none. Itself NULL where there are no such names.
	 */
	const char *(*find_by_other_name)(struct inventory *inventory, const char *given);
	/*
	 * Fills parent->types. Two threads may do so for two parents, each with an inventory of
	 * which only memory, root and warnings count.
	 */
	void (*load_types)(struct inventory *inventory, struct parent *parent, unsigned needs);
	/*
	 * Just the type with this id, NULL without one. NULL for a dialect that has to read all of
	 * them to know.
	 */
	struct type *(*load_type)(struct inventory *inventory, struct parent *parent,
				  const char *id, unsigned needs);
	/* Appends the devices there are, with no more than what names them and their paths. */
	void (*find_devices)(struct inventory *inventory);
	/* Fills in the rest. */
	void (*load_device)(struct inventory *inventory, struct device *device, unsigned needs);
	/* Whether a device of that UUID exists, or may be just being made. */
	bool (*has_device)(const struct root *root, struct pool *pool, const char *uuid);
	/*
	 * Whether the device at the record's path, whose directory is the recorded one, is still
	 * the one that was recorded; NULL where no directory ever outlives its device.
	 */
	bool (*is_recorded)(const struct root *root, const struct record *record);
	/* The steps that make a device; the device's path once it is made. */
	void (*plan_create)(const struct request *request, struct plan *plan);
	/* Where the device will be. */
	const char *(*device_path)(struct pool *pool, const struct request *request);
	/*
	 * The attribute's path below the device's directory, or NULL for one that makes and
	 * destroys devices. Itself NULL where the path is the given name.
	 */
	const char *(*attribute_name)(struct pool *pool, const char *given);
	/* True when the request's params have nowhere to go. */
	bool (*ignores_params)(const struct request *request);
	/* The steps that remove a device. */
	void (*plan_destroy)(const struct root *root, const struct device *device,
			     struct plan *plan);
	/*
	 * The steps that clear what an interrupted creation may have left set for its type; NULL
	 * where nothing can be left.
	 */
	void (*plan_clear)(const struct root *root, const char *parent_path, const char *type,
			   struct plan *plan);
};

/* All dialects, the first that knows a parent wins. */
extern const struct dialect *const dialects[];
extern const size_t n_dialects;

extern const struct dialect dialect_mdev, dialect_vf;

/* The dialect that the record's device is of; records that do not say are of the first. */
const struct dialect *dialect_of(const struct record *record);
/*
 * Whether the record is of the device that is at its path now; a directory's inode tells that of
 * most, and what the dialect knows of the rest.
 */
bool record_is_current(const struct root *root, const struct record *record);
