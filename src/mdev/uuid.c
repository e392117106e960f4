/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs as text, on libuuid. */
#include "mdev/uuid.h"

#include <ctype.h>
#include <uuid.h>

#define PREFIX_MIN 8

bool uuid_is_valid(const char *text)
{
	uuid_t uuid;

	return strlen(text) == UUID_LENGTH && uuid_parse(text, uuid) == 0;
}

bool uuid_is_nil(const char *text)
{
	return text[strspn(text, "0-")] == '\0';
}

char *uuid_new(struct pool *pool)
{
	char text[UUID_LENGTH + 1];
	uuid_t uuid;

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, text);
	return pool_strdup(pool, text);
}

bool uuid_is_prefix(const char *text)
{
	size_t length = strlen(text);

	if (length < PREFIX_MIN || length > UUID_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}
