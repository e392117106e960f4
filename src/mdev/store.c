/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions as files: mdevctl's and ours beside it. */
#include "mdev/store.h"

#include "base/file.h"
#include "base/text.h"
#include "mdev/address.h"
#include "mdev/inventory.h"
#include "mdev/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

/* What a file is called while it is written, below STORE_DIR and STORE_OWN (see file_replace()). */
#define TEMPORARY ".%s.tmp"

/* Which file a version of ours belongs to. */
struct identity {
	uint64_t inode;
	const char *birth; /* "SECONDS.NANOSECONDS"; "" where the file system keeps none */
	const char *modified;
};

bool store_can_hold(const char *parent)
{
	return text_is_component(parent) && *parent != '.' && !streq(parent, "scripts.d");
}

bool store_is_same(const struct stored *one, const struct stored *other)
{
	return streq(one->definition.parent, other->definition.parent) &&
	       streq(one->file_name, other->file_name);
}

/* What tells definitions apart below STORE_DIR. */
static const char *key_of(struct pool *pool, const struct stored *stored)
{
	return pool_printf(pool, "%s/%s", stored->definition.parent, stored->file_name);
}

/* Reading ours */

static const char *timestamp(struct pool *pool, const struct statx_timestamp *time)
{
	return pool_printf(pool, "%lld.%09u", (long long)time->tv_sec, time->tv_nsec);
}

