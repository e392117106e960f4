/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions in JSON: what is taken, and where what is not stands. */
#include "expect.h"
#include "mdev/definition.h"
#include "tap.h"
#include "tree.h"

#define UUID "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"

static int parse(struct pool *pool, const char *text, struct definitions *ret, struct err *err)
{
	return definitions_parse("f.json", text, strlen(text), pool, ret, err);
}

static void test_fields(void)
{
	static const struct {
		const char *name, *text;
		struct definition want;
	} cases[] = {
		{"our keys",
		 "{\"name\":\"my-vgpu\",\"parent\":\"pci_0000_86_00_0\",\"type\":\"11\",\"group\":1,"
		 "\"params\":\"frame_rate_limiter=0\"}",
		 {.name = "my-vgpu",
		  .parent = "pci_0000_86_00_0",
		  .type = "11",
		  .group = 1,
		  .params = "frame_rate_limiter=0"}},
		{"mdevctl's keys",
		 "{\"mdev_type\":\"mtty-2\",\"start\":\"manual\",\"attrs\":[]}",
		 {.type = "mtty-2", .start = START_MANUAL}},
		{"mdevctl's start",
		 "{\"mdev_type\":\"mtty-2\",\"start\":\"auto\"}",
		 {.type = "mtty-2", .start = START_AUTO}},
		{"a UUID", "{\"uuid\":\"" UUID "\"}", {.uuid = UUID}},
		{"a UUID in upper case",
		 "{\"uuid\":\"2F0C2D5E-9B1E-4F4E-8A53-5F0F1C7F9A11\"}",
		 {.uuid = UUID}},
		{"the largest group", "{\"group\":4294967295}", {.group = 4294967295}},
		{"no params", "{\"params\":\"\"}", {.params = NULL}},
		{"params with quotes stay", "{\"params\":\"'a=b'\"}", {.params = "'a=b'"}},
		{"escapes", "{\"params\":\"a\\u003d\\\"b\\\"\"}", {.params = "a=\"b\""}},
		{"UTF-8", "{\"params\":\"\xc3\xa4\"}", {.params = "\xc3\xa4"}},
		{"a parent's path",
		 "{\"parent\":\"/sys/class/mdev_bus/mtty\"}",
		 {.parent = "/sys/class/mdev_bus/mtty"}},
		{"a type's name", "{\"type\":\"GRID M60-0B\"}", {.type = "GRID M60-0B"}},
		{"blanks around", " \n\t{ \"type\" : \"11\" } \n", {.type = "11"}},
		{"an escaped key", "{\"t\\u0079pe\":\"11\"}", {.type = "11"}},
		{"nothing", "{}", {.type = NULL}},
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
		is_number(d->start, want->start, "its start");
		is_number((long long)d->n_attributes, 0, "no attributes");
	}
}

