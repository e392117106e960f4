/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Definitions that last. What mdevctl knows lies in its own files, /etc/mdevctl.d/PARENT/UUID, in
 * its own format (its man page; seen: 1.2.0 and 1.4.0), so that both tools can work on one host.
 * What it does not know, name, group, params and the type's name, lies in /etc/mdevtool.d/UUID:
 * mdevctl's "modify" drops keys that it does not know.
 *
 * The two files of a definition change as one: ours holds a version for each state of mdevctl's
 * file, which it tells by inode and birth (mdevctl modifies in place) or by modification time (a
 * backup that was restored). A version whose file is gone, or was undefined and defined anew by
 * somebody else, means nothing any more.
 *
 * What is a link, or belongs neither to root nor to us, or may be written by others, directories
 * too, is no definition: readers get a warning, and whoever writes there ERR_DENIED.
 */
#pragma once

#include "mdev/definition.h"
#include "mdev/model.h"

#define STORE_DIR "/etc/mdevctl.d"
#define STORE_OWN "/etc/mdevtool.d"

/* A definition as it is kept. */
struct stored {
	struct definition definition; /* `file` is its path; parent, uuid and type are there */
	const char *file_name;        /* the UUID as its file spells it */
	const char *text;             /* the file, whose unknown keys stay; NULL for a new one */
	bool active;                  /* see store_load_states() */
};

/*
 * Whether it can be the name of a parent: mdevctl's call-outs lie among its parents, and the name
 * of no device begins with a dot.
 */
bool store_can_hold(const char *parent);
/* Whether both are of one file: each look at what is kept makes new ones. */
bool store_is_same(const struct stored *one, const struct stored *other);

/*
 * Fills inventory->definitions, sorted by parent and UUID: all, or those of one parent, or of one
 * UUID (lower case). One that cannot be read is a warning that names the file, and the place in it.
 */
void store_load(struct inventory *inventory, const char *parent, const char *uuid);
/* Only those with a name or a group, without a look at the others. */
void store_load_named(struct inventory *inventory);
/*
 * The definition that `given` means: a UUID, a unique prefix of one, a name, or the address of a
 * slot whose device it describes, or that it is for; `parent` (NULL for any) tells apart those that
 * have the same UUID. Loads what it needs. ERR_NOT_FOUND, ERR_INVALID for an ambiguous one, or for
 * one whose file cannot be read; others that cannot are no warnings.
 */
struct stored *store_find(struct inventory *inventory, const char *given, const char *parent,
			  struct err *err);

/* Finds out which of these are active: a device of that UUID is on that parent. */
void store_load_states(struct inventory *inventory, struct stored *const *list, size_t n);

/*
 * Writes both files, new or in the place of the old ones; a crash leaves either state, whole. The
 * caller holds the lock of the names.
 */
int store_write(const struct root *root, const struct stored *stored, struct err *err);
/* Removes mdevctl's file, with which what is ours means nothing any more; missing is fine. */
int store_remove(const struct root *root, const struct stored *stored, struct err *err);
/* Removes what is ours of definitions of that UUID that are gone. */
int store_forget(const struct root *root, const struct stored *stored, struct err *err);

/*
 * For sets: from store_hold() to store_let_go() a definition can be had back as it was then, with
 * what is ours, whatever store_write() or store_remove() made of it; a full disk is no hindrance.
 * store_take_back() of one that is as it was does nothing.
 */
int store_hold(const struct root *root, const struct stored *stored, struct err *err);
int store_take_back(const struct root *root, const struct stored *stored, struct err *err);
int store_let_go(const struct root *root, const struct stored *stored, struct err *err);
bool store_is_held(const struct root *root, const char *uuid);

/*
 * The definition in mdevctl's format with the unknown keys that it has: indented by two as mdevctl
 * writes it, or in one line as its call-outs and libvirt do.
 */
const char *store_json(struct pool *pool, const struct stored *stored, bool compact);

/*
 * Removes what is in STORE_OWN for definitions that are gone, appending their UUIDs to *uuids, and
 * notes which files those are that a backup brought back. True when there is something to do, which
 * with dry_run is left undone; otherwise the caller holds the lock of the names.
 */
bool store_prune(const struct root *root, struct pool *pool, bool dry_run, const char ***uuids,
		 size_t *n);
/*
 * Removes what a killed run left of a definition that it was changing: temporary files, second
 * names, and what was kept of it when it is not defined. The caller holds the lock of the names.
 */
void store_tidy(const struct root *root, const char *uuid);
