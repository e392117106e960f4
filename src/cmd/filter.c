/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices a command is about. */
#include "cmd/filter.h"

#include "base/text.h"
#include "mdev/address.h"

static bool fits(const struct filter *filter, const char *parent, uint32_t group,
		 const struct device *device)
{
	const struct type type = {.id = device->type, .name = device->type_name};

	return (!parent || streq(device->parent, parent)) && (!group || device->group == group) &&
	       (!filter->type || type_matches(&type, filter->type));
}

static bool has(const struct filtered *filtered, const struct device *device)
{
	for (size_t i = 0; i < filtered->n; i++)
		if (filtered->list[i] == device)
			return true;
	return false;
}

static int find_named(struct context *context, struct inventory *inventory, unsigned needs,
		      struct filtered *ret, struct err *err)
{
	for (size_t i = 0; i < context->args.n; i++) {
		struct device *device =
			inventory_find_device(inventory, context->args.list[i],
					      needs & ~(unsigned)NEED_DEVICE_HOLDERS, err);

		if (!device)
			return -1;
		if (!has(ret, device))
			*pool_push(context->pool, ret->list, ret->n) = device;
	}
	/* once for all of them */
	if (needs & NEED_DEVICE_HOLDERS)
		inventory_load_holders(inventory, ret->list, ret->n);
	return 0;
}

/* Nothing fits: is that because there is no such parent or type? */
static int check_known(struct context *context, const struct filter *filter, struct err *err)
{
	autoinventory struct inventory inventory = {0};
	const char *nearest;

	inventory_init(&inventory, &context->root);
	if (filter->parent && !inventory_find_parent(&inventory, filter->parent, 0, err))
		return -1;
	if (!filter->type)
		return 0;
	inventory_load_parents(&inventory, NEED_TYPE_NAME);
	for (size_t i = 0; i < inventory.n_parents; i++)
		if (parent_find_type(inventory.parents[i], filter->type))
			return 0;
	nearest = inventory_nearest_type(&inventory, filter->type);
	err_set(err, ERR_NOT_FOUND, "no parent offers a type '%s'", filter->type);
	if (nearest)
		err_hint(err, "did you mean '%s'?", nearest);
	return -1;
}

int filter_devices(struct context *context, struct inventory *inventory,
		   const struct filter *filter, unsigned needs, struct filtered *ret,
		   struct err *err)
{
	struct definition checked = {0};
	struct filtered found = {0};
	const char *parent = NULL;

	if (filter->group && definition_set(&checked, context->pool, DEFINITION_GROUP, "--group",
					    filter->group, err) < 0)
		return -1;
	if (filter->parent) {
		parent = address_parent_name(context->pool, filter->parent);
		if (!parent)
			return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent",
				       filter->parent);
	}
	needs |= (filter->group ? NEED_DEVICE_RECORD : 0U) |
		 (filter->type ? NEED_DEVICE_TYPE | NEED_DEVICE_TYPE_NAME : 0U);
	if (context->args.n) {
		if (find_named(context, inventory, needs, &found, err) < 0)
			return -1;
	} else {
		inventory_load_devices(inventory, needs);
		found = (struct filtered){inventory->devices, inventory->n_devices};
	}
	*ret = (struct filtered){0};
	for (size_t i = 0; i < found.n; i++)
		if (fits(filter, parent, checked.group, found.list[i]))
			*pool_push(context->pool, ret->list, ret->n) = found.list[i];
	return ret->n ? 0 : check_known(context, filter, err);
}