static void test_attributes(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};
	static const struct attribute want[] = {
		{"assign_adapter", "5"},
		{"assign_domain", "0xab"},
		{"assign_adapter", "6"},
		{"nvidia/vgpu_params", ""},
	};

	is_success(parse(pool,
			 "{\"mdev_type\":\"vfio_ap-passthrough\",\"attrs\":["
			 "{\"assign_adapter\":\"5\"},{\"assign_domain\":\"0xab\"},"
			 "{\"assign_adapter\":\"6\"},{\"nvidia/vgpu_params\":\"\"}]}",
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
	static const char *const cases[] = {
		"[{\"type\":\"a\"},\n {\"type\":\"b\"}]",
		"{\"devices\":[{\"type\":\"a\"},\n {\"type\":\"b\"}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};

		is_success(parse(pool, cases[i], &got, &err), &err, "a set");
		if (!is_number((long long)got.n, 2, "of two"))
			continue;
		is_text(got.list[0].type, "a", "the first");
		is_text(got.list[1].type, "b", "the second");
		is_text(got.list[1].file, "f.json", "the second's file");
		ok(got.list[1].line == 2 && got.list[1].column == 2, "the second's place");
	}
}

static void test_rejections(void)
{
	static const struct {
		const char *name, *text;
		int line, column;
		const char *message;
	} cases[] = {
		{"nothing", "", 1, 1, "it is empty"},
		{"blanks", " \n\t\n ", 3, 2, "it is empty"},
		{"a word", "\n hello", 2, 2, "neither XML nor JSON"},
		{"a string", "\"x\"", 1, 1, "neither XML nor JSON"},
		{"a number", "11", 1, 1, "neither XML nor JSON"},
		{"an empty array", "[]", 1, 1, "no device in it"},
		{"an empty set", "{\"devices\": []}", 1, 13, "no device in it"},
		{"a set that is none", "{\"devices\": 5}", 1, 13,
		 "\"devices\" must be an array, not a number"},
		{"an array of numbers", "[{},\n 5]", 2, 2,
		 "a device must be an object, not a number"},
		{"an array of arrays", "[[]]", 1, 2, "a device must be an object, not an array"},
		{"a name that is a number", "{\"name\": 5}", 1, 10,
		 "\"name\" must be a string, not a number"},
		{"a type that is null", "{\"type\":null}", 1, 9,
		 "\"type\" must be a string, not null"},
		{"params that are true", "{\"params\":true}", 1, 11,
		 "\"params\" must be a string, not true"},
		{"a parent that is an object", "{\"parent\":{}}", 1, 11,
		 "\"parent\" must be a string, not an object"},
		{"a group that is text", "{\"group\":\"1\"}", 1, 10,
		 "\"group\" must be a number, not a string"},
		{"group 0", "{\"group\":0}", 1, 10, "\"group\" must be a number from 1 to"},
		{"a negative group", "{\"group\":-1}", 1, 10,
		 "\"group\" must be a number from 1 to"},
		{"a group over the limit", "{\"group\":4294967296}", 1, 10,
		 "\"group\" must be a number from 1 to"},
		{"an unknown key", "{\"type\":\"11\",\n\"colour\":1}", 2, 1,
		 "unknown key \"colour\""},
		{"a nearly known key", "{\"typ\":\"11\"}", 1, 2, "unknown key \"typ\""},
		{"an unknown key in a set", "[{},{\"x\":\"y\"}]", 1, 6, "unknown key \"x\""},
		{"an unknown escaped key", "{\"name\":\"a\",\"c\\u006flour\":1}", 1, 13,
		 "unknown key \"colour\""},
		{"an escaped key's value", "{\"name\":\"a\",\"t\\u0079pe\":1}", 1, 25,
		 "\"type\" must be a string"},
		{"something beside the set", "{\"devices\":[{}],\"x\":1}", 1, 1,
		 "nothing may stand beside \"devices\""},
		{"two words for the type", "{\"type\":\"a\",\"mdev_type\":\"a\"}", 1, 13,
		 "\"type\" and \"mdev_type\" are the same thing"},
		{"a bad UUID", "{\"uuid\":\"2f0c\"}", 1, 9, "\"uuid\" must be a UUID like"},
		{"the nil UUID", "{\"uuid\":\"00000000-0000-0000-0000-000000000000\"}", 1, 9,
		 "\"uuid\" must be a UUID like"},
		{"a name with a slash", "{\"name\":\"a/b\"}", 1, 9,
		 "\"name\" must be a letter and"},
		{"an empty name", "{\"name\":\"\"}", 1, 9, "\"name\" must be a letter and"},
		{"a name that begins with a digit", "{\"name\":\"1a\"}", 1, 9,
		 "\"name\" must be a letter and"},
		{"a name of 65 characters",
		 "{\"name\":\"a1234567890123456789012345678901234567890123456789012345678901234\"}",
		 1, 9, "\"name\" must be a letter and"},
		{"a name like a UUID", "{\"name\":\"deadbeef\"}", 1, 9,
		 "\"name\" 'deadbeef' could be the beginning of a UUID"},
		{"a type with a slash", "{\"type\":\"../x\"}", 1, 9, "\"type\" must be a type"},
		{"a type of dots", "{\"type\":\"..\"}", 1, 9, "\"type\" must be a type"},
		{"an empty type", "{\"type\":\"\"}", 1, 9, "\"type\" must be a type"},
		{"params with a newline", "{\"params\":\"a\\nb\"}", 1, 11,
		 "\"params\" must not hold control characters"},
		{"a parent with an escape", "{\"parent\":\"a\\u001b\"}", 1, 11,
		 "\"parent\" must not hold control characters"},
		{"a wrong start", "{\"start\":\"maybe\"}", 1, 10,
		 "\"start\" must be 'auto' or 'manual'"},
		{"attributes that are none", "{\"attrs\":{}}", 1, 10,
		 "\"attrs\" must be an array, not an object"},
		{"an attribute that is a string", "{\"attrs\":[\"a\"]}", 1, 11,
		 "each of \"attrs\" must be an object with one key"},
		{"an attribute with two keys",
		 "{\"attrs\":[{\"a\":\"1\"},{\"b\":\"1\",\"c\":\"2\"}]}", 1, 21,
		 "each of \"attrs\" must be an object with one key"},
		{"an empty attribute", "{\"attrs\":[{}]}", 1, 11,
		 "each of \"attrs\" must be an object with one key"},
		{"an attribute's number", "{\"attrs\":[{\"a\": 1}]}", 1, 17,
		 "an attribute's value must be a string, not a number"},
		{"an escaped attribute's number", "{\"attrs\":[{\"\\u0061\": 1}]}", 1, 22,
		 "an attribute's value must be a string, not a number"},
		{"an attribute above", "{\"attrs\":[{\"../x\":\"1\"}]}", 1, 19,
		 "an attribute must name a file of the device"},
		{"an absolute attribute", "{\"attrs\":[{\"/x\":\"1\"}]}", 1, 17,
		 "an attribute must name a file of the device"},
		{"an attribute without a name", "{\"attrs\":[{\"\":\"1\"}]}", 1, 15,
		 "an attribute must name a file of the device"},
		{"an attribute with dots inside", "{\"attrs\":[{\"a/../b\":\"1\"}]}", 1, 21,
		 "an attribute must name a file of the device"},
		{"an attribute with an empty part", "{\"attrs\":[{\"a//b\":\"1\"}]}", 1, 19,
		 "an attribute must name a file of the device"},
		{"an attribute with a newline", "{\"attrs\":[{\"a\":\"x\\ny\"}]}", 1, 16,
		 "an attribute must not hold control characters"},
		{"a multi-byte text before", "{\"params\":\"\xc3\xa4\xc3\xa4\",\"group\":0}", 1, 26,
		 "\"group\" must be a number from 1 to"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};

		is_number(parse(pool, cases[i].text, &got, &err), -1, "refused");
		is_error_at(&err, cases[i].line, cases[i].column, cases[i].message, cases[i].name);
	}
}

/*
 * Where the syntax is broken, the place is that of the character or of the token at which no JSON
 * can go on, or the end of that token.
 */
static void test_syntax(void)
{
	static const struct {
		const char *name, *text;
		int line, from, to;
	} cases[] = {
		{"an object cut after its brace", "{", 1, 1, 2},
		{"a key cut", "{\"na", 1, 2, 5},
		{"cut after a key", "{\"name\"", 1, 2, 8},
		{"cut after a colon", "{\"name\":", 1, 8, 9},
		{"a value cut", "{\"name\":\"a", 1, 9, 11},
		{"cut after a value", "{\"name\":\"a\"", 1, 9, 12},
		{"cut after a comma", "{\"name\":\"a\",", 1, 12, 13},
		{"cut behind a newline", "{\"name\":\"a\",\n", 1, 12, 13},
		{"an array cut", "[{}", 1, 3, 4},
		{"a second comma", "{\"name\":\"a\",,}", 1, 13, 13},
		{"a comma at the end", "{\"name\":\"a\",}", 1, 13, 13},
		{"a missing colon", "{\"name\" \"a\"}", 1, 9, 11},
		{"single quotes", "{'name':\"a\"}", 1, 2, 2},
		{"a bare word", "{\n  name: 1}", 2, 3, 6},
		{"a comment", "{ // x\n}", 1, 3, 4},
		{"something behind", "{} {}", 1, 4, 4},
		{"a word behind", "{}\nx", 2, 1, 1},
		{"a key twice", "{\"type\":\"a\",\n \"type\":\"b\"}", 2, 2, 7},
		{"a key twice, once escaped", "{\"type\":\"a\",\n \"t\\u0079pe\":\"b\"}", 2, 2, 12},
		{"an attribute's key twice", "{\"attrs\":[{\"a\":\"1\",\"a\":\"2\"}]}", 1, 20, 22},
		{"a number too large", "{\"group\":99999999999999999999}", 1, 10, 29},
		{"a real too large", "{\"group\":1e999}", 1, 10, 14},
		{"a leading zero", "{\"group\":01}", 1, 10, 11},
		{"a plus", "{\"group\":+1}", 1, 10, 11},
		{"a NUL escape", "{\"name\":\"a\\u0000b\"}", 1, 9, 18},
		{"a lone surrogate", "{\"params\":\"\\ud800\"}", 1, 11, 18},
		{"bad UTF-8", "{\"params\":\"\xff\"}", 1, 11, 13},
		{"a raw newline in a text", "{\"params\":\"a\nb\"}", 1, 11, 13},
		{"a multi-byte text before", "{\"params\":\"\xc3\xa4\xc3\xa4\xc3\xa4\",,}", 1, 20,
		 20},
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

static void test_nul(void)
{
	static const char text[] = "{\"type\":\"11\"}\0[[[[";
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};

	is_number(definitions_parse("f", text, sizeof(text) - 1, pool, &got, &err), -1,
		  "a NUL byte ends nothing");
	is_number(err.kind, ERR_INVALID, "it is invalid");
}

static void test_messages(void)
{
	static const struct {
		const char *text, *not, *hint;
	} cases[] = {
		{"{\"group\":1.5}", "a number, not a number", NULL},
		{"{\"typ\":\"11\"}", "!", "did you mean \"type\"?"},
		{"{\"mdev_typ\":\"11\"}", "!", "did you mean \"mdev_type\"?"},
		{"{\"zzzzzzzzz\":\"11\"}", "!", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autopool struct pool *pool = pool_new();
		autoerr struct err err = {0};
		struct definitions got = {0};

		is_number(parse(pool, cases[i].text, &got, &err), -1, "refused");
		ok(err.message && !strstr(err.message, cases[i].not ), "makes sense: %s",
		   err.message);
		is_text(err.hint, cases[i].hint, "the hint for %s", cases[i].text);
	}
}

/* `levels` brackets, the innermost of which is the value of an unknown key. */
static void check_depth(int levels, bool too_deep)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definitions got = {0};
	char *text = pool_alloc(pool, 2 * (size_t)levels + 16), *p = stpcpy(text, "{\"x\":");

	for (int i = 1; i < levels; i++)
		*p++ = '[';
	for (int i = 1; i < levels; i++)
		*p++ = ']';
	stpcpy(p, "}");
	is_number(parse(pool, text, &got, &err), -1, "%d levels", levels);
	if (too_deep)
		is_error_at(&err, 1, 5 + DOCUMENT_DEPTH_MAX, "nested deeper than 64 levels",
			    "too deep");
	else
		is_error_at(&err, 1, 2, "unknown key \"x\"", "not too deep");
}

static void test_depth(void)
{
	check_depth(DOCUMENT_DEPTH_MAX, false);
	check_depth(DOCUMENT_DEPTH_MAX + 1, true);
	check_depth(10000, true);
	check_depth(1000000, true);
}

static void test_long_texts(void)
{
	autopool struct pool *pool = pool_new();

	for (int length = 4094; length <= 4097; length++) {
		autoerr struct err err = {0};
		struct definitions got = {0};
		int result = parse(pool, pool_printf(pool, "{\"params\":\"%0*d\"}", length, 1),
				   &got, &err);

		if (length <= 4095)
			is_success(result, &err, "params of up to 4095 bytes");
		else
			is_error_at(&err, 1, 11, "\"params\" is too long", "longer ones");
	}
}

/* Documents come from a file, bounded. */
static void test_file(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "good.json", .text = "{\"type\":\"11\"}\n"},
		{.path = "bad.json", .text = "{\"group\":0}"},
		{.path = "empty", .text = ""},
		{.path = "directory/"},
	}));
	static const struct {
		const char *name;
		enum err_kind kind;
		const char *message;
	} cases[] = {
		{"good.json", ERR_NONE, ""},
		{"bad.json", ERR_INVALID, "\"group\""},
		{"empty", ERR_INVALID, "it is empty"},
		{"directory", ERR_INVALID, "cannot read '"},
		{"missing", ERR_NOT_FOUND, "cannot open '"},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autoerr struct err err = {0};
		struct definitions got = {0};
		const char *path = pool_printf(pool, "%s/%s", tree, cases[i].name);
		int result = definitions_read(path, pool, &got, &err);

		if (cases[i].kind == ERR_NONE)
			is_success(result, &err, cases[i].name);
		else
			is_error(&err, cases[i].kind, cases[i].message, cases[i].name);
	}
}

