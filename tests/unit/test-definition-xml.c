/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions in XML: the RFC's and libvirt's, and where what is not taken stands. */
#include "expect.h"
#include "mdev/definition.h"
#include "mdev/xml.h"
#include "tap.h"
#include "tree.h"

#include <sys/resource.h>

#define UUID "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"

/* One line around what a case is about. */
#define MDEV(inside)  "<device><capability type='mdev'>" inside "</capability></device>"
#define TYPED(inside) MDEV("<type id='11'/>" inside)
#define TYPED_AT      48 /* the column of what TYPED() has inside */
#define DEVICE(inside) \
	"<device>" inside "<capability type='mdev'><type id='11'/></capability></device>"

static int parse(struct pool *pool, const char *text, struct definitions *ret, struct err *err)
{
	return definitions_parse("f.xml", text, strlen(text), pool, ret, err);
}

static void test_fields(void)
{
	static const struct {
		const char *name, *text;
		struct definition want;
	} cases[] = {
		{"the RFC's example",
		 "<device>\n"
		 "  <name>my-vgpu</name>\n"
		 "  <parent>pci_0000_86_00_0</parent>\n"
		 "  <capability type='mdev'>\n"
		 "    <type id='11'/>\n"
		 "    <group>1</group>\n"
		 "    <params>'frame_rate_limiter=0'</params>\n"
		 "  </capability>\n"
		 "</device>\n",
		 {.name = "my-vgpu",
		  .parent = "pci_0000_86_00_0",
		  .type = "11",
		  .group = 1,
		  .params = "frame_rate_limiter=0"}},
		{"libvirt's, as it prints it",
		 "<device>\n"
		 "  <name>mdev_2f0c2d5e_9b1e_4f4e_8a53_5f0f1c7f9a11_0_0_0001</name>\n"
		 "  <path>/sys/devices/css0/0.0.0001/" UUID "</path>\n"
		 "  <parent>css_0_0_0001</parent>\n"
		 "  <driver>\n    <name>vfio_mdev</name>\n  </driver>\n"
		 "  <capability type='mdev'>\n"
		 "    <type id='vfio_ccw-io'/>\n"
		 "    <uuid>" UUID "</uuid>\n"
		 "    <parent_addr>0.0.0001</parent_addr>\n"
		 "    <iommuGroup number='7'/>\n"
		 "  </capability>\n"
		 "</device>\n",
		 {.parent = "css_0_0_0001", .type = "vfio_ccw-io", .uuid = UUID}},
		{"just a type", TYPED(""), {.type = "11"}},
		{"a declaration",
		 "<?xml version='1.0' encoding='UTF-8'?>\n" TYPED(""),
		 {.type = "11"}},
		{"a byte order mark", "\xef\xbb\xbf" TYPED(""), {.type = "11"}},
		{"comments",
		 "<!-- < > & --><device><!-- x --><capability type='mdev'>"
		 "<type id='11'/><group>1<!-- 2 -->3</group></capability></device><!-- -->",
		 {.type = "11", .group = 13}},
		{"a UUID in upper case",
		 TYPED("<uuid>2F0C2D5E-9B1E-4F4E-8A53-5F0F1C7F9A11</uuid>"),
		 {.type = "11", .uuid = UUID}},
		{"blanks around a value",
		 TYPED("<group>\n 7\t</group>"),
		 {.type = "11", .group = 7}},
		{"the largest group",
		 TYPED("<group>4294967295</group>"),
		 {.type = "11", .group = 4294967295}},
		{"double quotes around params",
		 TYPED("<params>\"a=b\"</params>"),
		 {.type = "11", .params = "a=b"}},
		{"quotes inside params",
		 TYPED("<params>a='b'</params>"),
		 {.type = "11", .params = "a='b'"}},
		{"only one pair is taken off",
		 TYPED("<params>''a''</params>"),
		 {.type = "11", .params = "'a'"}},
		{"quotes that are no pair",
		 TYPED("<params>'a\"</params>"),
		 {.type = "11", .params = "'a\""}},
		{"a single quote", TYPED("<params>'</params>"), {.type = "11", .params = "'"}},
		{"empty params", TYPED("<params></params>"), {.type = "11"}},
		{"quoted empty params", TYPED("<params>''</params>"), {.type = "11"}},
		{"entities",
		 TYPED("<params>&lt;&amp;&gt;&quot;&apos;</params>"),
		 {.type = "11", .params = "<&>\"'"}},
		{"character references",
		 TYPED("<params>a&#61;&#x62;</params>"),
		 {.type = "11", .params = "a=b"}},
		{"CDATA",
		 TYPED("<params><![CDATA[a<b>&amp;]]></params>"),
		 {.type = "11", .params = "a<b>&amp;"}},
		{"CDATA within text",
		 TYPED("<params>x=<![CDATA[<]]>y</params>"),
		 {.type = "11", .params = "x=<y"}},
		{"entities in an attribute",
		 MDEV("<type id='A&amp;B&#x20;&lt;C&gt;'/>"),
		 {.type = "A&B <C>"}},
		{"a type's name", MDEV("<type id=\"GRID M60-0B\"/>"), {.type = "GRID M60-0B"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};
		const struct definition *want = &cases[i].want, *d;

		if (!is_success(parse(pool, cases[i].text, &got, &err), &err, cases[i].name) ||
		    !is_number((long long)got.n, 1, "one device"))
			continue;
		d = got.list;
		is_text(d->name, want->name, "its name");
		is_text(d->parent, want->parent, "its parent");
		is_text(d->type, want->type, "its type");
		is_text(d->uuid, want->uuid, "its UUID");
		is_text(d->params, want->params, "its params");
		is_number(d->group, want->group, "its group");
		is_number(d->start, START_UNSET, "its start");
	}
}

static void test_attributes(void)
{
	static const struct attribute want[] = {
		{"assign_adapter", "5"},
		{"assign_domain", "0xab"},
		{"assign_adapter", "6"},
		{"nvidia/vgpu_params", "a=\"<&'"},
	};
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};

	is_success(parse(pool,
			 MDEV("<type id='vfio_ap-passthrough'/>"
			      "<attr name='assign_adapter' value='5'/>"
			      "<attr value='0xab' name='assign_domain'/>"
			      "<attr name='assign_adapter' value='6'></attr>"
			      "<attr name='nvidia/vgpu_params' value='a=&quot;&lt;&amp;&apos;'/>"),
			 &got, &err),
		   &err, "attributes");
	if (got.n != 1 || !is_number((long long)got.list->n_attributes, ARRAY_SIZE(want), "all"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		is_text(got.list->attributes[i].name, want[i].name, "attribute %zu's name", i);
		is_text(got.list->attributes[i].value, want[i].value, "attribute %zu's value", i);
	}
}

static void test_sets(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};

	is_success(parse(pool, "<devices>\n" TYPED("") "\n  " MDEV("<type id='12'/>") "</devices>",
			 &got, &err),
		   &err, "a set");
	if (!is_number((long long)got.n, 2, "of two"))
		return;
	is_text(got.list[0].type, "11", "the first");
	is_text(got.list[1].type, "12", "the second");
	is_text(got.list[1].file, "f.xml", "the second's file");
	ok(got.list[0].line == 2 && got.list[0].column == 1, "the first's place");
	ok(got.list[1].line == 3 && got.list[1].column == 3, "the second's place");
}

