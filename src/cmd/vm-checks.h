/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether devices can be handed to a virtual machine. */
#pragma once

#include "cmd/filter.h"

#include <jansson.h>

/*
 * Refuses what cannot work: ERR_BUSY for a device that is held or being removed, ERR_UNSUPPORTED
 * for one that no driver of QEMU takes.
 */
int vm_check(struct context *context, const struct filtered *devices, struct err *err);
/* Refuses devices of one VM that need a common group and have none: ERR_INVALID. */
int vm_check_groups(const struct filtered *devices, struct err *err);
/*
 * Warns of what may not work, and returns the warnings for JSON, a new reference. With `iommufd`
 * QEMU opens other files.
 */
json_t *vm_doubts(struct context *context, struct inventory *inventory,
		  const struct filtered *devices, bool iommufd);
