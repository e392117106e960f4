/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "definitions.h"

#include "base/text.h"
#include "fuzz.h"
#include "mdev/store.h"
#include "mdev/uuid.h"

static void must_be_text(const char *text)
{
	autopool struct pool *pool = pool_new();

	MUST(!text || (text_printable(pool, text) == text && strlen(text) < SYSFS_PAGE));
}

void must_be_definition(const struct definition *definition)
{
	must_be_text(definition->name);
	must_be_text(definition->parent);
	must_be_text(definition->type);
	must_be_text(definition->params);
	MUST(!definition->name || !uuid_is_prefix(definition->name));
	MUST(!definition->uuid || uuid_is_valid(definition->uuid));
	MUST(!definition->type || *definition->type);
	for (size_t i = 0; i < definition->n_attributes; i++) {
		const char *name = definition->attributes[i].name;

		must_be_text(name);
		must_be_text(definition->attributes[i].value);
		MUST(*name && *name != '/' && !strstr(name, "//") && !streq(name, "remove"));
		MUST(!streq(name, "..") && strncmp(name, "../", 3) != 0 && !strstr(name, "/../"));
	}
}

void must_be_kept(const struct definition *definition)
{
	autopool struct pool *pool = pool_new();
	const struct stored stored = {.definition = *definition};
	struct definition again = {0};
	autoerr struct err err = {0};

	if (!definition->type)
		return;
	const char *text = store_json(pool, &stored, false);
	MUST(definition_parse_stored("kept", text, strlen(text), pool, &again, &err) == 0);
	MUST(streq(again.type, definition->type));
	MUST((again.start == START_AUTO) == (definition->start == START_AUTO));
	MUST(again.n_attributes == definition->n_attributes);
	for (size_t i = 0; i < again.n_attributes; i++)
		MUST(streq(again.attributes[i].name, definition->attributes[i].name) &&
		     streq(again.attributes[i].value, definition->attributes[i].value));
}

void must_parse(int (*parse)(const char *file, const char *text, size_t length, struct pool *pool,
			     struct definitions *ret, struct err *err),
		const char *text, size_t length)
{
	autopool struct pool *pool = pool_new();
	struct definitions definitions = {0};
	autoerr struct err err = {0};

	if (parse("document", text, length, pool, &definitions, &err) < 0) {
		must_be_error(&err);
		MUST(err.kind == ERR_INVALID && err.line > 0 && err.column > 0);
		return;
	}
	MUST(definitions.n > 0);
	for (size_t i = 0; i < definitions.n; i++) {
		must_be_definition(&definitions.list[i]);
		must_be_kept(&definitions.list[i]);
	}
}
