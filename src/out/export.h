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

/* One definition as a document; several as one with all of them. */
void export_print(enum export_format format, const struct stored *const *list, size_t n, FILE *out);

/*
 * What of the definition the format cannot hold, in words: "the name and the group"; NULL when it
 * holds everything.
 */
const char *export_lost(struct pool *pool, enum export_format format,
			const struct definition *definition);
