/* SPDX-License-Identifier: GPL-2.0-or-later */
/* s390's crypto adapters: the matrix of a vfio_ap device, and the AP bus that lends queues. */
#pragma once

#include "model.h"

store_function ap_assign;
store_function ap_config;
store_function apbus_mask;

void ap_show(struct machine *machine, const struct record *parent);
void apbus_show(struct machine *machine, const struct record *parent);
