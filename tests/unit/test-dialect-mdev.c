/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mail's tree and the kernel's: what is read, and the plans as text. */
#include "expect.h"
#include "mdev/dialect.h"
#include "mdev/inventory.h"
#include "tap.h"
#include "tree.h"

#define UUID  "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define OTHER "3f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define M60   "sys/devices/pci0000:80/0000:86:00.0/"
#define TYPES M60 "mdev_supported_types/"
#define MTTY  "sys/devices/virtual/mtty/mtty/"

/* The mail's parent, with one type that has everything and one that has only what it must. */
static const struct tree_entry rfc[] = {
	{.path = "sys/class/mdev_bus/0000:86:00.0@",
	 .text = "../../devices/pci0000:80/0000:86:00.0"},
	{.path = "sys/bus/pci/devices/0000:86:00.0@",
	 .text = "../../../devices/pci0000:80/0000:86:00.0"},
	{.path = M60 "mdev_destroy", .text = ""},
	{.path = M60 "vendor", .text = "0x10de\n"},
	{.path = TYPES "11/create", .text = ""},
	{.path = TYPES "11/name", .text = "GRID M60-0B\n"},
	{.path = TYPES "11/fb_length", .text = "512M\n"},
	{.path = TYPES "11/resolution", .text = "2560x1600\n"},
	{.path = TYPES "11/heads", .text = "2\n"},
	{.path = TYPES "11/max_instances", .text = "16\n"},
	{.path = TYPES "11/params", .text = ""},
	{.path = TYPES "11/requires_group", .text = "1\n"},
	{.path = TYPES "12/create", .text = ""},
	{.path = TYPES "12/name", .text = "GRID M60-0Q\n"},
	{.path = TYPES "12/fb_length", .text = "512M\n"},
	{.path = TYPES "12/resolution", .text = "2560x1600\n"},
	{.path = TYPES "12/heads", .text = "2\n"},
	{.path = TYPES "12/max_instance", .text = "0\n"},
	{.path = TYPES "README", .text = "no type\n"},
	{.path = "sys/bus/mdev/devices/" OTHER "@",
	 .text = "../../../devices/pci0000:80/0000:86:00.0/" OTHER},
	{.path = M60 OTHER "/"},
};

#define MTTY_TYPE MTTY "mdev_supported_types/mtty-2/"

static const struct tree_entry kernel[] = {
	{.path = "sys/class/mdev_bus/mtty@", .text = "../../devices/virtual/mtty/mtty"},
	{.path = MTTY_TYPE "create", .text = ""},
	{.path = MTTY_TYPE "name", .text = "Dual port serial\n"},
	{.path = MTTY_TYPE "available_instances", .text = "12\n"},
	{.path = MTTY_TYPE "device_api", .text = "vfio-pci\n"},
	{.path = MTTY_TYPE "devices/"},
	{.path = "sys/bus/mdev/devices/" OTHER "@",
	 .text = "../../../devices/virtual/mtty/mtty/" OTHER},
	{.path = MTTY OTHER "/remove", .text = ""},
	{.path = MTTY OTHER "/mdev_type@", .text = "../mdev_supported_types/mtty-2"},
	{.path = MTTY OTHER "/iommu_group@", .text = "../../../../../kernel/iommu_groups/7"},
	{.path = MTTY OTHER "/vfio-dev/vfio3/dev", .text = "240:3\n"},
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

static struct parent *find_parent(struct machine *machine, const char *name, unsigned needs)
{
	struct parent *parent =
		inventory_find_parent(&machine->inventory, name, needs, &machine->err);

	ok(parent != NULL, "parent '%s' is found", name);
	return parent;
}

static bool has_warning(const struct machine *machine, const char *file)
{
	for (size_t i = 0; i < machine->inventory.n_warnings; i++) {
		const char *found = machine->inventory.warnings[i].file;
		const char *tail = found ? strstr(found, file) : NULL;

		if (tail && streq(tail, file))
			return true;
	}
	return false;
}

static void test_parents(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(rfc));
	inventory_load_parents(&m.inventory, 0);
	if (is_number((long long)m.inventory.n_parents, 1,
		      "a parent of a class and a bus is one")) {
		const struct parent *parent = m.inventory.parents[0];

		is_text(parent->name, "0000:86:00.0", "its name");
		is_text(parent->path, "/sys/class/mdev_bus/0000:86:00.0", "where it was found");
		is_text(parent->real, "/sys/devices/pci0000:80/0000:86:00.0", "its directory");
		ok(parent->dialect == &dialect_mdev, "its dialect");
		ok(!parent->vendor_id, "nothing else was read");
		is_number((long long)parent->n_types, 0, "nor its types");
	}
	machine_close(&m);

	machine_open(&m, tree_new(NULL, 0));
	inventory_load_parents(&m.inventory, NEED_TYPE_ALL);
	inventory_load_devices(&m.inventory, NEED_DEVICE_TYPE);
	ok(!m.inventory.n_parents && !m.inventory.n_devices && !m.inventory.n_warnings,
	   "a machine without the framework has nothing, which is no failure");
	machine_close(&m);
}

