/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others do while we read what there is, one thing after the other: they make or remove a
 * device, or the driver lets go of a parent. Whenever that is, nothing is seen as it never was.
 */
#include "expect.h"
#include "mdev/inventory.h"
#include "mdev/journal.h"
#include "mdev/names.h"
#include "tap.h"
#include "tree.h"

#define UUID    "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define DEVICES "sys/bus/mdev/devices/"
#define MTTY    "sys/devices/virtual/mtty/mtty/"
#define TYPE    MTTY "mdev_supported_types/mtty-2/"
#define LINK    "sys/class/mdev_bus/mtty"
#define BUS     "sys/bus/pci/devices/"
#define CARD    "sys/devices/pci0000:40/"
#define CURRENT CARD "0000:41:00.4/nvidia/current_vgpu_type"

static const struct tree_entry mtty[] = {
	{.path = DEVICES},
	{.path = LINK "@", .text = "../../devices/virtual/mtty/mtty"},
	{.path = TYPE "available_instances", .text = "24\n"},
	{.path = TYPE "device_api", .text = "vfio-pci\n"},
	{.path = TYPE "name", .text = "Dual port serial\n"},
	{.path = TYPE "create", .text = ""},
	{.path = "run/"},
};
static const struct tree_entry card[] = {
	{.path = BUS "0000:41:00.0@", .text = "../../../devices/pci0000:40/0000:41:00.0"},
	{.path = BUS "0000:41:00.4@", .text = "../../../devices/pci0000:40/0000:41:00.4"},
	{.path = CARD "0000:41:00.0/virtfn0@", .text = "../0000:41:00.4"},
	{.path = CARD "0000:41:00.4/physfn@", .text = "../0000:41:00.0"},
	{.path = CURRENT, .text = "0\n"},
	{.path = "run/"},
};

static struct record mdev = {
	.uuid = UUID,
	.name = "web",
	.group = 1,
	.parent = "mtty",
	.parent_path = "/" MTTY,
	.path = "/" DEVICES UUID,
	.type = "mtty-2",
};
static struct record function = {
	.uuid = UUID,
	.name = "web",
	.group = 1,
	.dialect = "vf",
	.parent = "0000:41:00.0",
	.parent_path = "/" CARD "0000:41:00.0",
	.path = "/" BUS "0000:41:00.4",
	.slot = "0000:41:00.4",
	.type = "1145",
};

/* What others do, and at which of the points right before and after a reading. */
struct other_run {
	const char *tree;
	const struct root *root;
	struct record *record;
	void (*act)(const struct other_run *run);
	int point;
};
static struct other_run *other;

static void pass_point(void)
{
	struct other_run *now = other;

	if (!now || now->point-- > 0)
		return;
	other = NULL;
	now->act(now);
}

void __real_journal_load(const struct root *root, struct pool *pool, struct journal *ret);
void __wrap_journal_load(const struct root *root, struct pool *pool, struct journal *ret);
void __wrap_journal_load(const struct root *root, struct pool *pool, struct journal *ret)
{
	pass_point();
	__real_journal_load(root, pool, ret);
	pass_point();
}

int __real_dir_list(int dir, struct pool *pool, struct entries *ret);
int __wrap_dir_list(int dir, struct pool *pool, struct entries *ret);
int __wrap_dir_list(int dir, struct pool *pool, struct entries *ret)
{
	pass_point();
	int result = __real_dir_list(dir, pool, ret);
	pass_point();
	return result;
}

static struct journal_entry entry_of(const struct other_run *run, enum journal_operation operation)
{
	return (struct journal_entry){.id = run->record->uuid,
				      .operation = operation,
				      .devices = run->record,
				      .n_devices = 1};
}

static void begin(const struct other_run *run, enum journal_operation operation)
{
	const struct journal_entry entry = entry_of(run, operation);
	autoerr struct err err = {0};

	is_success(journal_write(run->root, &entry, &err), &err, "another run begins");
}

static void end(const struct other_run *run)
{
	const struct journal_entry entry = entry_of(run, JOURNAL_CREATE);
	autoerr struct err err = {0};

	is_success(journal_remove(run->root, &entry, &err), &err, "the other run ends");
}

static void make_mdev(const struct other_run *run)
{
	TREE_ADD(run->tree,
		 {.path = MTTY UUID "/mdev_type@", .text = "../mdev_supported_types/mtty-2"},
		 {.path = DEVICES UUID "@", .text = "../../../devices/virtual/mtty/mtty/" UUID});
}

static void make_function(const struct other_run *run)
{
	TREE_ADD(run->tree, {.path = CURRENT, .text = "1145\n"});
}

static void make(const struct other_run *run)
{
	if (run->record == &mdev)
		make_mdev(run);
	else
		make_function(run);
}

static void finish(const struct other_run *run)
{
	struct record made = *run->record;
	autoerr struct err err = {0};

	made.inode = record_inode(run->root, made.path);
	is_success(record_save(run->root, &made, &err), &err, "the other run records it");
	end(run);
}

static void make_and_finish(const struct other_run *run)
{
	make(run);
	finish(run);
}

static void remove_function(const struct other_run *run)
{
	autoerr struct err err = {0};

	begin(run, JOURNAL_DESTROY);
	TREE_ADD(run->tree, {.path = CURRENT, .text = "0\n"});
	is_success(record_remove(run->root, UUID, &err), &err, "the other run removes it");
	end(run);
}

