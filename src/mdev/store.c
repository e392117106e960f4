/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions are read and found: files of mdevctl's, and what is ours beside them. */
#include "mdev/store.h"

#include "base/file.h"
#include "base/text.h"
#include "mdev/address.h"
#include "mdev/inventory.h"
#include "mdev/store-open.h"
#include "mdev/store-own.h"
#include "mdev/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

bool store_can_hold(const char *parent)
{
	return text_is_component(parent) && *parent != '.' && !streq(parent, "scripts.d");
}

bool store_is_same(const struct stored *one, const struct stored *other)
{
	return streq(one->definition.parent, other->definition.parent) &&
	       streq(one->file_name, other->file_name);
}

struct loading {
	struct inventory *inventory;
	int own;                /* STORE_OWN, -1 without */
	const char *own_failed; /* why it cannot be read */
	enum err_kind own_kind;
	struct entries own_files;
	const char *only_uuid;
	const char *meant;  /* the beginning of a UUID, NULL for none */
	struct err *broken; /* of the first that is meant and cannot be read */
};

static int add_own(const struct loading *loading, int fd, struct stored *stored, struct err *err)
{
	if (loading->own_failed)
		return err_set(err, loading->own_kind, "%s", loading->own_failed);
	if (!entries_find(&loading->own_files, stored->definition.uuid))
		return 0;
	return own_add(loading->own, fd, loading->inventory->pool, stored, err);
}

static void warn_broken(const struct loading *loading, const char *name, const char *path,
			struct err *err)
{
	struct inventory *inventory = loading->inventory;
	const char *place = err->line ? pool_printf(inventory->pool, "%s:%d:%d", err->file,
						    err->line, err->column)
				      : path;

	inventory_warn(inventory, place, "%s", err->message);
	if (!loading->meant || strncasecmp(name, loading->meant, strlen(loading->meant)) != 0)
		return;
	if (!err->line)
		err_wrap(err, "the definition '%s'", path);
	if (err->kind != ERR_DENIED)
		err_hint(err, "correct the file, or remove it");
	err_keep_first(loading->broken, err);
}

static int open_stored(int dir, const char *name, struct err *err)
{
	struct stat st;
	autoclose int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP ? store_refuse_link(err)
				      : err_errno(err, errno, "cannot open it");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "not a file");
	return store_judge(fd, S_IFREG, err) < 0 ? -1 : take_fd(&fd);
}

static void load_one(const struct loading *loading, int dir, const char *parent, const char *name)
{
	struct inventory *inventory = loading->inventory;
	struct pool *pool = inventory->pool;
	const char *path = pool_printf(pool, STORE_DIR "/%s/%s", parent, name);
	struct stored *stored = pool_alloc(pool, sizeof(*stored));
	autoerr struct err err = {0};
	autoclose int fd = open_stored(dir, name, &err);
	char *text;
	size_t length;

	if (fd < 0 || file_read(fd, path, DOCUMENT_MAX, pool, &text, &length, &err) < 0 ||
	    definition_parse_stored(path, text, length, pool, &stored->definition, &err) < 0) {
		if (err.errnum != ENOENT) /* it may vanish while we look */
			warn_broken(loading, name, path, &err);
		return;
	}
	stored->definition.uuid = text_lower(pool, name);
	stored->definition.parent = parent;
	stored->file_name = name;
	stored->text = text;
	if (add_own(loading, fd, stored, &err) < 0)
		warn_broken(loading, name, path, &err);
	else
		*pool_push(pool, inventory->definitions, inventory->n_definitions) = stored;
}

static void load_parent(const struct loading *loading, const char *parent)
{
	struct inventory *inventory = loading->inventory;
	const char *path = pool_printf(inventory->pool, STORE_DIR "/%s", parent);
	autoerr struct err err = {0};
	autoclose int dir = store_open_parent(inventory->root, parent, false, &err);
	struct entries files = {0};

	if (dir >= 0 && dir_list(dir, inventory->pool, &files) < 0)
		inventory_warn_errno(inventory, path, errno);
	if (dir < 0 && err.errnum != ENOENT && err.errnum != ENOTDIR)
		inventory_warn(inventory, path, "%s", err.message);
	for (size_t i = 0; i < files.n; i++) {
		const char *name = files.list[i].name;

		if (loading->only_uuid && strcasecmp(name, loading->only_uuid) != 0)
			continue;
		if (uuid_is_valid(name))
			load_one(loading, dir, parent, name);
		else
			inventory_warn(inventory, pool_printf(inventory->pool, "%s/%s", path, name),
				       "not a definition: its name is no UUID");
	}
}

