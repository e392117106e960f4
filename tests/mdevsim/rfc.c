/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RFC's dialect: create with a group, params before it, mdev_destroy. */

#include "rfc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "text.h"

#define MOST_GROUP 4294967295UL

/* One trailing newline is allowed; the mail's echo writes it. */
static bool at_end(const char *text)
{
	return strcmp(text, "") == 0 || strcmp(text, "\n") == 0;
}

static bool parse_group(const char *text, char **group)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || number == 0 || number > MOST_GROUP || !at_end(end))
		return false;
	*group = format("%lu", number);
	return true;
}

static bool requires_group(const struct request *request)
{
	autofree char *path = NULL;
	autofree char *text = NULL;

	path = format("%s/" TYPES "/%s/requires_group", record_get(request->parent, "path"),
		      request->type);
	text = tree_read(request->machine, path, NULL);
	return text && strtol(text, NULL, 10) != 0;
}

/* Where the parent's record keeps the params of a type. */
static char *params_key(const char *type)
{
	return format("params.%s", type);
}

/* A group is for a type that requires one, and for no other. */
long rfc_create(const struct request *request)
{
	const char *after;
	char uuid[UUID_LENGTH + 1];
	autofree char *group = NULL;
	autofree char *key = NULL;

	if (strlen(request->text) != request->length || !parse_uuid(request->text, uuid))
		return -EINVAL;
	after = request->text + UUID_LENGTH;
	if (*after == ':' ? !parse_group(after + 1, &group) : !at_end(after))
		return -EINVAL;
	if (group && !requires_group(request))
		return -EINVAL;
	key = params_key(request->type);
	return device_create(request->machine, request->parent, request->type, uuid, group,
			     record_get(request->parent, key));
}

/* The type keeps them until they are cleared: a device made of it meanwhile gets them. */
long rfc_params(const struct request *request)
{
	autofree char *key = params_key(request->type);
	autofree char *params = duplicate(request->text);
	size_t length = strlen(params);

	if (length > 0 && params[length - 1] == '\n')
		params[length - 1] = '\0';
	record_set(request->parent, key, params);
	parent_save(request->machine, request->parent);
	return 0;
}

long rfc_destroy(const struct request *request)
{
	char uuid[UUID_LENGTH + 1];
	struct record *device;

	if (!parse_uuid(request->text, uuid) || !at_end(request->text + UUID_LENGTH))
		return -EINVAL;
	device = record_find(request->machine->devices, uuid);
	if (!device || strcmp(record_get(device, "parent"), request->parent->name) != 0)
		return -ENODEV;
	return device_remove(request->machine, device);
}

/* The mail has no file to see them by; these two let a test look from outside. */
void rfc_show(struct machine *machine, const struct record *parent)
{
	for (const struct record *device = machine->devices; device; device = device->next) {
		static const char *const keys[] = {"group", "params"};
		autofree char *dir = NULL;

		if (!device_is_on(device, parent))
			continue;
		dir = device_path(machine, device);
		for (int i = 0; i < 2; i++) {
			autofree char *path = format("%s/vendor/%s", dir, keys[i]);
			autofree char *text = format("%s\n", record_get(device, keys[i]));

			tree_file(machine, path, 0444, text, strlen(text));
		}
	}
}
