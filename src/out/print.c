/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables on libsmartcols, JSON on jansson. */
#include "out/print.h"

#include "base/library.h"
#include "base/text.h"
#include "config.h"

#include <inttypes.h>
#include <libsmartcols.h>

DLOPEN_NOTE("tables", "aligned tables", "required", SMARTCOLS_SONAME);

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

/* A key stands in an object once. */
static bool is_selected(const struct selection *selection, const struct field *field)
{
	for (size_t i = 0; i < selection->n; i++)
		if (selection->list[i] == field)
			return true;
	return false;
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
			if (!format->json || !is_selected(selection, field))
				add(selection, pool, field);
			return 0;
		}
		if (field->column)
			known = pool_printf(pool, "%s%s%s", known, *known ? ", " : "", field->key);
	}
	err_set(err, ERR_USAGE, "unknown column '%.*s'", (int)length, word);
	return err_hint(err, "there are %s", known);
}

void select_all(const struct fields *fields, struct pool *pool, struct selection *ret)
{
	*ret = (struct selection){.fields = fields};
	for (size_t i = 0; i < fields->n; i++)
		add(ret, pool, &fields->list[i]);
}

int select_fields(const struct fields *fields, const struct format *format, struct pool *pool,
		  struct selection *ret, struct err *err)
{
	if (format->json && !format->columns) {
		select_all(fields, pool, ret);
		return 0;
	}
	*ret = (struct selection){.fields = fields};
	for (size_t i = 0; i < fields->n && !format->columns; i++)
		if (fields->list[i].shown)
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

/* A cell has one line. */
static const char *join_lines(struct pool *pool, const char *text)
{
	char *line = pool_alloc(pool, 2 * strlen(text) + 1), *p = line;

	for (; *text; text++)
		p = *text == '\n' ? stpcpy(p, ", ") : mempcpy(p, text, 1);
	return line;
}

static const char *cell(struct pool *pool, const struct field *field, const void *record)
{
	struct value value = field->get(pool, record);

	if (value.kind == VALUE_JSON)
		json_decref(value.json);
	switch (value.kind) {
	case VALUE_TEXT:
	case VALUE_JSON:
		return value.text && *value.text ? text_printable(pool, value.text) : "-";
	case VALUE_LINES:
		return *value.text ? text_printable(pool, join_lines(pool, value.text)) : "-";
	case VALUE_NUMBER:
		return pool_printf(pool, "%" PRId64, value.number);
	case VALUE_BOOL:
		return value.number ? "yes" : "no";
	case VALUE_FACTS:
	case VALUE_NONE:
		break;
	}
	return "-";
}

/*
 * libsmartcols, loaded when there is a table to print: completion, udev and scripts want none, and
 * a sixth of the program's start would be this library's (make bench).
 */
static struct {
	__typeof__(scols_new_table) *new_table;
	__typeof__(scols_table_set_stream) *set_stream;
	__typeof__(scols_table_set_column_separator) *set_separator;
	__typeof__(scols_table_enable_noencoding) *enable_noencoding;
	__typeof__(scols_table_enable_raw) *enable_raw;
	__typeof__(scols_table_enable_noheadings) *enable_noheadings;
	__typeof__(scols_table_new_column) *new_column;
	__typeof__(scols_table_new_line) *new_line;
	__typeof__(scols_line_set_data) *set_data;
	__typeof__(scols_print_table) *print;
	__typeof__(scols_unref_table) *unref;
} lib;

static bool load_library(void)
{
	static const char *const names[] = {
		"scols_new_table",
		"scols_table_set_stream",
		"scols_table_set_column_separator",
		"scols_table_enable_noencoding",
		"scols_table_enable_raw",
		"scols_table_enable_noheadings",
		"scols_table_new_column",
		"scols_table_new_line",
		"scols_line_set_data",
		"scols_print_table",
		"scols_unref_table",
	};

	_Static_assert(sizeof(lib) == ARRAY_SIZE(names) * sizeof(void *),
		       "a name for each function");
	return lib.print || library_load(SMARTCOLS_SONAME, names, ARRAY_SIZE(names), &lib);
}

static void print_aligned(const struct selection *selection, const struct format *format,
			  const void *const *records, size_t n, FILE *out)
{
	autopool struct pool *pool = pool_new();
	struct libscols_table *table = lib.new_table();

	lib.set_stream(table, out);
	lib.set_separator(table, format->raw ? " " : "  ");
	lib.enable_noencoding(table, 1); /* cells are printable already */
	lib.enable_raw(table, format->raw);
	lib.enable_noheadings(table, format->noheadings);
	for (size_t i = 0; i < selection->n; i++)
		/* util-linux 2.38 makes it as wide as its heading even without headings */
		lib.new_column(table, format->noheadings ? NULL : selection->list[i]->column, 0,
			       selection->list[i]->number ? SCOLS_FL_RIGHT : 0);
	for (size_t i = 0; i < n; i++) {
		struct libscols_line *line = lib.new_line(table, NULL);

		for (size_t j = 0; j < selection->n; j++)
			lib.set_data(line, j, cell(pool, selection->list[j], records[i]));
	}
	lib.print(table);
	lib.unref(table);
}

/* Where the library is missing, better than nothing. */
static void print_unaligned(const struct selection *selection, const struct format *format,
			    const void *const *records, size_t n, FILE *out)
{
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < selection->n && !format->noheadings; i++)
		fprintf(out, "%s%s", i ? "  " : "", selection->list[i]->column);
	if (!format->noheadings)
		fputc('\n', out);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < selection->n; j++)
			fprintf(out, "%s%s", j ? "  " : "",
				cell(pool, selection->list[j], records[i]));
		fputc('\n', out);
	}
}