static void test_rejections(void)
{
	static const struct {
		const char *name, *text;
		int line, column;
		const char *message;
	} cases[] = {
		{"another root", "<domain/>", 1, 1, "the document must be a <device> or <devices>"},
		{"a root on a later line", "<?xml version='1.0'?>\n\n  <node/>", 3, 3,
		 "the document must be a <device> or <devices>"},
		{"an empty set", "\n<devices/>", 2, 1, "no device in it"},
		{"a stranger in a set", "<devices>\n " TYPED("") "\n <x/></devices>", 3, 2,
		 "unknown element <x> in <devices>"},
		{"a device without a type", "<device/>", 1, 1, "<device> has no <type id"},
		{"the second of a set without one",
		 "<devices>" TYPED("") "\n <device>\n</device>"
				       "</devices>",
		 2, 2, "<device> has no <type id"},
		{"an unknown element", "<device>\n <colour/>\n</device>", 2, 2,
		 "unknown element <colour> in <device>"},
		{"one with attributes over lines",
		 "<device>\n <colour\n  a='1'\n  b='2'\n />\n</device>", 2, 2,
		 "unknown element <colour> in <device>"},
		{"an unknown element in the capability", TYPED("<colour/>"), 1, TYPED_AT,
		 "unknown element <colour> in <capability>"},
		{"an unknown element in the type", MDEV("<type id='11'><colour/></type>"), 1, 47,
		 "unknown element <colour> in <type>"},
		{"an unknown element in the name", DEVICE("<name><b/></name>"), 1, 15,
		 "unknown element <b> in <name>"},
		{"an unknown element in the group", TYPED("<group>\n<b/></group>"), 2, 1,
		 "unknown element <b> in <group>"},
		{"text before an element", DEVICE("<name>a<b/></name>"), 1, 15,
		 "unexpected text in <name>"},
		{"text behind an element", TYPED("<group><b/> 1</group>"), 1, TYPED_AT + 12,
		 "unexpected text in <group>"},
		{"another capability", "<device><capability type='pci'/></device>", 1, 9,
		 "<capability> must have type='mdev'"},
		{"a capability without a type", "<device>\n<capability/></device>", 2, 1,
		 "<capability> must have type='mdev'"},
		{"two types", TYPED("<type id='12'/>"), 1, TYPED_AT,
		 "a second <type> in <capability>"},
		{"two capabilities",
		 "<device><capability type='mdev'><type id='11'/></capability>\n"
		 "<capability type='mdev'><type id='12'/></capability></device>",
		 2, 1, "a second <capability> in <device>"},
		{"two names", DEVICE("<name>a</name><name>b</name>"), 1, 23,
		 "a second <name> in <device>"},
		{"two groups", TYPED("<group>1</group><group>1</group>"), 1, TYPED_AT + 16,
		 "a second <group> in <capability>"},
		{"two params", TYPED("<params/><params/>"), 1, TYPED_AT + 9,
		 "a second <params> in <capability>"},
		{"a type without id", MDEV("<type/>"), 1, 33, "<type> needs the attribute 'id'"},
		{"a type with a slash", MDEV("<type id='../x'/>"), 1, 33,
		 "<type id=…> must be a type"},
		{"an empty type", MDEV("<type id=''/>"), 1, 33, "<type id=…> must be a type"},
		{"an attribute without a value", TYPED("<attr name='a'/>"), 1, TYPED_AT,
		 "<attr> needs the attribute 'value'"},
		{"an attribute without a name", TYPED("<attr value='a'/>"), 1, TYPED_AT,
		 "<attr> needs the attribute 'name'"},
		{"an attribute above", TYPED("<attr name='../x' value='1'/>"), 1, TYPED_AT,
		 "<attr name=…> must name a file of the device"},
		{"an absolute attribute", TYPED("<attr name='/x' value='1'/>"), 1, TYPED_AT,
		 "<attr name=…> must name a file of the device"},
		{"an attribute with a newline", TYPED("<attr name='a' value='1&#10;2'/>"), 1,
		 TYPED_AT, "<attr name=…> must not hold control characters"},
		{"text in the device", "<device>\n  words</device>", 2, 3,
		 "unexpected text in <device>"},
		{"text in the capability", TYPED("words"), 1, TYPED_AT,
		 "unexpected text in <capability>"},
		{"an empty name", DEVICE("<name/>"), 1, 9, "<name> is empty"},
		{"an empty parent", DEVICE("<parent> </parent>"), 1, 9, "<parent> is empty"},
		{"an empty group", TYPED("<group/>"), 1, TYPED_AT, "<group> is empty"},
		{"a name with a slash", DEVICE("<name>a/b</name>"), 1, 15,
		 "<name> must be a letter"},
		{"a name like a UUID", DEVICE("<name>deadbeef</name>"), 1, 15,
		 "<name> 'deadbeef' could be"},
		{"a value on its own line", "<device>\n<name>\n  a/b\n</name></device>", 3, 3,
		 "<name> must be a letter"},
		{"group 0", TYPED("<group>0</group>"), 1, TYPED_AT + 7, "<group> must be a number"},
		{"a negative group", TYPED("<group>-1</group>"), 1, TYPED_AT + 7,
		 "<group> must be a number"},
		{"a group that is text", TYPED("<group>one</group>"), 1, TYPED_AT + 7,
		 "<group> must be a number"},
		{"text behind a comment", TYPED("<group> <!-- 1 --> x</group>"), 1, TYPED_AT + 19,
		 "<group> must be a number"},
		{"text that begins with an entity", TYPED("<group>&#48;x</group>"), 1, TYPED_AT + 7,
		 "<group> must be a number"},
		{"text that is CDATA", TYPED("<group><![CDATA[0]]></group>"), 1, TYPED_AT + 7,
		 "<group> must be a number"},
		{"two numbers for a group", TYPED("<group>1 2</group>"), 1, TYPED_AT + 7,
		 "<group> must be a number"},
		{"a group over the limit", TYPED("<group>4294967296</group>"), 1, TYPED_AT + 7,
		 "<group> must be a number"},
		{"a bad UUID", TYPED("<uuid>2f0c</uuid>"), 1, TYPED_AT + 6,
		 "<uuid> must be a UUID"},
		{"the nil UUID", TYPED("<uuid>00000000-0000-0000-0000-000000000000</uuid>"), 1,
		 TYPED_AT + 6, "<uuid> must be a UUID"},
		{"params over two lines", TYPED("<params>a\nb</params>"), 1, TYPED_AT + 8,
		 "<params> must not hold control characters"},
		{"params with a reference to a control", TYPED("<params>a&#9;b</params>"), 1,
		 TYPED_AT + 8, "<params> must not hold control characters"},
		{"after multi-byte text", "<device><name>\xc3\xa4</name></device>", 1, 15,
		 "<name> must be a letter"},
		{"an element behind multi-byte text",
		 TYPED("<params>\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4</params><colour/>"), 1,
		 TYPED_AT + 25, "unknown element <colour>"},
		{"a multi-byte comment before",
		 "<!-- \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac --><x/>", 1, 22,
		 "the document must be"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};

		is_number(parse(pool, cases[i].text, &got, &err), -1, "refused");
		is_error_at(&err, cases[i].line, cases[i].column, cases[i].message, cases[i].name);
	}
}

