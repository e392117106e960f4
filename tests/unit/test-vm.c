/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices as virtual machines take them: quoting, with values that no machine has. */
#include "out/vm.h"
#include "tap.h"

static const struct device odd = {
	.uuid = "u",
	.path = "/sys/a,b/it's \"$x\"",
	.device_api = "vfio-pci",
};

/* All is what QEMU and a shell are given for the odd path. */
static void test_quoting(void)
{
	static const struct {
		enum vm_format format;
		const char *line;
		size_t n_words;
		const char *last_word;
	} cases[] = {
		{VM_QEMU, "-device 'vfio-pci,sysfsdev=/sys/a,,b/it'\\''s \"$x\",id=v0'", 2,
		 "vfio-pci,sysfsdev=/sys/a,,b/it's \"$x\",id=v0"},
		{VM_QEMU_JSON,
		 "-device '{\"driver\":\"vfio-pci\",\"sysfsdev\":\"/sys/a,b/it'\\''s "
		 "\\\"$x\\\"\",\"id\":\"v0\"}'",
		 2,
		 "{\"driver\":\"vfio-pci\",\"sysfsdev\":\"/sys/a,b/it's \\\"$x\\\"\",\"id\":\"v0\"}"},
		{VM_QMP,
		 "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-pci\","
		 "\"sysfsdev\":\"/sys/a,b/it's \\\"$x\\\"\",\"id\":\"v0\"}}",
		 1,
		 "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-pci\","
		 "\"sysfsdev\":\"/sys/a,b/it's \\\"$x\\\"\",\"id\":\"v0\"}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		const struct vm_options options = {.format = cases[i].format, .id = "v"};
		struct vm_lines lines = {0};
		struct vm_device device;

		if (!ok(vm_describe(pool, &options, &odd, 0, &device, &err) == 0, "described"))
			continue;
		vm_line(pool, &options, &device, &lines);
		is_number((long long)lines.n, 1, "one line");
		is_text(lines.list[0], cases[i].line, "what a shell takes");
		is_number((long long)lines.n_words, (long long)cases[i].n_words, "its words");
		is_text(lines.words[lines.n_words - 1], cases[i].last_word, "the last of them");
	}
}

/* What an old and a new QEMU call migration, and what neither of them has. */
static void test_migration(void)
{
	static const char *const properties[][2] = {
		{"sysfsdev", "x-enable-migration"},
		{"sysfsdev", "enable-migration"},
		{"sysfsdev", "display"},
	};
	static const char *const wanted[] = {
		"{\"driver\":\"vfio-pci\",\"sysfsdev\":\"/d\",\"x-enable-migration\":false}",
		"{\"driver\":\"vfio-pci\",\"sysfsdev\":\"/d\",\"enable-migration\":\"off\"}",
		NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		const char *known[] = {properties[i][0], properties[i][1]};
		const struct qemu qemu = {"q", "vfio-pci", known, ARRAY_SIZE(known)};
		const struct vm_options options = {
			.format = VM_QEMU_JSON, .migration = "off", .qemu = &qemu};
		const struct device device = {.path = "/d", .device_api = "vfio-pci"};
		struct vm_lines lines = {0};
		struct vm_device described;

		if (vm_describe(pool, &options, &device, 0, &described, &err) == 0) {
			vm_line(pool, &options, &described, &lines);
			is_text(lines.words[1], wanted[i], "migration is off");
			continue;
		}
		is_text(NULL, wanted[i], "it cannot be");
		is_number(err.kind, ERR_UNSUPPORTED, "which is unsupported");
		is_text(err.message, "'q' lacks the property 'enable-migration' of vfio-pci",
			"and said");
	}
}

int main(void)
{
	test_quoting();
	test_migration();
	return tap_end();
}
