/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a QEMU binary says of itself. */
#pragma once

#include "base/err.h"
#include "base/pool.h"

#include <stdbool.h>

struct qemu {
	const char *binary; /* as the user named it */
	const char *driver;
	const char **properties;
	size_t n_properties;
};

/*
 * Asks the binary (a path, or a name that is looked for in PATH) for the properties of a driver, by
 * "-device DRIVER,help" (seen: 7.2 and 10.0, which end with 0 whether they have it or not).
 * ERR_NOT_FOUND without the binary, ERR_UNSUPPORTED when it has no such driver or does not run.
 */
int qemu_ask(const char *binary, const char *driver, struct pool *pool, struct qemu *ret,
	     struct err *err);
bool qemu_has(const struct qemu *qemu, const char *property);
