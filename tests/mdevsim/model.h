/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Driver models: which files of a parent, a type and a device a driver answers, and how. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "state.h"

/* What a store answers: a count of bytes, a negative errno, or that the writer has to wait. */
#define ANSWER_BLOCKED LONG_MIN

#define TYPES "mdev_supported_types"

enum place { ON_PARENT, ON_TYPE, ON_DEVICE };

/* One write that reached a driver. */
struct request {
	struct machine *machine;
	struct record *parent;
	struct record *device; /* ON_DEVICE only */
	const char *type;      /* ON_TYPE only */
	const char *file;      /* below the parent, the type or the device */
	const char *text;      /* NUL-terminated */
	size_t length;
};

/* 0 takes every byte; anything else is the answer. */
typedef long store_function(const struct request *request);

struct store {
	enum place place;
	const char *file;
	store_function *function;
};

/* A file that every new device of a type has; %u in its text is the UUID. */
struct device_file {
	const char *type; /* NULL for every type */
	const char *path;
	mode_t mode;
	const char *text;
};

struct model {
	const char *name;
	const char *count;  /* the file of a type that tells how much room is left */
	const char *driver; /* in /sys/bus/mdev/drivers */
	int full;           /* the errno of a create without room */
	bool kernel;        /* the kernel's dialect, else the RFC's */
	const struct store *stores;
	const struct device_file *files;
	/* Writes what the state shows beyond the counts; may be NULL. */
	void (*show)(struct machine *machine, const struct record *parent);
	/*
	 * What comes with the driver besides types, and what goes with it besides devices below the
	 * parent; may be NULL.
	 */
	void (*attach)(struct machine *machine, const struct record *parent);
	void (*leave)(struct machine *machine, const struct record *parent);
};

/* Dies when the name is unknown. */
const struct model *model_of(const struct record *parent);

/* Gives a described parent the files that its driver publishes. */
void model_attach(struct machine *machine, const struct record *parent);

/* Brings every file that shows state in line with it. */
void model_show(struct machine *machine);

/* Whether a driver answers writes to this path. */
bool model_claims(struct machine *machine, const char *path);

/* A negative errno when the driver refuses to let this path be read, else 0. */
long model_read_error(struct machine *machine, const char *path);
/* Whether any driver refuses any reading. */
bool model_refuses_reads(const struct machine *machine);

/* Plays the driver. The caller holds the lock and has loaded the state. */
long model_store(struct machine *machine, const char *path, const char *text, size_t length);
