/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that lives together is freed together. */
#pragma once

#include "base/macros.h"

#include <stdarg.h>
#include <stddef.h>

/*
 * A pool hands out memory that lives until the pool is freed. Every allocation succeeds: when
 * memory is exhausted the program says so and ends, like a run that was killed; what such a run
 * leaves behind is mended by the next one.
 */
struct pool;

struct pool *pool_new(void);
/* Frees everything the pool handed out; NULL is fine. */
void pool_free(struct pool *pool);

/* Zeroed memory of `size` bytes. */
void *pool_alloc(struct pool *pool, size_t size);
char *pool_strdup(struct pool *pool, const char *text);
char *pool_strndup(struct pool *pool, const char *text, size_t length);
char *pool_printf(struct pool *pool, const char *format, ...) PRINTF(2, 3);
char *pool_vprintf(struct pool *pool, const char *format, va_list args) PRINTF(2, 0);
/* The texts with commas between; "" without any. */
char *pool_join(struct pool *pool, const char *const *list, size_t n);

/* Makes room for element `n` of an array that only ever grows by one; see pool_push(). */
void *pool_grow(struct pool *pool, void *array, size_t n, size_t size);

/* Appends one zeroed element to `array` of `n` elements and evaluates to its address. */
#define pool_push(pool, array, n) \
	((array) = pool_grow((pool), (array), (n), sizeof(*(array))), &(array)[(n)++])

static inline void cleanup_pool(struct pool **pool)
{
	pool_free(*pool);
}
#define autopool __attribute__((cleanup(cleanup_pool)))
