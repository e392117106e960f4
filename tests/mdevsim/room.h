/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools: how many more devices of a type a parent has room for. */
#pragma once

#include "state.h"

/*
 * The parent's key "pool" is a number of units that types share, or "exclusive": one size class
 * at a time. Its key "types" is a list, "ID:COST" for a pool of units and "ID:MOST[:CLASS]" for
 * an exclusive one, where a class left out is the type itself. A type that is not in the list
 * costs one unit.
 */
long room_left(const struct machine *machine, const struct record *parent, const char *type);