static int compare_stored(const void *a, const void *b)
{
	const struct stored *const *x = a, *const *y = b;
	int order = strcmp((*x)->definition.parent, (*y)->definition.parent);

	return order ? order : strcmp((*x)->definition.uuid, (*y)->definition.uuid);
}

/* Returns the descriptor of STORE_OWN, -1 without; the caller closes it after the loading. */
static int begin(struct loading *loading, struct inventory *inventory)
{
	autoerr struct err err = {0};

	loading->inventory = inventory;
	loading->own = store_open(inventory->root, STORE_OWN, &err);
	inventory->definitions = NULL;
	inventory->n_definitions = 0;
	if (loading->own >= 0 && dir_list(loading->own, inventory->pool, &loading->own_files) < 0)
		err_errno(&err, errno, "cannot read it");
	if (err.kind && err.errnum != ENOENT) {
		loading->own_failed =
			pool_printf(inventory->pool, "'%s': %s", STORE_OWN, err.message);
		loading->own_kind = err.kind;
	}
	return loading->own;
}

/* The names of the parents, of which there are none in what others may change. */
static void list_parents(struct inventory *inventory, struct entries *ret)
{
	autoerr struct err err = {0};
	autoclose int top = store_open(inventory->root, STORE_DIR, &err);

	if (top >= 0 && dir_list(top, inventory->pool, ret) < 0)
		inventory_warn_errno(inventory, STORE_DIR, errno);
	if (top < 0 && err.errnum != ENOENT)
		inventory_warn(inventory, STORE_DIR, "%s", err.message);
}

static void sort(struct inventory *inventory)
{
	if (inventory->n_definitions)
		qsort(inventory->definitions, inventory->n_definitions,
		      sizeof(*inventory->definitions), compare_stored);
}

static void load(struct loading *loading, struct inventory *inventory, const char *parent)
{
	struct entries parents = {0};
	autoclose int own = begin(loading, inventory);

	if (parent)
		*pool_push(inventory->pool, parents.list, parents.n) =
			(struct entry){.name = parent};
	else
		list_parents(inventory, &parents);
	for (size_t i = 0; i < parents.n; i++)
		if (store_can_hold(parents.list[i].name))
			load_parent(loading, parents.list[i].name);
	sort(inventory);
}

void store_load(struct inventory *inventory, const char *parent, const char *uuid)
{
	struct loading loading = {.only_uuid = uuid};

	load(&loading, inventory, parent);
}

static void load_single(const struct loading *loading, const char *parent, const char *name)
{
	autoerr struct err ignored = {0}; /* as any that is gone */
	autoclose int dir = store_open_parent(loading->inventory->root, parent, false, &ignored);

	if (dir >= 0)
		load_one(loading, dir, parent, name);
}

/* "PARENT/FILE" */
static void load_key(const struct loading *loading, const char *key)
{
	struct pool *pool = loading->inventory->pool;
	const char *slash = strchr(key, '/');

	if (!slash || !uuid_is_valid(slash + 1))
		return;
	const char *parent = pool_strndup(pool, key, (size_t)(slash - key));
	if (store_can_hold(parent))
		load_single(loading, parent, slash + 1);
}

void store_load_named(struct inventory *inventory)
{
	struct loading loading = {0};
	autoclose int own = begin(&loading, inventory);
	const char **keys = NULL;
	size_t n = 0;

	for (size_t i = 0; i < loading.own_files.n; i++)
		own_named(own, loading.own_files.list[i].name, inventory->pool, &keys, &n);
	for (size_t i = 0; i < n; i++)
		load_key(&loading, keys[i]);
	sort(inventory);
}

/* Finding */

/* `unread` is what could not be looked at, NULL when all could. */
static int no_such_definition(struct inventory *inventory, const char *given, const char *parent,
			      const struct warning *unread, struct err *err)
{
	autoerr struct err ignored = {0}, absent = {0};
	const char **words = NULL;
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_definitions; i++) {
		const struct definition *definition = &inventory->definitions[i]->definition;

		*pool_push(inventory->pool, words, n) = definition->name && !uuid_is_prefix(given)
								? definition->name
								: definition->uuid;
	}
	err_set(err, ERR_NOT_FOUND, "no definition '%s'%s%s%s", given, parent ? " on '" : "",
		parent ? parent : "", parent ? "'" : "");
	struct stored *elsewhere = parent ? store_find(inventory, given, NULL, &ignored) : NULL;
	if (elsewhere)
		return err_hint(err, "it is defined on '%s'", elsewhere->definition.parent);
	if (inventory_find_device(inventory, given, 0, &absent))
		return err_hint(err,
				"it is a device that is not defined: 'mdevtool define %s' "
				"keeps it",
				given);
	if (unread)
		return err_hint(err, "it could be what cannot be read: %s: %s", unread->file,
				unread->message);
	const char *nearest = text_nearest(given, words, n);
	if (nearest)
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "'mdevtool list --defined' shows them all");
}