static void test_size(void)
{
	const char *tree = tree_new(NULL, 0);
	autopool struct pool *pool = pool_new();
	const char *path = pool_printf(pool, "%s/large.json", tree);
	char *text = pool_alloc(pool, DOCUMENT_MAX + 2);

	memset(text, ' ', DOCUMENT_MAX + 1);
	memcpy(text, "{\"type\":\"11\"}", 13);
	for (size_t more = 0; more <= 1; more++) {
		autoerr struct err err = {0};
		struct definitions got = {0};

		text[DOCUMENT_MAX] = more ? ' ' : '\0';
		TREE_ADD(tree, {.path = "large.json", .text = text});
		int result = definitions_read(path, pool, &got, &err);
		if (more)
			is_error(&err, ERR_INVALID, "~is too large, 16 MiB are the most",
				 "a byte over 16 MiB");
		else
			is_success(result, &err, "16 MiB");
	}
}

static void test_fields_alone(void)
{
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct definition d = {0};

	definition_set(&d, pool, DEFINITION_GROUP, "--group", "1x", &err);
	is_error(&err, ERR_INVALID, "--group must be a number from 1 to 4294967295, not '1x'",
		 "an option says its own name");
	definition_set(&d, pool, DEFINITION_NAME, "--name", "a.b_c-9", &err);
	is_text(d.name, "a.b_c-9", "a name with everything that is allowed");
	definition_set(&d, pool, DEFINITION_UUID, "--uuid", UUID "0", &err);
	is_error(&err, ERR_INVALID, "--uuid must be a UUID like", "37 characters");
}

int main(void)
{
	test_fields();
	test_attributes();
	test_sets();
	test_rejections();
	test_syntax();
	test_nul();
	test_messages();
	test_depth();
	test_long_texts();
	test_file();
	test_size();
	test_fields_alone();
	return tap_end();
}
