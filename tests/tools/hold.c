/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold GROUP UUID SECONDS: opens a device through VFIO as a VM does, and keeps it open. */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	exit(1);
}

/* The container takes the first IOMMU model that it knows; an emulated device needs none more. */
static void choose_model(int container)
{
	static const int models[] = {VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU};

	for (int i = 0; i < 2; i++) {
		if (ioctl(container, VFIO_CHECK_EXTENSION, models[i]) > 0 &&
		    ioctl(container, VFIO_SET_IOMMU, models[i]) == 0)
			return;
	}
	fail("no IOMMU model");
}

int main(int argc, char *argv[])
{
	char path[64];
	int container;
	int group;

	if (argc != 4) {
		fprintf(stderr, "usage: hold GROUP UUID SECONDS\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[1]);
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		fail("/dev/vfio/vfio");
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0)
		fail(path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) < 0)
		fail("VFIO_GROUP_SET_CONTAINER");
	choose_model(container);
	if (ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[2]) < 0)
		fail("VFIO_GROUP_GET_DEVICE_FD");
	printf("held\n");
	fflush(stdout);
	sleep((unsigned int)strtoul(argv[3], NULL, 10));
	return 0;
}
