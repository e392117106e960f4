/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of devices: by processes in /proc, and by what is remembered in /run/mdevtool. */
#include "fuzz.h"
#include "mdev/inventory.h"
#include "out/print.h"
#include "tree.h"

#define UUID   "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define PARENT "sys/devices/pci0000:80/0000:86:00.0/"
#define TYPE   PARENT "mdev_supported_types/11/"

/* The files come first, in the order of an input's parts. */
static const struct tree_entry entries[] = {
	{"proc/4711/cmdline", "", 0},
	{"proc/4711/comm", "", 0},
	{"run/mdevtool/devices/" UUID, "", 0},
	{"run/mdevtool/journal/" UUID, "", 0},
	{TYPE "name", "", 0},
	{TYPE "max_instances", "4\n", 0},
	{"proc/4711/fd/3@", "/dev/vfio/9", 0},
	{PARENT UUID "/iommu_group@", "../../../../kernel/iommu_groups/9", 0},
	{PARENT UUID "/mdev_type@", "../mdev_supported_types/11", 0},
	{"sys/bus/mdev/devices/" UUID "@", "../../../devices/pci0000:80/0000:86:00.0/" UUID, 0},
	{"sys/bus/pci/devices/0000:86:00.0@", "../../../devices/pci0000:80/0000:86:00.0", 0},
};
#define CHANGED 5

static struct fuzz_tree tree;

static void print(const struct inventory *inventory, bool json)
{
	struct format format = {.json = json, .raw = true};
	const void *const *records = (const void *const *)inventory->devices;
	struct selection selection;
	autoerr struct err err = {0};
	FILE *out = fuzz_stream();
	struct document document = {.out = out};
	size_t length;

	MUST(select_fields(&device_fields, &format, inventory->pool, &selection, &err) == 0);
	if (json) {
		document_array(&document, &selection, records, inventory->n_devices);
		document_end(&document, inventory);
	} else {
		print_table(&selection, &format, records, inventory->n_devices, out);
	}
	const char *text = fuzz_stream_end(&length);
	must_be_printable(text, length, "");
	if (json)
		must_be_json(text, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autopool struct pool *pool = pool_new();
	autoinventory struct inventory inventory = {0};
	struct parts parts;

	if (!size)
		return 0;
	parts = (struct parts){data + 1, data + size};
	if (!tree.path)
		fuzz_tree_new(&tree, entries, ARRAY_SIZE(entries));
	for (size_t i = 0; i < CHANGED; i++) {
		size_t length;
		const char *text = parts_next(&parts, pool, &length);

		fuzz_tree_set(&tree, i, text, length);
	}
	struct root root = tree_root(tree.path);
	inventory_init(&inventory, &root);
	inventory_load_devices(&inventory, NEED_DEVICE_ALL);
	MUST(inventory.n_devices >= 1 && inventory.devices[0]->n_holders == 1);
	print(&inventory, *data % 2);
	root_close(&root);
	return 0;
}
