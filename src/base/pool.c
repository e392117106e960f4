/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools on glibc's obstacks. */
#include "base/pool.h"

#include <stdio.h>
#include <obstack.h>

#define obstack_chunk_alloc malloc
#define obstack_chunk_free  free

struct pool {
	struct obstack obstack;
};

struct pool *pool_new(void)
{
	struct pool *pool = malloc(sizeof(*pool));

	if (!pool)
		obstack_alloc_failed_handler();
	obstack_init(&pool->obstack);
	return pool;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	obstack_free(&pool->obstack, NULL);
	free(pool);
}

void *pool_alloc(struct pool *pool, size_t size)
{
	return memset(obstack_alloc(&pool->obstack, size), 0, size);
}

char *pool_strndup(struct pool *pool, const char *text, size_t length)
{
	return obstack_copy0(&pool->obstack, text, length);
}

char *pool_strdup(struct pool *pool, const char *text)
{
	return pool_strndup(pool, text, strlen(text));
}

char *pool_vprintf(struct pool *pool, const char *format, va_list args)
{
	if (obstack_vprintf(&pool->obstack, format, args) < 0)
		obstack_alloc_failed_handler();
	obstack_1grow(&pool->obstack, '\0');
	return obstack_finish(&pool->obstack);
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = pool_vprintf(pool, format, args);
	va_end(args);
	return text;
}

char *pool_join(struct pool *pool, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			obstack_grow(&pool->obstack, ", ", 2);
		obstack_grow(&pool->obstack, list[i], strlen(list[i]));
	}
	obstack_1grow(&pool->obstack, '\0');
	return obstack_finish(&pool->obstack);
}

void *pool_grow(struct pool *pool, void *array, size_t n, size_t size)
{
	size_t room = 4;

	/* The room doubles, so it is full exactly when n is 0, 4, 8, 16 … */
	if (n && (n < room || (n & (n - 1)))) {
		memset((char *)array + n * size, 0, size);
		return array;
	}
	if (n)
		room = 2 * n;
	void *grown = pool_alloc(pool, room * size);
	if (n)
		memcpy(grown, array, n * size);
	return grown;
}
