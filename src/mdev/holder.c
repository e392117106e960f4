/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have a device open, read from /proc. */
#include "mdev/holder.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* The first PID namespace has this inode in every kernel (include/linux/proc_ns.h). */
#define INITIAL_PID_NAMESPACE "pid:[4026531836]"

struct scan {
	struct pool *pool;
	struct device **devices;
	size_t n;
	bool hidden; /* some processes could not be looked at */
};

/* More than a process can be started with (2 MiB by default). */
#define CMDLINE_MAX ((size_t)8 << 20)

/* guest= of QEMU's -name, or its first word without a key; a comma in it is written twice. */
static const char *guest_of(struct pool *pool, const char *name)
{
	char *guest = NULL, *end = pool_alloc(pool, strlen(name) + 1);

	for (bool first = true; *name; first = false) {
		char *word = end;

		for (; *name && (*name != ',' || name[1] == ','); name++)
			*end++ = *(*name == ',' ? name++ : name);
		*end++ = '\0';
		name += *name == ',';
		if (strncmp(word, "guest=", 6) == 0)
			guest = word + 6;
		else if (first && !strchr(word, '='))
			guest = word;
	}
	return guest;
}

static bool is_qemu(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strncmp(slash ? slash + 1 : program, "qemu", 4) == 0;
}

