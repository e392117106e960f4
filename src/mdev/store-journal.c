/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which definitions are being changed, as a file in STORE_DIR. */
#include "mdev/store-journal.h"

#include "base/file.h"
#include "mdev/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

/* mdevctl lists directories only, and no parent's name begins with a dot. */
#define NAME ".mdevtool.unfinished"
#define PATH STORE_DIR "/" NAME

static const char *const operations[] = {
	[STORE_DEFINE] = "define",
	[STORE_MODIFY] = "modify",
	[STORE_UNDEFINE] = "undefine",
};

int store_journal_write(const struct root *root, enum store_operation operation,
			struct stored *const *list, size_t n, struct err *err)
{
	if (root->stateless)
		return 0;
	json_t *definitions = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(definitions, json_pack("{s:s, s:s, s:s}", "parent",
							     list[i]->definition.parent, "uuid",
							     list[i]->definition.uuid, "file",
							     list[i]->file_name));
	json_t *json = json_pack("{s:s, s:o}", "operation", operations[operation], "definitions",
				 definitions);
	autofree char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (!text)
		return err_set(err, ERR_INVALID, "the name of a parent is not UTF-8");
	if (root_mkdir(root, STORE_DIR) < 0)
		return err_errno(err, errno, "cannot make '%s'", STORE_DIR);
	autoclose int dir = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return err_errno(err, errno, "cannot open '%s'", STORE_DIR);
	/* no need to rename it into place: half of it tells that nothing else was written yet */
	return file_write(dir, NAME, PATH, text, 0600, err);
}

int store_journal_remove(const struct root *root, struct err *err)
{
	if (root->stateless)
		return 0;
	autoclose int dir = root_openat(root, STORE_DIR, O_RDONLY | O_DIRECTORY);

	if ((dir < 0 || unlinkat(dir, NAME, 0) < 0) && errno != ENOENT) {
		err_errno(err, errno, "cannot remove '%s'", PATH);
		return err_hint(err, "'mdevtool recover' tries again");
	}
	return 0;
}

bool store_journal_exists(const struct root *root)
{
	return root_exists(root, PATH);
}

static void parse(const json_t *json, struct pool *pool, struct store_change *ret)
{
	const char *operation = json_string_value(json_object_get(json, "operation"));
	const json_t *definitions = json_object_get(json, "definitions"), *one;
	size_t i;

	for (size_t j = 0; operation && j < ARRAY_SIZE(operations); j++)
		if (streq(operation, operations[j]))
			ret->operation = (enum store_operation)j;
	json_array_foreach (definitions, i, one) {
		const char *parent = json_string_value(json_object_get(one, "parent"));
		const char *uuid = json_string_value(json_object_get(one, "uuid"));
		const char *file = json_string_value(json_object_get(one, "file"));

		if (!parent || !uuid || !file || !store_can_hold(parent) || !uuid_is_valid(uuid) ||
		    strcasecmp(file, uuid) != 0)
			continue;
		size_t at = ret->n;
		pool_push(pool, ret->list, ret->n);
		ret->list[at].parent = pool_strdup(pool, parent);
		ret->list[at].uuid = pool_strdup(pool, uuid);
		ret->list[at].file_name = pool_strdup(pool, file);
	}
}

void store_journal_load(const struct root *root, struct pool *pool, struct store_change *ret)
{
	autoclose int dir = root_openat(root, STORE_DIR, O_PATH | O_DIRECTORY);
	autoclose int fd =
		dir < 0 ? -1 : openat(dir, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autoerr struct err ignored = {0};
	struct stat st;
	size_t length;
	char *text;

	*ret = (struct store_change){.operation = STORE_MODIFY};
	if (fd < 0 || fstat(fd, &st) < 0 || file_distrust(&st, S_IFREG))
		return;
	if (file_read(fd, PATH, DOCUMENT_MAX, pool, &text, &length, &ignored) < 0)
		return;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	parse(json, pool, ret);
	json_decref(json);
}
