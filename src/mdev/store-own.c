/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is ours of definitions: versions that are found by their file, written, and cleared up. */
#include "mdev/store-own.h"

#include "base/file.h"
#include "mdev/store-open.h"
#include "mdev/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

const char *own_key(struct pool *pool, const struct stored *stored)
{
	return pool_printf(pool, "%s/%s", stored->definition.parent, stored->file_name);
}

static const char *timestamp(struct pool *pool, const struct statx_timestamp *time)
{
	return pool_printf(pool, "%lld.%09u", (long long)time->tv_sec, time->tv_nsec);
}

bool own_identify(int dir, const char *name, struct pool *pool, struct identity *ret)
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

	return fd >= 0 && own_identify(fd, "", pool, ret);
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

/* Reading */

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
	if (store_judge(fd, S_IFREG, err) < 0)
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
		definition->type_name = pool_strdup(pool, text_of(version, "type_name"));
}

int own_add(int own, int fd, struct pool *pool, struct stored *stored, struct err *err)
{
	struct identity identity;
	json_t *versions;

	if (!own_identify(fd, "", pool, &identity))
		return 0;
	if (read_versions(own, stored->definition.uuid, &versions, err) < 0)
		return -1;
	const json_t *version = find_version(versions, own_key(pool, stored), &identity);
	if (version)
		apply_version(stored, pool, version);
	json_decref(versions);
	return 0;
}

static bool has_key(const char *const *keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (streq(keys[i], key))
			return true;
	return false;
}

void own_named(int own, const char *uuid, struct pool *pool, const char ***keys, size_t *n)
{
	json_t *versions = load_versions(own, uuid), *version;
	size_t i, first = *n;

	json_array_foreach (versions, i, version) {
		const char *key = text_of(version, "definition");

		if ((json_object_get(version, "name") || json_object_get(version, "group")) &&
		    !has_key(*keys + first, *n - first, key))
			*pool_push(pool, *keys, *n) = pool_strdup(pool, key);
	}
	json_decref(versions);
}

/* Writing */

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
	json_t *version = json_pack("{s:s, s:I, s:s, s:s, s:s, s:s*, s:s*, s:s*}", "definition",
				    own_key(pool, stored), "inode", (json_int_t)identity->inode,
				    "birth", identity->birth, "modified", identity->modified,
				    "type", definition->type, "type_name", definition->type_name,
				    "name", definition->name, "params", definition->params);

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
	int own = store_open(root, STORE_OWN, err);
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

int own_write(const struct root *root, const struct stored *stored, const struct identity *identity,
	      struct err *err)
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

int store_forget(const struct root *root, const struct stored *stored, struct err *err)
{
	const char *uuid = stored->definition.uuid;
	autoclose int own = root_openat(root, STORE_OWN, O_RDONLY | O_DIRECTORY);

	if (own < 0 || root->stateless)
		return 0;
	return write_versions(own, uuid, versions_in_use(root, own, uuid), err);
}

/* Clearing up */

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

void own_tidy(const struct root *root, const char *uuid)
{
	autopool struct pool *pool = pool_new();
	autoclose int own = root_openat(root, STORE_OWN, O_RDONLY | O_DIRECTORY);
	bool gone;

	if (own < 0)
		return;
	unlinkat(own, pool_printf(pool, STORE_TEMPORARY, uuid), 0);
	prune_one(root, own, uuid, false, &gone);
}
