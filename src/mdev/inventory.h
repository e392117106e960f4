/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on this machine: parents, types and devices, of all dialects, read only as asked. */
#pragma once

#include "mdev/dialect.h"

void inventory_init(struct inventory *inventory, const struct root *root);
void inventory_free(struct inventory *inventory);
#define autoinventory __attribute__((cleanup(inventory_free)))

/* Finds all parents, sorted by name. A machine without any is no error. */
void inventory_load_parents(struct inventory *inventory, unsigned needs);
/*
 * Finds all parents, and what could become one: the candidates say why they are none, and what to
 * type.
 */
void inventory_load_candidates(struct inventory *inventory, unsigned needs);
/*
 * The one parent that `given` means (see address.h), in any spelling, or that has a slot of that
 * name. ERR_NOT_FOUND names the nearest.
 */
struct parent *inventory_find_parent(struct inventory *inventory, const char *given, unsigned needs,
				     struct err *err);
/* Loads the parent's types, sorted by id; anew where more is needed than was loaded before. */
void inventory_load_types(struct inventory *inventory, struct parent *parent, unsigned needs);
/*
 * The parent's type that `given` means, as parent_find_type() has it, NULL without one. No other
 * type is read where it is given by its id.
 */
struct type *inventory_find_type(struct inventory *inventory, struct parent *parent,
				 const char *given, unsigned needs);
/* Finds all devices, sorted by UUID, with what `needs` asks of each. */
void inventory_load_devices(struct inventory *inventory, unsigned needs);
/* Whether a device of that UUID exists in any dialect, or may be just being made. */
bool inventory_has_device(struct inventory *inventory, const char *uuid);
/*
 * The device that `given` means: a UUID in any case, a unique prefix of one with 8 or more digits,
 * a slot's address, or a name. ERR_NOT_FOUND, ERR_INVALID for a prefix that is too short or
 * ambiguous.
 */
struct device *inventory_find_device(struct inventory *inventory, const char *given, unsigned needs,
				     struct err *err);
/* The types of all parents (loaded before) that `given` means; for "did you mean". */
const char *inventory_nearest_type(struct inventory *inventory, const char *given);
/* Finds out who holds these devices, reading /proc once for all of them. */
void inventory_load_holders(struct inventory *inventory, struct device **devices, size_t n);
