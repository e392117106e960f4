/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and small macros that every file may use. */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define streq(a, b)        (strcmp((a), (b)) == 0)
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Takes a descriptor out of an autoclose variable, which then closes nothing. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* The variable is freed, or the descriptor closed, when it goes out of scope. */
#define autofree  __attribute__((cleanup(cleanup_free)))
#define autoclose __attribute__((cleanup(cleanup_close)))
