/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be said of a parent, a type, a device: one table per noun, from which columns, JSON
 * keys, the text of --output's help and its completion all come.
 */
#pragma once

#include "base/pool.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct fact;

enum value_kind {
	VALUE_NONE, /* left out of JSON, "-" in a table */
	VALUE_TEXT,
	VALUE_LINES, /* text of several lines */
	VALUE_NUMBER,
	VALUE_BOOL,
	VALUE_FACTS, /* an object of them, in JSON only; of a repeated key the last counts */
	VALUE_JSON,  /* `json` in JSON (left out when it is NULL), `text` in a table */
};

struct value {
	enum value_kind kind;
	const char *text;
	int64_t number; /* also of facts */
	const struct fact *facts;
	json_t *json; /* owned by whoever asked */
};

struct field {
	const char *key;    /* in JSON, sysfs's word where it has one */
	const char *column; /* in a table; NULL: in JSON only */
	unsigned needs;     /* what the inventory has to read for it */
	bool shown;         /* without --output */
	bool number;        /* right-aligned */
	struct value (*get)(struct pool *pool, const void *record);
	const char *help;
};

struct fields {
	const char *noun; /* the key of the JSON array, "types" */
	const struct field *list;
	size_t n;
};

extern const struct fields parent_fields, type_fields, device_fields, definition_fields;
