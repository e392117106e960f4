/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing parents for a set of definitions. */
#include "mdev/operation.h"

#include "mdev/address.h"

/* Slots */

static bool is_taken(const struct creations *creations, const struct parent *parent,
		     const char *slot)
{
	for (size_t i = 0; i < creations->n; i++)
		if (creations->list[i].request.slot &&
		    creations->list[i].request.type->parent == parent &&
		    streq(creations->list[i].request.slot, slot))
			return true;
	return false;
}

/* A definition whose parent is a slot goes there and nowhere else. */
static bool is_meant(struct pool *pool, const struct definitions *definitions, const char *slot)
{
	for (size_t i = 0; i < definitions->n; i++) {
		const char *given = definitions->list[i].parent;
		const char *name = given ? address_parent_name(pool, given) : NULL;

		if (name && streq(name, slot))
			return true;
	}
	return false;
}

/* The first that is free, and better one that is meant for no other device of the set. */
static const char *choose_slot(const struct creations *creations,
			       const struct definitions *definitions, const struct type *type)
{
	const char *second = NULL;

	for (size_t i = 0; i < type->n_slots; i++) {
		const char *slot = type->slots[i];

		if (is_taken(creations, type->parent, slot))
			continue;
		if (!is_meant(creations->inventory.pool, definitions, slot))
			return slot;
		second = second ? second : slot;
	}
	return second;
}

/* Room */

/* A type may have been read more than once. */
static bool is_same(const struct type *one, const struct type *other)
{
	return streq(one->parent->name, other->parent->name) && streq(one->id, other->id);
}

/* The room that is left on a type after those of the set that were placed there before. */
static int64_t room_left(const struct creations *creations, const struct type *type)
{
	int64_t room = type->available;

	if (type->parent->n_slots) {
		room = 0;
		for (size_t i = 0; i < type->n_slots; i++)
			room += !is_taken(creations, type->parent, type->slots[i]);
		return room;
	}
	for (size_t i = 0; i < creations->n; i++)
		if (is_same(creations->list[i].request.type, type))
			room--;
	return room;
}

/* What could not be read may have it. */
static void add_doubt(const struct inventory *inventory, struct err *err)
{
	const struct warning *first = inventory->warnings;

	if (!inventory->n_warnings)
		return;
	err_append(err, "; but not all could be read: %s%s%s", first->file ? first->file : "",
		   first->file ? ": " : "", first->message);
}

int refuse_type(struct inventory *inventory, const struct parent *parent, const char *type,
		struct err *err)
{
	const char *nearest = inventory_nearest_type(inventory, type);

	if (parent)
		err_set(err, ERR_NOT_FOUND, "'%s' offers no type '%s'", parent->name, type);
	else
		err_set(err, ERR_NOT_FOUND, "no parent offers a type '%s'", type);
	add_doubt(inventory, err);
	if (nearest)
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "'mdevtool list-types --all%s%s' shows what there is",
			parent ? " " : "", parent ? parent->name : "");
}

static const char *name_in_brackets(struct pool *pool, const char *name)
{
	return name ? pool_printf(pool, " (%s)", name) : "";
}

/* Another parent that could make it, for the hint. */
static const struct type *elsewhere(struct creations *creations, const struct type *type)
{
	struct inventory *inventory = &creations->inventory;

	inventory_load_parents(inventory, NEED_TYPE_NAME | NEED_TYPE_ROOM);
	for (size_t i = 0; i < inventory->n_parents; i++) {
		const struct type *other = parent_find_type(inventory->parents[i], type->id);

		if (other && streq(other->id, type->id) && other->available > 0 &&
		    !streq(other->parent->name, type->parent->name))
			return other;
	}
	return NULL;
}

static int no_room(struct creations *creations, const struct type *type, struct err *err)
{
	struct pool *pool = creations->inventory.pool;
	int64_t room = type->available;

	if (room == UNKNOWN)
		return err_set(err, ERR_FAILED,
			       "cannot tell the room for '%s' on '%s': it cannot be read", type->id,
			       type->parent->name);
	err_set(err, ERR_NO_ROOM, "cannot create '%s'%s on '%s': no room", type->id,
		name_in_brackets(pool, type->name), type->parent->name);
	if (room > 0)
		err_append(err, " for so many");
	if (type->room_file)
		err_append(err, ", %s is %lld", type->room_file, (long long)room);
	else if (room > 0)
		err_append(err, ", there are %lld places", (long long)room);
	const struct type *other = elsewhere(creations, type);
	if (type->reason && !type->room_file)
		err_hint(err, "%s: %s", type->reason, type->fix);
	else
		err_hint(err, "'mdevtool list --parent %s' shows what occupies it",
			 type->parent->name);
	if (other)
		err_hint(err, "%s; '%s' has room for %lld", err->hint, other->parent->name,
			 (long long)other->available);
	return -1;
}

/* What is to be known of the type that is made. */
#define TYPE_NEEDS (NEED_TYPE_NAME | NEED_TYPE_ROOM | NEED_TYPE_RULES)

/* And of the parents. A dry run tells where it would go in words. */
static unsigned needs_of(const struct create_options *options)
{
	unsigned needs = 0;

	if (options->placement == PLACEMENT_NUMA)
		needs |= NEED_PARENT_FACTS;
	return options->dry_run ? needs | NEED_PARENT_PRODUCT : needs;
}

/* The slot that the definition names instead of a parent; NULL when it names none. */
static const char *slot_meant(struct pool *pool, const struct parent *parent,
			      const struct definition *definition)
{
	const char *name = address_parent_name(pool, definition->parent);

	return name ? parent_slot(parent, name) : NULL;
}

static int in_slot(const struct creations *creations, const char *slot, struct creation *creation,
		   struct err *err)
{
	const struct type *type = creation->request.type;