/* As the kernel does: first the link, then the files, one by one. */
static void let_go(const struct other_run *run)
{
	static const char *const files[] = {LINK, TYPE "create", TYPE "name"};
	autoclose int top = tree_open(run->tree, ".");

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		ok(unlinkat(top, files[i], 0) == 0, "the driver removes '%s'", files[i]);
}

/* Looks with the other run at each point in turn, until there is none any more. */
static void at_each_point(const struct other_run *run, const struct tree_entry *entries, size_t n,
			  void (*prepare)(const struct other_run *run),
			  void (*look)(struct inventory *inventory, int point))
{
	bool happened = true;

	for (int point = 0; happened; point++) {
		const char *tree = tree_new(entries, n);
		struct root root = tree_root(tree);
		struct other_run now = *run;
		struct inventory inventory;

		now.tree = tree;
		now.root = &root;
		now.point = point;
		prepare(&now);
		other = &now;
		inventory_init(&inventory, &root);
		look(&inventory, point);
		happened = !other;
		other = NULL;
		inventory_free(&inventory);
		root_close(&root);
	}
}

static void begin_creation(const struct other_run *run)
{
	begin(run, JOURNAL_CREATE);
}

static void begin_and_make(const struct other_run *run)
{
	begin(run, JOURNAL_CREATE);
	make(run);
}

static void have_made(const struct other_run *run)
{
	begin_and_make(run);
	finish(run);
}

static void have_nothing_made(const struct other_run *run)
{
	(void)run;
}

static void look_for_parents(struct inventory *inventory, int point)
{
	inventory_load_parents(inventory, NEED_TYPE_ALL);
	for (size_t i = 0; i < inventory->n_parents; i++) {
		const struct parent *parent = inventory->parents[i];

		if (is_number((long long)parent->n_types, 1, "at point %d it has its type", point))
			is_text(parent->types[0]->name, "Dual port serial", "that is whole");
	}
	is_number((long long)inventory->n_warnings, 0, "at point %d nothing is told", point);
}

static void look_for_parent(struct inventory *inventory, int point)
{
	autoerr struct err err = {0};
	const struct parent *parent = inventory_find_parent(inventory, "mtty", NEED_TYPE_ALL, &err);

	if (parent)
		is_number((long long)parent->n_types, 1, "at point %d it has its type", point);
	else
		is_error(&err, ERR_NOT_FOUND, "no parent 'mtty'", "or it is gone");
}

static void look_for_names(struct inventory *inventory, int point)
{
	autoerr struct err err = {0};
	const struct names names = names_load(inventory);

	is_number(names_check(&names, "web", NULL, &err), -1, "at point %d its name is taken",
		  point);
	is_number(names_free_group(&names), 2, "at point %d its group is taken", point);
}

static void look_for_uuid(struct inventory *inventory, int point)
{
	ok(inventory_has_device(inventory, UUID), "at point %d its UUID is taken", point);
}

/* The device is there or it is not; it is never one of nobody. */
static void look_for_device(struct inventory *inventory, int point)
{
	inventory_load_devices(inventory, NEED_DEVICE_RECORD);
	for (size_t i = 0; i < inventory->n_devices; i++) {
		is_text(inventory->devices[i]->uuid, UUID, "at point %d it has its UUID", point);
		is_text(inventory->devices[i]->name, "web", "at point %d its name", point);
		ok(inventory->devices[i]->state == STATE_ACTIVE, "at point %d it is ours", point);
	}
	is_number((long long)inventory->n_warnings, 0, "at point %d nothing is told", point);
}

static void look_for_one(struct inventory *inventory, int point)
{
	autoerr struct err err = {0};
	const struct device *device =
		inventory_find_device(inventory, UUID, NEED_DEVICE_RECORD, &err);

	if (device)
		ok(device->state == STATE_ACTIVE, "at point %d it is ours", point);
	else
		is_error(&err, ERR_NOT_FOUND, "no device '" UUID "'", "or it is gone");
}

static void test_creation(struct record *record, const struct tree_entry *entries, size_t n)
{
	const struct other_run whole = {.record = record, .act = make_and_finish};
	const struct other_run rest = {.record = record, .act = finish};

	at_each_point(&whole, entries, n, begin_creation, look_for_names);
	at_each_point(&rest, entries, n, begin_and_make, look_for_names);
	at_each_point(&whole, entries, n, begin_creation, look_for_device);
	at_each_point(&rest, entries, n, begin_and_make, look_for_device);
}

int main(void)
{
	const struct other_run creation = {.record = &function, .act = make_and_finish};
	const struct other_run removal = {.record = &function, .act = remove_function};
	const struct other_run driver = {.act = let_go};

	if (!tree_can_be_root())
		return tap_end();
	test_creation(&mdev, mtty, ARRAY_SIZE(mtty));
	test_creation(&function, card, ARRAY_SIZE(card));
	at_each_point(&creation, card, ARRAY_SIZE(card), begin_creation, look_for_uuid);
	at_each_point(&removal, card, ARRAY_SIZE(card), have_made, look_for_device);
	at_each_point(&removal, card, ARRAY_SIZE(card), have_made, look_for_one);
	at_each_point(&driver, mtty, ARRAY_SIZE(mtty), have_nothing_made, look_for_parents);
	at_each_point(&driver, mtty, ARRAY_SIZE(mtty), have_nothing_made, look_for_parent);
	return tap_end();
}
