/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a running VM: which it has, and hot-plug (the mail's section 7). */
#pragma once

#include "mdev/model.h"
#include "vm/qmp.h"

#include <stdio.h>

/* A VFIO device that the VM has. */
struct guest_function {
	const char *path;     /* in QEMU's object model: /machine/peripheral/ID */
	const char *sysfsdev; /* as QEMU was given it */
};

/* A port that takes one PCI device while the VM runs. */
struct guest_port {
	const char *bus;
	bool occupied;
};

struct guest {
	struct qmp qmp;
	struct pool *pool;
	FILE *trace; /* each change is printed here before it is asked for; NULL for silence */
	struct guest_function *functions;
	size_t n_functions;
	struct guest_port *ports;
	size_t n_ports;
};
#define GUEST_INIT              \
	{                       \
		.qmp = QMP_INIT \
	}

/* Connects to the VM, as qmp_open() does, and looks at what it has. */
int guest_open(struct guest *guest, const char *socket, int time_ms, struct pool *pool,
	       struct err *err);
void guest_close(struct guest *guest);
#define autoguest __attribute__((cleanup(guest_close)))

/* NULL when the VM does not have the device. */
const struct guest_function *guest_find(const struct guest *guest, const struct device *device);

/* One device of an attachment or detachment, and what came of it. */
struct plugging {
	const struct device *device;
	const char *path; /* where QEMU has, or had, it; NULL when it has not */
	const char *bus;  /* the bus that it was put on, NULL for the VM's choice */
	bool already;     /* nothing was to do */
};

/*
 * Attaches the devices that the VM does not have yet, all or none: on `bus`, or, when that is NULL,
 * PCI devices on a free port each where the VM has ports. ERR_NO_ROOM when no port is free,
 * ERR_BUSY when `bus` is an occupied one (QEMU 7.2 takes it silently, and the guest never sees the
 * device), ERR_FAILED in QEMU's own words; what could not be undone is named.
 */
int guest_attach(struct guest *guest, struct plugging *list, size_t n, const char *bus,
		 struct err *err);
/*
 * Asks the VM for the devices and waits at most `wait_ms` until it has let go of all. A guest that
 * does not answer leaves its device where it is: ERR_FAILED.
 */
int guest_detach(struct guest *guest, struct plugging *list, size_t n, int wait_ms,
		 struct err *err);
