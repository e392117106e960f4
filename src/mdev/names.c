/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names and groups are taken. */
#include "mdev/names.h"

#include "mdev/inventory.h"
#include "mdev/journal.h"
#include "mdev/store.h"

static void add(struct names *names, struct pool *pool, const char *name, const char *uuid,
		uint32_t group)
{
	if (name || group)
		*pool_push(pool, names->list, names->n) = (struct name_owner){name, uuid, group};
}

struct names names_load(struct inventory *inventory)
{
	struct pool *pool = inventory->pool;
	struct names names = {0};
	struct journal journal;

	/* before the devices: what has left it by then is among them, with its record */
	journal_load(inventory->root, pool, &journal);
	for (size_t i = 0; i < journal.n; i++)
		for (size_t j = 0; j < journal.entries[i].n_devices; j++)
			add(&names, pool, journal.entries[i].devices[j].name,
			    journal.entries[i].devices[j].uuid,
			    journal.entries[i].devices[j].group);
	inventory_load_devices(inventory, NEED_DEVICE_RECORD);
	for (size_t i = 0; i < inventory->n_devices; i++)
		add(&names, pool, inventory->devices[i]->name, inventory->devices[i]->uuid,
		    inventory->devices[i]->group);
	store_load_named(inventory);
	for (size_t i = 0; i < inventory->n_definitions; i++)
		add(&names, pool, inventory->definitions[i]->definition.name,
		    inventory->definitions[i]->definition.uuid,
		    inventory->definitions[i]->definition.group);
	return names;
}

int names_check(const struct names *names, const char *name, const char *uuid, struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct name_owner *owner = &names->list[i];

		if (!owner->name || !streq(owner->name, name) || (uuid && streq(owner->uuid, uuid)))
			continue;
		err_set(err, ERR_EXISTS, "the name '%s' is taken", name);
		return err_hint(err, "'mdevtool show %s' shows by what", name);
	}
	return 0;
}

uint32_t names_free_group(const struct names *names)
{
	uint32_t group = 1;

	for (size_t i = 0; i < names->n; i++)
		if (names->list[i].group == group) {
			group++;
			i = (size_t)-1; /* from the beginning: the list is in no order */
		}
	return group;
}