/* The mail does not speak of a class: the bus is enough. */
static void test_parent_of_bus(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(((const struct tree_entry[]){
				 {.path = "sys/bus/pci/devices/0000:86:00.0@",
				  .text = "../../../devices/0000:86:00.0"},
				 {.path = "sys/bus/pci/devices/0000:87:00.0@",
				  .text = "../../../devices/0000:87:00.0"},
				 {.path = "sys/devices/0000:86:00.0/mdev_supported_types/"},
				 {.path = "sys/devices/0000:87:00.0/vendor", .text = "0x10de\n"},
			 })));
	inventory_load_parents(&m.inventory, NEED_PARENT_FACTS);
	if (is_number((long long)m.inventory.n_parents, 1, "one on a bus, the other is none"))
		is_text(m.inventory.parents[0]->path, "/sys/bus/pci/devices/0000:86:00.0",
			"where it was found");
	machine_close(&m);
}

static void test_rfc_types(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(rfc));
	const struct parent *parent = find_parent(&m, "pci_0000_86_00_0", NEED_TYPE_ALL);
	if (parent && is_number((long long)parent->n_types, 2, "its types, and no files")) {
		const struct type *t = parent->types[0];

		is_text(t->id, "11", "the id");
		is_text(t->path, "/sys/class/mdev_bus/0000:86:00.0/mdev_supported_types/11",
			"the path");
		is_text(t->name, "GRID M60-0B", "the name");
		is_text(t->fb_length, "512M", "the framebuffer");
		is_text(t->resolution, "2560x1600", "the resolution");
		is_number(t->heads, 2, "the heads");
		is_number(t->available, 16, "the room");
		is_text(t->room_file, "max_instances", "the room's file");
		is_text(t->device_api, "vfio-pci", "QEMU's driver, from the mail");
		ok(t->requires_group && t->has_params, "the rules");
		t = parent->types[1];
		is_text(t->id, "12", "the second's id");
		is_number(t->available, 0, "its room is read from the prose's file");
		is_text(t->room_file, "max_instance", "by that name");
		ok(!t->requires_group && !t->has_params, "it has no rules");
		is_number((long long)m.inventory.n_warnings, 0, "and nothing is wrong");
	}
	machine_close(&m);
}

static void test_kernel_types(void)
{
	struct machine m;

	machine_open(&m, TREE_NEW(kernel));
	const struct parent *parent = find_parent(&m, "mtty", NEED_TYPE_ALL);
	if (parent && is_number((long long)parent->n_types, 1, "its type")) {
		const struct type *t = parent->types[0];

		is_text(t->id, "mtty-2", "the id");
		is_text(t->name, "Dual port serial", "the name");
		is_text(t->device_api, "vfio-pci", "the driver for QEMU");
		is_number(t->available, 12, "the room");
		is_number(t->heads, UNKNOWN, "no heads");
		ok(!t->description && !t->fb_length && !t->resolution && !t->n_facts, "no facts");
		ok(!t->requires_group && !t->has_params, "no rules");
		is_number((long long)m.inventory.n_warnings, 0, "and nothing is wrong");
	}
	machine_close(&m);
}

