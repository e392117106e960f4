/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: filling, wrapping, and the kinds that errno values stand for. */
#include "base/err.h"

#include <errno.h>
#include <obstack.h>
#include <stdarg.h>
#include <stdio.h>

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		obstack_alloc_failed_handler();
	return text;
}

#define FORMAT(text, format)                        \
	do {                                        \
		va_list args;                       \
		va_start(args, format);             \
		(text) = format_text(format, args); \
		va_end(args);                       \
	} while (0)

static char *join(const char *a, const char *between, const char *b)
{
	char *text;

	if (asprintf(&text, "%s%s%s", a, between, b) < 0)
		obstack_alloc_failed_handler();
	return text;
}

void err_clear(struct err *err)
{
	free(err->message);
	free(err->hint);
	free(err->file);
	*err = (struct err){0};
}

static int fill(struct err *err, enum err_kind kind, char *message)
{
	err_clear(err);
	err->kind = kind;
	err->message = message;
	return -1;
}

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	char *message;

	FORMAT(message, format);
	return fill(err, kind, message);
}

int err_errno(struct err *err, int errnum, const char *format, ...)
{
	char *what;

	FORMAT(what, format);
	fill(err, err_kind_of_errno(errnum), join(what, ": ", strerror(errnum)));
	err->errnum = errnum;
	free(what);
	return -1;
}

int err_at(struct err *err, const char *file, int line, int column, const char *format, ...)
{
	char *message;

	FORMAT(message, format);
	fill(err, ERR_INVALID, message);
	return err_locate(err, file, line, column);
}

int err_locate(struct err *err, const char *file, int line, int column)
{
	if (err->file)
		return -1;
	err->file = join(file, "", "");
	err->line = line;
	err->column = column;
	return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char *what, *cause = err->message;

	FORMAT(what, format);
	err->message = join(what, ": ", cause);
	free(what);
	free(cause);
	return -1;
}

int err_rephrase(struct err *err, const char *format, ...)
{
	char *message;

	FORMAT(message, format);
	free(err->message);
	err->message = message;
	return -1;
}

int err_append(struct err *err, const char *format, ...)
{
	char *more, *before = err->message;

	FORMAT(more, format);
	err->message = join(before, "", more);
	free(more);
	free(before);
	return -1;
}

int err_hint(struct err *err, const char *format, ...)
{
	char *hint;

	FORMAT(hint, format);
	free(err->hint);
	err->hint = hint;
	return -1;
}

void err_keep_first(struct err *to, struct err *from)
{
	if (to->kind != ERR_NONE) {
		err_clear(from);
		return;
	}
	*to = *from;
	*from = (struct err){0};
}

static const struct {
	int errnum;
	enum err_kind kind;
} errno_kinds[] = {
	{ENOENT, ERR_NOT_FOUND},     {ENODEV, ERR_NOT_FOUND},
	{ENXIO, ERR_NOT_FOUND},      {EEXIST, ERR_EXISTS},
	{ENOSPC, ERR_NO_ROOM},       {EUSERS, ERR_NO_ROOM},
	{EBUSY, ERR_BUSY},           {EAGAIN, ERR_BUSY},
	{EADDRINUSE, ERR_BUSY},      {EACCES, ERR_DENIED},
	{EPERM, ERR_DENIED},         {EROFS, ERR_DENIED},
	{EADDRNOTAVAIL, ERR_DENIED}, {EINVAL, ERR_INVALID},
	{ELOOP, ERR_INVALID},        {ENAMETOOLONG, ERR_INVALID},
	{ENOTDIR, ERR_INVALID},      {EISDIR, ERR_INVALID},
	{ERANGE, ERR_INVALID},       {EOPNOTSUPP, ERR_UNSUPPORTED},
	{ENOSYS, ERR_UNSUPPORTED},
};

enum err_kind err_kind_of_errno(int errnum)
{
	for (size_t i = 0; i < ARRAY_SIZE(errno_kinds); i++)
		if (errno_kinds[i].errnum == errnum)
			return errno_kinds[i].kind;
	return ERR_FAILED;
}

static const char *const kind_names[] = {
	[ERR_NONE] = "none",       [ERR_FAILED] = "failed",
	[ERR_USAGE] = "usage",     [ERR_NOT_FOUND] = "not-found",
	[ERR_EXISTS] = "exists",   [ERR_NO_ROOM] = "no-room",
	[ERR_BUSY] = "busy",       [ERR_DENIED] = "denied",
	[ERR_INVALID] = "invalid", [ERR_UNSUPPORTED] = "unsupported",
};

const char *err_kind_name(enum err_kind kind)
{
	return kind_names[kind];
}
