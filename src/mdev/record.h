/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we remember of a device that sysfs does not tell: its name, group, params, type. */
#pragma once

#include "mdev/sysfs.h"

#include <jansson.h>

struct record {
	const char *uuid;
	const char *name;    /* NULL without one */
	const char *dialect; /* its dialect's name; NULL for the first of the table */
	const char *parent;
	const char *parent_path; /* the parent's directory */
	const char *path;        /* the device's */
	const char *slot;        /* the parent's slot that it has; NULL where there are none */
	const char *type;
	const char *type_name;
	uint32_t group; /* 0 without one */
	const char *params;
	const struct attribute *attributes;
	size_t n_attributes;
	uint64_t inode; /* of the device's directory: a record that does not match it is stale */
};

/* mdevctl's array of objects with one key each; NULL when something in it is not UTF-8. */
json_t *attributes_to_json(const struct attribute *list, size_t n);

/* NULL when something in it is not UTF-8, which JSON cannot hold. */
json_t *record_to_json(const struct record *record);
/* False when it is no record. Strings are copied into `pool`. */
bool record_from_json(const json_t *json, struct pool *pool, struct record *ret);

/* NULL when there is none that can be read. */
struct record *record_load(const struct root *root, const char *uuid, struct pool *pool);
/* Nothing is saved or removed where the root is stateless; removing what is not there is fine. */
int record_save(const struct root *root, const struct record *record, struct err *err);
int record_remove(const struct root *root, const char *uuid, struct err *err);

/* The inode of the directory at `path`, 0 with errno when it is not there or cannot be opened. */
uint64_t record_inode(const struct root *root, const char *path);
