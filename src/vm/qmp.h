/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol by which a running QEMU takes commands: JSON, one message a line, over a socket
 * (QEMU's "QEMU Machine Protocol Specification"; seen with 7.2).
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"

#include <jansson.h>
#include <stdbool.h>

struct qmp {
	int fd;
	const char *socket; /* as the user named it */
	int time_ms;        /* how long the peer may take to answer */
	struct pool *pool;
	char *buffer; /* what has come and was not taken yet */
	size_t n, room;
	json_t *events; /* what became of devices, in order, until qmp_wait_unplugged() asks */
	unsigned last_id;
	bool refused;   /* the last command, by the peer itself: all is as good as before */
	bool no_device; /* and that because there is no such device */
};
#define QMP_INIT         \
	{                \
		.fd = -1 \
	}

/*
 * Connects and negotiates. ERR_NOT_FOUND without the socket, ERR_DENIED where it may not be used,
 * ERR_FAILED for a peer that does not answer in time or speaks no QMP.
 */
int qmp_open(struct qmp *qmp, const char *socket, int time_ms, struct pool *pool, struct err *err);
void qmp_close(struct qmp *qmp);

/*
 * Has a command executed; steals `arguments`, which may be NULL. *ret, unless `ret` is NULL, is a
 * new reference to what it returned. ERR_FAILED in the peer's words when it refuses, which sets
 * `refused`, or when it does not answer as it should.
 */
int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments, json_t **ret,
		struct err *err);

/*
 * What became of the device at `path` (of QEMU's object model): waits for DEVICE_DELETED or
 * DEVICE_UNPLUG_GUEST_ERROR until `deadline` (file_now_ms()). 1 deleted, 0 the guest refuses, -1
 * with *err, errnum ETIMEDOUT when nothing has come.
 */
int qmp_wait_unplugged(struct qmp *qmp, const char *path, long long deadline, struct err *err);
