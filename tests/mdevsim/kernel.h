/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's dialect: create and remove, and NVIDIA's parameters beside them. */
#pragma once

#include "model.h"

store_function kernel_create;
store_function kernel_remove;
store_function nvidia_params;

void nvidia_show(struct machine *machine, const struct record *parent);
