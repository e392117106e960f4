/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong: one struct, last argument, whose kind is the exit status. */
#pragma once

#include "base/macros.h"

/* The kinds are the exit statuses of the manual and are never renumbered. */
enum err_kind {
	ERR_NONE = 0,
	ERR_FAILED = 1,
	ERR_USAGE = 2,
	ERR_NOT_FOUND = 3,
	ERR_EXISTS = 4,
	ERR_NO_ROOM = 5,
	ERR_BUSY = 6,
	ERR_DENIED = 7,
	ERR_INVALID = 8,
	ERR_UNSUPPORTED = 9,
};

/*
 * A function that can fail returns 0, or -1 with *err filled; it leaves *err untouched on success.
 * Messages are lower case, without a full stop, their subject in single quotes. The hint is a
 * sentence of its own that names what to type next. Both may hold bytes from a driver or a file:
 * whoever prints them makes them printable first.
 */
struct err {
	enum err_kind kind;
	int errnum; /* the errno behind it, 0 when there is none */
	char *message;
	char *hint; /* NULL when there is none */
	char *file; /* the document at fault, NULL when there is none */
	int line;   /* from 1; 0 when unknown */
	int column; /* from 1, in bytes; 0 when unknown */
};

/* Fills *err and returns -1, so that "return err_set(…)" ends a function. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...) PRINTF(3, 4);
/* The same for a system call: the kind follows from `errnum`, its text is appended. */
int err_errno(struct err *err, int errnum, const char *format, ...) PRINTF(3, 4);
/* The same for a place in a document; `line` and `column` as in struct err. */
int err_at(struct err *err, const char *file, int line, int column, const char *format, ...)
	PRINTF(5, 6);
/* Adds a place in a document to an error that has none yet; returns -1. */
int err_locate(struct err *err, const char *file, int line, int column);
/* Puts "…: " before the message; returns -1. */
int err_wrap(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Replaces the message; all else stays. Returns -1. */
int err_rephrase(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Appends to the message; returns -1. */
int err_append(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Sets or replaces the hint; returns -1. */
int err_hint(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Moves *from into *to unless that holds an error already: users read the first cause. */
void err_keep_first(struct err *to, struct err *from);
void err_clear(struct err *err);

/* ERR_FAILED for those that no other kind fits. */
enum err_kind err_kind_of_errno(int errnum);
/* The word for a kind in JSON: "no-room". */
const char *err_kind_name(enum err_kind kind);

#define autoerr __attribute__((cleanup(err_clear)))
