/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the simulated drivers remember: records of "key=value" lines in DIR/.mdevsim. */
#pragma once

#include <stdbool.h>

#include "tree.h"

struct pair {
	struct pair *next;
	char *key;
	char *value;
};

/*
 * A parent: model, path, the driver line's keys and what its driver keeps.
 * A device: parent, type, group, params, iommu, vfio, held, removing and the model's own.
 */
struct record {
	struct record *next;
	char *name;
	struct pair *pairs;
};

/* Opens the machine at DIR and sets the umask of sysfs. */
struct machine machine_open(const char *dir);
void machine_close(struct machine *machine);
/* Reads its records, unless they are as they were. */
void state_load(struct machine *machine);
/* Whoever changes a record in another way than by saving it says so. */
void state_changed(struct machine *machine);

/* False when it is taken and waiting is not wanted. */
bool state_lock(struct machine *machine, bool wait);
void state_unlock(const struct machine *machine);

struct record *record_find(struct record *list, const char *name);
struct record *record_add(struct record **list, const char *name);
void record_drop(struct record **list, const struct record *record);

/* "" stands for a key that is not there; setting NULL takes it away. */
const char *record_get(const struct record *record, const char *key);
void record_set(struct record *record, const char *key, const char *value);
long record_number(const struct record *record, const char *key);

void parent_save(struct machine *machine, const struct record *parent);
void device_save(struct machine *machine, const struct record *device);
