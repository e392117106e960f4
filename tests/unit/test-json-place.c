/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where values stand in a JSON text. */
#include "mdev/json-place.h"
#include "tap.h"

#include <string.h>

static void test_elements(void)
{
	static const struct {
		const char *text;
		size_t index;
		long want;
	} cases[] = {
		{"[]", 0, 0},
		{"[ ]", 0, 0},
		{"[1]", 0, 1},
		{"[1]", 1, 0},
		{"[ 1 , 2 ]", 0, 2},
		{"[ 1 , 2 ]", 1, 6},
		{"[ 1 , 2 ]", 2, 0},
		{"[{\"a\":[1,2]},{\"b\":{}}]", 1, 13},
		{"[\"a,]\",\"b\"]", 1, 7},
		{"[\"a\\\"],\",\"b\"]", 1, 9},
		{"[\"\\\\\",2]", 1, 6},
		{"[[],[[]],3]", 2, 9},
		{"[true,null,-1.5e3,4]", 3, 18},
		{"[\n\t1,\r\n2]", 1, 7},
		{"[1]", 1000000000, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_number(json_place_element(cases[i].text, cases[i].index) - cases[i].text,
			  cases[i].want, "element %zu of %s", cases[i].index, cases[i].text);
}

static void test_members(void)
{
	static const struct {
		const char *text, *key;
		long place, value;
	} cases[] = {
		{"{}", "a", 0, 0},
		{"{ }", "a", 0, 0},
		{"{\"a\":1}", "a", 1, 5},
		{"{\"a\":1}", "b", 0, 0},
		{"{ \"a\" : 1 }", "a", 2, 8},
		{"{\"ab\":1,\"a\":2}", "a", 8, 12},
		{"{\"a\":{\"b\":1},\"b\":2}", "b", 13, 17},
		{"{\"a\":[{\"b\":1}],\"b\":2}", "b", 15, 19},
		{"{\"a\":\"b\",\"b\":\"a\"}", "b", 9, 13},
		{"{\"a\":\"\\\"b\\\":\",\"b\":2}", "b", 14, 18},
		{"{\"a}\":1,\"b\":2}", "b", 8, 12},
		{"{\"\":1}", "", 1, 4},
		{"{\n \"a\":\n  1}", "a", 3, 10},
		{"{\"x\":1,\"b\\u0061r\":2}", "bar", 7, 18},
		{"{\"a\\/b\":1}", "a/b", 1, 8},
		{"{\"\\\"\":1}", "\"", 1, 6},
		{"{\"\\u00e4\":1}", "\xc3\xa4", 1, 10},
		{"{\"\xc3\xa4\":1}", "\xc3\xa4", 1, 6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text, *key = cases[i].key;

		is_number(json_place_key(text, key) - text, cases[i].place, "key %s of %s", key,
			  text);
		is_number(json_place_member(text, key) - text, cases[i].value,
			  "the value of %s of %s", key, text);
	}
}

static void test_depth(void)
{
	static const struct {
		const char *text;
		int max;
		long want; /* -1: not too deep */
	} cases[] = {
		{"", 0, -1},
		{"1", 0, -1},
		{"[]", 0, 0},
		{"[]", 1, -1},
		{"[{}]", 1, 1},
		{"[{\"a\":[]}]", 2, 6},
		{"[{\"a\":[]}]", 3, -1},
		{"[[],[],[]]", 2, -1},
		{"[\"[[[[\",[]]", 2, -1},
		{"[\"\\\"[[\",[[]]]", 2, 9},
		{"[\"open [[[", 1, -1},
		{"[\"\\", 1, -1},
		{"]]]]]]", 0, -1},
		{"{{{{", 3, 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *place = json_place_too_deep(cases[i].text, cases[i].max);

		is_number(place ? place - cases[i].text : -1, cases[i].want, "deeper than %d in %s",
			  cases[i].max, cases[i].text);
	}
}

int main(void)
{
	test_elements();
	test_members();
	test_depth();
	return tap_end();
}
