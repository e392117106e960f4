/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RFC's dialect: create with a group, params before it, mdev_destroy. */
#pragma once

#include "model.h"

store_function rfc_create;
store_function rfc_params;
store_function rfc_destroy;

void rfc_show(struct machine *machine, const struct record *parent);
