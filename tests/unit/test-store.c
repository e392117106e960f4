/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions as files: there and back, which version of ours holds, what others leave there. */
#include "expect.h"
#include "mdev/inventory.h"
#include "mdev/store.h"
#include "tap.h"
#include "tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID_A "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define UUID_B "3f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define CARD   "0000:86:00.0"
#define THEIRS "etc/mdevctl.d/" CARD "/"
#define OURS   "etc/mdevtool.d/"
#define PLAIN  "{\"mdev_type\":\"11\",\"start\":\"manual\",\"attrs\":[]}"

static const struct tree_entry empty_etc[] = {{.path = "etc/"}, {.path = "sys/"}};

static struct attribute attributes[] = {{"a", "1"}, {"a", "<\xc3\xa4>"}};

static const struct stored whole = {
	.definition =
		{
			.uuid = UUID_A,
			.name = "desk",
			.parent = CARD,
			.type = "11",
			.type_name = "GRID \"M60\"-0B",
			.params = "a='b' \\ \"c\"",
			.group = 4294967295,
			.start = START_AUTO,
			.attributes = attributes,
			.n_attributes = 2,
		},
	.file_name = UUID_A,
};
static const struct stored bare = {
	.definition = {.uuid = UUID_B, .parent = CARD, .type = "11", .start = START_MANUAL},
	.file_name = UUID_B,
};

/* The definition of that UUID as it is kept now, NULL without one. */
static const struct stored *load(struct inventory *inventory, const char *uuid)
{
	autoerr struct err ignored = {0};

	return store_find(inventory, uuid, NULL, &ignored);
}

static void check_same(const struct stored *got, const struct stored *want, const char *name)
{
	const struct definition *a = &want->definition;

	if (!ok(got != NULL, "%s", name))
		return;
	const struct definition *b = &got->definition;
	is_text(b->uuid, a->uuid, "its UUID");
	is_text(b->name, a->name, "its name");
	is_text(b->parent, a->parent, "its parent");
	is_text(b->type, a->type, "its type");
	is_text(b->type_name, a->type_name, "its type's name");
	is_text(b->params, a->params, "its params");
	is_number(b->group, a->group, "its group");
	is_number(b->start, a->start, "its start");
	is_number((long long)b->n_attributes, (long long)a->n_attributes, "so many attributes");
	for (size_t i = 0; i < a->n_attributes && i < b->n_attributes; i++)
		is_text(b->attributes[i].value, a->attributes[i].value, "an attribute");
}

static void test_round_trip(void)
{
	const char *tree = TREE_NEW(empty_etc);
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	autoinventory struct inventory inventory = {0};

	inventory_init(&inventory, &root);
	is_success(store_write(&root, &whole, &err), &err, "a definition is written");
	is_success(store_write(&root, &bare, &err), &err, "one with little in it");
	check_same(load(&inventory, UUID_A), &whole, "it is read");
	check_same(load(&inventory, UUID_B), &bare, "the other too");
	ok(!tree_has(tree, OURS UUID_B), "which has nothing that is ours");

	store_load_named(&inventory);
	is_number((long long)inventory.n_definitions, 1, "one has a name or a group");

	struct stored changed = *load(&inventory, UUID_A);
	changed.definition.name = "bench";
	changed.definition.group = 0;
	is_success(store_write(&root, &changed, &err), &err, "it is written again");
	check_same(load(&inventory, UUID_A), &changed, "the new one is there");
	is_success(store_remove(&root, &changed, &err), &err, "it is removed");
	is_success(store_forget(&root, &changed, &err), &err, "and forgotten");
	ok(!tree_has(tree, THEIRS UUID_A) && !tree_has(tree, OURS UUID_A), "with what is ours");
	is_success(store_remove(&root, &changed, &err), &err, "again, which is fine");
	is_number((long long)inventory.n_warnings, 0, "nobody warns");
	root_close(&root);
}

static void test_unknown_keys(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = THEIRS "2F0C2D5E-9B1E-4F4E-8A53-5F0F1C7F9A11",
		 .text = "{\"later\":{\"b\":[1,null]},\"mdev_type\":\"11\",\"start\":\"auto\"}"},
	}));
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	autoinventory struct inventory inventory = {0};
	const struct stored *found;

	inventory_init(&inventory, &root);
	found = load(&inventory, UUID_A);
	if (!ok(found != NULL, "a file in capitals is found"))
		return;
	struct stored changed = *found;
	changed.definition.start = START_MANUAL;
	changed.definition.name = "desk";
	is_text(store_json(pool, &changed, true),
		"{\"later\":{\"b\":[1,null]},\"mdev_type\":\"11\",\"start\":\"manual\","
		"\"attrs\":[]}",
		"keys that we do not know stay");
	is_success(store_write(&root, &changed, &err), &err, "it is written");
	ok(!tree_has(tree, THEIRS UUID_A), "not beside the file in capitals");
	found = load(&inventory, UUID_A);
	ok(found && found->definition.name && streq(found->definition.name, "desk"),
	   "and what is ours holds");
	root_close(&root);
}

