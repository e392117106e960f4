/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations and call-outs. */
#include "mdev/operation.h"

static void say(void *data, const char *line)
{
	const struct operation *operation = data;

	if (operation->say)
		operation->say(line);
}

struct callout operation_callout(struct operation *operation, enum callout_action action,
				 const struct stored *stored)
{
	return (struct callout){
		.root = operation->root,
		.pool = operation->pool,
		.action = action,
		.type = stored->definition.type,
		.uuid = stored->definition.uuid,
		.parent = stored->definition.parent,
		.definition = store_json(operation->pool, stored, true),
		.force = operation->force,
		.say = say,
		.data = operation,
	};
}
