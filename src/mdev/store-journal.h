/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which definitions are being changed: noted before the first of a command's files is written and
 * struck out after its last, so that what a killed run left is known to the next. It lies with the
 * definitions, since a boot does not mend them. There is one at most: its writer holds the lock of
 * the names.
 */
#pragma once

#include "mdev/store.h"

enum store_operation {
	STORE_DEFINE,
	STORE_MODIFY,
	STORE_UNDEFINE,
};

struct store_change {
	enum store_operation operation;
	struct {
		const char *parent;
		const char *uuid;
		const char *file_name; /* the UUID as its file spells it */
	} * list;
	size_t n;
};

/* Nothing is noted where the root is stateless. */
int store_journal_write(const struct root *root, enum store_operation operation,
			struct stored *const *list, size_t n, struct err *err);
int store_journal_remove(const struct root *root, struct err *err);
bool store_journal_exists(const struct root *root);
/*
 * What was noted; no definition at all when that was being written, which is before any of them was
 * touched.
 */
void store_journal_load(const struct root *root, struct pool *pool, struct store_change *ret);
