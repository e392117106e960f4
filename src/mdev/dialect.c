/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of dialects. */
#include "mdev/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_mdev,
};
const size_t n_dialects = ARRAY_SIZE(dialects);
