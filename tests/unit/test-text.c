/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict numbers, quoting, what may go to a terminal, and the nearest word. */
#include "base/text.h"
#include "tap.h"

#define KEPT 4711 /* what a result holds before a call that fails */

static void test_numbers(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t number;
	} cases[] = {
		{"0", 9, true, 0},
		{"7", 9, true, 7},
		{"9", 9, true, 9},
		{"007", 9, true, 7},
		{"10", 9, false, 0},
		{"", 9, false, 0},
		{"-1", 9, false, 0},
		{"+1", 9, false, 0},
		{" 1", 9, false, 0},
		{"1 ", 9, false, 0},
		{"1\n", 9, false, 0},
		{"0x1", 9, false, 0},
		{"1.0", 9, false, 0},
		{"1e0", 9, false, 0},
		{"a", 9, false, 0},
		{"1", 0, false, 0},
		{"9", 5, false, 0},
		{"4294967295", UINT32_MAX, true, UINT32_MAX},
		{"4294967296", UINT32_MAX, false, 0},
		{"9223372036854775807", INT64_MAX, true, INT64_MAX},
		{"9223372036854775808", INT64_MAX, false, 0},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"99999999999999999999999999", UINT64_MAX, false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t number = KEPT;
		bool good = text_number(cases[i].text, cases[i].max, &number);

		ok(good == cases[i].good && number == (good ? cases[i].number : KEPT),
		   "number '%s' of at most %ju is %s", cases[i].text, (uintmax_t)cases[i].max,
		   cases[i].good ? "taken" : "refused");
	}
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t size;
	} cases[] = {
		{"4096", true, 4096},
		{"0", true, 0},
		{"1K", true, 1 << 10},
		{"512M", true, 512ULL << 20},
		{"128MB", true, 128ULL << 20},
		{"2G", true, 2ULL << 30},
		{"2GB", true, 2ULL << 30},
		{"17179869183G", true, 17179869183ULL << 30},
		{"17179869184G", false, 0},
		{"18446744073709551615", true, UINT64_MAX},
		{"18446744073709551616", false, 0},
		{"", false, 0},
		{"M", false, 0},
		{"-1M", false, 0},
		{"1 M", false, 0},
		{"1MM", false, 0},
		{"1MBB", false, 0},
		{"1T", false, 0},
		{"1.5G", false, 0},
		{"512M\n", false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t size = KEPT;
		bool good = text_size(cases[i].text, &size);

		ok(good == cases[i].good && size == (good ? cases[i].size : KEPT),
		   "size '%s' is %s", cases[i].text, cases[i].good ? "taken" : "refused");
	}
}

static void test_resolutions(void)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t width, height;
	} cases[] = {
		{"2560x1600", true, 2560, 1600},
		{"0x0", true, 0, 0},
		{"4294967295x1", true, UINT32_MAX, 1},
		{"4294967296x1", false, 0, 0},
		{"1x4294967296", false, 0, 0},
		{"2560", false, 0, 0},
		{"2560x", false, 0, 0},
		{"x1600", false, 0, 0},
		{"2560X1600", false, 0, 0},
		{"2560 x 1600", false, 0, 0},
		{"2560x1600x2", false, 0, 0},
		{"2560x-1", false, 0, 0},
		{"", false, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t width = KEPT, height = KEPT;
		bool good = text_resolution(cases[i].text, &width, &height);

		ok(good == cases[i].good && width == (good ? cases[i].width : KEPT) &&
			   height == (good ? cases[i].height : KEPT),
		   "resolution '%s' is %s", cases[i].text, cases[i].good ? "taken" : "refused");
	}
}

