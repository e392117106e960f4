/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AP bus's masks: 256 bits, the first one leftmost in the hexadecimal text. */

#include "mask.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

bool mask_parse(struct mask *mask, const char *text)
{
	struct mask result = {0};

	if (starts_with(text, "0x"))
		text += 2;
	for (int i = 0; i < MASK_BITS && isxdigit((unsigned char)*text); i += 4, text++) {
		const char digit[] = {*text, '\0'};
		unsigned long value = strtoul(digit, NULL, 16);

		for (int j = 0; j < 4; j++)
			result.bit[i + j] = value & (8UL >> j);
	}
	if (*text == '\n')
		text++;
	if (*text)
		return false;
	*mask = result;
	return true;
}

/* One "+3" or "-5-7" of a list. */
static bool change_range(struct mask *mask, const char *entry)
{
	unsigned long first;
	unsigned long last;
	char *end;

	if ((*entry != '+' && *entry != '-') || !isdigit((unsigned char)entry[1]))
		return false;
	first = last = strtoul(entry + 1, &end, 0);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		last = strtoul(end + 1, &end, 0);
	if (*end || last >= MASK_BITS || first > last)
		return false;
	for (unsigned long i = first; i <= last; i++)
		mask->bit[i] = *entry == '+';
	return true;
}

bool mask_change(struct mask *mask, const char *text)
{
	autofree char *copy = format("%.*s", (int)strcspn(text, "\n"), text);
	struct mask result = *mask;
	char *rest = copy;

	if (*text != '+' && *text != '-')
		return starts_with(text, "0x") && mask_parse(mask, text);
	for (const char *entry = strsep(&rest, ","); entry; entry = strsep(&rest, ",")) {
		if (!change_range(&result, entry))
			return false;
	}
	*mask = result;
	return true;
}

struct mask mask_of_list(const char *text)
{
	autofree char *copy = duplicate(text);
	struct mask mask = {0};
	char *rest = copy;

	for (const char *entry = strsep(&rest, ","); entry; entry = strsep(&rest, ",")) {
		unsigned long number = strtoul(entry, NULL, 0);

		if (*entry && number < MASK_BITS)
			mask.bit[number] = true;
	}
	return mask;
}

char *mask_text(const struct mask *mask)
{
	char *text = allocate(2 + MASK_BITS / 4 + 1);
	char *to = text + sprintf(text, "0x");

	for (int i = 0; i < MASK_BITS; i += 4)
		to += sprintf(to, "%x",
			      mask->bit[i] << 3 | mask->bit[i + 1] << 2 | mask->bit[i + 2] << 1 |
				      mask->bit[i + 3]);
	return text;
}

bool mask_empty(const struct mask *mask)
{
	for (int i = 0; i < MASK_BITS; i++) {
		if (mask->bit[i])
			return false;
	}
	return true;
}
