/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a value stands in a JSON text. */
#include "mdev/json-place.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static const char *blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Behind the value that begins at `p`. */
static const char *value(const char *p)
{
	int depth = 0;

	do {
		if (*p == '"') {
			p = string(p);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		else if (!depth)
			return p + strcspn(p, ",]} \t\r\n");
		p++;
	} while (*p && depth);
	return p;
}

/* The next element's or member's beginning, or the closing bracket. */
const char *json_place_next(const char *element)
{
	const char *p = blanks(value(element));

	return *p == ',' ? blanks(p + 1) : p;
}

const char *json_place_element(const char *at, size_t index)
{
	const char *p = blanks(at + 1);

	while (index-- && *p && *p != ']')
		p = json_place_next(p);
	return *p && *p != ']' ? p : at;
}

/* Whether the string at `p`, up to `end`, means `key`: it may be written with escapes. */
static bool is_key(const char *p, const char *end, const char *key)
{
	json_t *json = json_loadb(p, (size_t)(end - p), JSON_DECODE_ANY, NULL);
	bool same = json && strcmp(json_string_value(json), key) == 0;

	json_decref(json);
	return same;
}

const char *json_place_key(const char *at, const char *key)
{
	const char *p = blanks(at + 1);

	while (*p == '"') {
		const char *end = string(p);

		if (is_key(p, end, key))
			return p;
		p = json_place_next(blanks(blanks(end) + 1));
	}
	return at;
}

const char *json_place_member(const char *at, const char *key)
{
	const char *p = json_place_key(at, key);

	return p == at ? at : blanks(blanks(string(p)) + 1);
}

const char *json_place_too_deep(const char *text, int max)
{
	int depth = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '"') {
			p = string(p);
			if (!*p)
				break;
			p--;
		} else if (*p == '{' || *p == '[') {
			if (++depth > max)
				return p;
		} else if (*p == '}' || *p == ']') {
			depth--;
		}
	}
	return NULL;
}
