/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted: definitions from documents, from options, or from both. */
#pragma once

#include "cmd/command.h"

struct wanted {
	const char *parent, *type, *uuid, *name, *group, *params;
	struct words attributes;
	const char *count;
	const char *placement;
};

/* Rows of a command's table of options, whose struct has a `struct wanted wanted`. */
#define WANTED_ROW(s, name, letter, arg, kind, field, completion, words, help)              \
	{                                                                                   \
		name, letter, arg, kind, offsetof(s, wanted.field), completion, words, help \
	}
#define WANTED_OPTIONS(s)                                                                         \
	WANTED_ROW(s, "parent", 'p', "PARENT", OPTION_TEXT, parent, COMPLETE_PARENT, NULL,        \
		   "Make it on this parent; without it one is chosen"),                           \
		WANTED_ROW(s, "type", 't', "TYPE", OPTION_TEXT, type, COMPLETE_TYPE, NULL,        \
			   "Its type: the id, or the whole name"),                                \
		WANTED_ROW(s, "uuid", 'u', "UUID", OPTION_TEXT, uuid, COMPLETE_NOTHING, NULL,     \
			   "Its UUID; without it a random one"),                                  \
		WANTED_ROW(s, "name", 'n', "NAME", OPTION_TEXT, name, COMPLETE_NOTHING, NULL,     \
			   "A name to call it by; with --count NAME-1, NAME-2 ..."),              \
		WANTED_ROW(s, "group", 'g', "GROUP|auto", OPTION_TEXT, group, COMPLETE_GROUP,     \
			   "auto",                                                                \
			   "The group of one VM's devices, 1 to 4294967295; auto: the lowest "    \
			   "unused"),                                                             \
		WANTED_ROW(s, "params", 0, "TEXT", OPTION_TEXT, params, COMPLETE_NOTHING, NULL,   \
			   "Parameters for the driver, as they are"),                             \
		WANTED_ROW(s, "attr", 'a', "NAME=VALUE", OPTION_LIST, attributes,                 \
			   COMPLETE_NOTHING, NULL,                                                \
			   "Write VALUE to the new device's file NAME; may be repeated"),         \
		WANTED_ROW(s, "count", 'c', "N", OPTION_TEXT, count, COMPLETE_NOTHING, NULL,      \
			   "Make N of them"),                                                     \
		WANTED_ROW(s, "placement", 0, "pack|spread|numa=N", OPTION_TEXT, placement,       \
			   COMPLETE_WORDS, "pack spread numa=",                                   \
			   "Choose the fullest parent with room (the default), the emptiest, or " \
			   "one on NUMA node N")

/*
 * Reads the documents, adds what the options say, and multiplies by --count. Without documents the
 * options make one definition. ERR_USAGE where they contradict each other, ERR_INVALID for bad
 * values.
 */
int wanted_definitions(struct context *context, const struct wanted *wanted,
		       const struct words *documents, struct definitions *ret, struct err *err);
/* What the options say goes into the definition; what a document said must not differ. */
int wanted_add(struct context *context, const struct wanted *wanted, struct definition *definition,
	       struct err *err);
/*
 * ERR_USAGE, at the document's place: the option `label`, with its value or NULL, is not what was
 * said there.
 */
int wanted_contradiction(const struct definition *definition, const char *label, const char *value,
			 const char *said, struct err *err);
/* How a parent is chosen, and whether the group is automatic. */
int wanted_placement(const struct wanted *wanted, struct create_options *ret, struct err *err);
