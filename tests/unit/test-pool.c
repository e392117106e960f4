/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools: zeroed, aligned memory and arrays that grow. */
#include "base/pool.h"
#include "tap.h"

#include <stdalign.h>
#include <stdint.h>

static bool is_zero(const char *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i])
			return false;
	return true;
}

static void test_alloc(void)
{
	static const size_t sizes[] = {1, 2, 3, 7, 8, 63, 64, 4095, 4096, 100000, 1 << 20};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *memory = pool_alloc(pool, sizes[i]);

		ok(is_zero(memory, sizes[i]), "%zu bytes are zeroed", sizes[i]);
		ok((uintptr_t)memory % alignof(max_align_t) == 0, "%zu bytes are aligned",
		   sizes[i]);
		memset(memory, 0xff, sizes[i]);
	}
	ok(pool_alloc(pool, 0) != NULL, "nothing has an address too");
}

static void test_texts(void)
{
	autopool struct pool *pool = pool_new();

	is_text(pool_strdup(pool, ""), "", "an empty copy");
	is_text(pool_strdup(pool, "abc"), "abc", "a copy");
	is_text(pool_strndup(pool, "abc", 2), "ab", "a part of a text");
	is_text(pool_join(pool, NULL, 0), "", "nothing joined");
	is_text(pool_join(pool, (const char *[]){"a"}, 1), "a", "one joined");
	is_text(pool_join(pool, (const char *[]){"a", "", "bc"}, 3), "a, , bc", "three joined");
	is_text(pool_strndup(pool, "abc", 0), "", "no part of a text");
	is_text(pool_printf(pool, "%s-%d", "x", 7), "x-7", "a formatted text");
	is_text(pool_printf(pool, "%s", ""), "", "an empty formatted text");

	const char *first = pool_printf(pool, "%s", "first");
	for (int i = 0; i < 1000; i++)
		pool_printf(pool, "%0100d", i);
	is_text(first, "first", "what was handed out stays where it is");
}

static void test_growth(void)
{
	autopool struct pool *pool = pool_new();
	struct item {
		int a;
		char text[20];
	} *items = NULL;
	size_t n = 0, dirty = 0, lost = 0;

	for (int i = 0; i < 1000; i++) {
		struct item *item = pool_push(pool, items, n);

		dirty += !is_zero((const char *)item, sizeof(*item));
		memset(item, 0xee, sizeof(*item));
		item->a = i;
	}
	for (int i = 0; i < 1000; i++)
		lost += items[i].a != i;
	is_number((long long)n, 1000, "a thousand elements");
	is_number((long long)dirty, 0, "each was zeroed when it came");
	is_number((long long)lost, 0, "each kept its content while the array grew");
}

static void test_two_arrays(void)
{
	autopool struct pool *pool = pool_new();
	int *a = NULL, *b = NULL, wrong = 0;
	size_t n_a = 0, n_b = 0;

	for (int i = 0; i < 100; i++) {
		*pool_push(pool, a, n_a) = i;
		*pool_push(pool, b, n_b) = -i;
	}
	for (int i = 0; i < 100; i++)
		wrong += a[i] != i || b[i] != -i;
	is_number(wrong, 0, "two arrays that grow in turns do not meet");
}

int main(void)
{
	pool_free(NULL);
	test_alloc();
	test_texts();
	test_growth();
	test_two_arrays();
	return tap_end();
}
