/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One way of a kernel to publish mediated devices. Dialects read and plan; they never write. */
#pragma once

#include "mdev/model.h"
#include "mdev/plan.h"

/* A device to be made, with everything decided. */
struct request {
	const struct type *type;
	const char *uuid;
	const char *name; /* ours; NULL without one */
	uint32_t group;   /* 0 without one */
	const char *params;
	const struct attribute *attributes;
	size_t n_attributes;
};

struct dialect {
	const char *name;
	/* Appends the parents it knows of to the inventory; with `only`, just the one so named. */
	void (*find_parents)(struct inventory *inventory, const char *only);
	/*
	 * Fills parent->types. Two threads may do so for two parents, each with an inventory of
	 * which only memory, root and warnings count.
	 */
	void (*load_types)(struct inventory *inventory, struct parent *parent, unsigned needs);
	/*
	 * Just the type with this id, NULL without one. A dialect that has to read all of them to
	 * know has no such function.
	 */
	struct type *(*load_type)(struct inventory *inventory, struct parent *parent,
				  const char *id, unsigned needs);
	/* Appends the devices there are; uuid, parent and paths are all that is filled in. */
	void (*find_devices)(struct inventory *inventory);
	/* Fills in the rest. */
	void (*load_device)(struct inventory *inventory, struct device *device, unsigned needs);
	/* The steps that make a device; the device's path once it is made. */
	void (*plan_create)(const struct request *request, struct plan *plan);
	/* Where a device of that UUID appears. */
	const char *(*device_path)(struct pool *pool, const struct type *type, const char *uuid);
	/* True when the request's params have nowhere to go. */
	bool (*ignores_params)(const struct request *request);
	/* The steps that remove a device. */
	void (*plan_destroy)(const struct root *root, const struct device *device,
			     struct plan *plan);
	/* The steps that clear what an interrupted creation may have left set for its type. */
	void (*plan_clear)(const struct root *root, const char *parent_path, const char *type,
			   struct plan *plan);
};

/* All dialects, the first that knows a parent wins. */
extern const struct dialect *const dialects[];
extern const size_t n_dialects;

extern const struct dialect dialect_mdev;
