/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of what a call reported. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * The error is of that kind and its message begins with `text`, or holds what stands behind a
 * leading '~'. Clears it.
 */
bool is_error(struct err *err, enum err_kind kind, const char *text, const char *name);
/* The same for a place in a document. */
bool is_error_at(struct err *err, int line, int column, const char *text, const char *name);
/* No error; the message is shown if there is one. */
bool is_success(int result, struct err *err, const char *name);

/*
 * Runs as an ordinary user for a while, whoever runs the tests; false where that cannot be had. The
 * effective user is what file permissions ask for.
 */
bool become_ordinary(void);
void become_oneself(void);
