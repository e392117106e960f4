/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs as text. */
#include "mdev/uuid.h"

#include <ctype.h>
#include <sys/random.h>

#define PREFIX_MIN 8

bool uuid_is_valid(const char *text)
{
	return strlen(text) == UUID_LENGTH && uuid_is_prefix(text);
}

bool uuid_is_nil(const char *text)
{
	return text[strspn(text, "0-")] == '\0';
}

char *uuid_new(struct pool *pool)
{
	unsigned char b[16];

	if (getentropy(b, sizeof(b)) < 0) /* it knows no reason for so few bytes */
		abort();
	b[6] = 0x40 | (b[6] & 0x0f); /* version 4 */
	b[8] = 0x80 | (b[8] & 0x3f); /* of RFC 4122 */
	return pool_printf(pool,
			   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			   b[12], b[13], b[14], b[15]);
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
