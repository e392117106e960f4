/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a device, from a /proc of our own. */
#include "mdev/holder.h"
#include "expect.h"
#include "tap.h"
#include "tree.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define INITIAL "pid:[4026531836]"
#define QEMU                                                            \
	"qemu-system-x86_64\0-name\0guest=web-1,debug-threads=on\0-m\0" \
	"1G"

/* A /proc that shows everything. */
static const struct tree_entry everything[] = {
	{.path = "proc/self/ns/pid@", .text = INITIAL},
	{.path = "proc/1/comm", .text = "init\n"},
	{.path = "proc/1/fd/0@", .text = "/dev/null"},
	{.path = "proc/meminfo", .text = "x"},
	{.path = "proc/sys/fd/3@", .text = "/dev/vfio/7"},
};

static struct device make_device(int64_t group, const char *vfio)
{
	return (struct device){.uuid = "u", .iommu_group = group, .vfio_device = vfio};
}

static void load(const char *tree, struct pool *pool, struct device *device)
{
	struct root root = tree_root(tree);

	holders_load(&root, pool, &device, 1);
	root_close(&root);
}

static void test_links(void)
{
	static const struct {
		const char *target;
		bool holds;
	} cases[] = {
		{"/dev/vfio/7", true},
		{"/dev/vfio/devices/vfio3", true},
		{"/dev/vfio/70", false},
		{"/dev/vfio/77777777777777777777777777777777777777777777777777777777777777777",
		 false},
		{"/dev/vfio/", false},
		{"/dev/vfio/vfio", false},
		{"/dev/vfio/7x", false},
		{"/dev/vfio/-7", false},
		{"/dev/vfio/devices/vfio33", false},
		{"/dev/vfio/devices/", false},
		{"/x/dev/vfio/7", false},
		{"socket:[7]", false},
		{"anon_inode:vfio-device", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		const char *tree = TREE_NEW(everything);
		struct device device = make_device(7, "vfio3");

		TREE_ADD(tree, {.path = "proc/4711/comm", .text = "qemu\n"},
			 {.path = "proc/4711/fd/5@", .text = cases[i].target});
		load(tree, pool, &device);
		is_number(device.held, cases[i].holds ? HELD_BY_KNOWN : HELD_FREE, "'%s' %s",
			  cases[i].target, cases[i].holds ? "holds it" : "does not");
		is_number((long long)device.n_holders, cases[i].holds, "as many holders");
	}
}

static void test_processes(void)
{
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(everything);
	struct device device = make_device(7, NULL);

	TREE_ADD(tree, {.path = "proc/4711/comm", .text = "qemu-system-x86\n"},
		 {.path = "proc/4711/cmdline", .text = QEMU, .length = sizeof(QEMU)},
		 {.path = "proc/4711/fd/3@", .text = "/dev/null"},
		 {.path = "proc/4711/fd/12@", .text = "/dev/vfio/7"},
		 {.path = "proc/4711/fd/13@", .text = "/dev/vfio/7"},
		 {.path = "proc/99/fd/0@", .text = "/dev/vfio/7"},
		 {.path = "proc/12/comm", .text = "other\n"},
		 {.path = "proc/12/fd/0@", .text = "/dev/vfio/8"});
	load(tree, pool, &device);
	is_number(device.held, HELD_BY_KNOWN, "two processes hold it");
	if (!is_number((long long)device.n_holders, 2, "each is named once"))
		return;
	is_number(device.holders[0].pid, 99, "the first's PID");
	is_text(device.holders[0].command, "?", "which has no name");
	is_text(device.holders[0].vm, NULL, "and is no VM");
	is_text(device.holders[0].manager, NULL, "nor started as one");
	is_number(device.holders[1].pid, 4711, "the second's PID");
	is_text(device.holders[1].command, "qemu-system-x86", "its command");
	is_text(device.holders[1].vm, "web-1", "its VM");
	is_text(holders_text(pool, &device), "? 99, qemu-system-x86 4711 (web-1)", "as text");
}

#define CMDLINE(text) text, sizeof(text)

static void test_vms(void)
{
	static const struct {
		const char *cmdline;
		size_t length;
		const char *name;
		const char *manager;
	} cases[] = {
		{CMDLINE("qemu\0-name\0web"), "web", "qemu"},
		{CMDLINE("/usr/libexec/qemu-kvm\0--name\0web"), "web", "qemu"},
		{CMDLINE("qemu-system-x86_64\0-name\0guest=web"), "web", "qemu"},
		{CMDLINE("qemu\0-name\0web,process=x"), "web", "qemu"},
		{CMDLINE("qemu\0-name\0process=x,guest=web"), "web", "qemu"},
		{CMDLINE("qemu\0-name\0debug-threads=on"), NULL, "qemu"},
		{CMDLINE("qemu\0-name\0guest=a,,b,debug-threads=on"), "a,b", "qemu"},
		{CMDLINE("qemu\0-name\0guest=a,,guest=b"), "a,guest=b", "qemu"},
		{CMDLINE("qemu\0-name\0a=b,guest=c=d"), "c=d", "qemu"},
		{CMDLINE("qemu\0-name\0a\0-name\0process=x"), "a", "qemu"},
		{CMDLINE("qemu\0-name\0a\0-name\0b"), "b", "qemu"},
		{CMDLINE("qemu\0-name\0guest=web,\0-S"), "web", "qemu"},
		{CMDLINE("qemu\0-name\0guest="), NULL, "qemu"},
		{CMDLINE("qemu\0-name\0guest=web,debug-threads=on\0-chardev\0"
			 "socket,id=charmonitor,fd=24,server=on,wait=off"),
		 "web", "libvirt"},
		{CMDLINE("qemu\0-chardev\0socket,id=charmonitor2\0-name\0web"), "web", "qemu"},
		{CMDLINE("qemu\0-m\0"
			 "1G"),
		 NULL, "qemu"},
		{CMDLINE("qemu\0-name"), NULL, "qemu"},
		{CMDLINE("qemu\0-names\0web"), NULL, "qemu"},
		{CMDLINE("cat\0-m"), NULL, NULL},
		{CMDLINE(""), NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		const char *tree = TREE_NEW(everything);
		struct device device = make_device(7, NULL);

		TREE_ADD(tree, {.path = "proc/5/fd/3@", .text = "/dev/vfio/7"},
			 {.path = "proc/5/cmdline",
			  .text = cases[i].cmdline,
			  .length = cases[i].length});
		load(tree, pool, &device);
		if (!is_number((long long)device.n_holders, 1, "a holder"))
			continue;
		is_text(device.holders[0].vm, cases[i].name, "command line %zu's VM", i);
		is_text(device.holders[0].manager, cases[i].manager, "and who started it");
	}
}

/* Far behind in a long command line, as that of a VM with many disks is. */
static void test_long_command_line(void)
{
	static char cmdline[100000];
	static const char last[] = "-name\0guest=web\0-chardev\0socket,id=charmonitor,fd=1";
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(everything);
	struct device device = make_device(7, NULL);

	memset(cmdline, 'x', sizeof(cmdline));
	memcpy(cmdline, "qemu", 5);
	cmdline[sizeof(cmdline) - sizeof(last) - 1] = '\0';
	memcpy(cmdline + sizeof(cmdline) - sizeof(last), last, sizeof(last));
	TREE_ADD(tree, {.path = "proc/5/comm", .text = "qemu\n"},
		 {.path = "proc/5/fd/3@", .text = "/dev/vfio/7"},
		 {.path = "proc/5/cmdline", .text = cmdline, .length = sizeof(cmdline)});
	load(tree, pool, &device);
	is_text(holders_text(pool, &device), "qemu 5 (libvirt's web)", "the name is found");
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Whoever has a device open chooses its command line: a name of many words costs no more memory. */
static void test_many_words(void)
{
	static char cmdline[30000];
	static const char first[] = "qemu\0-name\0guest=web";
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(everything);
	struct device device = make_device(7, NULL);
	long before = peak_kib();

	for (size_t i = 0; i < sizeof(cmdline) - 1; i++)
		cmdline[i] = i % 2 ? 'x' : ',';
	memcpy(cmdline, first, sizeof(first) - 1);
	TREE_ADD(tree, {.path = "proc/5/comm", .text = "qemu\n"},
		 {.path = "proc/5/fd/3@", .text = "/dev/vfio/7"},
		 {.path = "proc/5/cmdline", .text = cmdline, .length = sizeof(cmdline)});
	load(tree, pool, &device);
	is_text(holders_text(pool, &device), "qemu 5 (web)", "the name is found");
	ok(peak_kib() - before < 16384, "with little memory");
}

/* What cannot be seen is unknown, never free. */
static void test_unknown(void)
{
	static const struct {
		const char *name;
		struct tree_entry entries[2];
	} cases[] = {
		{"no /proc", {{.path = "proc@", .text = "nowhere"}, {.path = "x/"}}},
		{"an empty /proc", {{.path = "proc/"}, {.path = "x/"}}},
		{"another PID namespace",
		 {{.path = "proc/self/ns/pid@", .text = "pid:[4026532000]"},
		  {.path = "proc/1/fd/"}}},
		{"hidden processes",
		 {{.path = "proc/self/ns/pid@", .text = INITIAL}, {.path = "proc/77/fd/"}}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		const char *tree = TREE_NEW(cases[i].entries);
		struct device device = make_device(7, NULL);

		load(tree, pool, &device);
		is_number(device.held, HELD_UNKNOWN, "%s", cases[i].name);
		is_text(holders_text(pool, &device), "unknown", "as text");
	}
}

static void test_known_of_unknown(void)
{
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "proc/self/ns/pid@", .text = "pid:[4026532000]"},
		{.path = "proc/5/comm", .text = "qemu\n"},
		{.path = "proc/5/fd/3@", .text = "/dev/vfio/7"},
	}));
	struct device device = make_device(7, NULL);

	load(tree, pool, &device);
	is_number(device.held, HELD_BY_KNOWN, "a holder that is seen is known all the same");
}

