/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: one line in DIR/.mdevsim/journal for each write that was answered, and where changes
 * of files are judged one with the path in DIR/.mdevsim/changes for each of them.
 */
#pragma once

#include <stddef.h>

#include "tree.h"

/* PATH<TAB>TEXT<TAB>RESULT, where result is free text, or the count or the errno's name. */
void journal_write(const struct machine *machine, const char *path, const char *text, size_t length,
		   const char *result);
void journal_answer(const struct machine *machine, const char *path, const char *text,
		    size_t length, long answer);

void journal_change(const struct machine *machine, const char *path);
