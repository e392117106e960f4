/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that are loaded when they are first needed, as linking them makes each start slower. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Loads the library and fills `table`, a struct of nothing but pointers to functions, with those of
 * the `n` names, in order. False, with the table zero, when it or one of them is not there:
 * dlerror(3) tells why. It stays loaded until the program ends.
 */
bool library_load(const char *soname, const char *const *names, size_t n, void *table);

/*
 * An ELF note that names a library which is loaded at run time, in the form of the UAPI group's
 * "dlopen() metadata for ELF files", so that packaging tools find the dependency.
 */
#define DLOPEN_NOTE(feature, description, priority, soname)                                  \
	DLOPEN_NOTE_(feature, "[{\"feature\":\"" feature "\",\"description\":\"" description \
			      "\",\"priority\":\"" priority "\",\"soname\":[\"" soname "\"]}]")

#define DLOPEN_NOTE_(feature, json)                                                      \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct { \
		unsigned name_size, text_size, type;                                     \
		char name[4];                                                            \
		_Alignas(4) char text[sizeof(json)];                                     \
	} dlopen_note = {sizeof("FDO"), sizeof(json), 0x407c0c0a, "FDO", json}
