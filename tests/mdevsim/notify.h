/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp user notification: a command whose every write(2) asks us first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A write(2), a read(2), or a change of a file, that waits for an answer. */
struct notice {
	uint64_t id;
	pid_t thread;
	int call; /* SYS_write, SYS_renameat, … */
	uint64_t arguments[6];
	/* of a write or read */
	int fd;
	uint64_t buffer;
	uint64_t length;
};

enum {
	NOTIFY_READS = 1 << 0,
	NOTIFY_CHANGES = 1 << 1, /* whatever else makes, moves or flushes files, or is sent */
};

/*
 * Starts the command under the filter and returns its PID; *listener hears its writes, and what
 * else is asked for. Ends with status 77 and a reason where this kernel or container does not allow
 * that.
 */
pid_t notify_start(char *const command[], unsigned more, int *listener);

/* False when the writer has gone meanwhile. */
bool notify_receive(int listener, struct notice *notice);

/* Whether the writer still waits: what was read from it before this call was its own. */
bool notify_valid(int listener, uint64_t id);

/* Lets the kernel do the write. */
void notify_continue(int listener, uint64_t id);

/* A count, or a negative errno. */
void notify_answer(int listener, uint64_t id, long answer);

/* Copies from the writer's memory; false when it may not be read there. */
bool notify_read(pid_t thread, uint64_t address, char *buffer, size_t length);
/* A string of the writer's, cut to the buffer; "" when it may not be read. */
void notify_read_string(pid_t thread, uint64_t address, char *buffer, size_t size);
