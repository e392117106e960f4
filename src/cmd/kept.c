/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands on definitions share. */
#include "cmd/kept.h"

#include "mdev/address.h"
#include "mdev/uuid.h"

#include <stdio.h>

static void print_json(struct context *context, struct kept *kept, const struct inventory *left_out)
{
	struct document document = {.out = stdout};
	struct selection selection;

	select_all(&definition_fields, context->pool, &selection);
	store_load_states(&kept->inventory, kept->list, kept->n);
	document_array(&document, &selection, (const void *const *)kept->list, kept->n);
	document_end(&document, left_out);
}

void print_kept(struct context *context, struct kept *kept, const char *done,
		const struct inventory *left_out)
{
	if (context->json)
		print_json(context, kept, left_out);
	else
		for (size_t i = 0; i < kept->n; i++)
			puts(kept->list[i]->definition.uuid);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	for (size_t i = 0; i < kept->n; i++)
		fprintf(stderr, "%s: %s\n", done, kept->list[i]->definition.uuid);
}

int kept_parent(struct context *context, const char *given, const char **ret, struct err *err)
{
	const char *name = given ? address_parent_name(context->pool, given) : NULL;

	if (given && !name)
		return err_set(err, ERR_INVALID, "'%s' cannot be the name of a parent", given);
	*ret = name;
	return 0;
}

bool names_document(const char *word)
{
	if (streq(word, "-") || strchr(word, '/'))
		return true;
	return !uuid_is_prefix(word) && access(word, F_OK) == 0;
}
