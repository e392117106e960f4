/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices a command is about. */
#include "cmd/filter.h"

#include "mdev/address.h"

static bool has(const struct filtered *filtered, const struct device *device)
{
	for (size_t i = 0; i < filtered->n; i++)
		if (filtered->list[i] == device)
			return true;
	return false;
}

/* One that is defined and not active is none yet. */
static int no_device(struct inventory *inventory, const char *given, struct err *err)
{
	autoerr struct err ignored = {0};

	if (err->kind == ERR_NOT_FOUND && store_find(inventory, given, NULL, &ignored))
		err_hint(err, "it is defined, but not active: 'mdevtool start %s' makes it", given);
	return -1;
}

static int find_named(struct context *context, struct inventory *inventory, unsigned needs,
		      struct filtered *ret, struct err *err)
{
	for (size_t i = 0; i < context->args.n; i++) {
		struct device *device =
			inventory_find_device(inventory, context->args.list[i],
					      needs & ~(unsigned)NEED_DEVICE_HOLDERS, err);

		if (!device)
			return no_device(inventory, context->args.list[i], err);
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
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "'mdevtool list-types --all' shows what there is");
}

/* What the filter's texts mean. */
struct checked {
	const char *parent; /* NULL for any */
	uint32_t group;     /* 0 for any */
	const char *type;   /* NULL for any */
};

static bool fits(const struct checked *checked, uint32_t group, const char *id, const char *name)
{
	const struct type type = {.id = id, .name = name};

	return (!checked->group || group == checked->group) &&
	       (!checked->type || type_matches(&type, checked->type));
}

static int check_filter(struct context *context, const struct filter *filter, struct checked *ret,
			struct err *err)
{
	struct definition definition = {0};

	if (filter->group && definition_set(&definition, context->pool, DEFINITION_GROUP, "--group",
					    filter->group, err) < 0)
		return err_hint(err, "'mdevtool list' shows which groups there are");
	*ret = (struct checked){.group = definition.group, .type = filter->type};
	if (!filter->parent)
		return 0;
	ret->parent = address_parent_name(context->pool, filter->parent);
	if (!ret->parent)
		return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent",
			       filter->parent);
	return 0;
}

int filter_devices(struct context *context, struct inventory *inventory,
		   const struct filter *filter, unsigned needs, struct filtered *ret,
		   struct err *err)
{
	struct filtered found = {0};
	struct checked checked = {0};

	if (check_filter(context, filter, &checked, err) < 0)
		return -1;
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
		if ((!checked.parent || device_is_at(found.list[i], checked.parent)) &&
		    fits(&checked, found.list[i]->group, found.list[i]->type,
			 found.list[i]->type_name))
			*pool_push(context->pool, ret->list, ret->n) = found.list[i];
	return ret->n ? 0 : check_known(context, filter, err);
}

static void add_definition(struct context *context, struct filtered_definitions *found,
			   struct stored *stored)
{
	for (size_t i = 0; i < found->n; i++)
		if (store_is_same(found->list[i], stored))
			return;
	*pool_push(context->pool, found->list, found->n) = stored;
}

int filter_definitions(struct context *context, struct inventory *inventory,
		       const struct filter *filter, struct filtered_definitions *ret,
		       struct err *err)
{
	struct filtered_definitions found = {0};
	struct checked checked = {0};

	if (check_filter(context, filter, &checked, err) < 0)
		return -1;
	for (size_t i = 0; i < context->args.n; i++) {
		struct stored *stored =
			store_find(inventory, context->args.list[i], checked.parent, err);

		if (!stored)
			return -1;
		add_definition(context, &found, stored);
	}
	if (!context->args.n) {
		store_load(inventory, checked.parent, NULL);
		found = (struct filtered_definitions){inventory->definitions,
						      inventory->n_definitions};
	}
	*ret = (struct filtered_definitions){0};
	for (size_t i = 0; i < found.n; i++)
		if ((!checked.parent || streq(found.list[i]->definition.parent, checked.parent)) &&
		    fits(&checked, found.list[i]->definition.group, found.list[i]->definition.type,
			 found.list[i]->definition.type_name))
			*pool_push(context->pool, ret->list, ret->n) = found.list[i];
	return 0;
}
