/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nouns: parent, type, device, and the inventory that owns them. Plain data. */
#pragma once

#include "mdev/sysfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dialect;
struct record;
struct stored;
struct type;

/* A number that the driver does not tell. */
#define UNKNOWN (-1)

/* One "key=value" of a driver's description. */
struct fact {
	const char *key;
	const char *value;
};

/* A physical device whose driver makes mediated ones. Strings are NULL where there is nothing. */
struct parent {
	const struct dialect *dialect;
	const char *name; /* "0000:86:00.0", "0.0.0001", "matrix" */
	const char *path; /* where it was found, "/sys/bus/pci/devices/0000:86:00.0" */
	const char *real; /* its directory, "/sys/devices/pci0000:80/…/0000:86:00.0" */
	const char *driver;
	const char *vendor_id; /* "0x10de" */
	const char *product_id;
	const char *vendor; /* the hardware database's name */
	const char *product;
	int64_t numa_node;   /* UNKNOWN without one */
	int64_t iommu_group; /* UNKNOWN without one */
	/*
	 * The places that take one device each: the addresses of its virtual functions; none where
	 * the driver finds a place itself.
	 */
	const char **slots;
	size_t n_slots;
	const char *reason; /* why it makes no devices, of one that only could; else NULL */
	const char *fix;    /* what to type then */
	struct type **types;
	size_t n_types;
	unsigned loaded; /* which needs are met */
	bool gone;       /* it vanished while we looked */
};

/* A kind of device that a parent can make. */
struct type {
	struct parent *parent;
	const char *id;   /* "11", "nvidia-63", "i915-GVTg_V5_4" */
	const char *path; /* its directory, "…/mdev_supported_types/11" */
	const char *name; /* "GRID M60-0B" */
	const char *device_api;
	const char *description;
	struct fact *facts; /* the description taken apart */
	size_t n_facts;
	const char *fb_length;  /* "512M" */
	const char *resolution; /* "2560x1600" */
	int64_t heads;
	const char *room_file; /* where the room is read, "max_instances" */
	int64_t available;     /* room now */
	const char **slots;    /* those of the parent's slots that are free for it now */
	size_t n_slots;
	bool offered;       /* false for one that is only remembered: nobody lists it now */
	const char *reason; /* why there is no room, as far as that can be told; else NULL */
	const char *fix;    /* what to type then */
	const char *old_id; /* what a definition of another dialect calls it; NULL without one */
	bool requires_group;
	bool has_params; /* the mail's `params` file is there */
	unsigned loaded; /* which needs are met, of one that was loaded by itself */
};

/* A process that has a device open. */
struct holder {
	int pid;
	const char *command; /* "qemu-system-x86" */
	const char *vm;      /* QEMU's -name, NULL when there is none */
	const char *manager; /* who started the VM, "libvirt" or "qemu"; NULL when it is no VM */
};

enum held {
	HELD_NOT_ASKED,
	HELD_FREE,
	HELD_BY_KNOWN, /* see holders */
	HELD_UNKNOWN,  /* processes are hidden from us */
};

enum device_state {
	STATE_ACTIVE,  /* made by us */
	STATE_FOREIGN, /* made by somebody else */
	STATE_PENDING_REMOVAL,
};

/* A mediated device that exists. */
struct device {
	const char *uuid; /* its address where it has none: a virtual function that others set up */
	const char *address; /* its slot's; NULL where it has none */
	const char *name;    /* ours, NULL without one */
	const char *parent;  /* the parent's name */
	const struct dialect *dialect;
	const char *parent_path; /* the parent's directory */
	const char *path;        /* "/sys/bus/mdev/devices/UUID" */
	const char *type;        /* the type's id, "unknown" when nobody tells */
	const char *old_type;    /* what a definition of another dialect calls it, or NULL */
	const char *type_name;
	const char *device_api;
	uint32_t group; /* 0 without one */
	const char *params;
	const struct attribute *attributes; /* what it was made with */
	size_t n_attributes;
	struct fact *facts; /* what its own files say */
	size_t n_facts;
	bool requires_group; /* its type's */
	bool needs_vm_uuid;  /* its driver wants QEMU's -uuid */
	bool params_ignored; /* just made, and its type took none */
	bool record_loaded;
	bool gone; /* it vanished while we looked */
	enum device_state state;
	bool removal_begun;      /* somebody is at it; of STATE_ACTIVE, too */
	int64_t iommu_group;     /* UNKNOWN without one */
	const char *vfio_device; /* "vfio0", NULL before Linux 6.2 */
	enum held held;
	struct holder *holders;
	size_t n_holders;
};

