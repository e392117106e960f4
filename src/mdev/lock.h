/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that bind the runs of mdevtool on this machine: one for names and groups, one per parent,
 * always taken in that order and parents by name, so that two runs never wait for each other. They
 * lie below STATE_LOCKS, where no ordinary user can hold them.
 */
#pragma once

#include "mdev/sysfs.h"

/* Whoever has waited for so long is told whom to look at. */
#define LOCK_WAIT_MS 30000

struct locks {
	int names;    /* -1 when not held */
	int *parents; /* descriptors */
	const char **parent_names;
	size_t n;
	int wait_ms; /* for each; then ERR_BUSY names the holder's PID */
};
#define LOCKS_INIT ((struct locks){.names = -1, .wait_ms = LOCK_WAIT_MS})

/*
 * Whether locks can be had here at all: 0, or -1 with *err. Where the root is stateless the two
 * that wait take nothing and succeed.
 */
int locks_probe(const struct root *root, struct err *err);
int locks_take_names(struct locks *locks, const struct root *root, struct err *err);
/* Without waiting: 0, 1 when somebody holds it, -1. */
int locks_try_names(struct locks *locks, const struct root *root, struct err *err);
void locks_release_names(struct locks *locks);
/* Takes the locks of the parents named, in any order and with repetitions; those held are kept. */
int locks_take_parents(struct locks *locks, const struct root *root, struct pool *pool,
		       const char *const *names, size_t n, struct err *err);
/* One more, out of order and therefore without waiting: 0, 1 when somebody holds it, -1. */
int locks_try_parent(struct locks *locks, const struct root *root, struct pool *pool,
		     const char *name, struct err *err);
bool locks_hold(const struct locks *locks, const char *parent);
void locks_release_parents(struct locks *locks);
void locks_release(struct locks *locks);

#define autolocks __attribute__((cleanup(locks_release)))