void print_table(const struct selection *selection, const struct format *format,
		 const void *const *records, size_t n, FILE *out)
{
	if (!n)
		return;
	if (load_library())
		print_aligned(selection, format, records, n, out);
	else
		print_unaligned(selection, format, records, n, out);
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

/*
 * JSON. Records are written here and not by jansson, whose trees and dumper take more time than all
 * the reading of sysfs (make bench).
 */

static void put_escaped(FILE *out, unsigned char c)
{
	static const char letters[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
					  {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (letters[i][0] == (char)c) {
			fprintf(out, "\\%c", letters[i][1]);
			return;
		}
	}
	fprintf(out, "\\u%04X", c);
}

static void put_string(struct pool *pool, const char *text, FILE *out)
{
	const char *rest = text_json(pool, text), *end;

	putc_unlocked('"', out);
	for (;; rest = end + 1) {
		for (end = rest; (unsigned char)*end >= ' ' && *end != '"' && *end != '\\'; end++)
			continue;
		fwrite_unlocked(rest, 1, (size_t)(end - rest), out);
		if (!*end)
			break;
		put_escaped(out, (unsigned char)*end);
	}
	putc_unlocked('"', out);
}

static void put_comma(bool *first, FILE *out)
{
	if (!*first)
		fputs_unlocked(", ", out);
	*first = false;
}

static bool comes_again(const struct value *value, int64_t i)
{
	for (int64_t j = i + 1; j < value->number; j++)
		if (streq(value->facts[i].key, value->facts[j].key))
			return true;
	return false;
}

static void put_facts(struct pool *pool, const struct value *value, FILE *out)
{
	bool first = true;

	putc_unlocked('{', out);
	for (int64_t i = 0; i < value->number; i++) {
		if (comes_again(value, i))
			continue;
		put_comma(&first, out);
		put_string(pool, value->facts[i].key, out);
		fputs_unlocked(": ", out);
		put_string(pool, value->facts[i].value, out);
	}
	putc_unlocked('}', out);
}

static void put_value(struct pool *pool, const struct value *value, FILE *out)
{
	switch (value->kind) {
	case VALUE_TEXT:
	case VALUE_LINES:
		put_string(pool, value->text, out);
		break;
	case VALUE_NUMBER:
		fprintf(out, "%" PRId64, value->number);
		break;
	case VALUE_BOOL:
		fputs_unlocked(value->number ? "true" : "false", out);
		break;
	case VALUE_FACTS:
		put_facts(pool, value, out);
		break;
	case VALUE_JSON:
		json_dumpf(value->json, out, JSON_ENCODE_ANY);
		json_decref(value->json);
		break;
	case VALUE_NONE:
		break;
	}
}

static void put_record(struct pool *pool, const struct selection *selection, const void *record,
		       FILE *out)
{
	bool first = true;

	putc_unlocked('{', out);
	for (size_t i = 0; i < selection->n; i++) {
		struct value value = selection->list[i]->get(pool, record);

		if (value.kind == VALUE_NONE || (value.kind == VALUE_JSON && !value.json))
			continue;
		put_comma(&first, out);
		putc_unlocked('"', out);
		fputs_unlocked(selection->list[i]->key, out); /* our own words */
		fputs_unlocked("\": ", out);
		put_value(pool, &value, out);
	}
	putc_unlocked('}', out);
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

		fputs(i ? ",\n" : "\n", document->out);
		put_record(pool, selection, records[i], document->out);
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
