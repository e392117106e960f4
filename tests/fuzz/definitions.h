/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of every definition, whatever document it was read from. */
#pragma once

#include "mdev/definition.h"

/* Reads the document by one of the parsers of definition.h, and judges what comes of it. */
void must_parse(int (*parse)(const char *file, const char *text, size_t length, struct pool *pool,
			     struct definitions *ret, struct err *err),
		const char *text, size_t length);
void must_be_definition(const struct definition *definition);
/* What is kept of it is read as the same. */
void must_be_kept(const struct definition *definition);
