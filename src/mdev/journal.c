/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal as JSON files in STATE_JOURNAL. */
#include "mdev/journal.h"

#include "mdev/state.h"

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
	json_t *json = json_pack("{s:s, s:b, s:o}", "operation", operations[entry->operation],
				 "pending", entry->pending, "devices", devices);
	autofree char *text = good ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (!text)
		return err_set(err, ERR_INVALID, "a name or text is not UTF-8");
	return state_write(root, STATE_JOURNAL, entry->id, text, err);
}

int journal_remove(const struct root *root, const struct journal_entry *entry, struct err *err)
{
	return state_remove(root, STATE_JOURNAL, entry->id, err);
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
		json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
		struct journal_entry entry = {.id = name};

		if (json && parse(json, pool, &entry))
			*pool_push(pool, ret->entries, ret->n) = entry;
		else
			*pool_push(pool, ret->broken, ret->n_broken) = name;
		json_decref(json);
	}
}

bool journal_concerns(const struct journal_entry *entry, const char *parent)
{
	for (size_t i = 0; i < entry->n_devices; i++)
		if (streq(entry->devices[i].parent, parent))
			return true;
	return false;
}
