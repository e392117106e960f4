/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVIDIA's virtual functions: what is read, and the plans as text. */
#include "expect.h"
#include "mdev/dialect.h"
#include "mdev/inventory.h"
#include "tap.h"
#include "tree.h"

#include <errno.h>

#define UUID  "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define OTHER "3f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define PF    "sys/devices/pci0000:40/0000:41:00.0/"
#define VF0   "sys/devices/pci0000:40/0000:41:00.4/"
#define VF1   "sys/devices/pci0000:40/0000:41:00.5/"
#define BUS   "sys/bus/pci/devices/"
#define LISTS "nvidia/creatable_vgpu_types"

#define DIRECTORY(address)                                                              \
	{                                                                               \
		.path = BUS address "@", .text = "../../../devices/pci0000:40/" address \
	}

/* A card with two functions: the first is idle, the second has type 1145. */
static const struct tree_entry card[] = {
	DIRECTORY("0000:41:00.0"),
	DIRECTORY("0000:41:00.4"),
	DIRECTORY("0000:41:00.5"),
	{.path = PF "vendor", .text = "0x10de\n"},
	{.path = PF "driver@", .text = "../../../bus/pci/drivers/nvidia"},
	{.path = PF "sriov_totalvfs", .text = "2\n"},
	{.path = PF "sriov_numvfs", .text = "2\n"},
	{.path = PF "virtfn0@", .text = "../0000:41:00.4"},
	{.path = PF "virtfn1@", .text = "../0000:41:00.5"},
	{.path = VF0 "physfn@", .text = "../0000:41:00.0"},
	{.path = VF0 "iommu_group@", .text = "../../../../kernel/iommu_groups/7"},
	{.path = VF0 "vfio-dev/vfio3/dev", .text = "240:3\n"},
	{.path = VF0 "nvidia/current_vgpu_type", .text = "0\n"},
	{.path = VF0 LISTS,
	 .text = "ID    : vGPU Name\n1145  : NVIDIA L40S-1B\n1149  : NVIDIA L40S-1Q\n"},
	{.path = VF1 "physfn@", .text = "../0000:41:00.0"},
	{.path = VF1 "iommu_group@", .text = "../../../../kernel/iommu_groups/8"},
	{.path = VF1 "nvidia/current_vgpu_type", .text = "1145\n"},
	{.path = VF1 "nvidia/placement_id", .text = "3\n"},
	{.path = VF1 LISTS, .text = "ID    : vGPU Name\n"},
};

/* A tree and what was read of it. */
struct machine {
	const char *tree;
	struct root root;
	struct inventory inventory;
	struct err err;
};

static void machine_open(struct machine *machine, const char *tree)
{
	*machine = (struct machine){.tree = tree, .root = tree_root(tree)};
	inventory_init(&machine->inventory, &machine->root);
}

static void machine_close(struct machine *machine)
{
	inventory_free(&machine->inventory);
	root_close(&machine->root);
	err_clear(&machine->err);
}

static struct parent *find_parent(struct machine *machine, const char *name)
{
	struct parent *parent =
		inventory_find_parent(&machine->inventory, name, NEED_TYPE_ALL, &machine->err);

	ok(parent != NULL, "parent '%s' is found", name);
	return parent;
}

/* The warning about the file, NULL without one. */
static const char *warning_of(const struct machine *machine, const char *file)
{
	for (size_t i = 0; i < machine->inventory.n_warnings; i++) {
		const struct warning *warning = &machine->inventory.warnings[i];
		const char *tail = warning->file ? strstr(warning->file, file) : NULL;

		if (tail && streq(tail, file))
			return warning->message;
	}
	return NULL;
}

static void test_parents(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(card));
	inventory_load_parents(&m.inventory, 0);
	if (is_number((long long)m.inventory.n_parents, 1, "the physical function is the parent")) {
		const struct parent *parent = m.inventory.parents[0];

		is_text(parent->name, "0000:41:00.0", "its name");
		is_text(parent->real, "/sys/devices/pci0000:40/0000:41:00.0", "its directory");
		ok(parent->dialect == &dialect_vf, "its dialect");
		if (is_number((long long)parent->n_slots, 2, "its virtual functions")) {
			is_text(parent->slots[0], "0000:41:00.4", "by their number");
			is_text(parent_slot(parent, "0000:41:00.5"), "0000:41:00.5", "by name");
		}
		ok(!parent_slot(parent, "0000:41:00.6"), "no others");
	}
	machine_close(&m);

	machine_open(&m, TREE_NEW(card));
	const struct parent *parent = find_parent(&m, "41:00.5");
	if (parent)
		is_text(parent->name, "0000:41:00.0", "a function leads to its parent");
	machine_close(&m);
}