/* What the parser itself refuses; its place is within the broken part or right behind it. */
static void test_syntax(void)
{
	static const struct {
		const char *name, *text;
		int line, from, to;
	} cases[] = {
		{"cut in a tag", "<device", 1, 1, 8},
		{"cut in an element", "<device>", 1, 1, 9},
		{"cut on a new line", "<device>\n", 2, 1, 1},
		{"cut in an attribute", "<device><capability type='md", 1, 21, 29},
		{"cut in text", TYPED("<params>a"), 1, TYPED_AT, 80},
		{"a wrong end", "<device></devices>", 1, 9, 19},
		{"crossed elements", "<device>\n<name><b></name></b></device>", 2, 10, 17},
		{"two roots", "<device/>\n<device/>", 2, 1, 2},
		{"text behind", TYPED("") "\nx", 2, 1, 2},
		{"an attribute twice", MDEV("<type id='1' id='2'/>"), 1, 33, 54},
		{"an attribute without quotes", MDEV("<type id=11/>"), 1, 33, 44},
		{"an unknown entity", TYPED("<params>&bogus;</params>"), 1, TYPED_AT + 8,
		 TYPED_AT + 16},
		{"an unknown entity in an attribute", MDEV("<type id='&bogus;'/>"), 1, 43, 51},
		{"a bare ampersand", TYPED("<params>a & b</params>"), 1, TYPED_AT + 10,
		 TYPED_AT + 12},
		{"a reference to no character", TYPED("<params>&#0;</params>"), 1, TYPED_AT + 8,
		 TYPED_AT + 13},
		{"a reference to a surrogate", TYPED("<params>&#xd800;</params>"), 1, TYPED_AT + 8,
		 TYPED_AT + 17},
		{"a raw control", TYPED("<params>\x01</params>"), 1, TYPED_AT + 8, TYPED_AT + 10},
		{"bad UTF-8", TYPED("<params>\xff</params>"), 1, TYPED_AT + 8, TYPED_AT + 10},
		{"'<' in an attribute", MDEV("<type id='<'/>"), 1, 43, 45},
		{"an open comment", "<device><!-- x", 1, 9, 15},
		{"an open CDATA", TYPED("<params><![CDATA[x"), 1, TYPED_AT + 8, 100},
		{"another encoding",
		 "<?xml version='1.0' encoding='ISO-8859-1'?>\n" TYPED("<params>\xe4</params>"), 2,
		 TYPED_AT + 8, TYPED_AT + 10},
		{"a DOCTYPE", "<!DOCTYPE device>\n" TYPED(""), 1, 1, 18},
		{"a DOCTYPE on a later line", "<?xml version='1.0'?>\n<!DOCTYPE device>" TYPED(""),
		 2, 1, 18},
		{"entities of its own",
		 "<!DOCTYPE d [<!ENTITY a 'b'>]>" TYPED("<params>&a;</params>"), 1, 1, 14},
		{"a file's entity",
		 "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" TYPED(
			 "<params>&a;</params>"),
		 1, 1, 14},
		{"entities of entities",
		 "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>"
		 "<!ENTITY c '&b;&b;&b;&b;&b;'>]>" TYPED("<params>&c;</params>"),
		 1, 1, 14},
		{"an external DTD", "<!DOCTYPE d SYSTEM 'http://127.0.0.1:9/x.dtd'>" TYPED(""), 1,
		 1, 48},
		{"a parameter entity",
		 "<!DOCTYPE d [<!ENTITY % a SYSTEM '/dev/stdin'>%a;]>" TYPED(""), 1, 1, 14},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};

		is_number(parse(pool, cases[i].text, &got, &err), -1, "refused");
		ok(err.kind == ERR_INVALID && err.file && *err.message, "%s is invalid: %s",
		   cases[i].name, err.message);
		is_number(err.line, cases[i].line, "%s: the line", cases[i].name);
		ok(err.column >= cases[i].from && err.column <= cases[i].to,
		   "%s: column %d is in %d-%d", cases[i].name, err.column, cases[i].from,
		   cases[i].to);
	}
}

