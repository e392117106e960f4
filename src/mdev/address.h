/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent's spellings: sysfs's, libvirt's node device names, short and long. */
#pragma once

#include "base/pool.h"

#include <stdbool.h>

struct pci_address {
	unsigned domain, bus, slot, function;
};

/* "0000:86:00.0" exactly, hex digits in either case. */
bool pci_address_parse(const char *text, struct pci_address *ret);

/*
 * The sysfs name of the parent that `given` means: "86:00.0", "pci_0000_86_00_0",
 * "css_0_0_0001", "ap_matrix" and any path under /sys are put into sysfs's own spelling; everything
 * else is taken as it is. NULL when `given` cannot be the name of a device.
 */
const char *address_parent_name(struct pool *pool, const char *given);

/* "0.0.0001", a channel subsystem's device. */
bool address_is_css(const char *name);

/*
 * libvirt's name of a parent: "pci_0000_86_00_0", "css_0_0_0001", "ap_matrix" (libvirt 9 and 11,
 * `virsh nodedev-list`); other names get their punctuation replaced, `subsystem` before them.
 */
const char *address_node_name(struct pool *pool, const char *parent, const char *subsystem);
