/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types that were seen, as one JSON object a parent: {"1145": "NVIDIA L40S-1B", …}. */
#include "mdev/recall.h"

#include "base/text.h"
#include "mdev/state.h"

#include <jansson.h>

struct recall recall_types(const struct root *root, struct pool *pool, const char *parent)
{
	const char *text = state_read(root, STATE_TYPES, parent, pool);
	json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	struct recall recall = {0};
	const char *id;
	json_t *name;

	json_object_foreach (json, id, name) {
		if (json_is_string(name) && text_is_component(id))
			*pool_push(pool, recall.list, recall.n) = (struct recalled){
				pool_strdup(pool, id), pool_strdup(pool, json_string_value(name))};
	}
	json_decref(json);
	return recall;
}

const char *recall_name(const struct recall *recall, const char *id)
{
	for (size_t i = 0; i < recall->n; i++)
		if (streq(recall->list[i].id, id))
			return recall->list[i].name;
	return NULL;
}

int recall_keep(const struct root *root, const struct parent *parent, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const struct recall known = recall_types(root, pool, parent->name);
	json_t *json = json_object();
	bool is_news = false;

	for (size_t i = 0; i < known.n; i++)
		json_object_set_new(json, known.list[i].id, json_string(known.list[i].name));
	for (size_t i = 0; i < parent->n_types; i++) {
		const struct type *type = parent->types[i];
		const char *before = recall_name(&known, type->id);

		if (!type->name || (before && streq(before, type->name)))
			continue;
		is_news |= json_object_set_new(json, type->id, json_string(type->name)) == 0;
	}
	autofree char *text = is_news ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (text)
		return state_write(root, STATE_TYPES, parent->name, parent->name, text, err);
	state_drop_half(root, STATE_TYPES, parent->name);
	return 0;
}
