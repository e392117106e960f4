/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What drivers and the kernel say in the files of parents and types, up to what is printed of it.
 */
#include "fuzz.h"
#include "mdev/inventory.h"
#include "out/nodedev-xml.h"
#include "out/print.h"
#include "tree.h"

#define PARENT "sys/devices/pci0000:80/0000:86:00.0/"
#define RFC    PARENT "mdev_supported_types/11/"
#define LINUX  PARENT "mdev_supported_types/nvidia-63/"

/* The files come first, in the order of an input's parts. */
static const struct tree_entry entries[] = {
	{RFC "name", "", 0},
	{RFC "max_instances", "", 0},
	{RFC "fb_length", "", 0},
	{RFC "resolution", "", 0},
	{RFC "heads", "", 0},
	{RFC "requires_group", "", 0},
	{LINUX "description", "", 0},
	{LINUX "device_api", "", 0},
	{LINUX "available_instances", "", 0},
	{LINUX "name", "", 0},
	{PARENT "vendor", "", 0},
	{PARENT "device", "", 0},
	{PARENT "numa_node", "", 0},
	{RFC "create", "", 0},
	{LINUX "create", "", 0},
	{PARENT "driver@", "../../../bus/pci/drivers/nvidia", 0},
	{PARENT "iommu_group@", "../../../kernel/iommu_groups/7", 0},
	{"sys/bus/pci/devices/0000:86:00.0@", "../../../devices/pci0000:80/0000:86:00.0", 0},
};
#define CHANGED 13

static struct fuzz_tree tree;

static const void *const *records_of(const struct inventory *inventory, const struct fields *fields,
				     size_t *n)
{
	const struct parent *parent = inventory->parents[0];

	*n = fields == &parent_fields ? inventory->n_parents : parent->n_types;
	return fields == &parent_fields ? (const void *const *)inventory->parents
					: (const void *const *)parent->types;
}

static void print(const struct inventory *inventory, const struct fields *fields, bool json)
{
	struct format format = {.json = json, .raw = true};
	struct selection selection;
	autoerr struct err err = {0};
	FILE *out = fuzz_stream();
	struct document document = {.out = out};
	size_t n, length;
	const void *const *records = records_of(inventory, fields, &n);

	MUST(select_fields(fields, &format, inventory->pool, &selection, &err) == 0);
	if (json) {
		document_array(&document, &selection, records, n);
		document_end(&document, inventory);
	} else {
		print_table(&selection, &format, records, n, out);
		print_vertical(&selection, records[0], out);
	}
	const char *text = fuzz_stream_end(&length);
	must_be_printable(text, length, "");
	if (json)
		must_be_json(text, length);
}

static void print_xml(const struct inventory *inventory, enum nodedev_dialect dialect)
{
	size_t length;

	print_nodedev_xml(inventory->parents[0], dialect, fuzz_stream());
	const char *text = fuzz_stream_end(&length);
	must_be_printable(text, length, "");
}

/* One form of output each, and what it needs: the first byte says which. */
static const struct form {
	unsigned need;
	const struct fields *fields; /* NULL: it is XML */
} forms[] = {
	{NEED_TYPES | NEED_TYPE_ALL, &type_fields},
	{NEED_PARENT_FACTS, &parent_fields},
	{NEED_PARENT_FACTS | NEED_TYPES | NEED_TYPE_ALL, NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autopool struct pool *pool = pool_new();
	autoinventory struct inventory inventory = {0};
	const struct form *form;
	struct parts parts;

	if (!size)
		return 0;
	form = &forms[*data / 2 % ARRAY_SIZE(forms)];
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
	inventory_load_parents(&inventory, form->need);
	MUST(inventory.n_parents == 1);
	MUST(inventory.parents[0]->n_types == (form->need & NEED_TYPES ? 2 : 0));
	if (form->fields)
		print(&inventory, form->fields, *data % 2);
	else
		print_xml(&inventory, *data % 2 ? NODEDEV_RFC : NODEDEV_LIBVIRT);
	root_close(&root);
	return 0;
}
