/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records and journal: there and back, what is stale, what is broken. */
#include "expect.h"
#include "mdev/inventory.h"
#include "mdev/journal.h"
#include "mdev/record.h"
#include "tap.h"
#include "tree.h"

#include <sys/stat.h>

#define UUID_A  "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define UUID_B  "3f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define RECORDS "run/mdevtool/devices/"
#define JOURNAL "run/mdevtool/journal/"
#define MTTY    "/sys/devices/virtual/mtty/mtty"

static const struct record whole = {
	.uuid = UUID_A,
	.name = "web-1",
	.parent = "0000:86:00.0",
	.parent_path = "/sys/devices/pci0000:80/0000:86:00.0",
	.path = "/sys/bus/mdev/devices/" UUID_A,
	.type = "11",
	.type_name = "GRID \"M60\"-0B \xc3\xa4",
	.params = "a='b' \\ \"c\"",
	.group = 4294967295,
	.inode = 9007199254740993,
};
static const struct record bare = {
	.uuid = UUID_B,
	.parent = "mtty",
	.parent_path = MTTY,
	.path = "/sys/bus/mdev/devices/" UUID_B,
	.type = "mtty-2",
};

static const struct tree_entry empty_run[] = {{.path = "run/"}, {.path = "sys/"}};

static void check_same(const struct record *got, const struct record *want, const char *name)
{
	if (!ok(got != NULL, "%s", name))
		return;
	is_text(got->uuid, want->uuid, "its UUID");
	is_text(got->name, want->name, "its name");
	is_text(got->parent, want->parent, "its parent");
	is_text(got->parent_path, want->parent_path, "its parent's path");
	is_text(got->path, want->path, "its path");
	is_text(got->type, want->type, "its type");
	is_text(got->type_name, want->type_name, "its type's name");
	is_text(got->params, want->params, "its params");
	is_number(got->group, want->group, "its group");
	ok(got->inode == want->inode, "its inode");
}

static void test_round_trip(void)
{
	const char *tree = TREE_NEW(empty_run);
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	autoclose int top = tree_open(tree, ".");
	struct stat st;

	is_success(record_save(&root, &whole, &err), &err, "a record is saved");
	is_success(record_save(&root, &bare, &err), &err, "one with little in it");
	check_same(record_load(&root, UUID_A, pool), &whole, "it is loaded");
	check_same(record_load(&root, UUID_B, pool), &bare, "the other too");
	ok(fstatat(top, RECORDS UUID_A, &st, 0) == 0 && (st.st_mode & 07777) == 0644,
	   "anybody may read it");
	ok(fstatat(top, "run/mdevtool", &st, 0) == 0 && (st.st_mode & 07777) == 0755,
	   "nobody else may change the directory");

	struct record changed = whole;
	changed.name = NULL;
	is_success(record_save(&root, &changed, &err), &err, "it is saved again");
	check_same(record_load(&root, UUID_A, pool), &changed, "the new one is there");

	is_success(record_remove(&root, UUID_A, &err), &err, "it is removed");
	ok(!record_load(&root, UUID_A, pool), "and gone");
	is_success(record_remove(&root, UUID_A, &err), &err, "removing it again is fine");
	root_close(&root);
}

static void test_bad_data(void)
{
	const char *tree = TREE_NEW(empty_run);
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	struct record record = bare;

	record.type_name = "\xff";
	is_number(record_save(&root, &record, &err), -1, "a text that is not UTF-8");
	is_error(&err, ERR_INVALID, "cannot record '" UUID_B "'", "is refused");
	ok(!tree_has(tree, RECORDS UUID_B), "and leaves nothing");
	root_close(&root);
}

#define REST(uuid)                                                                          \
	"\"uuid\":\"" uuid "\",\"parent\":\"mtty\",\"parent_path\":\"/p\",\"path\":\"/d\"," \
	"\"type\":\"t\""

