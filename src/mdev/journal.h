/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is under way: an entry is written before an operation's first store and removed after its
 * last, so one that nobody works on any more tells the next run what to mend. An entry covers a
 * whole set: its removal is the moment at which the set counts as made.
 */
#pragma once

#include "mdev/record.h"

enum journal_operation {
	JOURNAL_CREATE,
	JOURNAL_DESTROY,
};

struct journal_entry {
	const char *id; /* its file's name: the first device's UUID, or see journal_pending() */
	enum journal_operation operation;
	bool pending; /* a removal that the driver has not finished; nobody waits for it */
	pid_t writer; /* of a pending one, see sysfs_is_writing() */
	struct record *devices;
	size_t n_devices;
};

/* The path of the entry for a device whose removal is pending. */
const char *journal_pending(struct pool *pool, const char *uuid);
/*
 * The caller holds the lock of the first device's parent, which the unfinished file is named after,
 * so that one that a killed run left is replaced by the next that writes there.
 */
int journal_write(const struct root *root, const struct journal_entry *entry, struct err *err);
int journal_remove(const struct root *root, const struct journal_entry *entry, struct err *err);

/* Those that killed runs left: the parents that they are named after. */
size_t journal_temporaries(const struct root *root, struct pool *pool, const char ***parents);
int journal_forget_temporary(const struct root *root, const char *parent, struct err *err);

struct journal {
	struct journal_entry *entries;
	size_t n;
	const char **broken; /* files in it that are no entries */
	size_t n_broken;
	const char *problem; /* why it cannot be read; NULL when it can */
};
/* Reads all entries; a journal that cannot be read has none. */
void journal_load(const struct root *root, struct pool *pool, struct journal *ret);
