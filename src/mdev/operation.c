/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operations share: notes, locks that cannot be looked at, and how they call call-outs. */
#include "mdev/operation.h"

static void PRINTF(3, 0)
	add_note(struct pool *pool, struct notes *notes, const char *format, va_list args)
{
	*pool_push(pool, notes->list, notes->n) = pool_vprintf(pool, format, args);
}

void operation_note(struct operation *operation, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(operation->pool, &operation->notes, format, args);
	va_end(args);
}

void operation_warn(struct operation *operation, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(operation->pool, &operation->warnings, format, args);
	va_end(args);
}

int operation_cannot_tell(struct operation *operation, const char *what, bool dry_run,
			  struct err *failure, struct err *err)
{
	if (!dry_run || failure->kind != ERR_DENIED) {
		err_keep_first(err, failure);
		return -1;
	}
	operation_warn(operation,
		       "%s: whether a run is at work or was interrupted cannot be seen: %s", what,
		       failure->message);
	return 0;
}

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
