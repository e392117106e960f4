/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVIDIA's virtual functions: vGPUs without mediated devices, and SR-IOV that brings them. */
#pragma once

#include "model.h"

/* The files of SR-IOV, and the functions that the description has on. */
void vf_attach(struct machine *machine, const struct record *parent);
void vf_show(struct machine *machine, const struct record *parent);

/* The physical function goes, and its virtual ones with it. */
void vf_leave(struct machine *machine, const struct record *parent);

store_function vf_numvfs;
store_function vf_type;
store_function vf_params;
store_function vf_placement;
store_function vf_instance;

/* Whether reading this file of a function fails: a negative errno, or 0. */
long vf_read_error(const struct record *parent, const struct record *device, const char *file);