static void test_hints(void)
{
	static const struct {
		const char *text, *hint;
	} cases[] = {
		{"<device><nam/></device>", "did you mean <name>?"},
		{TYPED("<param/>"), "did you mean <params>?"},
		{TYPED("<zzzzzzzzzz/>"), NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};

		is_number(parse(pool, cases[i].text, &got, &err), -1, "refused");
		is_text(err.hint, cases[i].hint, "the hint for %s", cases[i].text);
	}
}

/* `levels` elements, the innermost below an element that libvirt only reads. */
static void check_depth(int levels, bool too_deep)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};
	char *text = pool_alloc(pool, 8 * (size_t)levels + 100), *p = text;

	p = stpcpy(p, "<device><driver>");
	for (int i = 2; i < levels; i++)
		p = stpcpy(p, "<x>");
	for (int i = 2; i < levels; i++)
		p = stpcpy(p, "</x>");
	stpcpy(p, "</driver><capability type='mdev'><type id='11'/></capability></device>");
	int result = parse(pool, text, &got, &err);
	if (too_deep)
		is_error_at(&err, 1, 17 + 3 * (DOCUMENT_DEPTH_MAX - 2), "nested too deep",
			    "too deep");
	else
		is_success(result, &err, "not too deep");
}

static void test_depth(void)
{
	check_depth(DOCUMENT_DEPTH_MAX, false);
	check_depth(DOCUMENT_DEPTH_MAX + 1, true);
	check_depth(10000, true);
}