static int ambiguous(struct inventory *inventory, const char *given, struct stored *const *found,
		     size_t n, struct err *err)
{
	const char *candidates = "";
	bool same = true;

	for (size_t i = 0; i < n; i++)
		same &= streq(found[i]->definition.uuid, found[0]->definition.uuid);
	for (size_t i = 0; i < n; i++)
		candidates =
			pool_printf(inventory->pool, "%s%s%s", candidates, i ? ", " : "",
				    same ? found[i]->definition.parent : found[i]->definition.uuid);
	err_set(err, ERR_INVALID, same ? "'%s' is defined on several parents" : "'%s' is ambiguous",
		given);
	return err_hint(err, same ? "say which with --parent: %s" : "it could be %s", candidates);
}

/* What a PCI address means: the device in that slot, and what is defined for it. */
struct slot {
	const char *address; /* NULL when none is given */
	const char *uuid;    /* of its device; NULL without one */
};

static struct slot read_slot(struct inventory *inventory, const char *given)
{
	struct slot slot = {.address = address_parent_name(inventory->pool, given)};
	autoerr struct err absent = {0};
	const struct parent *parent;
	struct pci_address a;

	if (!slot.address || !pci_address_parse(slot.address, &a))
		return (struct slot){0};
	parent = inventory_find_parent(inventory, slot.address, 0, &absent);
	if (!parent || !parent_slot(parent, slot.address))
		return (struct slot){0};
	inventory_load_devices(inventory, 0);
	for (size_t i = 0; i < inventory->n_devices; i++) {
		const struct device *device = inventory->devices[i];

		if (device->address && streq(device->address, slot.address))
			slot.uuid = device->uuid;
	}
	return slot;
}

static bool is_meant(const struct definition *definition, const char *given,
		     const struct slot *slot)
{
	if (slot->uuid)
		return streq(definition->uuid, slot->uuid);
	if (slot->address)
		return streq(definition->parent, slot->address);
	if (uuid_is_prefix(given))
		return strncasecmp(definition->uuid, given, strlen(given)) == 0;
	return definition->name && streq(definition->name, given);
}

struct stored *store_find(struct inventory *inventory, const char *given, const char *parent,
			  struct err *err)
{
	size_t n = 0, n_warnings = inventory->n_warnings;
	autoerr struct err broken = {0};
	struct stored **found = NULL;
	struct loading loading = {
		.only_uuid = uuid_is_valid(given) ? given : NULL,
		.meant = uuid_is_prefix(given) ? given : NULL,
		.broken = &broken,
	};

	const struct slot slot = read_slot(inventory, given);
	load(&loading, inventory, parent);
	const struct warning *unread =
		inventory->n_warnings > n_warnings ? &inventory->warnings[n_warnings] : NULL;
	inventory->n_warnings = n_warnings; /* about others, which are none's business here */
	for (size_t i = 0; i < inventory->n_definitions; i++)
		if (is_meant(&inventory->definitions[i]->definition, given, &slot))
			*pool_push(inventory->pool, found, n) = inventory->definitions[i];
	if (n == 1)
		return found[0];
	if (n)
		ambiguous(inventory, given, found, n, err);
	else if (broken.kind)
		err_keep_first(err, &broken);
	else
		no_such_definition(inventory, given, parent, unread, err);
	return NULL;
}

static int compare_uuid(const void *key, const void *element)
{
	const struct device *const *device = element;

	return strcmp(key, (*device)->uuid);
}

void store_load_states(struct inventory *inventory, struct stored *const *list, size_t n)
{
	inventory_load_devices(inventory, 0);
	for (size_t i = 0; i < n && inventory->n_devices; i++) {
		struct device *const *found =
			bsearch(list[i]->definition.uuid, inventory->devices, inventory->n_devices,
				sizeof(*inventory->devices), compare_uuid);

		list[i]->active = found && device_is_at(*found, list[i]->definition.parent);
	}
}