/* What somebody does to mdevctl's file, and whether ours still holds. */
static void rewrite_in_place(int dir)
{
	autoclose int fd = openat(dir, THEIRS UUID_A, O_WRONLY | O_TRUNC);

	ok(write(fd, PLAIN, strlen(PLAIN)) == (ssize_t)strlen(PLAIN), "rewritten in place");
}

static void write_anew(int dir)
{
	unlinkat(dir, THEIRS UUID_A, 0);
	autoclose int fd = openat(dir, THEIRS UUID_A, O_WRONLY | O_CREAT, 0644);
	const struct timespec times[] = {{.tv_sec = 1}, {.tv_sec = 1}};

	ok(write(fd, PLAIN, strlen(PLAIN)) == (ssize_t)strlen(PLAIN), "written anew");
	futimens(fd, times);
}

static void restore(int dir, bool whole_seconds)
{
	struct stat st;

	fstatat(dir, THEIRS UUID_A, &st, 0);
	unlinkat(dir, THEIRS UUID_A, 0);
	autoclose int fd = openat(dir, THEIRS UUID_A, O_WRONLY | O_CREAT, 0644);
	struct timespec times[] = {st.st_atim, st.st_mtim};

	if (whole_seconds)
		times[1].tv_nsec = 0;
	ok(write(fd, PLAIN, strlen(PLAIN)) == (ssize_t)strlen(PLAIN), "restored");
	futimens(fd, times);
}

static void restore_exactly(int dir)
{
	restore(dir, false);
}

static void restore_seconds(int dir)
{
	restore(dir, true);
}

static void test_versions(void)
{
	static const struct {
		const char *name;
		void (*what)(int dir);
		bool holds;
	} cases[] = {
		{"changed in place", rewrite_in_place, true},
		{"undefined and defined anew", write_anew, false},
		{"restored", restore_exactly, true},
		{"restored from an archive of whole seconds", restore_seconds, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *tree = TREE_NEW(empty_etc);
		autoerr struct err err = {0};
		struct root root = tree_root(tree);
		autoclose int top = tree_open(tree, ".");
		autoinventory struct inventory inventory = {0};
		const struct stored *found;

		inventory_init(&inventory, &root);
		is_success(store_write(&root, &whole, &err), &err, cases[i].name);
		cases[i].what(top);
		found = load(&inventory, UUID_A);
		ok(found && !found->definition.name == !cases[i].holds, "the name %s",
		   cases[i].holds ? "holds" : "is gone");
		root_close(&root);
	}
}

static void test_prune(void)
{
	const char *tree = TREE_NEW(empty_etc);
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	autoclose int top = tree_open(tree, ".");
	autoinventory struct inventory inventory = {0};
	const char **uuids = NULL;
	size_t n = 0;

	inventory_init(&inventory, &root);
	store_write(&root, &whole, &err);
	ok(!store_prune(&root, pool, false, &uuids, &n), "there is nothing to do");
	restore_exactly(top);
	ok(store_prune(&root, pool, true, &uuids, &n) && n == 0, "a file was restored");
	ok(store_prune(&root, pool, false, &uuids, &n) && n == 0, "which is noted");
	ok(!store_prune(&root, pool, false, &uuids, &n), "once");
	rewrite_in_place(top);
	const struct stored *found = load(&inventory, UUID_A);
	ok(found && found->definition.name, "then it may change, too");
	write_anew(top);
	ok(store_prune(&root, pool, true, &uuids, &n) && n == 1, "one means nothing any more");
	ok(tree_has(tree, OURS UUID_A), "a dry run leaves it");
	n = 0;
	ok(store_prune(&root, pool, false, &uuids, &n) && n == 1, "it is removed");
	ok(!tree_has(tree, OURS UUID_A), "it is gone");
	TREE_ADD(tree, {.path = OURS UUID_A, .text = "{"});
	ok(!store_prune(&root, pool, false, &uuids, &n) && tree_has(tree, OURS UUID_A),
	   "what cannot be read is left to you");
	root_close(&root);
}

static void test_broken(void)
{
	static const struct {
		const char *path, *text, *warning;
	} cases[] = {
		{THEIRS UUID_A, "", "end of file"},
		{THEIRS UUID_A, "{", "end of file"},
		{THEIRS UUID_A, "[]", "an object"},
		{THEIRS UUID_A, "{}", "\"mdev_type\" is missing"},
		{THEIRS UUID_A, "{\"mdev_type\":5}", "a string"},
		{THEIRS UUID_A "/", NULL, "not a file"},
		{THEIRS UUID_A "|", NULL, "not a file"},
		{THEIRS UUID_A "@", "loop/../" UUID_A, NULL},
		{THEIRS "notes", PLAIN, "no UUID"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *tree = TREE_NEW(((const struct tree_entry[]){
			{.path = cases[i].path, .text = cases[i].text},
			{.path = THEIRS UUID_B, .text = PLAIN},
			{.path = "etc/mdevctl.d/scripts.d/callouts/x", .text = "x"},
			{.path = "etc/mdevctl.d/.x.tmp", .text = "x"},
		}));
		struct root root = tree_root(tree);
		autoinventory struct inventory inventory = {0};

		inventory_init(&inventory, &root);
		store_load(&inventory, NULL, NULL);
		is_number((long long)inventory.n_definitions, 1, "the good one is read");
		if (cases[i].warning)
			ok(inventory.n_warnings == 1 &&
				   strstr(inventory.warnings[0].message, cases[i].warning),
			   "the other is named: %s", cases[i].warning);
		root_close(&root);
	}
}

static void test_links(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "etc/kept", .text = PLAIN},
		{.path = THEIRS UUID_A "@", .text = "/etc/kept"},
		{.path = THEIRS UUID_B "@", .text = "nowhere"},
	}));
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	autoinventory struct inventory inventory = {0};

	inventory_init(&inventory, &root);
	store_load(&inventory, NULL, NULL);
	is_number((long long)inventory.n_definitions, 0, "no link is followed");
	is_number((long long)inventory.n_warnings, 2, "each is named, also one that leads nowhere");
	ok(!store_find(&inventory, UUID_A, NULL, &err), "none is found");
	is_error(&err, ERR_INVALID, "the definition '/etc/mdevctl.d/", "because of what it is");
	root_close(&root);
}