static void test_long_texts(void)
{
	autopool struct pool *pool = pool_new();

	for (int length = 4094; length <= 4097; length++) {
		autoerr struct err err = {0};
		struct definitions got = {0};
		const char *text = pool_printf(pool,
					       "<device><capability type='mdev'><type id='11'/>"
					       "<params>%0*d</params></capability></device>",
					       length, 1);
		int result = parse(pool, text, &got, &err);

		if (length <= 4095)
			is_success(result, &err, "params of up to 4095 bytes");
		else
			is_error_at(&err, 1, TYPED_AT + 8, "<params> is too long", "longer ones");
	}
}

/* A very long text, and one of very many pieces, cost neither time nor memory. */
static void test_huge_texts(void)
{
	static const char before[] = "<device><name>";
	autopool struct pool *pool = pool_new();
	size_t room = 1 << 20;

	for (int pieces = 0; pieces <= 1; pieces++) {
		autoerr struct err err = {0};
		struct definitions got = {0};
		char *text = pool_alloc(pool, room), *p = stpcpy(text, before);

		while (p < text + room - 32)
			p = stpcpy(p, pieces ? "&lt;" : "xxxx");
		stpcpy(p, "</name></device>");
		parse(pool, text, &got, &err);
		ok(err.line == 1 && err.column > 8, "a place in it");
		is_error(&err, ERR_INVALID, "text too long", pieces ? "pieces" : "a text");
	}
}

