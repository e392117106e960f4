/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as a virtual machine takes it: QEMU's arguments, QMP's commands, libvirt's elements. */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "mdev/model.h"
#include "mdev/qemu.h"

#include <jansson.h>

enum vm_format {
	VM_QEMU,      /* -device vfio-pci,sysfsdev=… */
	VM_QEMU_JSON, /* -device '{"driver":"vfio-pci",…}', QEMU 6.2 and later */
	VM_QMP,       /* {"execute":"device_add",…}, one command a line */
	VM_LIBVIRT,   /* <hostdev> */
};
/* By its word in --format; false for an unknown one. */
bool vm_format_named(const char *word, enum vm_format *ret);

/* What is asked for beside the device; NULL where nothing is. */
struct vm_options {
	enum vm_format format;
	const char *id; /* its number is put behind it */
	const char *bus;
	const char *addr;    /* vm_addr_is_valid() */
	const char *display; /* "on", "off", "auto" */
	bool ramfb;
	const char *bootindex; /* a number */
	const char *migration; /* "on", "off" */
	const char *iommufd;   /* the object's id */
	const char *devno;     /* vm_devno_is_valid() */
	const char *vm_uuid;
	const struct qemu *qemu; /* what it knows; NULL for any recent one */
};

/* One property of QEMU's -device; the text is its value in every format. */
struct vm_property {
	enum { VM_TEXT, VM_NUMBER, VM_BOOL } kind;
	const char *key;
	const char *text;
};

struct vm_device {
	const struct device *device;
	const char *driver;
	struct vm_property *list; /* sysfsdev first: the mail's section 4 has only that */
	size_t n;
};

/* A driver's name comes from the kernel's driver: only one of plain characters is handed on. */
bool vm_driver_is_safe(const char *driver);

/* "fe.0.1234", as QEMU's vfio-ccw and libvirt take it: hexadecimal, the middle one 0 to 3. */
bool vm_devno_is_valid(const char *devno);

/* A slot and maybe a function, "1f" or "0x5.0": hexadecimal, as QEMU's pci devices take it. */
bool vm_addr_is_valid(const char *addr);

/*
 * What QEMU and libvirt take as an id: a letter, then letters, digits, '-', '.' and '_'
 * (id_wellformed() in QEMU's util/id.c).
 */
bool vm_id_is_valid(const char *id);

/* The driver of QEMU's that it gets: its own, or with `ramfb` another. */
const char *vm_driver(const struct vm_options *options, const struct device *device);

/*
 * Decides what the device is given, as the `number`th of its VM (from 0). ERR_UNSUPPORTED names an
 * option that the device, the format or the QEMU cannot take, with the reason.
 */
int vm_describe(struct pool *pool, const struct vm_options *options, const struct device *device,
		size_t number, struct vm_device *ret, struct err *err);

/* The device as QMP's device_add takes it, a new reference. */
json_t *vm_arguments(const struct vm_device *device);

struct vm_lines {
	const char **list; /* for people and shells */
	size_t n;
	const char **words; /* for programs, unquoted: of QEMU's argv, else lines */
	size_t n_words;
};
/* What comes before the devices: the object that --iommufd names, the VM's UUID. */
void vm_preamble(struct pool *pool, const struct vm_options *options, struct vm_lines *ret);
/* The device, as one more line. */
void vm_line(struct pool *pool, const struct vm_options *options, const struct vm_device *device,
	     struct vm_lines *ret);
