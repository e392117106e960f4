/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices a command is about: by name, group, parent, type. */
#pragma once

#include "cmd/command.h"

struct filter {
	const char *parent;
	const char *type;
	const char *group;
};

#define FILTER_PARENT(options_struct)                                                          \
	{                                                                                      \
		"parent", 'p', "PARENT", OPTION_TEXT, offsetof(options_struct, filter.parent), \
			COMPLETE_PARENT, NULL, "Only devices on this parent"                   \
	}
#define FILTER_TYPE(options_struct)                                                      \
	{                                                                                \
		"type", 't', "TYPE", OPTION_TEXT, offsetof(options_struct, filter.type), \
			COMPLETE_TYPE, NULL, "Only devices of this type"                 \
	}
#define FILTER_GROUP(options_struct)                                                        \
	{                                                                                   \
		"group", 'g', "GROUP", OPTION_TEXT, offsetof(options_struct, filter.group), \
			COMPLETE_GROUP, NULL, "The devices of this group"                   \
	}

struct filtered {
	struct device **list;
	size_t n;
};

/*
 * The devices that context->args name (each must exist, each once), or all, less those that do not
 * fit the filter.
 */
int filter_devices(struct context *context, struct inventory *inventory,
		   const struct filter *filter, unsigned needs, struct filtered *ret,
		   struct err *err);

struct filtered_definitions {
	struct stored **list;
	size_t n;
};

/* The same of definitions, where a filter that nothing fits is no error. */
int filter_definitions(struct context *context, struct inventory *inventory,
		       const struct filter *filter, struct filtered_definitions *ret,
		       struct err *err);
