/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that are loaded when they are first needed. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *soname, const char *const *names, size_t n, void *table)
{
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);

	for (size_t i = 0; library && i < n; i++) {
		void *function = dlsym(library, names[i]);

		memcpy((char *)table + i * sizeof(function), &function, sizeof(function));
		if (!function)
			library = NULL;
	}
	if (!library)
		memset(table, 0, n * sizeof(void *));
	return library;
}
