/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for the bench, preloaded into the program that is measured: like the kernel's it works
 * in the writer's process before the write returns, at about the kernel's cost. (The simulator of
 * the tests is another process, and takes milliseconds for what it checks.) It refuses nothing and
 * counts nothing.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>

#define BUS   "/sys/bus/mdev/devices"
#define TYPES "/mdev_supported_types/"

static int touch(const char *path)
{
	return close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0200));
}

/* `type` is the type's directory below its parent's. */
static int create(char *type, const char *uuid)
{
	char device[PATH_MAX + 64], path[PATH_MAX + 128], target[PATH_MAX + 128];
	char *types = strstr(type, TYPES);

	*types = '\0';
	snprintf(device, sizeof(device), "%s/%s", type, uuid);
	if (mkdir(device, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/remove", device);
	touch(path);
	snprintf(path, sizeof(path), "%s/mdev_type", device);
	snprintf(target, sizeof(target), "../mdev_supported_types/%s", types + strlen(TYPES));
	if (symlink(target, path) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/iommu_group", device);
	if (symlink("/sys/kernel/iommu_groups/1", path) < 0)
		return -1;
	snprintf(path, sizeof(path), BUS "/%s", uuid);
	snprintf(target, sizeof(target), "../../..%s", device + strlen("/sys"));
	return symlink(target, path);
}

static int unlink_all(const char *device)
{
	static const char *const files[] = {"remove", "mdev_type", "iommu_group"};
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), BUS "/%s", strrchr(device, '/') + 1);
	unlink(path);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", device, files[i]);
		unlink(path);
	}
	return rmdir(device);
}

/* 1 when it is the driver's, 0 when it is not, -1 with errno. */
static int serve(int fd, const char *text, size_t length)
{
	char link[64], path[PATH_MAX], uuid[37];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (strncmp(path, "/sys/", 5) != 0)
		return 0;
	*slash = '\0';
	if (strcmp(slash + 1, "remove") == 0)
		return unlink_all(path) < 0 ? -1 : 1;
	if (strcmp(slash + 1, "create") != 0 || !strstr(path, TYPES))
		return 0;
	snprintf(uuid, sizeof(uuid), "%.*s", (int)length, text);
	return create(path, uuid) < 0 ? -1 : 1;
}

ssize_t write(int fd, const void *text, size_t length)
{
	int served = serve(fd, text, length);

	if (served < 0)
		return -1;
	return served ? (ssize_t)length : syscall(SYS_write, fd, text, length);
}