static void test_denied(void)
{
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(everything);
	struct device device = make_device(7, NULL);

	TREE_ADD(tree, {.path = "proc/5/fd/3@", .text = "/dev/vfio/7"});
	tree_chmod(tree, "proc/5/fd", 0);
	if (!become_ordinary()) {
		skip("cannot become an ordinary user");
		return;
	}
	load(tree, pool, &device);
	become_oneself();
	is_number(device.held, HELD_UNKNOWN, "another user's process is unknown");
}

static void test_several(void)
{
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(everything);
	struct device a = make_device(7, NULL), b = make_device(8, NULL), c = make_device(-1, NULL),
		      d = make_device(-1, "vfio0");
	struct device *devices[] = {&a, &b, &c, &d};
	struct root root = tree_root(tree);

	TREE_ADD(tree, {.path = "proc/5/comm", .text = "qemu\n"},
		 {.path = "proc/5/fd/3@", .text = "/dev/vfio/7"},
		 {.path = "proc/5/fd/4@", .text = "/dev/vfio/devices/vfio0"});
	holders_load(&root, pool, devices, ARRAY_SIZE(devices));
	is_number(a.held, HELD_BY_KNOWN, "by its group");
	is_number(b.held, HELD_FREE, "another group is free");
	is_number(c.held, HELD_UNKNOWN, "without a group nobody can tell");
	is_number(d.held, HELD_BY_KNOWN, "by its VFIO device");
	is_text(holders_text(pool, &b), NULL, "a free one has no text");
	ok(!holder_probe(&root, &a) && !holder_probe(&root, &c), "no second look is busy here");
	holders_load(&root, pool, NULL, 0);
	root_close(&root);
}

