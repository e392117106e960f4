/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions as documents, in every form that definitions_parse() reads. */
#pragma once

#include "mdev/store.h"

#include <stdio.h>

enum export_format {
	EXPORT_JSON, /* ours: everything */
	EXPORT_MDEVCTL,
	EXPORT_RFC_XML,
	EXPORT_LIBVIRT_XML,
};
/* By its word in --format; false for an unknown one. */
bool export_format_named(const char *word, enum export_format *ret);

/* A single definition as a document, or a document with all of the list. */
void export_print_one(enum export_format format, const struct stored *stored, FILE *out);
void export_print_list(enum export_format format, const struct stored *const *list, size_t n,
		       FILE *out);

/*
 * What of the definition the format cannot hold, in words: "name, group"; NULL when it holds
 * everything. A list in mdevctl's format holds more than a single definition.
 */
const char *export_lost(struct pool *pool, enum export_format format, bool in_list,
			const struct definition *definition);
