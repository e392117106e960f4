/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is ours of definitions, in STORE_OWN/UUID: an array of versions, each with what it belongs
 * to, a file of mdevctl's, by key and identity.
 */
#pragma once

#include "mdev/store.h"

/* What a file is called while it is written, below STORE_DIR and STORE_OWN (see file_replace()). */
#define STORE_TEMPORARY ".%s.tmp"

/* Which file a version belongs to. */
struct identity {
	uint64_t inode;
	const char *birth; /* "SECONDS.NANOSECONDS"; "" where the file system keeps none */
	const char *modified;
};

/* What tells definitions apart below STORE_DIR: "PARENT/FILE". */
const char *own_key(struct pool *pool, const struct stored *stored);
/* Of a file in a directory, or with "" of the descriptor's own; false when it cannot be told. */
bool own_identify(int dir, const char *name, struct pool *pool, struct identity *ret);

/* STORE_OWN is given as a descriptor: */

/*
 * Adds what the version of a definition, whose file is `fd`, says. What cannot be read is not taken
 * for nothing, as it would be lost with the next change.
 */
int own_add(int own, int fd, struct pool *pool, struct stored *stored, struct err *err);
/* The keys, each once, of the versions that have a name or a group. */
void own_named(int own, const char *uuid, struct pool *pool, const char ***keys, size_t *n);

/* The version of a definition whose file will be the one of that identity, beside those in use. */
int own_write(const struct root *root, const struct stored *stored, const struct identity *identity,
	      struct err *err);
/* What killed runs left of one UUID; see store_tidy(). */
void own_tidy(const struct root *root, const char *uuid);