static bool identify(int dir, const char *name, struct pool *pool, struct identity *ret)
{
	struct statx st;

	if (statx(dir, name, AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return false;
	*ret = (struct identity){
		.inode = st.stx_ino,
		.birth = st.stx_mask & STATX_BTIME ? timestamp(pool, &st.stx_btime) : "",
		.modified = timestamp(pool, &st.stx_mtime),
	};
	return true;
}

static bool identify_path(const struct root *root, const char *path, struct pool *pool,
			  struct identity *ret)
{
	autoclose int fd = root_openat(root, path, O_PATH);

	return fd >= 0 && identify(fd, "", pool, ret);
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

/* Many archives keep whole seconds only. */
static bool is_same_time(const char *kept, const char *now)
{
	static const char whole[] = ".000000000";
	size_t seconds = strcspn(now, ".");

	return streq(kept, now) || (streq(now + seconds, whole) && kept[seconds] == '.' &&
				    strncmp(kept, now, seconds) == 0);
}

static bool is_of(const json_t *version, const char *key, const struct identity *identity)
{
	if (!streq(text_of(version, "definition"), key))
		return false;
	if (is_same_time(text_of(version, "modified"), identity->modified))
		return true;
	return (uint64_t)json_integer_value(json_object_get(version, "inode")) == identity->inode &&
	       streq(text_of(version, "birth"), identity->birth);
}

/* What others could change was not put there by root to be made a device of. */
static int judge(int fd, mode_t kind, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot look at it");
	const char *why = file_distrust(&st, kind);
	if (!why)
		return 0;
	if ((st.st_mode & S_IFMT) != kind)
		return err_set(err, ERR_INVALID, "%s", why);
	err_set(err, ERR_DENIED, "%s", why);
	return err_hint(err, "'chown root' and 'chmod go-w' make it root's alone");
}

/* STORE_DIR, or STORE_OWN, which is no link: a descriptor, or -1 with *err. */
static int open_judged(const struct root *root, const char *path, struct err *err)
{
	int flags = streq(path, STORE_OWN) ? O_NOFOLLOW : 0;
	autoclose int fd = root_openat(root, path, O_RDONLY | O_DIRECTORY | flags);

	if (fd < 0)
		return err_errno(err, errno, "cannot read it");
	return judge(fd, S_IFDIR, err) < 0 ? -1 : take_fd(&fd);
}

/* The array of versions, NULL without any; ERR_INVALID and the like when it cannot be told. */
static int read_versions(int own, const char *uuid, json_t **ret, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *what = pool_printf(pool, STORE_OWN "/%s", uuid);
	autoclose int fd = openat(own, uuid, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	json_error_t error;
	size_t length;
	char *text;

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot open '%s'", what);
	if (judge(fd, S_IFREG, err) < 0)
		return err_wrap(err, "cannot use '%s'", what);
	if (file_read(fd, what, DOCUMENT_MAX, pool, &text, &length, err) < 0)
		return -1;
	json_t *json = json_loadb(text, length, 0, &error);
	if (!json)
		return err_at(err, what, error.line, error.column > 0 ? error.column : 1, "%s",
			      error.text);
	*ret = json_incref(json_object_get(json, "versions"));
	json_decref(json);
	if (json_is_array(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return err_at(err, what, 1, 1, "there is no array \"versions\"");
}

/* The same where it makes no difference why there are none. */
static json_t *load_versions(int own, const char *uuid)
{
	autoerr struct err ignored = {0};
	json_t *versions = NULL;

	if (own >= 0)
		read_versions(own, uuid, &versions, &ignored);
	return versions;
}

static const json_t *find_version(const json_t *versions, const char *key,
				  const struct identity *identity)
{
	const json_t *version;
	size_t i;

	json_array_foreach (versions, i, version)
		if (is_of(version, key, identity))
			return version;
	return NULL;
}

static void set_from(struct definition *definition, struct pool *pool, enum definition_field field,
		     const char *value)
{
	autoerr struct err ignored = {0}; /* what is not right in ours is not there */

	if (*value)
		definition_set(definition, pool, field, "", pool_strdup(pool, value), &ignored);
}

static void apply_version(struct stored *stored, struct pool *pool, const json_t *version)
{
	struct definition *definition = &stored->definition;
	json_int_t group = json_integer_value(json_object_get(version, "group"));

	set_from(definition, pool, DEFINITION_NAME, text_of(version, "name"));
	set_from(definition, pool, DEFINITION_PARAMS, text_of(version, "params"));
	if (group > 0 && group <= GROUP_MAX)
		definition->group = (uint32_t)group;
	/* mdevctl may have given it another type since */
	if (streq(text_of(version, "type"), definition->type) && *text_of(version, "type_name"))
		stored->definition.type_name = pool_strdup(pool, text_of(version, "type_name"));
}

/* Reading both */

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

/* What cannot be read is not taken for nothing: it would be lost with the next change. */
static int add_own(const struct loading *loading, int fd, struct stored *stored, struct err *err)
{
	struct pool *pool = loading->inventory->pool;
	const char *uuid = stored->definition.uuid;
	struct identity identity;
	json_t *versions;

	if (loading->own_failed)
		return err_set(err, loading->own_kind, "%s", loading->own_failed);
	if (!entries_find(&loading->own_files, uuid) || !identify(fd, "", pool, &identity))
		return 0;
	if (read_versions(loading->own, uuid, &versions, err) < 0)
		return -1;
	const json_t *version = find_version(versions, key_of(pool, stored), &identity);
	if (version)
		apply_version(stored, pool, version);
	json_decref(versions);
	return 0;
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

/* Whatever a link leads to was not put there to be a definition. */
static int refuse_link(struct err *err)
{
	err_set(err, ERR_INVALID, "a symbolic link, which is not followed");
	err->errnum = ELOOP;
	return -1;
}

static int open_stored(int dir, const char *name, struct err *err)
{
	struct stat st;
	autoclose int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP ? refuse_link(err) : err_errno(err, errno, "cannot open it");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "not a file");
	return judge(fd, S_IFREG, err) < 0 ? -1 : take_fd(&fd);
}

/* The directory of a parent's definitions, made when it is missing and `make` says so. */
static int open_parent(const struct root *root, const char *parent, bool make, struct err *err)
{
	autopool struct pool *pool = pool_new();
	autoclose int top = open_judged(root, STORE_DIR, err);

	if (top < 0)
		return err_wrap(err, STORE_DIR);
	if (make && mkdirat(top, parent, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "cannot make it");
	autoclose int dir = dir_open(top, parent);
	int errnum = errno;
	if (dir >= 0)
		return judge(dir, S_IFDIR, err) < 0 ? -1 : take_fd(&dir);
	return sysfs_link(top, parent, pool) ? refuse_link(err)
					     : err_errno(err, errnum, "cannot open it");
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
	autoclose int dir = open_parent(inventory->root, parent, false, &err);
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
	loading->own = open_judged(inventory->root, STORE_OWN, &err);
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
	autoclose int top = open_judged(inventory->root, STORE_DIR, &err);

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
	autoclose int dir = open_parent(loading->inventory->root, parent, false, &ignored);

	if (dir >= 0)
		load_one(loading, dir, parent, name);
}

/* The versions of one file of ours may be of several definitions. */
static void load_named(const struct loading *loading, const char *uuid)
{
	struct inventory *inventory = loading->inventory;
	json_t *versions = load_versions(loading->own, uuid), *version;
	size_t i;

	json_array_foreach (versions, i, version) {
		char *parent = pool_strdup(inventory->pool, text_of(version, "definition"));
		char *slash = strchr(parent, '/');
		size_t j = 0;

		if (!slash ||
		    (!json_object_get(version, "name") && !json_object_get(version, "group")))
			continue;
		*slash = '\0';
		while (j < i && !streq(text_of(json_array_get(versions, j), "definition"),
				       text_of(version, "definition")))
			j++;
		if (j == i && store_can_hold(parent) && uuid_is_valid(slash + 1))
			load_single(loading, parent, slash + 1);
	}
	json_decref(versions);
}

void store_load_named(struct inventory *inventory)
{
	struct loading loading = {0};
	autoclose int own = begin(&loading, inventory);

	for (size_t i = 0; i < loading.own_files.n; i++)
		load_named(&loading, loading.own_files.list[i].name);
	sort(inventory);
}

/* Finding */

static int no_such_definition(struct inventory *inventory, const char *given, struct err *err)
{
	const char **words = NULL;
	size_t n = 0;

	for (size_t i = 0; i < inventory->n_definitions; i++) {
		const struct definition *definition = &inventory->definitions[i]->definition;

		*pool_push(inventory->pool, words, n) = definition->name && !uuid_is_prefix(given)
								? definition->name
								: definition->uuid;
	}
	err_set(err, ERR_NOT_FOUND, "no definition '%s'", given);
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
		no_such_definition(inventory, given, err);
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

/* Writing */

static json_t *attributes_json(const struct definition *definition)
{
	json_t *attributes = json_array();

	for (size_t i = 0; i < definition->n_attributes; i++) {
		json_t *attribute = json_object();

		json_object_set_new(attribute, definition->attributes[i].name,
				    json_string(definition->attributes[i].value));
		json_array_append_new(attributes, attribute);
	}
	return attributes;
}

const char *store_json(struct pool *pool, const struct stored *stored, bool compact)
{
	const struct definition *definition = &stored->definition;
	json_t *json = stored->text ? json_loads(stored->text, 0, NULL) : NULL;

	if (!json)
		json = json_object();
	json_object_set_new(json, "mdev_type", json_string(definition->type));
	json_object_set_new(json, "start",
			    json_string(definition->start == START_AUTO ? "auto" : "manual"));
	json_object_set_new(json, "attrs", attributes_json(definition));
	autofree char *text = json_dumps(json, compact ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(json);
	return text ? pool_strdup(pool, text) : "";
}

/* What the user gave; the type's name is only a convenience. */
static bool has_own_data(const struct stored *stored)
{
	const struct definition *definition = &stored->definition;

	return definition->name || definition->group || definition->params;
}

static bool has_own(const struct stored *stored)
{
	return has_own_data(stored) || stored->definition.type_name;
}

/* What is ours of a definition; NULL when something in it is not UTF-8. */
static json_t *own_version(struct pool *pool, const struct stored *stored,
			   const struct identity *identity)
{
	const struct definition *definition = &stored->definition;
	json_t *version =
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:s*, s:s*, s:s*}", "definition",
			  key_of(pool, stored), "inode", (json_int_t)identity->inode, "birth",
			  identity->birth, "modified", identity->modified, "type", definition->type,
			  "type_name", stored->definition.type_name, "name", definition->name,
			  "params", definition->params);

	if (version && definition->group)
		json_object_set_new(version, "group", json_integer(definition->group));
	return version;
}

/* The versions that some definition still has. */
static json_t *versions_in_use(const struct root *root, int own, const char *uuid)
{
	json_t *kept = json_array(), *versions = load_versions(own, uuid), *version;
	size_t i;

	json_array_foreach (versions, i, version) {
		autopool struct pool *pool = pool_new();
		const char *key = text_of(version, "definition");
		struct identity identity;

		if (!identify_path(root, pool_printf(pool, STORE_DIR "/%s", key), pool,
				   &identity) ||
		    !is_of(version, key, &identity))
			continue;
		/* of a backup that was restored: it is another file by now */
		json_object_set_new(version, "inode", json_integer((json_int_t)identity.inode));
		json_object_set_new(version, "birth", json_string(identity.birth));
		json_array_append(kept, version);
	}
	json_decref(versions);
	return kept;
}

static int open_own(const struct root *root, struct err *err)
{
	if (root_mkdir(root, STORE_OWN) < 0)
		return err_errno(err, errno, "cannot make '%s'", STORE_OWN);
	int own = open_judged(root, STORE_OWN, err);
	return own < 0 ? err_wrap(err, STORE_OWN) : own;
}

/* Steals `versions`. */
static int write_versions(int own, const char *uuid, json_t *versions, struct err *err)
{
	autofree char *what = NULL;

	if (json_array_size(versions) == 0) {
		json_decref(versions);
		if (unlinkat(own, uuid, 0) < 0 && errno != ENOENT)
			return err_errno(err, errno, "cannot remove '" STORE_OWN "/%s'", uuid);
		return 0;
	}
	json_t *json = json_pack("{s:o}", "versions", versions);
	autofree char *text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!text || asprintf(&what, STORE_OWN "/%s", uuid) < 0)
		return err_set(err, ERR_INVALID, "cannot keep the definition of '%s'", uuid);
	return file_replace(own, uuid, what, text, 0644, err);
}

static int write_own(const struct root *root, const struct stored *stored,
		     const struct identity *identity, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *uuid = stored->definition.uuid;
	bool wanted = has_own(stored);

	if (root->stateless && !has_own_data(stored))
		return 0;
	autoclose int own =
		wanted ? open_own(root, err) : root_openat(root, STORE_OWN, O_RDONLY | O_DIRECTORY);

	if (own < 0)
		return wanted ? -1 : 0;
	json_t *versions = versions_in_use(root, own, uuid);
	if (wanted && json_array_insert_new(versions, 0, own_version(pool, stored, identity)) < 0) {
		json_decref(versions);
		return err_set(err, ERR_INVALID, "cannot keep '%s': its data is not UTF-8", uuid);
	}
	return write_versions(own, uuid, versions, err);
}

static int open_top(const struct root *root, struct err *err)
{
	if (root_mkdir(root, STORE_DIR) < 0)
		return err_errno(err, errno, "cannot make '" STORE_DIR "'");
	int top = open_judged(root, STORE_DIR, err);
	return top < 0 ? err_wrap(err, STORE_DIR) : top;
}

int store_write(const struct root *root, const struct stored *stored, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const struct definition *definition = &stored->definition;
	const char *what = pool_printf(pool, STORE_DIR "/%s", key_of(pool, stored));
	/* not beside it: mdevctl takes all that is there for definitions */
	const char *temporary = pool_printf(pool, TEMPORARY, definition->uuid);
	struct identity identity = {0};

	if (!store_can_hold(definition->parent))
		return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent",
			       definition->parent);
	autoclose int top = open_top(root, err);
	if (top < 0)
		return -1;
	autoclose int dir = open_parent(root, definition->parent, true, err);
	if (dir < 0)
		return err_wrap(err, STORE_DIR "/%s", definition->parent);
	if (file_write(top, temporary, what, store_json(pool, stored, false), 0644, err) < 0)
		return -1;
	if (!identify(top, temporary, pool, &identity) ||
	    write_own(root, stored, &identity, err) < 0) {
		unlinkat(top, temporary, 0);
		return err->kind ? -1 : err_errno(err, errno, "cannot write '%s'", what);
	}
	return file_move(top, temporary, dir, stored->file_name, what, err);
}

int store_remove(const struct root *root, const struct stored *stored, struct err *err)
{
	const char *parent = stored->definition.parent;
	autoerr struct err failure = {0};
	autoclose int dir = open_parent(root, parent, false, &failure);
	bool removed = dir >= 0 && unlinkat(dir, stored->file_name, 0) == 0 && fsync(dir) == 0;

	if (!removed && !failure.kind)
		err_errno(&failure, errno, "cannot remove it");
	/* behind a link there is none of ours */
	if (removed || failure.errnum == ENOENT || failure.errnum == ELOOP)
		return 0;
	err_wrap(&failure, STORE_DIR "/%s/%s", parent, stored->file_name);
	err_keep_first(err, &failure);
	return -1;
}

int store_forget(const struct root *root, const struct stored *stored, struct err *err)
{
	const char *uuid = stored->definition.uuid;
	autoclose int own = root_openat(root, STORE_OWN, O_RDONLY | O_DIRECTORY);

	if (own < 0 || root->stateless)
		return 0;
	return write_versions(own, uuid, versions_in_use(root, own, uuid), err);
}

/* Taking back: the file as it was has a second name meanwhile, beside the directories of parents.
 */

static const char *second_name(struct pool *pool, const char *uuid)
{
	return pool_printf(pool, ".%s.old", uuid);
}

bool store_is_held(const struct root *root, const char *uuid)
{
	autopool struct pool *pool = pool_new();

	return root_exists(root, pool_printf(pool, STORE_DIR "/%s", second_name(pool, uuid)));
}

int store_hold(const struct root *root, const struct stored *stored, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *key = key_of(pool, stored), *name = second_name(pool, stored->definition.uuid);
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);
	autoclose int dir = open_parent(root, stored->definition.parent, false, err);

	if (dir < 0)
		return err_wrap(err, STORE_DIR "/%s", key);
	unlinkat(top, name, 0); /* of a run that was killed */
	if (linkat(dir, stored->file_name, top, name, 0) < 0)
		return err_errno(err, errno, "cannot link '" STORE_DIR "/%s'", key);
	return 0;
}

int store_take_back(const struct root *root, const struct stored *stored, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *key = key_of(pool, stored), *name = second_name(pool, stored->definition.uuid);
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);
	autoclose int dir = open_parent(root, stored->definition.parent, true, err);

	if (dir < 0)
		return err_wrap(err, STORE_DIR "/%s", key);
	/* rename(2) does nothing where both names are still the same file's */
	if (renameat(top, name, dir, stored->file_name) < 0 || fsync(dir) < 0)
		return err_errno(err, errno, "cannot restore '" STORE_DIR "/%s'", key);
	return 0;
}

int store_let_go(const struct root *root, const struct stored *stored, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *name = second_name(pool, stored->definition.uuid);
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);

	if (unlinkat(top, name, 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove '" STORE_DIR "/%s'", name);
	return 0;
}

/* Whether there was something to do for this one; *gone when it is nobody's any more. */
static bool prune_one(const struct root *root, int own, const char *uuid, bool dry_run, bool *gone)
{
	json_t *before = load_versions(own, uuid);

	if (!before)
		return false;
	json_t *after = versions_in_use(root, own, uuid);
	bool changed = !json_equal(before, after);

	*gone = json_array_size(after) == 0;
	if (changed && !dry_run) {
		autoerr struct err ignored = {0}; /* the next time, then */

		write_versions(own, uuid, json_incref(after), &ignored);
	}
	json_decref(before);
	json_decref(after);
	return changed;
}

bool store_prune(const struct root *root, struct pool *pool, bool dry_run, const char ***uuids,
		 size_t *n)
{
	autoclose int own = root_openat(root, STORE_OWN, O_RDONLY | O_DIRECTORY);
	struct entries files = {0};
	bool changes = false;

	if (own < 0 || dir_list(own, pool, &files) < 0)
		return false;
	for (size_t i = 0; i < files.n; i++) {
		const char *uuid = files.list[i].name;
		bool gone = false;

		changes |= uuid_is_valid(uuid) && prune_one(root, own, uuid, dry_run, &gone);
		if (gone)
			*pool_push(pool, *uuids, *n) = uuid;
	}
	return changes;
}

void store_tidy(const struct root *root, const char *uuid)
{
	autopool struct pool *pool = pool_new();
	const char *temporary = pool_printf(pool, TEMPORARY, uuid);
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);
	autoclose int own = root_openat(root, STORE_OWN, O_RDONLY | O_DIRECTORY);
	bool gone;

	if (top >= 0) {
		unlinkat(top, temporary, 0);
		unlinkat(top, second_name(pool, uuid), 0);
	}
	if (own < 0)
		return;
	unlinkat(own, temporary, 0);
	prune_one(root, own, uuid, false, &gone);
}
