/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables on libsmartcols, JSON on jansson. */
#include "out/print.h"

#include "base/text.h"

#include <inttypes.h>
#include <libsmartcols.h>

/* Selecting */

static bool same_word(const char *word, size_t length, const char *name)
{
	if (!name || strlen(name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (strncasecmp(&word[i], &name[i], 1) != 0 &&
		    !((word[i] == '-' || word[i] == '_') &&
		      (name[i] == ' ' || name[i] == '_' || name[i] == '-')))
			return false;
	return true;
}

static void add(struct selection *selection, struct pool *pool, const struct field *field)
{
	*pool_push(pool, selection->list, selection->n) = field;
	selection->needs |= field->needs;
}

static int add_word(struct selection *selection, struct pool *pool, const struct format *format,
		    const char *word, size_t length, struct err *err)
{
	const struct fields *fields = selection->fields;
	const char *known = "";

	for (size_t i = 0; i < fields->n; i++) {
		const struct field *field = &fields->list[i];

		if ((field->column || format->json) && (same_word(word, length, field->column) ||
							same_word(word, length, field->key))) {
			add(selection, pool, field);
			return 0;
		}
		if (field->column)
			known = pool_printf(pool, "%s%s%s", known, *known ? ", " : "", field->key);
	}
	err_set(err, ERR_USAGE, "unknown column '%.*s'", (int)length, word);
	return err_hint(err, "there are %s", known);
}

int select_fields(const struct fields *fields, const struct format *format, struct pool *pool,
		  struct selection *ret, struct err *err)
{
	*ret = (struct selection){.fields = fields};
	for (size_t i = 0; i < fields->n && !format->columns; i++)
		if (format->json || fields->list[i].shown)
			add(ret, pool, &fields->list[i]);
	for (const char *word = format->columns; word;) {
		size_t length = strcspn(word, ",");

		if (add_word(ret, pool, format, word, length, err) < 0)
			return -1;
		word = word[length] ? word + length + 1 : NULL;
	}
	return 0;
}

/* Tables */

static const char *cell(struct pool *pool, const struct field *field, const void *record)
{
	struct value value = field->get(pool, record);

	if (value.kind == VALUE_JSON)
		json_decref(value.json);
	switch (value.kind) {
	case VALUE_TEXT:
	case VALUE_JSON:
		return value.text && *value.text ? text_printable(pool, value.text) : "-";
	case VALUE_NUMBER:
		return pool_printf(pool, "%" PRId64, value.number);
	case VALUE_BOOL:
		return value.number ? "yes" : "no";
	case VALUE_NONE:
		break;
	}
	return "-";
}

void print_table(const struct selection *selection, const struct format *format,
		 const void *const *records, size_t n, FILE *out)
{
	autopool struct pool *pool = pool_new();
	struct libscols_table *table = scols_new_table();

	scols_table_set_stream(table, out);
	scols_table_set_column_separator(table, format->raw ? " " : "  ");
	scols_table_enable_noencoding(table, 1); /* cells are printable already */
	scols_table_enable_raw(table, format->raw);
	scols_table_enable_noheadings(table, format->noheadings);
	for (size_t i = 0; i < selection->n; i++)
		/* util-linux 2.38 makes it as wide as its heading even without headings */
		scols_table_new_column(table,
				       format->noheadings ? NULL : selection->list[i]->column, 0,
				       selection->list[i]->number ? SCOLS_FL_RIGHT : 0);
	for (size_t i = 0; i < n; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		for (size_t j = 0; j < selection->n; j++)
			scols_line_set_data(line, j, cell(pool, selection->list[j], records[i]));
	}
	scols_print_table(table);
	scols_unref_table(table);
}

void print_vertical(const struct selection *selection, const void *record, FILE *out)
{
	autopool struct pool *pool = pool_new();
	int width = 0;

	for (size_t i = 0; i < selection->n; i++)
		if ((int)strlen(selection->list[i]->key) > width)
			width = (int)strlen(selection->list[i]->key);
	for (size_t i = 0; i < selection->n; i++) {
		const struct field *field = selection->list[i];
		const char *text = cell(pool, field, record);

		if (!streq(text, "-"))
			fprintf(out, "%s:%*s %s\n", field->key, width - (int)strlen(field->key), "",
				text);
	}
}

/* JSON */

static json_t *json_value(struct pool *pool, const struct value *value)
{
	switch (value->kind) {
	case VALUE_TEXT:
		return json_string(text_json(pool, value->text));
	case VALUE_NUMBER:
		return json_integer(value->number);
	case VALUE_BOOL:
		return json_boolean(value->number);
	case VALUE_JSON:
		return value->json;
	case VALUE_NONE:
		break;
	}
	return NULL;
}

static json_t *json_record(struct pool *pool, const struct selection *selection, const void *record)
{
	json_t *json = json_object();

	for (size_t i = 0; i < selection->n; i++) {
		struct value value = selection->list[i]->get(pool, record);
		json_t *member = json_value(pool, &value);

		if (member)
			json_object_set_new(json, selection->list[i]->key, member);
	}
	return json;
}

static void member(struct document *document, const char *key)
{
	fprintf(document->out, "%s\"%s\": ", document->begun ? ",\n" : "{", key);
	document->begun = true;
}

void document_array(struct document *document, const struct selection *selection,
		    const void *const *records, size_t n)
{
	member(document, selection->fields->noun);
	fputs("[", document->out);
	for (size_t i = 0; i < n; i++) {
		autopool struct pool *pool = pool_new();
		json_t *json = json_record(pool, selection, records[i]);

		fputs(i ? ",\n" : "\n", document->out);
		json_dumpf(json, document->out, 0);
		json_decref(json);
	}
	fputs(n ? "\n]" : "]", document->out);
}

void document_member(struct document *document, const char *key, json_t *value)
{
	member(document, key);
	json_dumpf(value, document->out, JSON_ENCODE_ANY);
	json_decref(value);
}

void document_end(struct document *document, const struct inventory *inventory)
{
	json_t *warnings = json_array();

	for (size_t i = 0; inventory && i < inventory->n_warnings; i++) {
		const struct warning *warning = &inventory->warnings[i];
		json_t *json =
			json_pack("{s:s}", "message", text_json(inventory->pool, warning->message));

		if (warning->file)
			json_object_set_new(json, "file",
					    json_string(text_json(inventory->pool, warning->file)));
		json_array_append_new(warnings, json);
	}
	if (json_array_size(warnings))
		document_member(document, "warnings", json_incref(warnings));
	json_decref(warnings);
	fputs(document->begun ? "}\n" : "{}\n", document->out);
}

void print_error_json(const struct err *err, FILE *out)
{
	autopool struct pool *pool = pool_new();
	json_t *json = json_pack("{s:s, s:s}", "kind", err_kind_name(err->kind), "message",
				 text_json(pool, err->message));
	json_t *document = json_pack("{s:o}", "error", json);

	if (err->hint)
		json_object_set_new(json, "hint", json_string(text_json(pool, err->hint)));
	if (err->file)
		json_object_set_new(json, "file", json_string(text_json(pool, err->file)));
	if (err->line)
		json_object_set_new(json, "line", json_integer(err->line));
	if (err->column)
		json_object_set_new(json, "column", json_integer(err->column));
	json_dumpf(document, out, 0);
	fputc('\n', out);
	json_decref(document);
}
