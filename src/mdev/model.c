/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings about what is read, what means a type, and what a device is. */
#include "mdev/model.h"

#include "base/text.h"

#include <errno.h>

void inventory_warn(struct inventory *inventory, const char *file, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*pool_push(inventory->pool, inventory->warnings, inventory->n_warnings) = (struct warning){
		.message = pool_vprintf(inventory->pool, format, args),
		.file = file,
	};
	va_end(args);
}

void inventory_warn_errno(struct inventory *inventory, const char *file, int errnum)
{
	if (errnum == EINVAL)
		inventory_warn(inventory, file, "cannot read it: not a number");
	else
		inventory_warn(inventory, file, "cannot read it: %s", strerror(errnum));
}

bool inventory_knows(const struct inventory *inventory, const char *real)
{
	for (size_t i = 0; i < inventory->n_parents; i++)
		if (streq(inventory->parents[i]->real, real))
			return true;
	return false;
}

const char *parent_slot(const struct parent *parent, const char *name)
{
	for (size_t i = 0; i < parent->n_slots; i++)
		if (streq(parent->slots[i], name))
			return parent->slots[i];
	return NULL;
}

bool device_is_at(const struct device *device, const char *name)
{
	return streq(device->parent, name) || (device->address && streq(device->address, name));
}

bool device_has_type(const struct device *device, const char *id)
{
	return streq(device->type, id) || (device->old_type && streq(device->old_type, id));
}

bool device_is_going(const struct device *device)
{
	return device->state == STATE_PENDING_REMOVAL || device->removal_begun;
}

static bool id_matches(const struct type *type, const char *given)
{
	uint64_t number;

	if (streq(type->id, given) || (type->old_id && streq(type->old_id, given)))
		return true;
	return text_number(given, UINT64_MAX, &number) && strncmp(type->id, "nvidia-", 7) == 0 &&
	       streq(type->id + 7, given);
}

bool type_matches(const struct type *type, const char *given)
{
	return id_matches(type, given) || (type->name && streq(type->name, given));
}

struct type *parent_find_type(const struct parent *parent, const char *given)
{
	struct type *found = NULL;

	for (size_t i = 0; i < parent->n_types; i++) {
		struct type *type = parent->types[i];

		if (streq(type->id, given))
			return type;
		if (!found && type_matches(type, given))
			found = type;
	}
	return found;
}
