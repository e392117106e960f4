/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as a table or as JSON, from their fields. */
#pragma once

#include "base/err.h"
#include "mdev/model.h"
#include "out/fields.h"

#include <stdio.h>

struct format {
	bool json;
	bool raw;
	bool noheadings;
	const char *columns; /* "uuid,held-by"; NULL for those that are shown */
};

/* The fields that are printed, in order. */
struct selection {
	const struct fields *fields;
	const struct field **list;
	size_t n;
	unsigned needs; /* all their needs together */
};

/*
 * Takes the format's columns, else those shown (in a table) or all (in JSON). A word is a column's
 * heading or a JSON key in either case, "-" standing for a blank. ERR_USAGE for unknown ones.
 */
int select_fields(const struct fields *fields, const struct format *format, struct pool *pool,
		  struct selection *ret, struct err *err);

/* Takes all fields, as JSON has them where none are named. */
void select_all(const struct fields *fields, struct pool *pool, struct selection *ret);

/* Prints the records as a table, headings and all; an empty table prints nothing. */
void print_table(const struct selection *selection, const struct format *format,
		 const void *const *records, size_t n, FILE *out);
/* Prints one record as "key: value" lines. */
void print_vertical(const struct selection *selection, const void *record, FILE *out);

/*
 * A JSON document: one object with an array per noun, one record a line, so that memory does not
 * grow with their number.
 */
struct document {
	FILE *out;
	bool begun;
};
void document_array(struct document *document, const struct selection *selection,
		    const void *const *records, size_t n);
/* Any other member; steals `value`. */
void document_member(struct document *document, const char *key, json_t *value);
/* The warnings, when there are any, and the end of the document. */
void document_end(struct document *document, const struct inventory *inventory);

/* {"error": …} as the only document. */
void print_error_json(const struct err *err, FILE *out);
