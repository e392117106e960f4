/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a value stands in a JSON text: jansson tells it for syntax errors only. */
#pragma once

#include <stddef.h>

/*
 * Both take the place of an array or object in a text that jansson has accepted, and return the
 * place of its element or of the value of its member, or `at` itself when there is none.
 */
const char *json_place_element(const char *at, size_t index);
/* From one element to the one behind it, or to the end of the array. */
const char *json_place_next(const char *element);
const char *json_place_member(const char *at, const char *key);
/* The place of the member's key instead of its value. */
const char *json_place_key(const char *at, const char *key);

/* The first bracket of any text that opens a level deeper than `max`, NULL when none does. */
const char *json_place_too_deep(const char *text, int max);
