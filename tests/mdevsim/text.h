/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of the simulator: escapes, numbers, UUIDs and errno names as a kernel sees them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The simulator's own failures, so that they are never taken for an answer of COMMAND. */
#define EXIT_BROKEN 125

#define UUID_LENGTH 36

#define autofree __attribute__((cleanup(text_free)))

void text_free(void *pointer);

/* Prints "mdevsim: …" and ends with EXIT_BROKEN. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* These never return NULL; the caller frees. */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *duplicate(const char *text);
void *allocate(size_t size);

bool starts_with(const char *text, const char *prefix);

/* Writes \n, \t, \\ and \xHH for what would not fit on one line of a journal. */
char *escape(const char *bytes, size_t length);

/* Undoes escape() in place and returns the length; the result is NUL-terminated. */
size_t unescape(char *text);

/* A number as sysfs files take it: decimal, 0x or 0 octal, one trailing newline. 0 or an errno. */
int parse_number(const char *text, unsigned long *number);

/* Whether the text begins with a UUID; its lower-case form goes to uuid. */
bool parse_uuid(const char *text, char uuid[UUID_LENGTH + 1]);

/* 0 when there is no such name. */
int errno_by_name(const char *name);