static void test_finding(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = THEIRS UUID_A, .text = PLAIN},
		{.path = "etc/mdevctl.d/mtty/" UUID_A, .text = PLAIN},
		{.path = THEIRS "2f0c2d5e-0000-4000-8000-00000000000d", .text = PLAIN},
		{.path = THEIRS UUID_B, .text = "{"},
	}));
	autoerr struct err err = {0};
	struct root root = tree_root(tree);
	autoinventory struct inventory inventory = {0};

	inventory_init(&inventory, &root);
	ok(!store_find(&inventory, UUID_A, NULL, &err), "a UUID on two parents");
	is_error(&err, ERR_INVALID, "'" UUID_A "' is defined on several parents", "is ambiguous");
	ok(store_find(&inventory, UUID_A, "mtty", &err) != NULL, "with the parent it is not");
	ok(!store_find(&inventory, "2f0c2d5e", CARD, &err), "a prefix of two");
	is_error(&err, ERR_INVALID, "'2f0c2d5e' is ambiguous", "is ambiguous");
	ok(!store_find(&inventory, UUID_B, NULL, &err), "one that is broken");
	is_error_at(&err, 1, 1, "", "is named with its place");
	ok(!store_find(&inventory, "desk", NULL, &err), "a name that nobody has");
	is_error(&err, ERR_NOT_FOUND, "no definition 'desk'", "is not found");
	is_number((long long)inventory.n_warnings, 0, "of others nobody warns");
	root_close(&root);
}

static void test_parents(void)
{
	const char *tree = TREE_NEW(empty_etc);
	struct root root = tree_root(tree);
	static const char *const wrong[] = {"", ".", "..", "a/b", "scripts.d"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		autoerr struct err err = {0};
		struct stored stored = bare;

		stored.definition.parent = wrong[i];
		is_number(store_write(&root, &stored, &err), -1, "the parent '%s'", wrong[i]);
		is_error(&err, ERR_INVALID, "~cannot be the name of a parent", "is refused");
	}
	ok(!tree_has(tree, "etc/mdevctl.d"), "and nothing is written");
	root_close(&root);
}

int main(void)
{
	if (!tree_can_be_root())
		return tap_end();
	test_round_trip();
	test_unknown_keys();
	test_versions();
	test_prune();
	test_broken();
	test_links();
	test_finding();
	test_parents();
	return tap_end();
}
