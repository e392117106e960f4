/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A wanted device, as a document or the options of a command describe it. */
#pragma once

#include "mdev/sysfs.h"

enum start {
	START_UNSET,
	START_MANUAL,
	START_AUTO,
};

struct definition {
	const char *name; /* every text is NULL when the document does not say */
	const char *parent;
	const char *type;
	const char *type_name; /* what the type was called when it was kept; NULL if not known */
	const char *uuid;      /* lower case */
	const char *params;
	uint32_t group; /* 0 when the document does not say */
	enum start start;
	struct attribute *attributes;
	size_t n_attributes;
	const char *file; /* the document, NULL for options */
	int line, column; /* where the definition begins in it */
};

struct definitions {
	struct definition *list;
	size_t n;
};

enum definition_field {
	DEFINITION_NAME,
	DEFINITION_PARENT,
	DEFINITION_TYPE,
	DEFINITION_UUID,
	DEFINITION_GROUP,
	DEFINITION_PARAMS,
	DEFINITION_START,
};

/* The largest document, and how deep it may nest. */
#define DOCUMENT_MAX       ((size_t)16 << 20)
#define DOCUMENT_DEPTH_MAX 64

/*
 * Sets one field from text, checked in the same way whatever the source. `label` is what that
 * calls it ("--group", "<group>"). Fails with ERR_INVALID, the place left to the caller.
 */
int definition_set(struct definition *definition, struct pool *pool, enum definition_field field,
		   const char *label, const char *value, struct err *err);
/* Appends NAME=VALUE; the name is a relative path of plain components. */
int definition_add_attribute(struct definition *definition, struct pool *pool, const char *label,
			     const char *name, const char *value, struct err *err);
/* Takes out the one at a position that there is. */
void definition_remove_attribute(struct definition *definition, size_t at);

/*
 * Reads a document, XML or JSON, told apart by its first character. Accepted are the RFC's and
 * libvirt's <device>, several in <devices>; our JSON object and mdevctl's, several in an array or
 * in {"devices": […]}. Every error is ERR_INVALID with file, line and column; at least one device
 * is in a document that is accepted.
 */
int definitions_parse(const char *file, const char *text, size_t length, struct pool *pool,
		      struct definitions *ret, struct err *err);
/* Opens and reads it first; "-" is stdin. */
int definitions_read(const char *file, struct pool *pool, struct definitions *ret, struct err *err);

/* Says where in its document the definition is that *err is about, when in one. Returns -1. */
int definition_locate(const struct definition *definition, struct err *err);

/*
 * Reads one of mdevctl's files, as mdevctl does: an object with "mdev_type", "start" and perhaps
 * "attrs". Other keys are not looked at; a "start" that is not "auto" is manual.
 */
int definition_parse_stored(const char *file, const char *text, size_t length, struct pool *pool,
			    struct definition *ret, struct err *err);

/* Reads mdevctl's array of attributes alone, as its call-outs print it, into the definition. */
int definition_parse_attributes(struct definition *definition, struct pool *pool, const char *file,
				const char *text, struct err *err);

/* The two halves of definitions_parse(). */
int definitions_parse_json(const char *file, const char *text, size_t length, struct pool *pool,
			   struct definitions *ret, struct err *err);
int definitions_parse_xml(const char *file, const char *text, size_t length, struct pool *pool,
			  struct definitions *ret, struct err *err);
