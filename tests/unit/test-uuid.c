/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs and their beginnings. */
#include "mdev/uuid.h"
#include "tap.h"

static void test_valid(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11", true},
		{"2F0C2D5E-9B1E-4F4E-8A53-5F0F1C7F9A11", true},
		{"2f0c2d5e-9b1e-1f4e-8a53-5f0f1c7f9a11", true},
		{"00000000-0000-0000-0000-000000000000", true},
		{"", false},
		{"2f0c2d5e", false},
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a1", false},
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a111", false},
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a1g", false},
		{"2f0c2d5e9b1e4f4e8a535f0f1c7f9a11", false},
		{"2f0c2d5e-9b1e-4f4e-8a53_5f0f1c7f9a11", false},
		{"2f0c2d5-e9b1e-4f4e-8a53-5f0f1c7f9a11", false},
		{" 2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a1", false},
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11\n", false},
		{"{2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11}", false},
		{"+f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11", false},
		{"0x0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok(uuid_is_valid(cases[i].text) == cases[i].good, "'%s' is %s UUID", cases[i].text,
		   cases[i].good ? "a" : "no");
}

static void test_nil(void)
{
	ok(uuid_is_nil("00000000-0000-0000-0000-000000000000"), "all zeros are nil");
	ok(!uuid_is_nil("00000000-0000-0000-0000-000000000001"), "a one is not");
	ok(!uuid_is_nil("2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"), "another is not");
}

static void test_prefix(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"2f0c2d5e", true},
		{"2F0C2D5E", true},
		{"deadbeef", true},
		{"2f0c2d5e-", true},
		{"2f0c2d5e-9b1e-4f4e-8a53", true},
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11", true},
		{"", false},
		{"2f0c2d5", false},
		{"2f0c2d5e9", false},
		{"2f0c2d5g", false},
		{"2f0c2d-e", false},
		{"2f0c2d5e-9b1e4", false},
		{"2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a111", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok(uuid_is_prefix(cases[i].text) == cases[i].good, "'%s' %s begin a UUID",
		   cases[i].text, cases[i].good ? "could" : "could not");
}

static void test_new(void)
{
	autopool struct pool *pool = pool_new();
	const char *uuid = uuid_new(pool);

	ok(uuid_is_valid(uuid), "a new one is valid");
	ok(uuid[strspn(uuid, "0123456789abcdef-")] == '\0', "and lower case");
	is_number(uuid[14], '4', "of version 4");
	ok(strchr("89ab", uuid[19]), "of the usual variant");
	ok(!streq(uuid, uuid_new(pool)), "the next one differs");
}

int main(void)
{
	test_valid();
	test_nil();
	test_prefix();
	test_new();
	return tap_end();
}
