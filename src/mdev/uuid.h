/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs as text. */
#pragma once

#include "base/pool.h"

#include <stdbool.h>

#define UUID_LENGTH 36

/* 8-4-4-4-12 hex digits in either case. */
bool uuid_is_valid(const char *text);
/* All zeros: the kernel takes it for a device, we do not make such ones. */
bool uuid_is_nil(const char *text);
/* A new random one (version 4), lower case. */
char *uuid_new(struct pool *pool);
/* 8 to 36 characters that could begin a UUID. */
bool uuid_is_prefix(const char *text);