static long peak_memory(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Ten texts, each of eight thousand pieces, where libvirt's documents have what we pass over. */
static void test_memory(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};
	char *text = pool_alloc(pool, 1 << 20), *p = stpcpy(text, "<device><driver>");

	for (int i = 0; i < 10; i++) {
		p = stpcpy(p, "<x>");
		for (int j = 0; j < 8000; j++)
			p = stpcpy(p, "&lt;");
		p = stpcpy(p, "</x>");
	}
	stpcpy(p, "</driver><capability type='mdev'><type id='11'/></capability></device>");
	long before = peak_memory();
	is_success(parse(pool, text, &got, &err), &err, "a document of many pieces");
	ok(peak_memory() - before < 100 * 1024, "texts of many pieces take little memory");
}

static void test_size(void)
{
	static const char good[] = TYPED("");
	const char *tree = tree_new(NULL, 0);
	autopool struct pool *pool = pool_new();
	const char *path = pool_printf(pool, "%s/large.xml", tree);
	char *text = pool_alloc(pool, DOCUMENT_MAX + 2);

	memset(text, '\n', DOCUMENT_MAX + 1);
	memcpy(text, good, sizeof(good) - 1);
	for (size_t more = 0; more <= 1; more++) {
		autoerr struct err err = {0};
		struct definitions got = {0};

		text[DOCUMENT_MAX] = more ? ' ' : '\0';
		TREE_ADD(tree, {.path = "large.xml", .text = text});
		int result = definitions_read(path, pool, &got, &err);
		if (more)
			is_error(&err, ERR_INVALID, "~is too large, 16 MiB are the most",
				 "a byte over 16 MiB");
		else
			is_success(result, &err, "16 MiB");
	}
}

static void test_elements(void)
{
	static const char text[] = "<a x='1' y='&#50;'> <b/>\n<c>\n three </c></a>";
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	const struct xml_element *a =
		xml_parse("f", text, sizeof(text) - 1, DOCUMENT_DEPTH_MAX, pool, &err);

	if (!ok(a != NULL, "a document"))
		return;
	is_text(a->name, "a", "its root");
	is_text(a->text, "", "without text of its own");
	is_text(xml_attribute(a, "x"), "1", "an attribute");
	is_text(xml_attribute(a, "y"), "2", "one with a reference");
	ok(!xml_attribute(a, "z"), "none");
	if (!is_number((long long)a->n_children, 2, "two children"))
		return;
	is_text(a->children[0]->text, "", "an empty one");
	is_text(a->children[1]->text, "three", "one with text, without blanks around it");
	ok(a->children[1]->parent == a && !a->parent, "they know their parent");
	ok(a->children[0]->place.line == 1 && a->children[0]->place.column == 21, "a place");
	ok(a->children[1]->place.line == 2 && a->children[1]->place.column == 1, "another");
	ok(a->children[1]->text_place.line == 3 && a->children[1]->text_place.column == 2,
	   "a text's place");
}

int main(void)
{
	test_fields();
	test_attributes();
	test_sets();
	test_rejections();
	test_syntax();
	test_hints();
	test_depth();
	test_long_texts();
	test_huge_texts();
	test_memory();
	test_size();
	test_elements();
	return tap_end();
}
