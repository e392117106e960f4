/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a peer says on a QMP socket, from its greeting on, while devices are attached and detached.
 * Linked with --wrap=connect, so that every socket is one of a pair on which the input lies.
 */
#include "fuzz.h"
#include "vm/guest.h"

#include <err.h>
#include <fcntl.h>
#include <sys/socket.h>

/* Less than a socket holds, so that nobody waits. */
#define INPUT_MAX 65536

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);

static const uint8_t *answers;
static size_t n_answers;
static int peer = -1;

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int ends[2];

	(void)address, (void)length;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0 ||
	    dup3(ends[0], fd, O_CLOEXEC) < 0)
		err(1, "cannot connect");
	close(ends[0]);
	peer = ends[1];
	if (n_answers && write(peer, answers, n_answers) != (ssize_t)n_answers)
		err(1, "cannot answer");
	return shutdown(peer, SHUT_WR);
}

static const struct device devices[] = {
	{
		.uuid = "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11",
		.path = "/sys/bus/mdev/devices/2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11",
		.device_api = "vfio-pci",
	},
	{
		.uuid = "7d1c0a42-3c55-4d0b-9f6e-0c2b8e1d7b22",
		.path = "/sys/bus/mdev/devices/7d1c0a42-3c55-4d0b-9f6e-0c2b8e1d7b22",
		.device_api = "vfio-ccw",
	},
};

static void plug(struct guest *guest, bool attach)
{
	struct plugging list[ARRAY_SIZE(devices)] = {{.device = &devices[0]},
						     {.device = &devices[1]}};
	autoerr struct err err = {0};
	int result = attach ? guest_attach(guest, list, ARRAY_SIZE(list), NULL, &err)
			    : guest_detach(guest, list, ARRAY_SIZE(list), 1000, &err);

	if (result < 0)
		must_be_error(&err);
	else
		MUST(err.kind == ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};

	if (!size || size > INPUT_MAX)
		return 0;
	answers = data + 1;
	n_answers = size - 1;
	{
		autoguest struct guest guest = GUEST_INIT;

		if (guest_open(&guest, "socket", 1000, pool, &err) == 0) {
			plug(&guest, *data & 1);
			plug(&guest, *data & 2);
		} else {
			must_be_error(&err);
		}
	}
	if (peer >= 0)
		close(peer);
	peer = -1;
	return 0;
}
