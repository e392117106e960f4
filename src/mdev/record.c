/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as JSON files in STATE_RECORDS. */
#include "mdev/record.h"

#include "base/text.h"
#include "mdev/state.h"

#include <errno.h>
#include <stddef.h>

static const struct {
	const char *key;
	size_t offset;
	bool required;
} texts[] = {
	{"uuid", offsetof(struct record, uuid), true},
	{"name", offsetof(struct record, name), false},
	{"dialect", offsetof(struct record, dialect), false},
	{"parent", offsetof(struct record, parent), true},
	{"parent_path", offsetof(struct record, parent_path), true},
	{"path", offsetof(struct record, path), true},
	{"slot", offsetof(struct record, slot), false},
	{"type", offsetof(struct record, type), true},
	{"type_name", offsetof(struct record, type_name), false},
	{"params", offsetof(struct record, params), false},
};

json_t *attributes_to_json(const struct attribute *list, size_t n)
{
	json_t *json = json_array();
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();

		good &= json_object_set_new(one, list[i].name, json_string(list[i].value)) == 0;
		json_array_append_new(json, one);
	}
	if (good)
		return json;
	json_decref(json);
	return NULL;
}

static void get_attributes(const json_t *json, struct pool *pool, struct record *record)
{
	const json_t *attributes = json_object_get(json, "attrs");
	struct attribute *list = NULL;
	const char *name;
	json_t *one, *value;
	size_t i;

	json_array_foreach (attributes, i, one) {
		json_object_foreach (one, name, value) {
			if (json_is_string(value))
				*pool_push(pool, list, record->n_attributes) = (struct attribute){
					pool_strdup(pool, name),
					pool_strdup(pool, json_string_value(value))};
		}
	}
	record->attributes = list;
}

json_t *record_to_json(const struct record *record)
{
	json_t *json = json_object();
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text;

		memcpy(&text, (const char *)record + texts[i].offset, sizeof(text));
		if (text)
			good &= json_object_set_new(json, texts[i].key, json_string(text)) == 0;
	}
	if (record->n_attributes)
		good &= json_object_set_new(
				json, "attrs",
				attributes_to_json(record->attributes, record->n_attributes)) == 0;
	if (!good) {
		json_decref(json);
		return NULL;
	}
	if (record->group)
		json_object_set_new(json, "group", json_integer(record->group));
	json_object_set_new(json, "inode", json_integer((json_int_t)record->inode));
	return json;
}

bool record_from_json(const json_t *json, struct pool *pool, struct record *ret)
{
	struct record record = {0};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = json_string_value(json_object_get(json, texts[i].key));
		const char *copy = text ? pool_strdup(pool, text) : NULL;

		if (!text && texts[i].required)
			return false;
		memcpy((char *)&record + texts[i].offset, &copy, sizeof(copy));
	}
	json_int_t group = json_integer_value(json_object_get(json, "group"));
	if (group < 0 || group > UINT32_MAX || !text_is_component(record.uuid) ||
	    !text_is_component(record.parent))
		return false;
	record.group = (uint32_t)group;
	get_attributes(json, pool, &record);
	record.inode = (uint64_t)json_integer_value(json_object_get(json, "inode"));
	*ret = record;
	return true;
}

struct record *record_load(const struct root *root, const char *uuid, struct pool *pool)
{
	const char *text = state_read(root, STATE_RECORDS, uuid, pool);
	struct record *record = pool_alloc(pool, sizeof(*record));
	json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	bool good = json && record_from_json(json, pool, record) && streq(record->uuid, uuid);

	json_decref(json);
	return good ? record : NULL;
}

int record_save(const struct root *root, const struct record *record, struct err *err)
{
	json_t *json = record_to_json(record);
	autofree char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (!text)
		return err_set(err, ERR_INVALID, "cannot record '%s': its data is not UTF-8",
			       record->uuid);
	return state_write(root, STATE_RECORDS, record->uuid, record->uuid, text, err);
}

int record_remove(const struct root *root, const char *uuid, struct err *err)
{
	return state_remove(root, STATE_RECORDS, uuid, err);
}

uint64_t record_inode(const struct root *root, const char *path)
{
	struct stat st;

	if (root_stat(root, path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return st.st_ino;
	errno = ENOTDIR;
	return 0;
}
