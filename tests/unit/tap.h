/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Test Anything Protocol, as far as tests need it here: a line a check, the plan at the end. */
#pragma once

#include "base/macros.h"

#include <stdbool.h>

/* One check each, named by the format; they return whether it passed. */
bool ok(bool passed, const char *format, ...) PRINTF(2, 3);
/* Either text may be NULL. */
bool is_text(const char *got, const char *want, const char *format, ...) PRINTF(3, 4);
bool is_number(long long got, long long want, const char *format, ...) PRINTF(3, 4);
/* One check that cannot be made here. */
void skip(const char *reason);

/* Prints the plan; evaluates to main()'s result. */
int tap_end(void);
