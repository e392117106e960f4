/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent's spellings, there and back. */
#include "mdev/address.h"
#include "tap.h"

static void test_pci(void)
{
	static const struct {
		const char *text;
		bool good;
		struct pci_address address;
	} cases[] = {
		{"0000:86:00.0", true, {0, 0x86, 0, 0}},
		{"ffff:ff:1f.7", true, {0xffff, 0xff, 0x1f, 7}},
		{"ABCD:EF:1A.3", true, {0xabcd, 0xef, 0x1a, 3}},
		{"0000:86:20.0", false, {0}},
		{"0000:86:00.8", false, {0}},
		{"86:00.0", false, {0}},
		{"0000:86:00.", false, {0}},
		{"0000:86:00.00", false, {0}},
		{"0000.86.00.0", false, {0}},
		{"0000:86:00:0", false, {0}},
		{" 000:86:00.0", false, {0}},
		{"-000:86:00.0", false, {0}},
		{"0x00:86:00.0", false, {0}},
		{"000g:86:00.0", false, {0}},
		{"0000: 6:00.0", false, {0}},
		{"00:0:86:00.0", false, {0}},
		{":::::::::.:.", false, {0}},
		{"", false, {0}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pci_address *want = &cases[i].address;
		struct pci_address a = {0};

		ok(pci_address_parse(cases[i].text, &a) == cases[i].good &&
			   a.domain == want->domain && a.bus == want->bus && a.slot == want->slot &&
			   a.function == want->function,
		   "'%s' is %s PCI address", cases[i].text, cases[i].good ? "a" : "no");
	}
}

static void test_names(void)
{
	static const struct {
		const char *given, *name;
	} cases[] = {
		{"0000:86:00.0", "0000:86:00.0"},
		{"86:00.0", "0000:86:00.0"},
		{"pci_0000_86_00_0", "0000:86:00.0"},
		{"0000:AB:00.0", "0000:ab:00.0"},
		{"AB:1F.7", "0000:ab:1f.7"},
		{"pci_0000_AB_00_0", "0000:ab:00.0"},
		{"/sys/class/mdev_bus/0000:86:00.0", "0000:86:00.0"},
		{"/sys/class/mdev_bus/0000:86:00.0/", "0000:86:00.0"},
		{"/sys/devices/pci0000:80/0000:80:02.0/0000:86:00.0//", "0000:86:00.0"},
		{"/sys/devices/css0/0.0.0001", "0.0.0001"},
		{"/sys/devices/vfio_ap/matrix", "matrix"},
		{"css_0_0_0001", "0.0.0001"},
		{"css_0_0_00AF", "0.0.00af"},
		{"0.0.0001", "0.0.0001"},
		{"ap_matrix", "matrix"},
		{"matrix", "matrix"},
		{"mtty", "mtty"},
		{"pci_0000_86_00", "pci_0000_86_00"},
		{"pci_0000_86_20_0", "pci_0000_86_20_0"},
		{"pci_0000:86:00.0", "pci_0000:86:00.0"},
		{"css_x", "css_x"},
		{"", NULL},
		{".", NULL},
		{"..", NULL},
		{"a/b", NULL},
		{"/", NULL},
		{"/etc/passwd", NULL},
		{"../0000:86:00.0", NULL},
		{"/sys/..", NULL},
		{"/sys/class/.", NULL},
		{"a\nb", NULL},
		{"a\x1b", NULL},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_text(address_parent_name(pool, cases[i].given), cases[i].name,
			"the parent that '%s' means", cases[i].given);
}

static void test_node_names(void)
{
	static const struct {
		const char *parent, *subsystem, *node;
		bool back;
	} cases[] = {
		{"0000:86:00.0", NULL, "pci_0000_86_00_0", true},
		{"0000:86:00.0", "pci", "pci_0000_86_00_0", true},
		{"000a:ff:1f.7", NULL, "pci_000a_ff_1f_7", true},
		{"0.0.0001", NULL, "css_0_0_0001", true},
		{"0.3.beef", NULL, "css_0_3_beef", true},
		{"matrix", NULL, "ap_matrix", true},
		{"mtty", NULL, "mtty", false},
		{"mtty", "mdev_bus", "mdev_bus_mtty", false},
		{"a-b.c", NULL, "a_b_c", false},
		{"0.0.1", NULL, "0_0_1", false},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *node = address_node_name(pool, cases[i].parent, cases[i].subsystem);

		is_text(node, cases[i].node, "libvirt's name of '%s'", cases[i].parent);
		if (cases[i].back)
			is_text(address_parent_name(pool, node), cases[i].parent, "'%s' and back",
				cases[i].node);
	}
}

int main(void)
{
	test_pci();
	test_names();
	test_node_names();
	return tap_end();
}
