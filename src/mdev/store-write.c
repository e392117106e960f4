/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions are written, removed, and had back as they were. */
#include "base/file.h"
#include "mdev/record.h"
#include "mdev/store-open.h"
#include "mdev/store-own.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

const char *store_json(struct pool *pool, const struct stored *stored, bool compact)
{
	const struct definition *definition = &stored->definition;
	json_t *json = stored->text ? json_loads(stored->text, 0, NULL) : NULL;

	if (!json)
		json = json_object();
	json_object_set_new(json, "mdev_type", json_string(definition->type));
	json_object_set_new(json, "start",
			    json_string(definition->start == START_AUTO ? "auto" : "manual"));
	json_object_set_new(json, "attrs",
			    attributes_to_json(definition->attributes, definition->n_attributes));
	autofree char *text = json_dumps(json, compact ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(json);
	return text ? pool_strdup(pool, text) : "";
}

static int open_top(const struct root *root, struct err *err)
{
	if (root_mkdir(root, STORE_DIR) < 0)
		return err_errno(err, errno, "cannot make '" STORE_DIR "'");
	int top = store_open(root, STORE_DIR, err);
	return top < 0 ? err_wrap(err, STORE_DIR) : top;
}

int store_write(const struct root *root, const struct stored *stored, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const struct definition *definition = &stored->definition;
	const char *what = pool_printf(pool, STORE_DIR "/%s", own_key(pool, stored));
	/* not beside it: mdevctl takes all that is there for definitions */
	const char *temporary = pool_printf(pool, STORE_TEMPORARY, definition->uuid);
	struct identity identity = {0};

	if (!store_can_hold(definition->parent))
		return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent",
			       definition->parent);
	autoclose int top = open_top(root, err);
	if (top < 0)
		return -1;
	autoclose int dir = store_open_parent(root, definition->parent, true, err);
	if (dir < 0)
		return err_wrap(err, STORE_DIR "/%s", definition->parent);
	if (file_write(top, temporary, what, store_json(pool, stored, false), 0644, err) < 0)
		return -1;
	if (!own_identify(top, temporary, pool, &identity) ||
	    own_write(root, stored, &identity, err) < 0) {
		unlinkat(top, temporary, 0);
		return err->kind ? -1 : err_errno(err, errno, "cannot write '%s'", what);
	}
	return file_move(top, temporary, dir, stored->file_name, what, err);
}

static bool is_there(const struct root *root, const char *parent, const char *name)
{
	autopool struct pool *pool = pool_new();
	autoclose int file = root_openat(root, pool_printf(pool, STORE_DIR "/%s/%s", parent, name),
					 O_PATH | O_NOFOLLOW);

	return file >= 0 || errno != ENOENT;
}

int store_remove(const struct root *root, const struct stored *stored, struct err *err)
{
	const char *parent = stored->definition.parent;
	autoerr struct err failure = {0};
	autoclose int dir = store_open_parent(root, parent, false, &failure);
	bool removed = dir >= 0 && unlinkat(dir, stored->file_name, 0) == 0 && fsync(dir) == 0;

	if (!removed && !failure.kind)
		err_errno(&failure, errno, "cannot remove it");
	/* behind a link there is none of ours; and where others may write there may be none */
	if (removed || failure.errnum == ENOENT || failure.errnum == ELOOP ||
	    (dir < 0 && !is_there(root, parent, stored->file_name)))
		return 0;
	err_wrap(&failure, STORE_DIR "/%s/%s", parent, stored->file_name);
	err_keep_first(err, &failure);
	return -1;
}

/* Taking back: meanwhile the file as it was has a second name, beside the parents' directories. */

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
	const char *key = own_key(pool, stored), *name = second_name(pool, stored->definition.uuid);
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);
	autoclose int dir = store_open_parent(root, stored->definition.parent, false, err);

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
	const char *key = own_key(pool, stored), *name = second_name(pool, stored->definition.uuid);
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);
	autoclose int dir = store_open_parent(root, stored->definition.parent, true, err);

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

void store_tidy(const struct root *root, const char *uuid)
{
	autopool struct pool *pool = pool_new();
	autoclose int top = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);

	if (top >= 0) {
		unlinkat(top, pool_printf(pool, STORE_TEMPORARY, uuid), 0);
		unlinkat(top, second_name(pool, uuid), 0);
	}
	own_tidy(root, uuid);
}
