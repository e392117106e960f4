/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of a parent that were seen once: some drivers list only what can be made now. */
#pragma once

#include "mdev/model.h"

struct recalled {
	const char *id;
	const char *name;
};
struct recall {
	struct recalled *list;
	size_t n;
};

/* What is remembered of the parent so named; nothing when that cannot be read. */
struct recall recall_types(const struct root *root, struct pool *pool, const char *parent);
/* The name of one of them; NULL when it was never seen. */
const char *recall_name(const struct recall *recall, const char *id);
/*
 * Remembers the parent's types (loaded, with names) until the next boot. The caller holds the
 * parent's lock.
 */
int recall_keep(const struct root *root, const struct parent *parent, struct err *err);
