/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AP bus's masks: 256 bits, the first one leftmost in the hexadecimal text. */
#pragma once

#include <stdbool.h>

#define MASK_BITS 256

struct mask {
	bool bit[MASK_BITS];
};

/* Hexadecimal digits from the left, "0x" before them or not; fewer than 64 leave zeros. */
bool mask_parse(struct mask *mask, const char *text);

/* "+3,-0x47,+5-7" changes a mask, hexadecimal digits after "0x" replace it. */
bool mask_change(struct mask *mask, const char *text);

/* "3,4,0x47"; the caller's text is trusted. */
struct mask mask_of_list(const char *text);

/* 0x and 64 digits; the caller frees. */
char *mask_text(const struct mask *mask);

bool mask_empty(const struct mask *mask);