static void test_types(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(card));
	const struct parent *parent = find_parent(&m, "0000:41:00.0");
	if (parent && is_number((long long)parent->n_types, 2, "two types")) {
		const struct type *type = parent->types[0];

		is_text(type->id, "1145", "sorted by id");
		is_text(type->name, "NVIDIA L40S-1B", "its name");
		is_text(type->device_api, "vfio-pci", "its driver for QEMU");
		is_number(type->available, 1, "its room are the idle functions");
		ok(type->offered && !type->reason, "it is offered");
		ok(parent_find_type(parent, "nvidia-1145") == type,
		   "as the kernel's mdevs have it");
		ok(parent_find_type(parent, "NVIDIA L40S-1B") == type, "by its whole name");
		ok(!parent_find_type(parent, "114") && !parent_find_type(parent, "L40S-1B"),
		   "never by a part");
	}
	is_number((long long)m.inventory.n_warnings, 0, "nothing was unexpected");
	machine_close(&m);
}

/* One list for the idle function of the card, or none when it is NULL. */
static const char *listing(const char *text)
{
	const char *tree = TREE_NEW(card);

	TREE_ADD(tree, {.path = VF0 LISTS, .text = text});
	return tree;
}

static void test_lists(void)
{
	static const struct {
		const char *text;
		long long n;
		bool warns;
		const char *what;
	} cases[] = {
		{"1145  : NVIDIA L40S-1B\n", 1, false, "a list without heading"},
		{"ID : vGPU Name\n  7:A : B\n", 2, false, "blanks, and a colon in a name"},
		{"ID    : vGPU Name\n", 1, false, "a list of only the heading"},
		{"", 1, false, "an empty list"},
		{"1145  : NVIDIA L40S-1B\nID : vGPU Name\n", 1, true, "a heading below"},
		{"1145\n", 1, true, "an id without name"},
		{"1145 :\n", 1, true, "an empty name"},
		{"-1 : x\n", 1, true, "an id that is no number"},
		{"Name : ID\n", 1, true, "another heading"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		struct machine m;
		const char *warning;

		machine_open(&m, listing(cases[i].text));
		const struct parent *parent = find_parent(&m, "0000:41:00.0");
		/* the type that the other function has counts, too */
		if (parent)
			is_number((long long)parent->n_types, cases[i].n, "%s", cases[i].what);
		warning = warning_of(&m, "0000:41:00.4/" LISTS);
		ok(!warning == !cases[i].warns, "%s is %s", cases[i].what,
		   cases[i].warns ? "a warning" : "fine");
		if (warning)
			ok(strstr(warning,
				  pool_strndup(pool, cases[i].text, strlen(cases[i].text) - 1)),
			   "which shows the file");
		machine_close(&m);
	}
}

static void test_reasons(void)
{
	static const struct {
		const char *list, *current;
		const char *reason;
	} cases[] = {
		{"ID    : vGPU Name\n", "0\n", "the GPU is full"},
		{"1149  : NVIDIA L40S-1Q\n", "0\n", "type '1145' is in use"},
		{"ID    : vGPU Name\n", "1149\n", "all of its 2 virtual functions are in use"},
		{"nonsense\n", "0\n", "cannot read"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine m;
		const char *tree = listing(cases[i].list);

		TREE_ADD(tree, {.path = VF0 "nvidia/current_vgpu_type", .text = cases[i].current});
		machine_open(&m, tree);
		const struct parent *parent = find_parent(&m, "0000:41:00.0");
		const struct type *type = parent ? parent_find_type(parent, "1145") : NULL;
		const char *reason = type && type->fix ? type->reason : NULL;
		ok(reason && strstr(reason, cases[i].reason), "the reason is '%s'",
		   reason ? reason : "not told");
		ok(type && !type->offered && type->available == 0, "it is not offered");
		machine_close(&m);
	}
}

static void test_remembered(void)
{
	const char *tree = listing("ID    : vGPU Name\n");
	struct machine m;

	TREE_ADD(tree, {.path = "run/mdevtool/types/0000:41:00.0",
			.text = "{\"1158\": \"NVIDIA L40S-48Q\", \"../x\": \"no id\"}"});
	machine_open(&m, tree);
	const struct parent *parent = find_parent(&m, "0000:41:00.0");
	if (parent && is_number((long long)parent->n_types, 2, "what was seen once is known")) {
		is_text(parent->types[1]->name, "NVIDIA L40S-48Q", "by its name");
		ok(!parent->types[1]->offered, "but not offered");
	}
	machine_close(&m);
}

/* The card with a record of its second function as `type`; `inode` 0 stands for its directory's. */
static void machine_with_record(struct machine *m, const char *type, unsigned long long inode)
{
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(card);
	struct root root = tree_root(tree);

	if (!inode)
		inode = record_inode(&root, "/" BUS "0000:41:00.5");
	root_close(&root);
	TREE_ADD(tree, {.path = "run/mdevtool/devices/" UUID,
			.text = pool_printf(pool,
					    "{\"uuid\":\"" UUID "\",\"dialect\":\"vf\","
					    "\"parent\":\"0000:41:00.0\",\"parent_path\":\"/" PF
					    "\",\"path\":\"/" BUS "0000:41:00.5\","
					    "\"slot\":\"0000:41:00.5\",\"type\":\"%s\","
					    "\"type_name\":\"NVIDIA L40S-1B\",\"group\":3,"
					    "\"inode\":%llu}",
					    type, inode)});
	machine_open(m, tree);
}

static const struct device *find_device(struct machine *m, const char *given)
{
	return inventory_find_device(&m->inventory, given, NEED_DEVICE_ALL, &m->err);
}

static void test_foreign(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(card));
	inventory_load_devices(&m.inventory, NEED_DEVICE_ALL);
	is_number((long long)m.inventory.n_devices, 1, "a function with a type is a device");
	const struct device *device = find_device(&m, "41:00.5");
	if (ok(device != NULL, "found by its address in any spelling")) {
		is_text(device->uuid, "0000:41:00.5", "without a UUID it goes by its address");
		is_text(device->address, "0000:41:00.5", "its address");
		ok(device->state == STATE_FOREIGN, "it is foreign");
		is_text(device->type, "1145", "its type");
		is_text(device->type_name, "NVIDIA L40S-1B", "whose name its siblings list");
		is_text(device->parent, "0000:41:00.0", "its parent");
		is_number(device->iommu_group, 8, "its IOMMU group");
		if (is_number((long long)device->n_facts, 1, "what its files say"))
			is_text(device->facts[0].value, "3", "placement_id");
		ok(device_is_at(device, "0000:41:00.0") && device_is_at(device, "0000:41:00.5") &&
			   !device_is_at(device, "0000:41:00.4"),
		   "it is on its parent, and in its slot");
	}
	ok(!find_device(&m, "0000:41:00.4"), "an idle function is no device");
	is_error(&m.err, ERR_NOT_FOUND, "no device '0000:41:00.4'", "which is said");
	machine_close(&m);
}

static void test_records(void)
{
	struct machine m;

	machine_with_record(&m, "1145", 0);
	const struct device *device = find_device(&m, UUID);
	if (ok(device != NULL, "a device of ours is found by its UUID")) {
		ok(device->state == STATE_ACTIVE, "it is ours");
		is_number(device->group, 3, "its group");
		is_text(device->address, "0000:41:00.5", "its address");
		ok(find_device(&m, "0000:41:00.5") == device, "by which it is found, too");
	}
	ok(inventory_has_device(&m.inventory, UUID), "its UUID is taken");
	ok(!inventory_has_device(&m.inventory, OTHER), "another is not");
	machine_close(&m);

	machine_with_record(&m, "1149", 0);
	ok(!find_device(&m, UUID), "a function with another type than recorded is not ours");
	err_clear(&m.err);
	device = find_device(&m, "0000:41:00.5");
	ok(device && device->state == STATE_FOREIGN, "but foreign");
	ok(!inventory_has_device(&m.inventory, UUID), "and its UUID is free");
	machine_close(&m);

	machine_with_record(&m, "1145", 1);
	ok(!find_device(&m, UUID), "nor is one that came anew since");
	machine_close(&m);
}

static const char *shell(struct pool *pool, const struct plan *plan)
{
	const char *text = "", **lines = NULL;
	size_t n = 0;

	plan_lines(plan, pool, &lines, &n);
	for (size_t i = 0; i < n; i++)
		text = pool_printf(pool, "%s%s\n", text, lines[i]);
	return text;
}

#define NVIDIA "/" BUS "0000:41:00.4/nvidia/"

static void test_create(void)
{
	static const char want[] = "test \"$(cat " NVIDIA "current_vgpu_type)\" = '0'\n"
				   "grep -qw '^ *1145' " NVIDIA "creatable_vgpu_types\n"
				   "echo '1145' > " NVIDIA "current_vgpu_type\n"
				   "test \"$(cat " NVIDIA "current_vgpu_type)\" = '1145'\n"
				   "echo 'frl=0' > " NVIDIA "vgpu_params\n"
				   "echo '2' > " NVIDIA "placement_id\n";
	autopool struct pool *pool = pool_new();
	struct attribute attribute = {dialect_vf.attribute_name(pool, "placement_id"), "2"};
	struct type type = {.id = "1145"};
	const struct request request = {.type = &type,
					.slot = "0000:41:00.4",
					.uuid = UUID,
					.params = "frl=0",
					.attributes = &attribute,
					.n_attributes = 1};
	struct plan plan = {.pool = pool};

	dialect_vf.plan_create(&request, &plan);
	is_text(shell(pool, &plan), want, "the type, read back, then parameters and attributes");
	ok(!dialect_vf.ignores_params(&request), "all types take parameters");
	is_text(dialect_vf.attribute_name(pool, "nvidia/x"), "nvidia/x", "a path stays what it is");
	ok(!dialect_vf.attribute_name(pool, "current_vgpu_type"), "what releases is no attribute");
}

static void test_destroy(void)
{
	static const char want[] = "test \"$(cat " NVIDIA "current_vgpu_type)\" = '1145'\n"
				   "echo '0' > " NVIDIA "current_vgpu_type\n"
				   "test \"$(cat " NVIDIA "current_vgpu_type)\" != '1145'\n";
	autopool struct pool *pool = pool_new();
	const struct device device = {.path = "/" BUS "0000:41:00.4", .type = "1145"};
	struct plan plan = {.pool = pool};

	dialect_vf.plan_destroy(NULL, &device, &plan);
	is_text(shell(pool, &plan), want, "only what has that type is released");
}

static void test_run(void)
{
	struct machine m;
	struct type type = {.id = "1145"};
	struct request request = {.type = &type, .slot = "0000:41:00.5", .uuid = UUID};
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};

	machine_open(&m, TREE_NEW(card));
	struct run run = {.root = &m.root};
	dialect_vf.plan_create(&request, &plan);
	ok(plan_run(&plan, &run, &m.err) < 0, "a function that has a type is not taken");
	is_number(m.err.errnum, EBUSY, "as somebody else has it");
	is_error(&m.err, ERR_BUSY, "~says '1145', not '0'", "which the message shows");
	ok(!run.made, "nothing was made");
	is_text(tree_text(pool, m.tree, VF1 "nvidia/current_vgpu_type"), "1145\n",
		"nothing was written");
	machine_close(&m);
}

