/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands on definitions share. */
#pragma once

#include "cmd/command.h"

/*
 * Prints the UUIDs, one a line, or the whole records as JSON. Where stdout does not take them
 * stderr gets them, each behind `done`, what was done to it. JSON has the warnings of `left_out`,
 * too, NULL for none.
 */
void print_kept(struct context *context, struct kept *kept, const char *done,
		const struct inventory *left_out);

/* --parent of commands that name definitions; their struct has a `const char *parent`. */
#define KEPT_PARENT(options_struct)                                                     \
	{                                                                               \
		"parent", 'p', "PARENT", OPTION_TEXT, offsetof(options_struct, parent), \
			COMPLETE_PARENT, NULL,                                          \
			"The one on this parent, where several have the same UUID"      \
	}
/* Its value in sysfs's spelling, NULL when it was not given; *ret is untouched on errors. */
int kept_parent(struct context *context, const char *given, const char **ret, struct err *err);

/*
 * Whether an argument that could be a device or a document is a document: "-", a path, or a file
 * that is there, unless it begins a UUID.
 */
bool names_document(const char *word);
