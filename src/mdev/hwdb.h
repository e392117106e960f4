/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names from the hardware database. */
#pragma once

#include "base/pool.h"

/*
 * Vendor and product name for a modalias ("pci:v000010DEd000013F2…"), from udev's hardware
 * database. libudev is loaded when the first name is asked for; without it, or without a database,
 * both stay as they are.
 */
void hwdb_names(struct pool *pool, const char *modalias, const char **vendor, const char **product);