static void test_printable(void)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{"nothing", "", ""},
		{"ASCII", "GRID M60-0B ~!", "GRID M60-0B ~!"},
		{"two bytes", "\xc3\xa4", "\xc3\xa4"},
		{"three bytes", "\xe2\x82\xac", "\xe2\x82\xac"},
		{"four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"the last character", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
		{"newline", "a\nb", "a\\x0ab"},
		{"tab, CR", "\t\r", "\\x09\\x0d"},
		{"escape sequence", "\x1b[31mred", "\\x1b[31mred"},
		{"delete", "a\x7f", "a\\x7f"},
		{"C1 control",
		 "\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"},
		{"last C1 control", "\xc2\x9f", "\\xc2\\x9f"},
		{"no-break space", "\xc2\xa0", "\xc2\xa0"},
		{"lone continuation", "\x80x", "\\x80x"},
		{"cut after one of two", "\xc3", "\\xc3"},
		{"cut after one of three", "\xe2", "\\xe2"},
		{"cut after two of three", "\xe2\x82", "\\xe2\\x82"},
		{"cut after three of four", "\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
		{"cut by ASCII", "\xe2\x82z", "\\xe2\\x82z"},
		{"over-long slash", "\xc0\xaf", "\\xc0\\xaf"},
		{"over-long in three", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"over-long in four", "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
		{"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"over the last", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"no lead byte", "\xf8\xff", "\\xf8\\xff"},
		{"bidi override",
		 "a\xe2\x80\xae"
		 "b",
		 "a\\xe2\\x80\\xaeb"},
		{"bidi embedding", "\xe2\x80\xaa", "\\xe2\\x80\\xaa"},
		{"bidi isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
		{"end of isolate", "\xe2\x81\xa9", "\\xe2\\x81\\xa9"},
		{"good after bad", "\xff\xc3\xa4", "\\xff\xc3\xa4"},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_text(text_printable(pool, cases[i].text), cases[i].want, "printable: %s",
			cases[i].name);
}

static void test_json(void)
{
	autopool struct pool *pool = pool_new();

	is_text(text_json(pool, "a\n\t\x1b"), "a\n\t\x1b", "JSON: its writer escapes controls");
	is_text(text_json(pool, "\xff\n\xc3\xa4"), "\\xff\n\xc3\xa4", "JSON: no bad UTF-8");
	is_text(text_json(pool, "\xed\xa0\x80"), "\\xed\\xa0\\x80", "JSON: no surrogates");
}

static void test_quoting(void)
{
	static const struct {
		const char *text, *shell, *xml;
	} cases[] = {
		{"", "''", ""},
		{"a b", "'a b'", "a b"},
		{"it's", "'it'\\''s'", "it&apos;s"},
		{"''", "''\\'''\\'''", "&apos;&apos;"},
		{"$(x) `y` \\ \"z\"", "'$(x) `y` \\ \"z\"'", "$(x) `y` \\ &quot;z&quot;"},
		{"a&b<c>d", "'a&b<c>d'", "a&amp;b&lt;c&gt;d"},
		{"\"\"\"\"", "'\"\"\"\"'", "&quot;&quot;&quot;&quot;"},
		{"a\nb", "'a\nb'", "a\\x0ab"},
		{"\xc3\xa4", "'\xc3\xa4'", "\xc3\xa4"},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		is_text(text_shell(pool, cases[i].text), cases[i].shell, "for a shell: %s",
			cases[i].text);
		is_text(text_xml(pool, cases[i].text), cases[i].xml, "for XML: %s", cases[i].text);
	}
	is_text(text_xml(pool, "\x01\xff"), "\\x01\\xff", "XML can hold what it could not");
}

static void test_controls(void)
{
	ok(!text_has_control(""), "no control in nothing");
	ok(!text_has_control("a b~\xc3\xa4"), "no control in printable text");
	for (int c = 1; c < 0x20; c++) {
		const char text[] = {'a', (char)c, '\0'};

		ok(text_has_control(text), "0x%02x is a control", (unsigned)c);
	}
	ok(text_has_control("\x7f"), "0x7f is a control");
}

static void test_plain(void)
{
	ok(text_is_plain("", ""), "nothing is plain");
	ok(text_is_plain("azAZ09", ""), "letters and digits are plain");
	ok(!text_is_plain("a-b", ""), "a hyphen is not");
	ok(text_is_plain("a-b_", "_-"), "it is where it is allowed");
	ok(!text_is_plain("a b", "_-"), "a blank is not");
	ok(!text_is_plain("\xc3\xa4", "_-"), "nor is a letter that is not ASCII");
}

static void test_nearest(void)
{
	static const char *const words[] = {"create", "destroy", "list", "list-types", "show"};
	static const struct {
		const char *word, *want;
	} cases[] = {
		{"creat", "create"},  {"craete", "create"},
		{"create", "create"}, {"list-type", "list-types"},
		{"lst", "list"},      {"shwo", "show"},
		{"zzzzzz", NULL},     {"recover-everything", NULL},
	};
	char longest[200];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_text(text_nearest(cases[i].word, words, ARRAY_SIZE(words)), cases[i].want,
			"nearest to '%s'", cases[i].word);
	ok(!text_nearest("create", NULL, 0), "nothing is near where nothing is");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ok(!text_nearest(longest, words, ARRAY_SIZE(words)), "a very long word is near to none");
}

static void test_positions(void)
{
	static const char text[] = "ab\n\ncd\xc3\xa4z\n";
	static const struct {
		size_t at;
		int line, column;
	} cases[] = {
		{0, 1, 1}, {1, 1, 2}, {2, 1, 3}, {3, 2, 1},
		{4, 3, 1}, {6, 3, 3}, {8, 3, 5}, {sizeof(text) - 1, 4, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int line = 0, column = 0;

		text_position(text, cases[i].at, &line, &column);
		ok(line == cases[i].line && column == cases[i].column, "byte %zu is at %d:%d",
		   cases[i].at, cases[i].line, cases[i].column);
	}
}

static void test_components(void)
{
	char longest[257];

	memset(longest, 'n', sizeof(longest));
	longest[255] = '\0';
	ok(text_is_component("a"), "a letter is a component");
	ok(text_is_component("..."), "three dots are a component");
	ok(text_is_component(".hidden"), "a hidden file is a component");
	ok(text_is_component(longest), "255 bytes are a component");
	longest[255] = 'n';
	longest[256] = '\0';
	ok(!text_is_component(longest), "256 bytes are not");
	ok(!text_is_component(""), "nothing is not");
	ok(!text_is_component("."), "'.' is not");
	ok(!text_is_component(".."), "'..' is not");
	ok(!text_is_component("a/b"), "'a/b' is not");
	ok(!text_is_component("/"), "'/' is not");
	ok(!text_is_component("a/"), "'a/' is not");
}

static void test_lower(void)
{
	autopool struct pool *pool = pool_new();

	is_text(text_lower(pool, "AbZ-09@["), "abz-09@[", "lower case of ASCII");
	is_text(text_lower(pool, "\xc3\x84"), "\xc3\x84", "other letters stay");
}

int main(void)
{
	test_numbers();
	test_sizes();
	test_resolutions();
	test_printable();
	test_json();
	test_quoting();
	test_controls();
	test_plain();
	test_nearest();
	test_positions();
	test_components();
	test_lower();
	return tap_end();
}
