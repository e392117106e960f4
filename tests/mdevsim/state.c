/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the simulated drivers remember: records of "key=value" lines in DIR/.mdevsim. */

#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define PARENTS PRIVATE "/parents"
#define DEVICES PRIVATE "/devices"
#define LOCK    PRIVATE "/lock"

static void forget(struct machine *machine)
{
	machine->generation = -1;
	while (machine->parents)
		record_drop(&machine->parents, machine->parents);
	while (machine->devices)
		record_drop(&machine->devices, machine->devices);
}

struct machine machine_open(const char *dir)
{
	struct machine machine = {.lock = -1, .generation = -1};

	umask(022);
	machine.dir = realpath(dir, NULL);
	machine.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!machine.dir || machine.fd < 0)
		die("cannot open '%s': %s", dir, strerror(errno));
	return machine;
}

void machine_close(struct machine *machine)
{
	forget(machine);
	if (machine->lock >= 0)
		close(machine->lock);
	close(machine->fd);
	free(machine->dir);
}

static struct record *load(const struct machine *machine, const char *folder)
{
	char **names __attribute__((cleanup(tree_list_free))) = tree_list(machine, folder);
	struct record *list = NULL;

	for (char **name = names; *name; name++) {
		autofree char *path = format("%s/%s", folder, *name);
		autofree char *text = tree_read(machine, path, NULL);
		char *rest = text;
		struct record *record;

		/* Another writer may just have removed it. */
		if (!text)
			continue;
		record = record_add(&list, *name);
		for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
			char *equals = strchr(line, '=');

			if (!equals)
				continue;
			*equals = '\0';
			unescape(equals + 1);
			record_set(record, line, equals + 1);
		}
	}
	return list;
}

/* The lock file grows by a byte with each change, whoever makes it. */
static off_t generation(const struct machine *machine)
{
	struct stat status;

	return fstatat(machine->fd, &LOCK[1], &status, 0) == 0 ? status.st_size : -1;
}

void state_changed(struct machine *machine)
{
	int fd = openat(machine->fd, &LOCK[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, "\n", 1) != 1)
		die("cannot change '%s': %s", machine->dir, strerror(errno));
	close(fd);
	machine->generation++;
}

void state_load(struct machine *machine)
{
	off_t newest = generation(machine);

	if (newest >= 0 && newest == machine->generation)
		return;
	forget(machine);
	machine->generation = newest;
	machine->parents = load(machine, PARENTS);
	machine->devices = load(machine, DEVICES);
}

static void free_record(struct record *record)
{
	while (record->pairs) {
		struct pair *pair = record->pairs;

		record->pairs = pair->next;
		free(pair->key);
		free(pair->value);
		free(pair);
	}
	free(record->name);
	free(record);
}

bool state_lock(struct machine *machine, bool wait)
{
	if (machine->lock < 0)
		machine->lock = openat(machine->fd, &LOCK[1], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (machine->lock < 0)
		die("'%s' is no simulated machine: %s", machine->dir, strerror(errno));
	while (flock(machine->lock, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return false;
		if (errno != EINTR)
			die("cannot lock '%s': %s", machine->dir, strerror(errno));
	}
	return true;
}

void state_unlock(const struct machine *machine)
{
	flock(machine->lock, LOCK_UN);
}

struct record *record_find(struct record *list, const char *name)
{
	while (list && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

struct record *record_add(struct record **list, const char *name)
{
	struct record *record = allocate(sizeof(*record));

	record->name = duplicate(name);
	record->next = *list;
	*list = record;
	return record;
}

void record_drop(struct record **list, const struct record *record)
{
	while (*list && *list != record)
		list = &(*list)->next;
	if (*list) {
		struct record *found = *list;

		*list = found->next;
		free_record(found);
	}
}

const char *record_get(const struct record *record, const char *key)
{
	for (const struct pair *pair = record->pairs; pair; pair = pair->next) {
		if (strcmp(pair->key, key) == 0)
			return pair->value;
	}
	return "";
}

void record_set(struct record *record, const char *key, const char *value)
{
	struct pair **link = &record->pairs;
	struct pair *pair;

	while (*link && strcmp((*link)->key, key) != 0)
		link = &(*link)->next;
	pair = *link;
	if (!pair && value) {
		pair = *link = allocate(sizeof(*pair));
		pair->key = duplicate(key);
	} else if (pair && !value) {
		*link = pair->next;
		free(pair->key);
		free(pair->value);
		free(pair);
	}
	if (value) {
		free(pair->value);
		pair->value = duplicate(value);
	}
}

long record_number(const struct record *record, const char *key)
{
	return strtol(record_get(record, key), NULL, 0);
}

static void save(struct machine *machine, const char *folder, const struct record *record)
{
	autofree char *path = format("%s/%s", folder, record->name);
	autofree char *text = duplicate("");

	for (const struct pair *pair = record->pairs; pair; pair = pair->next) {
		autofree char *value = escape(pair->value, strlen(pair->value));
		autofree char *before = text;

		text = format("%s%s=%s\n", before, pair->key, value);
	}
	tree_file(machine, path, 0444, text, strlen(text));
	state_changed(machine);
}

void parent_save(struct machine *machine, const struct record *parent)
{
	save(machine, PARENTS, parent);
}

void device_save(struct machine *machine, const struct record *device)
{
	save(machine, DEVICES, device);
}
