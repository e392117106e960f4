/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as a virtual machine takes it. */
#include "out/vm.h"

#include "base/text.h"

/* In QEMU's key=value lists a comma is written twice. */
static const char *qemu_value(struct pool *pool, const char *text)
{
	char *value = pool_alloc(pool, 2 * strlen(text) + 1), *p = value;

	for (; *text; text++) {
		if (*text == ',')
			*p++ = ',';
		*p++ = *text;
	}
	return value;
}

const char *vm_qemu_arguments(struct pool *pool, const struct device *device)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/_-.:+@%,=";
	const char *argument = pool_printf(pool, "%s,sysfsdev=%s", device->device_api,
					   qemu_value(pool, device->path));

	if (argument[strspn(argument, plain)])
		argument = text_shell(pool, argument);
	return pool_printf(pool, "-device %s", argument);
}