	for (size_t i = 0; i < type->n_slots; i++)
		if (streq(type->slots[i], slot) && !is_taken(creations, type->parent, slot)) {
			creation->request.slot = type->slots[i];
			return 0;
		}
	err_set(err, ERR_NO_ROOM,
		"cannot create '%s'%s on '%s': it has a type already, or does not "
		"offer this one now",
		type->id, name_in_brackets(creations->inventory.pool, type->name), slot);
	return err_hint(err, "'mdevtool list --parent %s' shows what it has", slot);
}

/*
 * An id of another dialect is only a number: what was defined as that must still have the name that
 * it had.
 */
static int check_old_id(const struct type *type, const struct definition *definition,
			struct err *err)
{
	if (streq(type->id, definition->type) || !type->old_id ||
	    !streq(type->old_id, definition->type) || !definition->type_name || !type->name ||
	    streq(definition->type_name, type->name))
		return 0;
	err_set(err, ERR_INVALID, "'%s' was '%s' when it was defined, but '%s' on '%s' is '%s'",
		definition->type, definition->type_name, type->id, type->parent->name, type->name);
	return err_hint(err, "'mdevtool list-types %s' shows what there is now",
			type->parent->name);
}

/* Where types come and go, one that was seen when it was defined is no mistake. */
static int refuse_unlisted(struct inventory *inventory, const struct parent *parent,
			   const struct definition *definition, struct err *err)
{
	if (!parent->dialect->hides_types || !definition->type_name)
		return refuse_type(inventory, parent, definition->type, err);
	err_set(err, ERR_NO_ROOM, "cannot create '%s' (%s) on '%s': no room, it is not listed now",
		definition->type, definition->type_name, parent->name);
	add_doubt(inventory, err);
	return err_hint(err, "'mdevtool list-types --all %s' shows what is", parent->name);
}

static int on_named_parent(struct creations *creations, const struct definitions *definitions,
			   const struct definition *definition,
			   const struct create_options *options, struct creation *creation,
			   struct err *err)
{
	unsigned needs = needs_of(options);
	struct parent *parent =
		inventory_find_parent(&creations->inventory, definition->parent, needs, err);
	const struct type *type;

	if (!parent)
		return -1;
	type = inventory_find_type(&creations->inventory, parent, definition->type, TYPE_NEEDS);
	if (!type)
		return refuse_unlisted(&creations->inventory, parent, definition, err);
	if (check_old_id(type, definition, err) < 0)
		return -1;
	creation->request.type = type;
	const char *slot = slot_meant(creations->inventory.pool, parent, definition);
	if (slot)
		return in_slot(creations, slot, creation, err);
	/* a room that cannot be read is the plan's to report, with its reason */
	if (type->available != UNKNOWN && room_left(creations, type) <= 0)
		return no_room(creations, type, err);
	creation->request.slot = choose_slot(creations, definitions, type);
	return 0;
}

/* Whether `a`, with so much room, is a better place than `b`; ties go by address. */
static bool is_better(enum placement placement, int64_t a, int64_t b)
{
	return placement == PLACEMENT_SPREAD ? a > b : a < b;
}

static int on_any_parent(struct creations *creations, const struct definitions *definitions,
			 const struct definition *definition, const struct create_options *options,
			 struct creation *creation, struct err *err)
{
	struct inventory *inventory = &creations->inventory;
	const struct type *best = NULL, *full = NULL;
	int64_t places = 0;

	inventory_load_parents(inventory, needs_of(options));
	for (size_t i = 0; i < inventory->n_parents; i++) {
		struct parent *parent = inventory->parents[i];
		const struct type *type =
			inventory_find_type(inventory, parent, definition->type, TYPE_NEEDS);

		if (!type || (options->placement == PLACEMENT_NUMA &&
			      parent->numa_node != options->numa_node))
			continue;
		creation->n_candidates++;
		places += type->available > 0 ? type->available : 0;
		if (room_left(creations, type) <= 0)
			full = full ? full : type;
		else if (!best || is_better(options->placement, room_left(creations, type),
					    room_left(creations, best)))
			best = type;
	}
	if (!best && !full && options->placement == PLACEMENT_NUMA)
		return err_set(err, ERR_NOT_FOUND, "no parent on NUMA node %lld offers a type '%s'",
			       (long long)options->numa_node, definition->type);
	if (!best && !full)
		return refuse_type(inventory, NULL, definition->type, err);
	if (!best && creation->n_candidates == 1)
		return no_room(creations, full, err);
	if (!best) {
		err_set(err, ERR_NO_ROOM, "cannot create '%s'%s: no room%s on any of %zu parents",
			full->id, name_in_brackets(inventory->pool, full->name),
			places > 0 ? " for so many" : "", creation->n_candidates);
		if (places > 0)
			err_append(err, ", there are %lld places together", (long long)places);
		/* other types may share their room */
		return err_hint(err, "'mdevtool list' shows what occupies them");
	}
	creation->request.type = best;
	creation->request.slot = choose_slot(creations, definitions, best);
	return check_old_id(best, definition, err);
}

int operation_place(struct creations *creations, const struct definitions *definitions,
		    const struct create_options *options, struct err *err)
{
	struct pool *pool = creations->inventory.pool;

	for (size_t i = 0; i < definitions->n; i++) {
		const struct definition *definition = &definitions->list[i];
		struct creation creation = {.definition = definition};
		int placed = definition->parent
				     ? on_named_parent(creations, definitions, definition, options,
						       &creation, err)
				     : on_any_parent(creations, definitions, definition, options,
						     &creation, err);

		if (placed < 0)
			return definition_locate(definition, err);
		*pool_push(pool, creations->list, creations->n) = creation;
	}
	return 0;
}
