/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim hold, release and unplug: what happens to a device or its parent from outside. */

#include "hold.h"

#include <string.h>
#include <unistd.h>

#include "device.h"
#include "model.h"
#include "text.h"

/* What the kernel calls the first PID namespace: a process there sees all others. */
#define FIRST_NAMESPACE "pid:[4026531836]"

#define QEMU_LINE "qemu-system-x86_64\\x00-name\\x00guest=web-1,debug-threads=on\\x00-S\\x00"

/* The first descriptors belong to QEMU's own affairs. */
#define FIRST_FD 20
#define LAST_FD  1000

static void add_process(const struct machine *machine, const char *pid, const char *command,
			const char *cmdline)
{
	autofree char *comm = format("/proc/%s/comm", pid);
	autofree char *line = format("/proc/%s/cmdline", pid);
	autofree char *namespace = format("/proc/%s/ns/pid", pid);
	autofree char *fds = format("/proc/%s/fd", pid);
	autofree char *name = format("%s\n", command);
	autofree char *text = duplicate(cmdline);
	size_t length = unescape(text);

	tree_file(machine, comm, 0644, name, strlen(name));
	tree_file(machine, line, 0444, text, length);
	tree_link(machine, namespace, FIRST_NAMESPACE);
	tree_dir(machine, fds, 0700);
}

void process_base(const struct machine *machine)
{
	add_process(machine, "1", "systemd", "/sbin/init\\x00");
	add_process(machine, "self", "mdevtool", "mdevtool\\x00");
}

static struct machine open_locked(const char *dir)
{
	struct machine machine = machine_open(dir);

	state_lock(&machine, true);
	state_load(&machine);
	return machine;
}

static struct record *find_device(const struct machine *machine, const char *uuid)
{
	struct record *device = record_find(machine->devices, uuid);

	if (!device)
		die("there is no device '%s'", uuid);
	return device;
}

static void open_fd(const struct machine *machine, const char *pid, const char *target)
{
	for (int fd = FIRST_FD; fd < LAST_FD; fd++) {
		autofree char *path = format("/proc/%s/fd/%d", pid, fd);

		if (tree_exists(machine, path))
			continue;
		tree_link(machine, path, target);
		return;
	}
}

/* The nodes that mean that somebody has the device. */
static char *group_node(const struct record *device)
{
	return format("/dev/vfio/%s", record_get(device, "iommu"));
}

static char *device_node(const struct record *device)
{
	return format("/dev/vfio/devices/vfio%s", record_get(device, "vfio"));
}

static void open_device(const struct machine *machine, const struct record *device, const char *pid,
			bool cdev)
{
	autofree char *node = cdev ? device_node(device) : group_node(device);

	open_fd(machine, pid, cdev ? "/dev/iommu" : "/dev/vfio/vfio");
	open_fd(machine, pid, node);
	if (!cdev)
		open_fd(machine, pid, "anon_inode:[vfio-device]");
}

void hold(const char *dir, const char *uuid, const struct process *process)
{
	struct machine machine = open_locked(dir);
	struct record *device = find_device(&machine, uuid);
	const char *pid = process->pid ? process->pid : "4711";
	autofree char *fds = format("/proc/%s/fd", pid);
	autofree char *held = NULL;

	if (!tree_exists(&machine, fds))
		add_process(&machine, pid, process->command ? process->command : "qemu-system-x86",
			    process->cmdline ? process->cmdline : QEMU_LINE);
	open_device(&machine, device, pid, process->cdev);
	held = format("%s%s ", record_get(device, "held"), pid);
	record_set(device, "held", held);
	device_save(&machine, device);
	machine_close(&machine);
}

/* Another device may still be held by the process; then the process stays. */
static bool holds_another(const struct machine *machine, const struct record *device,
			  const char *pid)
{
	for (const struct record *other = machine->devices; other; other = other->next) {
		autofree char *list = format(" %s", record_get(other, "held"));
		autofree char *word = format(" %s ", pid);

		if (other != device && strstr(list, word))
			return true;
	}
	return false;
}

static bool is_link_to(const struct machine *machine, const char *path, const char *target)
{
	autofree char *full = format("%s%s", machine->dir, path);
	char text[256];
	ssize_t length = readlink(full, text, sizeof(text));

	return length == (ssize_t)strlen(target) && memcmp(text, target, (size_t)length) == 0;
}

static void close_nodes(const struct machine *machine, const struct record *device, const char *pid)
{
	autofree char *group = group_node(device);
	autofree char *node = device_node(device);
	autofree char *process = format("/proc/%s", pid);
	autofree char *fds = format("/proc/%s/fd", pid);
	char **names __attribute__((cleanup(tree_list_free))) = tree_list(machine, fds);

	if (!holds_another(machine, device, pid)) {
		tree_remove(machine, process);
		return;
	}
	for (char **name = names; *name; name++) {
		autofree char *path = format("%s/%s", fds, *name);

		if (is_link_to(machine, path, group) || is_link_to(machine, path, node))
			tree_remove(machine, path);
	}
}

void release(const char *dir, const char *uuid)
{
	struct machine machine = open_locked(dir);
	struct record *device = find_device(&machine, uuid);
	autofree char *held = duplicate(record_get(device, "held"));
	char *rest = held;

	for (const char *pid = strsep(&rest, " "); pid; pid = strsep(&rest, " ")) {
		if (*pid)
			close_nodes(&machine, device, pid);
	}
	record_set(device, "held", NULL);
	device_save(&machine, device);
	if (*record_get(device, "removing"))
		device_finish(&machine, device);
	model_show(&machine);
	machine_close(&machine);
}

/* Every link of a directory of links that leads to a parent of this name. */
static void remove_links(const struct machine *machine, const char *folder, const char *below,
			 const char *name)
{
	char **names __attribute__((cleanup(tree_list_free))) = tree_list(machine, folder);

	for (char **entry = names; *entry; entry++) {
		autofree char *path = format("%s/%s/%s/%s", folder, *entry, below, name);

		tree_remove(machine, path);
	}
}

static void remove_parent(const struct machine *machine, const struct record *parent, bool unbind)
{
	static const char *const published[] = {TYPES, "mdev_destroy", "driver"};
	const char *path = record_get(parent, "path");
	autofree char *class = format("/sys/class/mdev_bus/%s", parent->name);

	tree_remove(machine, class);
	for (int i = 0; i < 3; i++) {
		autofree char *file = format("%s/%s", path, published[i]);

		tree_remove(machine, file);
	}
	if (unbind)
		return;
	tree_remove(machine, path);
	remove_links(machine, "/sys/bus", "devices", parent->name);
}

void unplug(const char *dir, const char *name, bool unbind)
{
	struct machine machine = open_locked(dir);
	struct record *parent = record_find(machine.parents, name);
	autofree char *state = format(PRIVATE "/parents/%s", name);
	struct record *next;

	if (!parent)
		die("there is no parent '%s'", name);
	for (const struct record *device = machine.devices; device; device = device->next) {
		if (strcmp(record_get(device, "parent"), name) == 0 && *record_get(device, "held"))
			die("'%s' waits for '%s', which is held", name, device->name);
	}
	if (model_of(parent)->leave)
		model_of(parent)->leave(&machine, parent);
	for (struct record *device = machine.devices; device; device = next) {
		next = device->next;
		if (strcmp(record_get(device, "parent"), name) == 0)
			device_finish(&machine, device);
	}
	remove_parent(&machine, parent, unbind);
	tree_remove(&machine, state);
	record_drop(&machine.parents, parent);
	state_changed(&machine);
	model_show(&machine);
	machine_close(&machine);
}