/* Only what is asked for is opened: a field that was not stays empty. */
static void test_needs(void)
{
	static const unsigned needs[] = {
		0,
		NEED_TYPES,
		NEED_TYPE_NAME,
		NEED_TYPE_ROOM,
		NEED_TYPE_API,
		NEED_TYPE_FACTS,
		NEED_TYPE_RULES,
		NEED_TYPE_NAME | NEED_TYPE_ROOM,
		NEED_TYPE_ROOM | NEED_TYPE_RULES,
		NEED_TYPE_ALL,
	};
	const char *tree = TREE_NEW(rfc);

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		unsigned n = needs[i];
		struct machine m;

		machine_open(&m, tree);
		const struct parent *parent = find_parent(&m, "0000:86:00.0", n);
		if (!parent ||
		    !is_number((long long)parent->n_types, n ? 2 : 0, "the types for needs %#x",
			       n) ||
		    !n) {
			machine_close(&m);
			continue;
		}
		const struct type *t = parent->types[0];
		ok(!t->name == !(n & NEED_TYPE_NAME), "%#x: the name only if asked for", n);
		ok((t->available == UNKNOWN) == !(n & NEED_TYPE_ROOM), "%#x: so the room", n);
		ok(!t->fb_length == !(n & NEED_TYPE_FACTS), "%#x: so the framebuffer", n);
		ok(!t->resolution == !(n & NEED_TYPE_FACTS), "%#x: so the resolution", n);
		ok((t->heads == UNKNOWN) == !(n & NEED_TYPE_FACTS), "%#x: so the heads", n);
		ok(t->has_params == !!(n & NEED_TYPE_RULES), "%#x: so the rule of params", n);
		ok(t->requires_group == !!(n & NEED_TYPE_RULES), "%#x: so the rule of groups", n);
		machine_close(&m);
	}
}

/* What is not asked for cannot be in the way. */
static void test_needs_unreadable(void)
{
	const char *tree = TREE_NEW(kernel);
	struct machine m;

	tree_chmod(tree, MTTY_TYPE "name", 0);
	if (!become_ordinary()) {
		skip("cannot become an ordinary user");
		return;
	}
	machine_open(&m, tree);
	find_parent(&m, "mtty", NEED_TYPE_ROOM | NEED_TYPE_API);
	is_number((long long)m.inventory.n_warnings, 0,
		  "a file that is not asked for is not opened");
	machine_close(&m);
	machine_open(&m, tree);
	const struct parent *parent = find_parent(&m, "mtty", NEED_TYPE_ALL);
	become_oneself();
	ok(has_warning(&m, "mtty-2/name"), "one that is and cannot be read is a warning");
	if (parent && parent->n_types == 1) {
		ok(!parent->types[0]->name, "its field is empty");
		is_number(parent->types[0]->available, 12, "and the rest is there");
	}
	machine_close(&m);
}

/* A tree of one kernel type with this description. */
static const char *described(const char *id, const char *description)
{
	autopool struct pool *pool = pool_new();
	const char *tree = tree_new(NULL, 0);
	const char *dir = pool_printf(pool, MTTY "mdev_supported_types/%s", id);

	TREE_ADD(tree,
		 {.path = "sys/class/mdev_bus/mtty@", .text = "../../devices/virtual/mtty/mtty"},
		 {.path = pool_printf(pool, "%s/create", dir), .text = ""},
		 {.path = pool_printf(pool, "%s/name", dir), .text = "n\n"},
		 {.path = pool_printf(pool, "%s/available_instances", dir), .text = "1\n"},
		 {.path = pool_printf(pool, "%s/device_api", dir), .text = "vfio-pci\n"},
		 {.path = pool_printf(pool, "%s/description", dir), .text = description});
	return tree;
}

