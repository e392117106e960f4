/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's dialect: create and remove, and NVIDIA's parameters beside them. */

#include "kernel.h"

#include <errno.h>
#include <string.h>

#include "device.h"
#include "text.h"

/* The length is checked and the last of 37 bytes is not: it may be anything. */
long kernel_create(const struct request *request)
{
	char uuid[UUID_LENGTH + 1];

	if (request->length != UUID_LENGTH && request->length != UUID_LENGTH + 1)
		return -EINVAL;
	if (!parse_uuid(request->text, uuid))
		return -EINVAL;
	return device_create(request->machine, request->parent, request->type, uuid, NULL, NULL);
}

long kernel_remove(const struct request *request)
{
	unsigned long number;
	int error = parse_number(request->text, &number);

	if (error)
		return -error;
	return number ? device_remove(request->machine, request->device) : 0;
}

/* "key=value,key=value", or blanks to clear. */
static bool valid_params(char *text)
{
	for (char *entry = strsep(&text, ","); entry; entry = strsep(&text, ",")) {
		const char *equals = strchr(entry, '=');

		if (!equals || equals == entry)
			return false;
	}
	return true;
}

long nvidia_params(const struct request *request)
{
	autofree char *params = format("%.*s", (int)strcspn(request->text, "\n"), request->text);
	autofree char *pieces = duplicate(params);

	if (params[strspn(params, " ")] == '\0')
		params[0] = '\0';
	else if (!valid_params(pieces))
		return -EINVAL;
	record_set(request->device, "params", params);
	device_save(request->machine, request->device);
	return 0;
}

void nvidia_show(struct machine *machine, const struct record *parent)
{
	for (const struct record *device = machine->devices; device; device = device->next) {
		autofree char *dir = NULL;
		autofree char *path = NULL;
		autofree char *text = NULL;

		if (!device_is_on(device, parent))
			continue;
		dir = device_path(machine, device);
		path = format("%s/nvidia/vgpu_params", dir);
		text = format("%s\n", record_get(device, "params"));
		tree_file(machine, path, 0644, text, strlen(text));
	}
}
