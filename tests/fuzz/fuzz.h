/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share: taking an input apart, and saying what must hold whatever it is. */
#pragma once

#include "base/err.h"
#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Each target is one of these, as libFuzzer calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, which is a finding. */
#define MUST(what) ((what) ? (void)0 : fuzz_finding(__FILE__, __LINE__, #what))
_Noreturn void fuzz_finding(const char *file, int line, const char *what);

/* A copy that ends where the input ends, so that the sanitizers see what is read behind it. */
char *fuzz_text(const uint8_t *data, size_t size);

/* An input of several parts, which are separated by bytes 0xff: there are none in UTF-8. */
struct parts {
	const uint8_t *at, *end;
};
/* The next part, "" when there are no more; a NUL is behind it. */
char *parts_next(struct parts *parts, struct pool *pool, size_t *length);

/* An error is whole: of some kind, with a message; what is no error is empty. */
void must_be_error(const struct err *err);
/* Neither stdout nor stderr may hold control characters, beside newlines and those of `but`. */
void must_be_printable(const char *text, size_t length, const char *but);
void must_be_json(const char *text, size_t length);

/* One stream into memory, which begins anew with each call, and what was written to it. */
FILE *fuzz_stream(void);
const char *fuzz_stream_end(size_t *length);

struct tree_entry;
/* What is in a file, and where to write to it. */
struct fuzz_file {
	int fd;
	bool known;
	char text[4096];
	size_t length;
};
/* A tree in TMPDIR, whose files are then changed by their index. */
struct fuzz_tree {
	const char *path;
	struct fuzz_file *files;
	const struct tree_entry *entries;
};
void fuzz_tree_new(struct fuzz_tree *tree, const struct tree_entry *entries, size_t n);
void fuzz_tree_set(const struct fuzz_tree *tree, size_t file, const char *text, size_t length);
