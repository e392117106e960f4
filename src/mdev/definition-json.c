/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions in JSON: our own keys, and mdevctl's. */
#include "mdev/definition.h"

#include "base/text.h"
#include "mdev/json-place.h"

#include <jansson.h>

struct document {
	const char *file;
	const char *text;
	struct pool *pool;
	struct definitions *definitions;
	struct err *err;
	bool stored; /* one of mdevctl's files: other keys than its own are somebody else's */
	/* of the last definition: the next one's is counted from there */
	size_t at;
	int line, column;
};

/* `mdev_type` and `attrs` are mdevctl's words; both families may be mixed. */
static const struct {
	const char *key;
	enum definition_field field;
} fields[] = {
	{"name", DEFINITION_NAME},      {"parent", DEFINITION_PARENT}, {"type", DEFINITION_TYPE},
	{"mdev_type", DEFINITION_TYPE}, {"uuid", DEFINITION_UUID},     {"group", DEFINITION_GROUP},
	{"params", DEFINITION_PARAMS},  {"start", DEFINITION_START},
};

static int locate(const struct document *document, const char *place)
{
	int line, column;

	text_position(document->text, (size_t)(place - document->text), &line, &column);
	return err_locate(document->err, document->file, line, column);
}

static const char *type_name(const json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

static int wrong_type(const struct document *document, const char *what, const char *wanted,
		      const json_t *json, const char *place)
{
	err_set(document->err, ERR_INVALID, "%s must be %s, not %s", what, wanted, type_name(json));
	return locate(document, place);
}

static int parse_field(const struct document *document, struct definition *definition,
		       const char *key, enum definition_field field, const json_t *json,
		       const char *place)
{
	const char *label = pool_printf(document->pool, "\"%s\"", key), *value;

	if (field == DEFINITION_GROUP) {
		if (!json_is_integer(json))
			return wrong_type(document, label, "a number", json, place);
		value = pool_printf(document->pool, "%" JSON_INTEGER_FORMAT,
				    json_integer_value(json));
	} else if (json_is_string(json)) {
		value = pool_strdup(document->pool, json_string_value(json));
	} else {
		return wrong_type(document, label, "a string", json, place);
	}
	if (definition_set(definition, document->pool, field, label, value, document->err) < 0)
		return locate(document, place);
	return 0;
}

static int parse_attribute(const struct document *document, struct definition *definition,
			   json_t *json, const char *place)
{
	const char *name;
	json_t *value;

	if (!json_is_object(json) || json_object_size(json) != 1) {
		err_set(document->err, ERR_INVALID,
			"each of \"attrs\" must be an object with one key, {\"NAME\": \"VALUE\"}");
		return locate(document, place);
	}
	json_object_foreach (json, name, value) {
		const char *at = json_place_member(place, name);

		if (!json_is_string(value))
			return wrong_type(document, "an attribute's value", "a string", value, at);
		if (definition_add_attribute(definition, document->pool, "an attribute",
					     pool_strdup(document->pool, name),
					     pool_strdup(document->pool, json_string_value(value)),
					     document->err) < 0)
			return locate(document, at);
	}
	return 0;
}

static int parse_attributes(const struct document *document, struct definition *definition,
			    const json_t *json, const char *place)
{
	json_t *attribute;
	size_t i;

	if (!json_is_array(json))
		return wrong_type(document, "\"attrs\"", "an array", json, place);
	const char *at = json_place_element(place, 0);
	json_array_foreach (json, i, attribute) {
		if (parse_attribute(document, definition, attribute, at) < 0)
			return -1;
		at = json_place_next(at);
	}
	return 0;
}

static int unknown_key(const struct document *document, const char *key, const char *place)
{
	const char *words[ARRAY_SIZE(fields) + 1] = {"attrs"};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		words[i + 1] = fields[i].key;
	err_set(document->err, ERR_INVALID, "unknown key \"%s\"", key);
	const char *nearest = text_nearest(key, words, ARRAY_SIZE(words));
	if (nearest)
		err_hint(document->err, "did you mean \"%s\"?", nearest);
	return locate(document, json_place_key(place, key));
}

/*
 * A member of one of mdevctl's files, as mdevctl takes it: 1 when the rules of documents hold for
 * it, else 0. Other keys mean nothing, whatever does not start by itself starts on request, and
 * "attrs" may be null.
 */
static int parse_mdevctls(struct definition *definition, const char *key, const json_t *value)
{
	if (streq(key, "start")) {
		const char *start = json_string_value(value);

		definition->start = start && streq(start, "auto") ? START_AUTO : START_MANUAL;
		return 0;
	}
	return streq(key, "mdev_type") || (streq(key, "attrs") && !json_is_null(value));
}

static int parse_member(const struct document *document, struct definition *definition,
			const char *key, const json_t *value, const char *object)
{
	const char *place = json_place_member(object, key);

	if (document->stored && !parse_mdevctls(definition, key, value))
		return 0;
	if (streq(key, "attrs"))
		return parse_attributes(document, definition, value, place);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (streq(key, fields[i].key))
			return parse_field(document, definition, key, fields[i].field, value,
					   place);
	return unknown_key(document, key, object);
}

/* Counts on from the definition before. */
static void place_definition(struct document *document, struct definition *definition, size_t at)
{
	int lines, column;

	text_position(document->text + document->at, at - document->at, &lines, &column);
	document->column = lines > 1 ? column : document->column + column - 1;
	document->line += lines - 1;
	document->at = at;
	definition->line = document->line;
	definition->column = document->column;
}

static int parse_object(struct document *document, json_t *json, const char *place)
{
	struct definition *definition;
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return wrong_type(document, "a device", "an object", json, place);
	if (!document->stored && json_object_get(json, "type") &&
	    json_object_get(json, "mdev_type")) {
		err_set(document->err, ERR_INVALID,
			"\"type\" and \"mdev_type\" are the same thing");
		return locate(document, json_place_key(place, "mdev_type"));
	}
	definition =
		pool_push(document->pool, document->definitions->list, document->definitions->n);
	definition->file = document->file;
	place_definition(document, definition, (size_t)(place - document->text));
	json_object_foreach (json, key, value)
		if (parse_member(document, definition, key, value, place) < 0)
			return -1;
	return 0;
}

/* What "mdevctl list --defined --dumpjson" prints: [{"PARENT": [{"UUID": {…}}, …], …}]. */
static bool is_dump(const json_t *json)
{
	const json_t *parents = json_array_get(json, 0), *list;
	const char *key;

	if (json_array_size(json) != 1)
		return false;
	json_object_foreach ((json_t *)parents, key, list)
		if (streq(key, "attrs") || !json_is_array(list))
			return false;
	return json_object_size(parents) > 0;
}

static int set_dumped(const struct document *document, struct definition *definition,
		      enum definition_field field, const char *label, const char *value,
		      const char *place)
{
	if (definition_set(definition, document->pool, field, label,
			   pool_strdup(document->pool, value), document->err) < 0)
		return locate(document, place);
	return 0;
}

static int parse_dumped(struct document *document, const char *parent, const json_t *json,
			const char *place)
{
	const char *uuid;
	json_t *device;

	if (!json_is_object(json) || json_object_size(json) != 1) {
		err_set(document->err, ERR_INVALID,
			"each device of \"%s\" must be an object with one key, {\"UUID\": {…}}",
			parent);
		return locate(document, place);
	}
	json_object_foreach ((json_t *)json, uuid, device) {
		if (parse_object(document, device, json_place_member(place, uuid)) < 0)
			return -1;
		struct definition *definition =
			&document->definitions->list[document->definitions->n - 1];
		const char *key = json_place_key(place, uuid);

		if (set_dumped(document, definition, DEFINITION_UUID, "the UUID", uuid, key) < 0 ||
		    set_dumped(document, definition, DEFINITION_PARENT, "the parent", parent, key) <
			    0)
			return -1;
	}
	return 0;
}

static int parse_dump(struct document *document, json_t *parents, const char *place)
{
	const char *parent;
	json_t *list, *device;
	size_t i;

	json_object_foreach (parents, parent, list) {
		const char *at = json_place_element(json_place_member(place, parent), 0);

		json_array_foreach (list, i, device) {
			if (parse_dumped(document, parent, device, at) < 0)
				return -1;
			at = json_place_next(at);
		}
	}
	if (document->definitions->n)
		return 0;
	err_set(document->err, ERR_INVALID, "no device in it");
	return locate(document, place);
}

static int parse_array(struct document *document, const json_t *json, const char *place)
{
	json_t *element;
	size_t i;

	if (!json_is_array(json))
		return wrong_type(document, "\"devices\"", "an array", json, place);
	if (!json_array_size(json)) {
		err_set(document->err, ERR_INVALID, "no device in it");
		return locate(document, place);
	}
	const char *at = json_place_element(place, 0);
	json_array_foreach (json, i, element) {
		if (parse_object(document, element, at) < 0)
			return -1;
		at = json_place_next(at);
	}
	return 0;
}

static int parse_root(struct document *document, json_t *json)
{
	const char *place = document->text + strcspn(document->text, "{[");
	const json_t *devices = json_object_get(json, "devices");

	if (is_dump(json))
		return parse_dump(document, json_array_get(json, 0), json_place_element(place, 0));
	if (json_is_array(json))
		return parse_array(document, json, place);
	if (!devices)
		return parse_object(document, json, place);
	if (json_object_size(json) > 1) {
		err_set(document->err, ERR_INVALID, "nothing may stand beside \"devices\"");
		return locate(document, place);
	}
	return parse_array(document, devices, json_place_member(place, "devices"));
}

/* Parses the text and hands it to `take_root`, the place of every error told. */
static int parse(struct document *document, size_t length,
		 int (*take_root)(struct document *document, json_t *json))
{
	const char *too_deep = json_place_too_deep(document->text, DOCUMENT_DEPTH_MAX);
	json_error_t error;

	*document->definitions = (struct definitions){0};
	document->line = document->column = 1;
	if (too_deep) {
		err_set(document->err, ERR_INVALID, "nested deeper than %d levels",
			DOCUMENT_DEPTH_MAX);
		return locate(document, too_deep);
	}
	json_t *json = json_loadb(document->text, length, JSON_REJECT_DUPLICATES, &error);
	if (!json) {
		err_set(document->err, ERR_INVALID, "%s", error.text);
		/* the last byte that it took, in bytes: its own column counts characters */
		return locate(document,
			      document->text + (error.position > 0 ? error.position - 1 : 0));
	}
	int result = take_root(document, json);
	json_decref(json);
	return result;
}

int definitions_parse_json(const char *file, const char *text, size_t length, struct pool *pool,
			   struct definitions *ret, struct err *err)
{
	struct document document = {
		.file = file,
		.text = text,
		.pool = pool,
		.definitions = ret,
		.err = err,
	};

	return parse(&document, length, parse_root);
}

static int parse_stored(struct document *document, json_t *json)
{
	const char *place = document->text + strspn(document->text, " \t\r\n");
	static const char *const required[] = {"mdev_type", "start"};

	if (parse_object(document, json, place) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!json_object_get(json, required[i])) {
			err_set(document->err, ERR_INVALID, "\"%s\" is missing", required[i]);
			return locate(document, place);
		}
	return 0;
}

int definition_parse_stored(const char *file, const char *text, size_t length, struct pool *pool,
			    struct definition *ret, struct err *err)
{
	struct definitions definitions = {0};
	struct document document = {
		.file = file,
		.text = text,
		.pool = pool,
		.definitions = &definitions,
		.err = err,
		.stored = true,
	};

	if (parse(&document, length, parse_stored) < 0)
		return -1;
	if (definitions.n)
		*ret = definitions.list[0];
	return 0;
}

/* ap-check prints an empty matrix as [{}]. */
static bool is_empty(const json_t *list)
{
	return json_array_size(list) == 1 && json_is_object(json_array_get(list, 0)) &&
	       json_object_size(json_array_get(list, 0)) == 0;
}

static int parse_list(struct document *document, json_t *json)
{
	struct definition *definition =
		pool_push(document->pool, document->definitions->list, document->definitions->n);

	return is_empty(json)
		       ? 0
		       : parse_attributes(document, definition, json,
					  document->text + strspn(document->text, " \t\r\n"));
}

int definition_parse_attributes(struct definition *definition, struct pool *pool, const char *file,
				const char *text, struct err *err)
{
	struct definitions definitions = {0};
	struct document document = {
		.file = file,
		.text = text,
		.pool = pool,
		.definitions = &definitions,
		.err = err,
	};

	if (parse(&document, strlen(text), parse_list) < 0)
		return -1;
	for (size_t i = 0; i < definitions.n; i++) {
		definition->attributes = definitions.list[i].attributes;
		definition->n_attributes = definitions.list[i].n_attributes;
	}
	return 0;
}
