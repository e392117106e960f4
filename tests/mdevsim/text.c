/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of the simulator: escapes, numbers, UUIDs and errno names as a kernel sees them. */

#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(void *pointer)
{
	free(*(void **)pointer);
}

void die(const char *text, ...)
{
	va_list list;

	fputs("mdevsim: ", stderr);
	va_start(list, text);
	vfprintf(stderr, text, list);
	va_end(list);
	fputc('\n', stderr);
	exit(EXIT_BROKEN);
}

char *format(const char *text, ...)
{
	char *result;
	va_list list;
	int length;

	va_start(list, text);
	length = vasprintf(&result, text, list);
	va_end(list);
	if (length < 0)
		die("out of memory");
	return result;
}

char *duplicate(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die("out of memory");
	return copy;
}

void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		die("out of memory");
	return memory;
}

bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

char *escape(const char *bytes, size_t length)
{
	char *result = allocate(4 * length + 1);
	char *to = result;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n')
			to += sprintf(to, "\\n");
		else if (c == '\t')
			to += sprintf(to, "\\t");
		else if (c == '\\')
			to += sprintf(to, "\\\\");
		else if (c < 0x20 || c == 0x7f)
			to += sprintf(to, "\\x%02x", c);
		else
			*to++ = (char)c;
	}
	*to = '\0';
	return result;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

size_t unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from == 'n') {
			*to++ = '\n';
		} else if (*from == 't') {
			*to++ = '\t';
		} else if (*from == '\\') {
			*to++ = '\\';
		} else if (*from == 'x' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
			*to++ = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
			from += 2;
		} else {
			die("unknown escape '\\%c'", *from);
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

int parse_number(const char *text, unsigned long *number)
{
	char *end;

	if (*text == '+')
		text++;
	if (!isdigit((unsigned char)*text))
		return EINVAL;
	errno = 0;
	*number = strtoul(text, &end, 0);
	if (*end == '\n')
		end++;
	if (*end)
		return EINVAL;
	return errno;
}

bool parse_uuid(const char *text, char uuid[UUID_LENGTH + 1])
{
	for (int i = 0; i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
		uuid[i] = (char)tolower((unsigned char)text[i]);
	}
	uuid[UUID_LENGTH] = '\0';
	return true;
}

int errno_by_name(const char *name)
{
	for (int number = 1; number < 134; number++) {
		const char *candidate = strerrorname_np(number);

		if (candidate && strcmp(candidate, name) == 0)
			return number;
	}
	return 0;
}
