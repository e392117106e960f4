/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict numbers, sizes, quoting, and the nearest word. */
#pragma once

#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, no sign, no blank, at most `max`. */
bool text_number(const char *text, uint64_t max, uint64_t *ret);
/* "512M", "128mb", "4096": a number, perhaps with K, M or G (1024-based) and B behind it. */
bool text_size(const char *text, uint64_t *ret);
/* "2560x1600" into its two numbers. */
bool text_resolution(const char *text, uint64_t *width, uint64_t *height);

/*
 * The text with everything that is not printable UTF-8 written as \xHH, so that it can go to a
 * terminal or into JSON. Newlines count as not printable.
 */
const char *text_printable(struct pool *pool, const char *text);
/* The same for JSON, whose writers escape ASCII control characters: those stay as they are. */
const char *text_json(struct pool *pool, const char *text);
/* The text as one word of a POSIX shell, always in single quotes. */
const char *text_shell(struct pool *pool, const char *text);
/* The same, in quotes only where it must be. */
const char *text_shell_word(struct pool *pool, const char *text);
/* The text for an XML document's text or attribute value. */
const char *text_xml(struct pool *pool, const char *text);
/* True when any byte is a control character (below 0x20, or 0x7f). */
bool text_has_control(const char *text);
/* True when there is nothing but ASCII letters, digits and characters of `others` in it. */
bool text_is_plain(const char *text, const char *others);

/* Lower-case ASCII copy. */
char *text_lower(struct pool *pool, const char *text);

/*
 * The word of `words` that is nearest to `word` by edit distance, or NULL when none is near enough
 * to be what was meant.
 */
const char *text_nearest(const char *word, const char *const *words, size_t n);

/* Line and column (in bytes), both from 1, of the byte `at` of `text`. */
void text_position(const char *text, size_t at, int *line, int *column);

/* A single path component: not empty, not "." or "..", without a slash, at most 255 bytes. */
bool text_is_component(const char *text);