static void test_broken(void)
{
	static const struct {
		const char *name, *text;
		bool good;
	} cases[] = {
		{"a record", "{" REST(UUID_A) "}", true},
		{"keys that we do not know", "{" REST(UUID_A) ",\"later\":[1]}", true},
		{"nothing", "", false},
		{"no JSON", "{" REST(UUID_A), false},
		{"an array", "[]", false},
		{"another device's", "{" REST(UUID_B) "}", false},
		{"a missing text", "{\"uuid\":\"" UUID_A "\"}", false},
		{"a type that is a number",
		 "{\"uuid\":\"" UUID_A "\",\"parent\":\"p\",\"parent_path\":\"/p\",\"path\":\"/d\","
		 "\"type\":5}",
		 false},
		{"a key twice", "{" REST(UUID_A) ",\"type\":\"u\"}", false},
		{"a negative group", "{" REST(UUID_A) ",\"group\":-1}", false},
		{"a group over the limit", "{" REST(UUID_A) ",\"group\":4294967296}", false},
	};
	const char *tree = TREE_NEW(empty_run);
	autopool struct pool *pool = pool_new();
	struct root root = tree_root(tree);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		TREE_ADD(tree, {.path = RECORDS UUID_A, .text = cases[i].text});
		ok(!record_load(&root, UUID_A, pool) == !cases[i].good, "%s is %s", cases[i].name,
		   cases[i].good ? "taken" : "none");
	}
	root_close(&root);
}

static void test_odd_files(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "run/elsewhere", .text = "{" REST(UUID_A) "}"},
		{.path = RECORDS UUID_A "@", .text = "../../elsewhere"},
		{.path = RECORDS UUID_B "/"},
		{.path = RECORDS "fifo|"},
	}));
	autopool struct pool *pool = pool_new();
	struct root root = tree_root(tree);

	ok(!record_load(&root, UUID_A, pool), "a symlink is no record");
	ok(!record_load(&root, UUID_B, pool), "nor a directory");
	ok(!record_load(&root, "fifo", pool), "nor a FIFO, which does not block");
	root_close(&root);
}

static void test_writable(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = RECORDS}}));
	autoerr struct err err = {0};
	struct root root = tree_root(tree);

	tree_chmod(tree, "run/mdevtool", 0777);
	is_number(record_save(&root, &bare, &err), -1, "a directory that others may change");
	is_error(&err, ERR_DENIED, "cannot use '/run/mdevtool'", "is refused");
	tree_chmod(tree, "run/mdevtool", 0755);
	tree_chmod(tree, RECORDS, 0775);
	is_number(record_save(&root, &bare, &err), -1, "one below it");
	is_error(&err, ERR_DENIED, "cannot use '/run/mdevtool/devices'", "too");
	root_close(&root);
}

/* The device of `bare`, whose directory has what the kernel puts there. */
static const char *make_device(void)
{
	const char *tree = tree_new(NULL, 0);

	TREE_ADD(tree, {.path = "run/"},
		 {.path = "sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-2/name",
		  .text = "Dual port serial\n"},
		 {.path = "sys/devices/virtual/mtty/mtty/" UUID_B "/mdev_type@",
		  .text = "../mdev_supported_types/mtty-2"},
		 {.path = "sys/bus/mdev/devices/" UUID_B "@",
		  .text = "../../../devices/virtual/mtty/mtty/" UUID_B});
	return tree;
}

static void test_stale(void)
{
	static const struct {
		uint64_t offset;
		enum device_state state;
		const char *name;
	} cases[] = {
		{0, STATE_ACTIVE, "web-1"},
		{1, STATE_FOREIGN, NULL},
	};
	const char *tree = make_device();
	autoerr struct err err = {0};
	struct root root = tree_root(tree);

	ok(record_inode(&root, bare.path) != 0, "a device's directory has an inode");
	ok(record_inode(&root, bare.path) == record_inode(&root, MTTY "/" UUID_B),
	   "it is that of the directory, not of the link");
	is_number((long long)record_inode(&root, "/sys/no"), 0, "what is not there has none");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record record = bare;
		autoinventory struct inventory inventory;

		record.name = "web-1";
		record.group = 7;
		record.inode = record_inode(&root, bare.path) + cases[i].offset;
		record_save(&root, &record, &err);
		inventory_init(&inventory, &root);
		struct device *device = inventory_find_device(
			&inventory, UUID_B, NEED_DEVICE_RECORD | NEED_DEVICE_TYPE, &err);
		if (!ok(device != NULL, "the device is found"))
			continue;
		is_number(device->state, cases[i].state, "a record with inode + %zu",
			  (size_t)cases[i].offset);
		is_text(device->name, cases[i].name, "its name");
		is_number(device->group, cases[i].name ? 7 : 0, "its group");
		is_text(device->type, "mtty-2", "its type is the kernel's");
	}
	root_close(&root);
}

