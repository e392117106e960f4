/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal as JSON files in STATE_JOURNAL. */
#include "mdev/journal.h"

#include "mdev/state.h"

#include <errno.h>
#include <fcntl.h>

static const char *const operations[] = {
	[JOURNAL_CREATE] = "create",
	[JOURNAL_DESTROY] = "destroy",
};

#define PENDING ".pending"

const char *journal_pending(struct pool *pool, const char *uuid)
{
	return pool_printf(pool, STATE_JOURNAL "/%s" PENDING, uuid);
}

int journal_write(const struct root *root, const struct journal_entry *entry, struct err *err)
{
	json_t *devices = json_array();
	bool good = true;

	for (size_t i = 0; i < entry->n_devices; i++)
		good &= json_array_append_new(devices, record_to_json(&entry->devices[i])) == 0;
	json_t *json = json_pack("{s:s, s:b, s:I, s:o}", "operation", operations[entry->operation],
				 "pending", entry->pending, "writer", (json_int_t)entry->writer,
				 "devices", devices);
	autofree char *text = good ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (!text)
		return err_set(err, ERR_INVALID, "a name or text is not UTF-8");
	if (state_write(root, STATE_JOURNAL, entry->id, entry->devices[0].parent, text, err) == 0)
		return 0;
	autoerr struct err ignored = {0};
	/* it may be there all the same, and nothing is going to be done */
	state_remove(root, STATE_JOURNAL, entry->id, &ignored);
	return -1;
}

size_t journal_temporaries(const struct root *root, struct pool *pool, const char ***parents)
{
	autoclose int dir = root_openat(root, STATE_JOURNAL, O_RDONLY | O_DIRECTORY);
	struct entries files = {0};
	size_t n = 0;

	if (dir < 0 || dir_list_hidden(dir, pool, &files) < 0)
		return 0;
	for (size_t i = 0; i < files.n; i++) {
		const char *name = files.list[i].name;
		size_t length = strlen(name);

		if (length > strlen("..tmp") && streq(name + length - 4, ".tmp"))
			*pool_push(pool, *parents, n) = pool_strndup(pool, name + 1, length - 5);
	}
	return n;
}

int journal_forget_temporary(const struct root *root, const char *parent, struct err *err)
{
	return state_remove(root, STATE_JOURNAL, parent, err);
}

int journal_remove(const struct root *root, const struct journal_entry *entry, struct err *err)
{
	if (state_remove(root, STATE_JOURNAL, entry->id, err) == 0)
		return 0;
	return err_hint(err, "'mdevtool recover' tries again, and undoes what was made");
}

static bool parse(const json_t *json, struct pool *pool, struct journal_entry *ret)
{
	const char *operation = json_string_value(json_object_get(json, "operation"));
	const json_t *devices = json_object_get(json, "devices"), *device;
	size_t i;

	if (!operation || !json_array_size(devices))
		return false;
	if (streq(operation, operations[JOURNAL_DESTROY]))
		ret->operation = JOURNAL_DESTROY;
	else if (!streq(operation, operations[JOURNAL_CREATE]))
		return false;
	ret->pending = json_is_true(json_object_get(json, "pending"));
	ret->writer = (pid_t)json_integer_value(json_object_get(json, "writer"));
	json_array_foreach (devices, i, device)
		if (!record_from_json(device, pool, pool_push(pool, ret->devices, ret->n_devices)))
			return false;
	return true;
}

void journal_load(const struct root *root, struct pool *pool, struct journal *ret)
{
	struct entries files = {0};
	autoerr struct err err = {0};

	*ret = (struct journal){0};
	if (state_list(root, STATE_JOURNAL, pool, &files, &err) < 0)
		ret->problem = pool_strdup(pool, err.message);
	for (size_t i = 0; i < files.n; i++) {
		const char *name = files.list[i].name;
		const char *text = state_read(root, STATE_JOURNAL, name, pool);

		if (!text && errno == ENOENT) /* its run has ended meanwhile */
			continue;
		json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
		struct journal_entry entry = {.id = name};

		if (json && parse(json, pool, &entry))
			*pool_push(pool, ret->entries, ret->n) = entry;
		else
			*pool_push(pool, ret->broken, ret->n_broken) = name;
		json_decref(json);
	}
}