static void check_description(const char *id, const char *description, const struct fact *facts,
			      size_t n, const struct type *want)
{
	struct machine m;

	machine_open(&m, described(id, description));
	const struct parent *parent = find_parent(&m, "mtty", NEED_TYPE_ALL);
	if (parent && parent->n_types == 1) {
		const struct type *t = parent->types[0];

		is_number((long long)t->n_facts, (long long)n, "the facts of %s", id);
		for (size_t i = 0; i < n && i < t->n_facts; i++) {
			is_text(t->facts[i].key, facts[i].key, "fact %zu", i);
			is_text(t->facts[i].value, facts[i].value, "and what it is");
		}
		is_text(t->fb_length, want->fb_length, "the framebuffer");
		is_text(t->resolution, want->resolution, "the resolution");
		is_number(t->heads, want->heads, "the heads");
	}
	machine_close(&m);
}

static void test_descriptions(void)
{
	static const struct fact gvtg[] = {
		{"low_gm_size", "128MB"},    {"high_gm_size", "512MB"}, {"fence", "4"},
		{"resolution", "1920x1200"}, {"weight", "4"},
	};
	static const struct fact nvidia[] = {
		{"num_heads", "4"},       {"frl_config", "45"},
		{"framebuffer", "2048M"}, {"max_resolution", "5120x2880"},
		{"max_instance", "12"},
	};
	static const struct fact odd[] = {{"a", "1"}, {"num_heads", "many"}};

	check_description(
		"i915-GVTg_V5_4",
		"low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\n"
		"resolution: 1920x1200\nweight: 4\n",
		gvtg, ARRAY_SIZE(gvtg),
		&(struct type){.fb_length = "128MB", .resolution = "1920x1200", .heads = UNKNOWN});
	check_description(
		"nvidia-63",
		"num_heads=4, frl_config=45, framebuffer=2048M, "
		"max_resolution=5120x2880, max_instance=12\n",
		nvidia, ARRAY_SIZE(nvidia),
		&(struct type){.fb_length = "2048M", .resolution = "5120x2880", .heads = 4});
	check_description("words", "Virtual display with 16 megabytes: a demo\n", NULL, 0,
			  &(struct type){.heads = UNKNOWN});
	check_description("odd", "a=1,,=,\n\nnothing\nnum_heads=many", odd, ARRAY_SIZE(odd),
			  &(struct type){.heads = UNKNOWN});
	check_description("empty", "", NULL, 0, &(struct type){.heads = UNKNOWN});
}