/* libvirtd has the group open while the mdevctl that it runs removes the device. */
static void test_parent(void)
{
	static const struct {
		int pid; /* 0: our parent */
		const char *second;
		bool holds;
	} cases[] = {
		{0, "/dev/null", false},
		{0, "anon_inode:[vfio-device]", true},
		{0, "/dev/vfio/devices/vfio3", true},
		{4711, "/dev/null", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		const char *tree = TREE_NEW(everything);
		struct device device = make_device(7, "vfio3");
		int pid = cases[i].pid ? cases[i].pid : getppid();

		TREE_ADD(
			tree, {.path = pool_printf(pool, "proc/%d/comm", pid), .text = "x\n"},
			{.path = pool_printf(pool, "proc/%d/fd/5@", pid), .text = "/dev/vfio/7"},
			{.path = pool_printf(pool, "proc/%d/fd/6@", pid), .text = cases[i].second});
		load(tree, pool, &device);
		is_number(device.held, cases[i].holds ? HELD_BY_KNOWN : HELD_FREE,
			  "%s with the group and %s", cases[i].pid ? "another" : "our parent",
			  cases[i].second);
	}
}

int main(void)
{
	if (!tree_can_be_root())
		return tap_end();
	test_links();
	test_processes();
	test_vms();
	test_long_command_line();
	test_many_words();
	test_unknown();
	test_known_of_unknown();
	test_denied();
	test_several();
	test_parent();
	return tap_end();
}
