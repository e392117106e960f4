/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parsed XML document with the place of everything in it. */
#pragma once

#include "base/err.h"
#include "base/pool.h"

struct xml_place {
	int line, column; /* from 1, columns in bytes */
};

struct xml_attribute {
	const char *name;
	const char *value;
};

struct xml_element {
	const char *name;
	struct xml_attribute *attributes;
	size_t n_attributes;
	const char *text; /* without blanks around it; "" when it has none, or has children */
	struct xml_element **children;
	size_t n_children;
	struct xml_element *parent;
	struct xml_place place; /* of its '<' */
	struct xml_place text_place;
};

/*
 * Parses `text` with libxml2, which is loaded when the first document is met (start-up without it
 * takes half the time). No network, no DOCTYPE and so no entities of the document's own, UTF-8
 * only, text or children in an element but not both, at most `depth_max` levels. NULL with
 * ERR_INVALID and the place on any error, with ERR_UNSUPPORTED where libxml2 is not installed.
 */
struct xml_element *xml_parse(const char *file, const char *text, size_t length, int depth_max,
			      struct pool *pool, struct err *err);

/* The attribute's value, NULL without one. */
const char *xml_attribute(const struct xml_element *element, const char *name);