/* Largest group number (the mail wants a number; zero means none). */
#define GROUP_MAX UINT32_MAX

/* What is wanted; nothing else is opened. */
enum need {
	NEED_PARENT_FACTS = 1 << 0,   /* driver, ids, NUMA node */
	NEED_PARENT_PRODUCT = 1 << 1, /* names from the hardware database */
	NEED_TYPE_NAME = 1 << 2,
	NEED_TYPE_ROOM = 1 << 3,
	NEED_TYPE_API = 1 << 4,
	NEED_TYPE_FACTS = 1 << 5, /* description, fb_length, resolution, heads */
	NEED_TYPE_RULES = 1 << 6, /* requires_group, params */
	NEED_DEVICE_TYPE = 1 << 7,
	NEED_DEVICE_TYPE_NAME = 1 << 8, /* and the driver for QEMU, and the group rule */
	NEED_DEVICE_RECORD = 1 << 9,
	NEED_DEVICE_GROUP = 1 << 10, /* IOMMU group and VFIO device */
	NEED_DEVICE_HOLDERS = 1 << 11,
	NEED_TYPES = 1 << 12,            /* just which there are */
	NEED_DEFINITION_STATE = 1 << 13, /* which are active */
	NEED_DEVICE_FACTS = 1 << 14,
};
#define NEED_TYPE_ALL \
	(NEED_TYPE_NAME | NEED_TYPE_ROOM | NEED_TYPE_API | NEED_TYPE_FACTS | NEED_TYPE_RULES)
#define NEED_DEVICE_ALL                                                                      \
	(NEED_DEVICE_TYPE | NEED_DEVICE_TYPE_NAME | NEED_DEVICE_RECORD | NEED_DEVICE_GROUP | \
	 NEED_DEVICE_HOLDERS | NEED_DEVICE_FACTS)

/* Something was left out of the answer; the rest of it stands. */
struct warning {
	const char *message;
	const char *file; /* NULL where it is about no single file */
};

struct journal;
struct inventory {
	struct pool *pool;  /* owns everything below */
	struct pool *other; /* and what a second thread has read */
	const struct root *root;
	struct parent **parents;
	size_t n_parents;
	bool parents_loaded;
	struct parent **candidates; /* what could become a parent */
	size_t n_candidates;
	const struct record *expected; /* a device just made that has no record; NULL without */
	struct device **devices;
	size_t n_devices;
	bool devices_loaded;
	struct stored **definitions; /* see store.h */
	size_t n_definitions;
	struct type **device_types; /* of devices whose parent was not asked for; a dialect's */
	size_t n_device_types;
	struct entries records; /* the devices that have a record of ours */
	bool records_loaded;
	struct journal *journal; /* what was under way when the devices were found */
	struct warning *warnings;
	size_t n_warnings;
};

void inventory_warn(struct inventory *inventory, const char *file, const char *format, ...)
	PRINTF(3, 4);
/* The same for a file that could not be read. */
void inventory_warn_errno(struct inventory *inventory, const char *file, int errnum);

/* Whether the parent whose directory is `real` is known already: the first dialect wins. */
bool inventory_knows(const struct inventory *inventory, const char *real);

/* The parent's slot of that name; NULL without one. */
const char *parent_slot(const struct parent *parent, const char *name);
/* Whether the device is on the parent so named, or in the slot so named. */
bool device_is_at(const struct device *device, const char *name);

/* Whether the device has the type of that id, or of the id that another dialect had for it. */
bool device_has_type(const struct device *device, const char *id);
/* Whether its removal has begun and not ended. */
bool device_is_going(const struct device *device);

/*
 * Whether `given` means this type: "11" is the id "11", else exactly "nvidia-11"; otherwise the
 * whole id or the whole name; never a part.
 */
bool type_matches(const struct type *type, const char *given);
/* The parent's type that `given` means, NULL without one. An id is preferred to a name. */
struct type *parent_find_type(const struct parent *parent, const char *given);
