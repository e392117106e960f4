/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of dialects. */
#include "mdev/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_mdev,
	&dialect_vf,
};
const size_t n_dialects = ARRAY_SIZE(dialects);

const struct dialect *dialect_of(const struct record *record)
{
	for (size_t i = 0; i < n_dialects && record->dialect; i++)
		if (streq(dialects[i]->name, record->dialect))
			return dialects[i];
	return dialects[0];
}

bool record_is_current(const struct root *root, const struct record *record)
{
	const struct dialect *dialect = dialect_of(record);

	if (!record->inode || record_inode(root, record->path) != record->inode)
		return false;
	return !dialect->is_recorded || dialect->is_recorded(root, record);
}