static void test_journal(void)
{
	const char *tree = TREE_NEW(empty_run);
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	struct record devices[] = {whole, bare};
	const struct journal_entry create = {
		.id = UUID_A,
		.operation = JOURNAL_CREATE,
		.devices = devices,
		.n_devices = 2,
	};
	const struct journal_entry destroy = {
		.id = UUID_B,
		.operation = JOURNAL_DESTROY,
		.pending = true,
		.devices = devices + 1,
		.n_devices = 1,
	};
	struct journal journal;

	journal_load(&root, pool, &journal);
	ok(!journal.n && !journal.n_broken, "no journal is an empty one");
	is_success(journal_write(&root, &create, &err), &err, "an entry is written");
	is_success(journal_write(&root, &destroy, &err), &err, "another");
	journal_load(&root, pool, &journal);
	is_number((long long)journal.n_broken, 0, "none is broken");
	if (!is_number((long long)journal.n, 2, "both are read"))
		return;
	is_text(journal.entries[0].id, UUID_A, "the first");
	is_number(journal.entries[0].operation, JOURNAL_CREATE, "is a creation");
	ok(!journal.entries[0].pending, "and not pending");
	if (is_number((long long)journal.entries[0].n_devices, 2, "of two devices")) {
		check_same(&journal.entries[0].devices[0], &whole, "the first device");
		check_same(&journal.entries[0].devices[1], &bare, "the second device");
	}
	is_number(journal.entries[1].operation, JOURNAL_DESTROY, "the second is a removal");
	ok(journal.entries[1].pending, "that is pending");

	is_success(journal_remove(&root, &create, &err), &err, "one is removed");
	is_success(journal_remove(&root, &create, &err), &err, "again, which is fine");
	journal_load(&root, pool, &journal);
	ok(journal.n == 1 && streq(journal.entries[0].id, UUID_B), "the other is left");
	root_close(&root);
}

static void test_broken_journal(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = JOURNAL "1-good",
		 .text = "{\"operation\":\"create\",\"devices\":[{" REST(UUID_A) "}]}"},
		{.path = JOURNAL "2-empty", .text = ""},
		{.path = JOURNAL "3-cut", .text = "{\"operation\":\"create\",\"devices\":[{"},
		{.path = JOURNAL "4-stranger",
		 .text = "{\"operation\":\"dance\",\"devices\":[{" REST(UUID_A) "}]}"},
		{.path = JOURNAL "5-none", .text = "{\"operation\":\"create\",\"devices\":[]}"},
		{.path = JOURNAL "6-half",
		 .text = "{\"operation\":\"create\",\"devices\":[{" REST(UUID_A) "},{}]}"},
		{.path = JOURNAL "7-wrong", .text = "{\"operation\":5,\"devices\":7}"},
		{.path = JOURNAL "8-array", .text = "[]"},
		{.path = JOURNAL "9-directory/"},
		{.path = JOURNAL "10-good",
		 .text = "{\"operation\":\"destroy\",\"pending\":true,\"devices\":[{" REST(
			 UUID_B) "}]}"},
		{.path = JOURNAL ".half.tmp", .text = "{"},
	}));
	static const char *const broken[] = {"2-empty", "3-cut",   "4-stranger", "5-none",
					     "6-half",  "7-wrong", "8-array",    "9-directory"};
	autopool struct pool *pool = pool_new();
	struct root root = tree_root(tree);
	struct journal journal;

	journal_load(&root, pool, &journal);
	is_number((long long)journal.n, 2, "the good entries are read all the same");
	is_number((long long)journal.n_broken, ARRAY_SIZE(broken), "the broken ones are named");
	for (size_t i = 0; i < ARRAY_SIZE(broken) && i < journal.n_broken; i++)
		is_text(journal.broken[i], broken[i], "a broken one");
	root_close(&root);
}

int main(void)
{
	if (!tree_can_be_root())
		return tap_end();
	test_round_trip();
	test_bad_data();
	test_broken();
	test_odd_files();
	test_writable();
	test_stale();
	test_journal();
	test_broken_journal();
	return tap_end();
}