/* A mandatory file that is missing is a warning that names it; the type stays in the list. */
static void test_mandatory(void)
{
	static const struct {
		const char *name;
		struct tree_entry files[3];
		const char *missing[6];
		const char *fine[2];
	} cases[] = {
		{"the mail's type with only its room",
		 {{.path = TYPES "11/max_instances", .text = "1\n"},
		  {.path = "x/"},
		  {.path = "y/"}},
		 {"11/name", "11/fb_length", "11/resolution", "11/heads", "11/create"},
		 {"11/params", "11/requires_group"}},
		{"the mail's type without its room",
		 {{.path = TYPES "11/create", .text = ""},
		  {.path = TYPES "11/heads", .text = "1\n"},
		  {.path = TYPES "11/name", .text = "n\n"}},
		 {"11/max_instances", "11/fb_length", "11/resolution"},
		 {"11/device_api", "11/available_instances"}},
		{"the kernel's type with only its name",
		 {{.path = TYPES "11/name", .text = "n\n"}, {.path = "x/"}, {.path = "y/"}},
		 {"11/create", "11/available_instances", "11/device_api"},
		 {"11/fb_length", "11/description"}},
		{"the kernel's type without a name",
		 {{.path = TYPES "11/create", .text = ""},
		  {.path = TYPES "11/available_instances", .text = "1\n"},
		  {.path = TYPES "11/device_api", .text = "vfio-pci\n"}},
		 {NULL},
		 {"11/name", "11/description"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *tree = TREE_NEW(cases[i].files);
		struct machine m;

		TREE_ADD(tree, {.path = "sys/class/mdev_bus/0000:86:00.0@",
				.text = "../../devices/pci0000:80/0000:86:00.0"});
		machine_open(&m, tree);
		const struct parent *parent = find_parent(&m, "0000:86:00.0", NEED_TYPE_ALL);
		if (parent)
			is_number((long long)parent->n_types, 1, "%s is listed", cases[i].name);
		for (size_t j = 0; j < ARRAY_SIZE(cases[i].missing) && cases[i].missing[j]; j++)
			ok(has_warning(&m, cases[i].missing[j]), "a warning names %s",
			   cases[i].missing[j]);
		for (size_t j = 0; j < ARRAY_SIZE(cases[i].fine); j++)
			ok(!has_warning(&m, cases[i].fine[j]), "none names %s", cases[i].fine[j]);
		machine_close(&m);
	}
}

/* One bad thing never hides the good. */
static void test_broken_files(void)
{
	const char *tree = TREE_NEW(rfc);
	struct machine m;

	TREE_ADD(tree, {.path = TYPES "11/heads", .text = "two\n"},
		 {.path = TYPES "11/max_instances", .text = "x6\n"}, {.path = TYPES "13/name/"},
		 {.path = TYPES "13/heads|"}, {.path = TYPES "13/max_instances", .text = "1\n"});
	machine_open(&m, tree);
	const struct parent *parent = find_parent(&m, "0000:86:00.0", NEED_TYPE_ALL);
	if (parent && is_number((long long)parent->n_types, 3, "all types are listed")) {
		is_number(parent->types[0]->heads, UNKNOWN, "a word is no number of heads");
		is_number(parent->types[0]->available, UNKNOWN, "nor of devices");
		is_text(parent->types[0]->name, "GRID M60-0B", "the rest is there");
		is_text(parent->types[1]->name, "GRID M60-0Q", "the next type too");
		is_number(parent->types[2]->available, 1, "and the last");
	}
	ok(has_warning(&m, "11/heads"), "a warning names the one file");
	ok(has_warning(&m, "11/max_instances"), "the other");
	ok(has_warning(&m, "13/name"), "a directory in a file's place");
	ok(has_warning(&m, "13/heads"), "and a FIFO");
	ok(has_warning(&m, "13/create"), "and what is missing");
	machine_close(&m);
}

static void test_requires_group(void)
{
	static const struct {
		const char *text;
		bool requires;
	} cases[] = {
		{"1\n", true}, {"0\n", false}, {"", true}, {"yes\n", true}, {"00\n", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *tree = TREE_NEW(rfc);
		struct machine m;

		TREE_ADD(tree, {.path = TYPES "11/requires_group", .text = cases[i].text});
		machine_open(&m, tree);
		const struct parent *parent = find_parent(&m, "0000:86:00.0", NEED_TYPE_RULES);
		if (parent && parent->n_types)
			ok(parent->types[0]->requires_group == cases[i].requires,
			   "requires_group of '%s' %s", cases[i].text,
			   cases[i].requires ? "counts" : "does not");
		machine_close(&m);
	}
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

#define RFC_TYPE(id) "/sys/class/mdev_bus/0000:86:00.0/mdev_supported_types/" id "/"
#define ROOM(file)   "test \"$(cat " file ")\" -gt 0\n"

static void test_rfc_create(void)
{
	static const struct {
		const char *name;
		size_t type;
		struct request request;
		bool ignored;
		const char *want;
	} cases[] = {
		{"the mail's example",
		 0,
		 {.group = 1, .params = "frame_rate_limiter=0"},
		 false,
		 ROOM(RFC_TYPE("11") "max_instances") "echo 'frame_rate_limiter=0' > " RFC_TYPE(
			 "11") "params\n"
			       "echo '" UUID
			       ":1' > " RFC_TYPE("11") "create\n"
						       "echo '' > " RFC_TYPE("11") "params\n"},
		{"without params",
		 0,
		 {.group = 4294967295},
		 false,
		 ROOM(RFC_TYPE("11") "max_instances") "echo '" UUID
						      ":4294967295' > " RFC_TYPE("11") "create\n"},
		{"without a group",
		 0,
		 {.params = "it's"},
		 false,
		 ROOM(RFC_TYPE("11") "max_instances") "echo 'it'\\''s' > " RFC_TYPE(
			 "11") "params\n"
			       "echo '" UUID
			       "' > " RFC_TYPE("11") "create\n"
						     "echo '' > " RFC_TYPE("11") "params\n"},
		{"nothing but a type",
		 0,
		 {.group = 0},
		 false,
		 ROOM(RFC_TYPE("11") "max_instances") "echo '" UUID
						      "' > " RFC_TYPE("11") "create\n"},
		{"a type without params and groups",
		 1,
		 {.group = 1, .params = "a=b"},
		 true,
		 ROOM(RFC_TYPE("12") "max_instance") "echo '" UUID
						     "' > " RFC_TYPE("12") "create\n"},
	};
	struct machine m;

	machine_open(&m, TREE_NEW(rfc));
	const struct parent *parent = find_parent(&m, "0000:86:00.0", NEED_TYPE_ALL);
	for (size_t i = 0; parent && parent->n_types == 2 && i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		struct plan plan = {.pool = pool};
		struct request request = cases[i].request;

		request.type = parent->types[cases[i].type];
		request.uuid = UUID;
		dialect_mdev.plan_create(&request, &plan);
		is_text(shell(pool, &plan), cases[i].want, "create: %s", cases[i].name);
		ok(dialect_mdev.ignores_params(&request) == cases[i].ignored, "its params are %s",
		   cases[i].ignored ? "ignored" : "not ignored");
	}
	machine_close(&m);
}

static void test_kernel_create(void)
{
	static const struct attribute attributes[] = {
		{"assign_adapter", "5"}, {"assign_domain", "0xab"}, {"nvidia/vgpu_params", "a b"}};
	static const char want[] = ROOM(
		"/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/available_instances") "echo '" UUID
											    "' > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/create\n"
											    "echo '5' > /sys/bus/mdev/devices/" UUID
											    "/assign_adapter\n"
											    "echo '0xab' > /sys/bus/mdev/devices/" UUID
											    "/assign_domain\n"
											    "echo 'a b' > /sys/bus/mdev/devices/" UUID
											    "/nvidia/vgpu_params\n";
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};
	struct machine m;

	machine_open(&m, TREE_NEW(kernel));
	const struct parent *parent = find_parent(&m, "mtty", NEED_TYPE_ALL);
	if (parent && parent->n_types == 1) {
		struct request request = {
			.type = parent->types[0],
			.uuid = UUID,
			.group = 1,
			.params = "a=b",
			.attributes = attributes,
			.n_attributes = ARRAY_SIZE(attributes),
		};
		dialect_mdev.plan_create(&request, &plan);
		is_text(shell(pool, &plan), want, "the UUID alone, then attributes in order");
		ok(dialect_mdev.ignores_params(&request), "params have nowhere to go");
		is_text(dialect_mdev.device_path(pool, &request), "/sys/bus/mdev/devices/" UUID,
			"where the device appears");
	}
	machine_close(&m);
}

static void test_nvidia_create(void)
{
	static const char want[] = ROOM(
		"/sys/class/mdev_bus/mtty/mdev_supported_types/nvidia-63/available_instances") "echo '" UUID
											       "' > /sys/class/mdev_bus/mtty/mdev_supported_types/nvidia-63/create\n"
											       "echo 'frl=0' > /sys/bus/mdev/devices/" UUID
											       "/nvidia/vgpu_params\n";
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};
	struct machine m;

	machine_open(&m, described("nvidia-63", "num_heads=4\n"));
	const struct parent *parent = find_parent(&m, "mtty", NEED_TYPE_ALL);
	if (parent && parent->n_types == 1) {
		struct request request = {
			.type = parent->types[0], .uuid = UUID, .params = "frl=0"};

		dialect_mdev.plan_create(&request, &plan);
		is_text(shell(pool, &plan), want, "NVIDIA's params follow the create");
		ok(!dialect_mdev.ignores_params(&request), "and are not ignored");
	}
	machine_close(&m);
}

/* The steps that only look are in the plan too. */
static void test_create_steps(void)
{
	static const enum step_kind want[] = {STEP_REQUIRE, STEP_STORE, STEP_CREATE, STEP_FINALLY,
					      STEP_EXPECT};
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};
	struct machine m;

	machine_open(&m, TREE_NEW(rfc));
	const struct parent *parent = find_parent(&m, "0000:86:00.0", NEED_TYPE_ALL);
	if (parent && parent->n_types == 2) {
		struct request request = {.type = parent->types[0], .uuid = UUID, .params = "a=b"};

		dialect_mdev.plan_create(&request, &plan);
		is_number((long long)plan.n, ARRAY_SIZE(want), "the steps");
		for (size_t i = 0; i < plan.n && i < ARRAY_SIZE(want); i++)
			is_number(plan.steps[i].kind, want[i], "step %zu", i);
		is_number((long long)plan.steps[3].undoes, 1, "params are cleared once stored");
		is_text(plan.steps[4].dir, "/sys/bus/mdev/devices", "the device must appear");
		is_text(plan.steps[4].name, UUID, "under its UUID");
	}
	machine_close(&m);
}

static void check_destroy(const char *tree, const char *want)
{
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};
	struct machine m;

	machine_open(&m, tree);
	struct device *device =
		inventory_find_device(&m.inventory, OTHER, NEED_DEVICE_TYPE, &m.err);
	if (ok(device != NULL, "the device is found")) {
		dialect_mdev.plan_destroy(&m.root, device, &plan);
		is_text(shell(pool, &plan), want, "destroy");
		ok(plan.n == 2 && plan.steps[0].kind == STEP_REMOVE &&
			   plan.steps[1].kind == STEP_EXPECT_GONE &&
			   streq(plan.steps[1].name, OTHER),
		   "it may block, and must be gone then");
	}
	machine_close(&m);
}

