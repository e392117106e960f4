/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare [-j THREADS] types|devices: the least that a listing must ask of the kernel
 *
 * Opens, reads and closes what `mdevtool list-types --json` (list --json) reads, each once, and
 * does nothing with it.
 */
#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const type_files[] = {"name", "device_api", "description",
					 "available_instances"};

struct names {
	char (*list)[64];
	size_t n;
};

static atomic_size_t next;
static struct names entries;
static int base;

static int open_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static struct names list(int dir)
{
	_Alignas(struct dirent64) char buffer[32768];
	struct names names = {0};
	ssize_t length;

	while ((length = getdents64(dir, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);

			at += entry->d_reclen;
			if (entry->d_name[0] == '.')
				continue;
			if (names.n % 64 == 0)
				names.list =
					realloc(names.list, (names.n + 64) * sizeof(*names.list));
			snprintf(names.list[names.n++], sizeof(*names.list), "%.63s",
				 entry->d_name);
		}
	}
	return names;
}

static void read_files(int dir)
{
	char text[4096];

	for (size_t i = 0; i < sizeof(type_files) / sizeof(*type_files); i++) {
		int fd = openat(dir, type_files[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0) /* not every driver describes its types */
			continue;
		if (read(fd, text, sizeof(text)) < 0)
			exit(1);
		close(fd);
	}
}

static void read_parent(const char *name)
{
	char path[128];
	int dir;

	snprintf(path, sizeof(path), "%s/mdev_supported_types", name);
	dir = open_at(base, path);
	struct names types = list(dir);
	for (size_t i = 0; i < types.n; i++) {
		int type = open_at(dir, types.list[i]);

		read_files(type);
		close(type);
	}
	free(types.list);
	close(dir);
}

static void read_device(const char *name)
{
	static const char *const links[] = {"mdev_type", "iommu_group"};
	char target[4096];

	if (readlinkat(base, name, target, sizeof(target)) < 0)
		exit(1);
	int dir = open_at(base, name);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (readlinkat(dir, links[i], target, sizeof(target)) < 0)
			exit(1);
	int vfio = open_at(dir, "vfio-dev");
	free(list(vfio).list);
	close(vfio);
	close(dir);
}

static void *work(void *read_one)
{
	void (*function)(const char *) = *(void (**)(const char *))read_one;

	for (size_t i; (i = atomic_fetch_add(&next, 1)) < entries.n;)
		function(entries.list[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	void (*read_one)(const char *) = read_parent;
	pthread_t threads[16];
	int n = 1, option;

	while ((option = getopt(argc, argv, "j:")) == 'j')
		n = (int)strtol(optarg, NULL, 10);
	if (option != -1 || n < 1 || n > 16 || argc != optind + 1)
		return 2;
	if (strcmp(argv[optind], "devices") == 0)
		read_one = read_device;
	base = open_at(AT_FDCWD,
		       read_one == read_device ? "/sys/bus/mdev/devices" : "/sys/class/mdev_bus");
	entries = list(base);
	for (int i = 1; i < n; i++)
		pthread_create(&threads[i], NULL, work, &read_one);
	work(&read_one);
	for (int i = 1; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
