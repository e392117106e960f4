/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors as checks, and running without rights. */
#include "expect.h"

#include "tap.h"

#include <stdio.h>
#include <unistd.h>

#define NOBODY 65534

static void show(const struct err *err)
{
	if (err->kind == ERR_NONE)
		printf("#   got no error\n");
	else
		printf("#   got %s at %d:%d: %s\n", err_kind_name(err->kind), err->line,
		       err->column, err->message);
	fflush(stdout);
}

static bool says(const struct err *err, const char *text)
{
	if (!err->message)
		return false;
	if (*text == '~')
		return strstr(err->message, text + 1);
	return strncmp(err->message, text, strlen(text)) == 0;
}

bool is_error(struct err *err, enum err_kind kind, const char *text, const char *name)
{
	bool good = ok(err->kind == kind && says(err, text), "%s: %s, \"%s\"", name,
		       err_kind_name(kind), text);

	if (!good)
		show(err);
	err_clear(err);
	return good;
}

bool is_error_at(struct err *err, int line, int column, const char *text, const char *name)
{
	bool good = ok(err->kind == ERR_INVALID && err->line == line && err->column == column &&
			       err->file && says(err, text),
		       "%s: %d:%d, \"%s\"", name, line, column, text);

	if (!good)
		show(err);
	err_clear(err);
	return good;
}

bool is_success(int result, struct err *err, const char *name)
{
	bool good = ok(result == 0 && err->kind == ERR_NONE, "%s", name);

	if (!good)
		show(err);
	err_clear(err);
	return good;
}

bool become_ordinary(void)
{
	return geteuid() != 0 || seteuid(NOBODY) == 0;
}

void become_oneself(void)
{
	if (geteuid() != getuid() && seteuid(getuid()) < 0)
		_exit(1);
}
