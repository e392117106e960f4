/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent as libvirt's node device XML. */
#pragma once

#include "mdev/model.h"

#include <stdio.h>

enum nodedev_dialect {
	NODEDEV_RFC,     /* as the mail's section 1 shows it */
	NODEDEV_LIBVIRT, /* as libvirt writes it today */
};

/* The parent needs NEED_PARENT_PRODUCT and NEED_TYPE_ALL. */
void print_nodedev_xml(const struct parent *parent, enum nodedev_dialect dialect, FILE *out);