static void test_destroy(void)
{
	check_destroy(TREE_NEW(rfc),
		      "echo '" OTHER "' > /sys/devices/pci0000:80/0000:86:00.0/mdev_destroy\n");
	check_destroy(TREE_NEW(kernel), "echo '1' > /sys/bus/mdev/devices/" OTHER "/remove\n");
}

static void test_clear(void)
{
	static const struct {
		const char *type, *want;
	} cases[] = {
		{"11", "echo '' > /sys/devices/pci0000:80/0000:86:00.0/mdev_supported_types/11/"
		       "params\n"},
		{"12", ""},
		{"none", ""},
	};
	struct machine m;

	machine_open(&m, TREE_NEW(rfc));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		struct plan plan = {.pool = pool};

		dialect_mdev.plan_clear(&m.root, "/sys/devices/pci0000:80/0000:86:00.0",
					cases[i].type, &plan);
		is_text(shell(pool, &plan), cases[i].want, "clearing what type %s may have set",
			cases[i].type);
	}
	machine_close(&m);
}

static void test_devices(void)
{
	const char *tree = TREE_NEW(kernel);
	struct machine m;

	TREE_ADD(tree, {.path = "sys/bus/mdev/devices/not-a-uuid@", .text = "../x"},
		 {.path = "sys/bus/mdev/devices/" UUID "/"});
	machine_open(&m, tree);
	inventory_load_devices(&m.inventory, NEED_DEVICE_TYPE | NEED_DEVICE_TYPE_NAME |
						     NEED_DEVICE_RECORD | NEED_DEVICE_GROUP);
	ok(has_warning(&m, "/not-a-uuid"), "what is no device is a warning");
	if (is_number((long long)m.inventory.n_devices, 1, "the others are listed")) {
		const struct device *d = m.inventory.devices[0];

		is_text(d->uuid, OTHER, "the UUID");
		is_text(d->parent, "mtty", "the parent");
		is_text(d->parent_path, "/sys/devices/virtual/mtty/mtty", "its directory");
		is_text(d->path, "/sys/bus/mdev/devices/" OTHER, "the path");
		is_text(d->type, "mtty-2", "the type, by its link");
		is_text(d->type_name, "Dual port serial", "the type's name");
		is_text(d->device_api, "vfio-pci", "QEMU's driver");
		is_number(d->iommu_group, 7, "the IOMMU group");
		is_text(d->vfio_device, "vfio3", "the VFIO device");
		is_number(d->state, STATE_FOREIGN, "without a record it is somebody else's");
	}
	machine_close(&m);

	machine_open(&m, TREE_NEW(rfc));
	struct device *device =
		inventory_find_device(&m.inventory, "3F0C2D5E", NEED_DEVICE_TYPE, &m.err);
	if (ok(device != NULL, "the mail's device, by the beginning of its UUID"))
		is_text(device->type, "unknown", "whose type nobody tells");
	machine_close(&m);
}

