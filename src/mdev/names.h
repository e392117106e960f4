/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names and groups are taken: by devices, by definitions, by what is under way. */
#pragma once

#include "mdev/model.h"

struct name_owner {
	const char *name; /* NULL without one */
	const char *uuid;
	uint32_t group; /* 0 without one */
};

struct names {
	struct name_owner *list;
	size_t n;
};

/* The caller holds the lock of the names, or only plans. Replaces inventory->definitions. */
struct names names_load(struct inventory *inventory);
/* ERR_EXISTS when another device or definition than the one of that UUID has the name. */
int names_check(const struct names *names, const char *name, const char *uuid, struct err *err);
/* The lowest group that nobody has. */
uint32_t names_free_group(const struct names *names);
