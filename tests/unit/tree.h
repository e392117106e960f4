/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Temporary directory trees, made from tables and removed when the program ends. */
#pragma once

#include "base/macros.h"
#include "base/pool.h"

#include <stdbool.h>

struct root;

/* The path ends in a mark, as `ls -F` prints it: '/' a directory, '@' a symlink, '|' a FIFO. */
struct tree_entry {
	const char *path;
	const char *text; /* a file's content; a symlink's target */
	size_t length;    /* of a text that holds NUL bytes */
};

/* A new tree; its path. Directories on the way are made as needed. */
const char *tree_new(const struct tree_entry *entries, size_t n);
#define TREE_NEW(entries) tree_new((entries), ARRAY_SIZE(entries))
void tree_add(const char *tree, const struct tree_entry *entries, size_t n);
#define TREE_ADD(tree, ...)                                        \
	tree_add((tree), (const struct tree_entry[]){__VA_ARGS__}, \
		 ARRAY_SIZE(((const struct tree_entry[]){__VA_ARGS__})))

/* Whether trees can be roots here; skips a check if not: valgrind 3.19 has no openat2(2). */
bool tree_can_be_root(void);
/* The tree as the root directory of what is tested. */
struct root tree_root(const char *tree);
/* An open directory of it; "." is its top. */
int tree_open(const char *tree, const char *path);
/* The content of one of its files, NULL when it is not there. */
const char *tree_text(struct pool *pool, const char *tree, const char *path);
bool tree_has(const char *tree, const char *path);
void tree_chmod(const char *tree, const char *path, unsigned mode);