static void test_find(void)
{
	static const struct {
		const char *given, *id;
	} cases[] = {
		{"63", "nvidia-63"}, {"nvidia-63", "nvidia-63"}, {"n", "nvidia-63"}, {"6", NULL},
		{"nvidia-6", NULL},  {"nvidia", NULL},           {"063", NULL},      {"", NULL},
	};
	struct machine m;

	machine_open(&m, described("nvidia-63", ""));
	const struct parent *parent = find_parent(&m, "mtty", NEED_TYPE_ALL);
	for (size_t i = 0; parent && i < ARRAY_SIZE(cases); i++) {
		const struct type *type = parent_find_type(parent, cases[i].given);

		is_text(type ? type->id : NULL, cases[i].id, "the type that '%s' means",
			cases[i].given);
	}
	ok(!inventory_find_parent(&m.inventory, "mtti", 0, &m.err), "no such parent");
	is_text(m.err.hint, "did you mean 'mtty'?", "the nearest is offered");
	is_error(&m.err, ERR_NOT_FOUND, "no parent 'mtti'", "it is not found");
	ok(!inventory_find_parent(&m.inventory, "../mtty", 0, &m.err), "no name of a parent");
	is_error(&m.err, ERR_INVALID, "'../mtty' cannot be", "it is invalid");
	ok(!inventory_find_device(&m.inventory, OTHER, 0, &m.err), "no such device");
	is_error(&m.err, ERR_NOT_FOUND, "no device", "it is not found");
	machine_close(&m);

	machine_open(&m, TREE_NEW(kernel));
	TREE_ADD(m.tree, {.path = "sys/bus/mdev/devices/3f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a12@",
			  .text = "../../../devices/virtual/mtty/mtty/x"});
	ok(!inventory_find_device(&m.inventory, "3f0c2d5e", 0, &m.err), "two begin like that");
	ok(m.err.hint && strstr(m.err.hint, OTHER) && strstr(m.err.hint, "9a12"),
	   "both are listed");
	is_error(&m.err, ERR_INVALID, "'3f0c2d5e' is ambiguous", "it is ambiguous");
	ok(!inventory_find_device(&m.inventory, "3f0c", 0, &m.err), "four digits");
	is_error(&m.err, ERR_INVALID, "'3f0c' is too short", "are too short");
	machine_close(&m);
}

int main(void)
{
	if (!tree_can_be_root())
		return tap_end();
	test_parents();
	test_parent_of_bus();
	test_rfc_types();
	test_kernel_types();
	test_needs();
	test_needs_unreadable();
	test_descriptions();
	test_mandatory();
	test_broken_files();
	test_requires_group();
	test_rfc_create();
	test_kernel_create();
	test_nvidia_create();
	test_create_steps();
	test_destroy();
	test_clear();
	test_devices();
	test_find();
	return tap_end();
}
