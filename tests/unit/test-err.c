/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: filling, wrapping, and what errno values mean. */
#include "base/err.h"
#include "tap.h"

#include <errno.h>

static void test_fill(void)
{
	autoerr struct err err = {0};

	is_number(err_set(&err, ERR_BUSY, "a %d", 1), -1, "err_set returns -1");
	is_number(err.kind, ERR_BUSY, "it keeps the kind");
	is_text(err.message, "a 1", "and the message");
	ok(!err.hint && !err.file && !err.line && !err.column && !err.errnum, "and nothing else");

	err_hint(&err, "h");
	err_locate(&err, "f", 3, 4);
	err_set(&err, ERR_EXISTS, "b");
	ok(!err.hint && !err.file && !err.line, "filling again forgets hint and place");

	is_number(err_errno(&err, ENOENT, "cannot open '%s'", "x"), -1, "err_errno returns -1");
	is_text(err.message, "cannot open 'x': No such file or directory", "errno's text follows");
	is_number(err.kind, ERR_NOT_FOUND, "errno's kind");
	is_number(err.errnum, ENOENT, "errno itself");

	err_clear(&err);
	ok(err.kind == ERR_NONE && !err.message && !err.errnum, "a cleared error is none");
	err_clear(&err);
}

static void test_places(void)
{
	autoerr struct err err = {0};

	is_number(err_at(&err, "f.xml", 3, 14, "bad <%s>", "x"), -1, "err_at returns -1");
	is_number(err.kind, ERR_INVALID, "a place means invalid");
	is_text(err.file, "f.xml", "its file");
	ok(err.line == 3 && err.column == 14, "its line and column");
	is_number(err_locate(&err, "g.xml", 1, 2), -1, "err_locate returns -1");
	ok(strcmp(err.file, "f.xml") == 0 && err.line == 3, "the first place stays");
	err_set(&err, ERR_NO_ROOM, "x");
	err_locate(&err, "g.xml", 1, 2);
	ok(strcmp(err.file, "g.xml") == 0 && err.line == 1 && err.column == 2,
	   "a place comes to an error without one");
	is_number(err.kind, ERR_NO_ROOM, "which keeps its kind");
}

static void test_texts(void)
{
	autoerr struct err err = {0};

	err_set(&err, ERR_FAILED, "why");
	is_number(err_wrap(&err, "cannot '%s'", "x"), -1, "err_wrap returns -1");
	is_text(err.message, "cannot 'x': why", "wrapped");
	is_number(err_append(&err, " (PID %d)", 7), -1, "err_append returns -1");
	is_text(err.message, "cannot 'x': why (PID 7)", "appended");
	err_append(&err, "; %s", err.message);
	is_text(err.message, "cannot 'x': why (PID 7); cannot 'x': why (PID 7)",
		"appended from itself");
	err_set(&err, ERR_FAILED, "%s", err.message);
	is_text(err.message, "cannot 'x': why (PID 7); cannot 'x': why (PID 7)",
		"filled from itself");
	err_set(&err, ERR_FAILED, "why");
	err_wrap(&err, "not %s", err.message);
	is_text(err.message, "not why: why", "wrapped with itself");

	is_number(err_hint(&err, "try %s", "a"), -1, "err_hint returns -1");
	is_text(err.hint, "try a", "a hint");
	err_hint(&err, "%s or b", err.hint);
	is_text(err.hint, "try a or b", "a hint made from the one before");
	err_hint(&err, "c");
	is_text(err.hint, "c", "a hint replaced");
	err_rephrase(&err, "instead of '%s'", err.message);
	is_text(err.hint, "c", "with another message the hint stays");
	ok(strncmp(err.message, "instead of '", 12) == 0, "the message is another: %s",
	   err.message);
	is_number(err.kind, ERR_FAILED, "none of this changes the kind");
}

static void test_keep_first(void)
{
	autoerr struct err first = {0};
	autoerr struct err second = {0};

	err_keep_first(&first, &second);
	ok(first.kind == ERR_NONE && second.kind == ERR_NONE, "none and none are none");
	err_set(&second, ERR_BUSY, "one");
	err_hint(&second, "h");
	err_keep_first(&first, &second);
	is_text(first.message, "one", "the first error is moved");
	is_text(first.hint, "h", "with its hint");
	ok(second.kind == ERR_NONE && !second.message, "and nothing stays behind");
	err_set(&second, ERR_EXISTS, "two");
	err_keep_first(&first, &second);
	is_text(first.message, "one", "the second is dropped");
	ok(second.kind == ERR_NONE && !second.message, "and cleared");
}

static void test_kinds(void)
{
	static const struct {
		int errnum;
		enum err_kind kind;
	} cases[] = {
		{ENOENT, ERR_NOT_FOUND},     {ENODEV, ERR_NOT_FOUND},
		{EEXIST, ERR_EXISTS},        {ENOSPC, ERR_NO_ROOM},
		{EUSERS, ERR_NO_ROOM},       {EBUSY, ERR_BUSY},
		{EAGAIN, ERR_BUSY},          {EADDRINUSE, ERR_BUSY},
		{EACCES, ERR_DENIED},        {EPERM, ERR_DENIED},
		{EROFS, ERR_DENIED},         {EINVAL, ERR_INVALID},
		{EADDRNOTAVAIL, ERR_DENIED}, {EISDIR, ERR_INVALID},
		{ELOOP, ERR_INVALID},        {ENOSYS, ERR_UNSUPPORTED},
		{ENAMETOOLONG, ERR_INVALID}, {EIO, ERR_FAILED},
		{ENOMEM, ERR_FAILED},        {0, ERR_FAILED},
		{12345, ERR_FAILED},
	};
	static const struct {
		int kind;
		const char *name;
	} names[] = {
		{1, "failed"}, {2, "usage"},  {3, "not-found"}, {4, "exists"},      {5, "no-room"},
		{6, "busy"},   {7, "denied"}, {8, "invalid"},   {9, "unsupported"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_number(err_kind_of_errno(cases[i].errnum), cases[i].kind, "the kind of errno %d",
			  cases[i].errnum);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		is_text(err_kind_name((enum err_kind)names[i].kind), names[i].name,
			"the word for status %d", names[i].kind);
}

int main(void)
{
	test_fill();
	test_places();
	test_texts();
	test_keep_first();
	test_kinds();
	return tap_end();
}
