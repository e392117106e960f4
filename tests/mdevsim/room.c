/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools: how many more devices of a type a parent has room for. */

#include "room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "text.h"

/* One entry of a parent's list of types. */
struct share {
	long number; /* what a device costs, or how many fit */
	char class[64];
};

static struct share share_of(const struct record *parent, const char *type)
{
	struct share share = {.number = 1};
	autofree char *list = duplicate(record_get(parent, "types"));
	char *rest = list;

	snprintf(share.class, sizeof(share.class), "%s", type);
	for (char *entry = strsep(&rest, ","); entry; entry = strsep(&rest, ",")) {
		const char *id = strsep(&entry, ":");
		const char *number = strsep(&entry, ":");

		if (strcmp(id, type) != 0)
			continue;
		if (number)
			share.number = strtol(number, NULL, 10);
		if (entry)
			snprintf(share.class, sizeof(share.class), "%s", entry);
	}
	return share;
}

static long exclusive_room(const struct machine *machine, const struct record *parent,
			   const char *type)
{
	struct share wanted = share_of(parent, type);
	long left = wanted.number;

	for (const struct record *device = machine->devices; device; device = device->next) {
		struct share used;

		if (!device_is_on(device, parent))
			continue;
		used = share_of(parent, record_get(device, "type"));
		if (strcmp(used.class, wanted.class) != 0)
			return 0;
		left--;
	}
	return left < 0 ? 0 : left;
}

long room_left(const struct machine *machine, const struct record *parent, const char *type)
{
	long left = record_number(parent, "pool");
	long cost = share_of(parent, type).number;

	if (strcmp(record_get(parent, "pool"), "exclusive") == 0)
		return exclusive_room(machine, parent, type);
	for (const struct record *device = machine->devices; device; device = device->next) {
		if (device_is_on(device, parent))
			left -= share_of(parent, record_get(device, "type")).number;
	}
	return left < 0 ? 0 : left / (cost > 0 ? cost : 1);
}