/* What a VM's command line says. libvirt calls its monitor "charmonitor" (seen: 9.0 and 11.3). */
static void read_cmdline(struct pool *pool, int process, struct holder *holder)
{
	autoclose int fd =
		openat(process, "cmdline", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autoerr struct err err = {0};
	char *text;
	size_t length;

	if (fd < 0 || file_read(fd, "cmdline", CMDLINE_MAX, pool, &text, &length, &err) < 0)
		return;
	for (const char *arg = text; arg < text + length; arg += strlen(arg) + 1) {
		const char *next = arg + strlen(arg) + 1;

		if (arg == text && is_qemu(arg))
			holder->manager = "qemu";
		if ((streq(arg, "-name") || streq(arg, "--name")) && next < text + length) {
			const char *guest = guest_of(pool, next);

			holder->vm = guest && *guest ? guest : holder->vm;
			arg = next;
		}
		if (strstr(arg, "id=charmonitor,") || strstr(arg, "\"id\":\"charmonitor\""))
			holder->manager = "libvirt";
	}
}

static void add_holder(struct scan *scan, struct device *device, int pid, int process)
{
	for (size_t i = 0; i < device->n_holders; i++)
		if (device->holders[i].pid == pid)
			return;
	const char *command = sysfs_read(process, "comm", scan->pool);
	struct holder holder = {.pid = pid, .command = command ? command : "?"};

	read_cmdline(scan->pool, process, &holder);
	*pool_push(scan->pool, device->holders, device->n_holders) = holder;
}

/* Whether the open file `target` means that somebody has the device. */
static bool is_device(const struct device *device, const char *target)
{
	uint64_t group;

	if (strncmp(target, "/dev/vfio/", 10) != 0)
		return false;
	target += 10;
	if (strncmp(target, "devices/", 8) == 0)
		return device->vfio_device && streq(target + 8, device->vfio_device);
	return text_number(target, INT64_MAX, &group) && device->iommu_group == (int64_t)group;
}

/*
 * libvirtd opens the group, and no device through it, to keep others away while the mdevctl it runs
 * removes the device (seen: 9.0 and 11.3; the kernel does not mind). So our parent process with no
 * device open is not in our way.
 */
static bool wants_it_removed(int pid, int fds, const struct entries *entries)
{
	if (pid != getppid())
		return false;
	for (size_t i = 0; i < entries->n; i++) {
		char target[64];
		ssize_t length = readlinkat(fds, entries->list[i].name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		if (streq(target, "anon_inode:[vfio-device]") ||
		    strncmp(target, "/dev/vfio/devices/", 18) == 0)
			return false;
	}
	return true;
}

static void scan_process(struct scan *scan, int proc, const char *name, int pid)
{
	autopool struct pool *pool = pool_new();
	autoclose int process = dir_open(proc, name);
	autoclose int fds = process < 0 ? -1 : dir_open(process, "fd");
	struct entries entries = {0};

	if (fds < 0 || dir_list(fds, pool, &entries) < 0) {
		if (errno != ENOENT && errno != ESRCH)
			scan->hidden = true;
		return;
	}
	if (wants_it_removed(pid, fds, &entries))
		return;
	for (size_t i = 0; i < entries.n; i++) {
		char target[64]; /* longer ones are not ours */
		ssize_t length = readlinkat(fds, entries.list[i].name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		for (size_t j = 0; j < scan->n && strncmp(target, "/dev/vfio/", 10) == 0; j++)
			if (is_device(scan->devices[j], target))
				add_holder(scan, scan->devices[j], pid, process);
	}
}

/* False where other PID namespaces have processes, or hidepid= hides those of other users. */
static bool sees_all(int proc, struct pool *pool)
{
	const char *namespace = sysfs_link(proc, "self/ns/pid", pool);

	return namespace && streq(namespace, INITIAL_PID_NAMESPACE) &&
	       faccessat(proc, "1", F_OK, 0) == 0;
}

void holders_load(const struct root *root, struct pool *pool, struct device **devices, size_t n)
{
	autopool struct pool *names = pool_new();
	struct scan scan = {.pool = pool, .devices = devices, .n = n};
	struct entries entries = {0};

	if (!n)
		return;
	autoclose int proc = root_openat(root, "/proc", O_RDONLY | O_DIRECTORY);
	if (proc < 0 || dir_list(proc, names, &entries) < 0 || !sees_all(proc, names))
		scan.hidden = true;
	for (size_t i = 0; i < entries.n; i++) {
		uint64_t pid;

		if (text_number(entries.list[i].name, INT32_MAX, &pid))
			scan_process(&scan, proc, entries.list[i].name, (int)pid);
	}
	for (size_t i = 0; i < n; i++) {
		struct device *device = devices[i];

		/* without an IOMMU group there is nothing to look for */
		if (device->n_holders)
			device->held = HELD_BY_KNOWN;
		else if (scan.hidden || (device->iommu_group < 0 && !device->vfio_device))
			device->held = HELD_UNKNOWN;
		else
			device->held = HELD_FREE;
	}
}

bool holder_probe(const struct root *root, const struct device *device)
{
	char path[64];

	if (device->iommu_group < 0)
		return false;
	snprintf(path, sizeof(path), "/dev/vfio/%lld", (long long)device->iommu_group);
	autoclose int fd = root_openat(root, path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
	return fd < 0 && errno == EBUSY;
}

/* " (web-1)", " (libvirt's web-1)" */
static const char *vm_text(struct pool *pool, const struct holder *holder)
{
	bool libvirts = holder->manager && streq(holder->manager, "libvirt");

	if (!holder->vm)
		return libvirts ? " (libvirt's)" : "";
	return pool_printf(pool, " (%s%s)", libvirts ? "libvirt's " : "", holder->vm);
}

void holder_find_nodes(struct pool *pool, int dir, struct device *device)
{
	const char *group = sysfs_link_name(dir, "iommu_group", pool);
	autoclose int vfio = dir_open(dir, "vfio-dev");
	struct entries entries = {0};
	uint64_t number;

	if (group && text_number(group, INT64_MAX, &number))
		device->iommu_group = (int64_t)number;
	if (vfio >= 0 && dir_list(vfio, pool, &entries) == 0 && entries.n)
		device->vfio_device = entries.list[0].name;
}

const char *holders_text(struct pool *pool, const struct device *device)
{
	const char **texts = NULL;
	size_t n = 0;

	if (device->held == HELD_UNKNOWN)
		return "unknown";
	for (size_t i = 0; i < device->n_holders; i++) {
		const struct holder *holder = &device->holders[i];

		*pool_push(pool, texts, n) = pool_printf(pool, "%s %d%s", holder->command,
							 holder->pid, vm_text(pool, holder));
	}
	return n ? pool_join(pool, texts, n) : NULL;
}