static void test_candidates(void)
{
	static const struct {
		const char *path, *text;
		const char *reason;
	} cases[] = {
		{PF "sriov_numvfs", "0\n", "off, sriov_numvfs is 0 of 2"},
		{PF "sriov_totalvfs", "0\n", NULL},
		{PF "vendor", "0x15b3\n", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* the card before its functions are enabled */
		const char *tree = TREE_NEW(((const struct tree_entry[]){
			DIRECTORY("0000:41:00.0"),
			{.path = PF "vendor", .text = "0x10de\n"},
			{.path = PF "driver@", .text = "../../../bus/pci/drivers/nvidia"},
			{.path = PF "sriov_totalvfs", .text = "2\n"},
			{.path = PF "sriov_numvfs", .text = "0\n"},
		}));
		struct machine m;

		TREE_ADD(tree, {.path = cases[i].path, .text = cases[i].text});
		machine_open(&m, tree);
		inventory_load_candidates(&m.inventory, 0);
		is_number((long long)m.inventory.n_parents, 0, "it is no parent");
		is_number((long long)m.inventory.n_candidates, cases[i].reason ? 1 : 0,
			  "with %s in %s", cases[i].text, cases[i].path);
		if (m.inventory.n_candidates) {
			const struct parent *candidate = m.inventory.candidates[0];

			ok(cases[i].reason && strstr(candidate->reason, cases[i].reason),
			   "its reason is '%s'", candidate->reason);
			is_text(candidate->fix, "sriov-manage -e 0000:41:00.0", "what to type");
		}
		machine_close(&m);
	}
}

int main(void)
{
	if (!tree_can_be_root())
		return tap_end();
	test_parents();
	test_types();
	test_lists();
	test_reasons();
	test_remembered();
	test_foreign();
	test_records();
	test_create();
	test_destroy();
	test_run();
	test_candidates();
	return tap_end();
}
