/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking what is wanted, wherever it comes from, and reading documents. */
#include "mdev/definition.h"

#include "base/file.h"
#include "base/text.h"
#include "mdev/model.h"
#include "mdev/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define NAME_LENGTH_MAX 64
#define TEXT_LENGTH_MAX (SYSFS_PAGE - 1)

static int set_name(struct definition *definition, const char *label, const char *value,
		    struct err *err)
{
	if (!isalpha((unsigned char)*value) || strlen(value) > NAME_LENGTH_MAX ||
	    !text_is_plain(value, "._-"))
		return err_set(err, ERR_INVALID,
			       "%s must be a letter and up to %d letters, digits, '.', '_' or '-', "
			       "not '%s'",
			       label, NAME_LENGTH_MAX - 1, value);
	if (uuid_is_prefix(value))
		return err_set(err, ERR_INVALID, "%s '%s' could be the beginning of a UUID", label,
			       value);
	definition->name = value;
	return 0;
}

static int set_uuid(struct definition *definition, struct pool *pool, const char *label,
		    const char *value, struct err *err)
{
	if (!uuid_is_valid(value) || uuid_is_nil(value))
		return err_set(
			err, ERR_INVALID,
			"%s must be a UUID like 2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11, not '%s'",
			label, value);
	definition->uuid = text_lower(pool, value);
	return 0;
}

static int set_group(struct definition *definition, const char *label, const char *value,
		     struct err *err)
{
	uint64_t group;

	if (!text_number(value, GROUP_MAX, &group) || group == 0)
		return err_set(err, ERR_INVALID, "%s must be a number from 1 to %u, not '%s'",
			       label, GROUP_MAX, value);
	definition->group = (uint32_t)group;
	return 0;
}

static int check_text(const char *label, const char *value, struct err *err)
{
	if (strlen(value) > TEXT_LENGTH_MAX)
		return err_set(err, ERR_INVALID, "%s is too long: %zu bytes, %d are the most",
			       label, strlen(value), TEXT_LENGTH_MAX);
	autopool struct pool *pool = pool_new();
	if (text_printable(pool, value) != value)
		return err_set(err, ERR_INVALID,
			       "%s must not hold control characters, nor bytes that are no UTF-8",
			       label);
	return 0;
}

static int set_start(struct definition *definition, const char *label, const char *value,
		     struct err *err)
{
	if (!streq(value, "auto") && !streq(value, "manual"))
		return err_set(err, ERR_INVALID, "%s must be 'auto' or 'manual', not '%s'", label,
			       value);
	definition->start = streq(value, "auto") ? START_AUTO : START_MANUAL;
	return 0;
}

/*
 * An id or a name: it is compared, never part of a path, and "I/O subchannel" is a name. What looks
 * like a path is a mistake, or worse.
 */
static int check_type(const char *label, const char *value, struct err *err)
{
	if (!*value || *value == '/' || streq(value, ".") || streq(value, "..") ||
	    strncmp(value, "../", 3) == 0 || strstr(value, "/../"))
		return err_set(err, ERR_INVALID, "%s must be a type's id or name, not '%s'", label,
			       value);
	return check_text(label, value, err);
}

int definition_set(struct definition *definition, struct pool *pool, enum definition_field field,
		   const char *label, const char *value, struct err *err)
{
	switch (field) {
	case DEFINITION_NAME:
		return set_name(definition, label, value, err);
	case DEFINITION_PARENT:
		/* may be a path under /sys, see address.h */
		if (check_text(label, value, err) < 0)
			return -1;
		definition->parent = value;
		return 0;
	case DEFINITION_TYPE:
		if (check_type(label, value, err) < 0)
			return -1;
		definition->type = value;
		return 0;
	case DEFINITION_UUID:
		return set_uuid(definition, pool, label, value, err);
	case DEFINITION_GROUP:
		return set_group(definition, label, value, err);
	case DEFINITION_PARAMS:
		if (check_text(label, value, err) < 0)
			return -1;
		definition->params = *value ? value : NULL;
		return 0;
	case DEFINITION_START:
		return set_start(definition, label, value, err);
	}
	return 0;
}

static bool is_relative_path(const char *path)
{
	const char *at = path;

	for (;;) {
		size_t length = strcspn(at, "/");

		if (!length || (length == 1 && *at == '.') ||
		    (length == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		if (!at[length])
			return true;
		at += length + 1;
	}
}

int definition_add_attribute(struct definition *definition, struct pool *pool, const char *label,
			     const char *name, const char *value, struct err *err)
{
	if (check_text(label, name, err) < 0 || check_text(label, value, err) < 0)
		return -1;
	if (!is_relative_path(name))
		return err_set(
			err, ERR_INVALID,
			"%s must name a file of the device, like 'nvidia/vgpu_params', not '%s'",
			label, name);
	if (streq(name, "remove"))
		return err_set(err, ERR_INVALID, "%s '%s' would destroy the device", label, name);
	*pool_push(pool, definition->attributes, definition->n_attributes) =
		(struct attribute){name, value};
	return 0;
}

int definition_locate(const struct definition *definition, struct err *err)
{
	if (definition->file)
		err_locate(err, definition->file, definition->line, definition->column);
	return -1;
}

void definition_remove_attribute(struct definition *definition, size_t at)
{
	definition->n_attributes--;
	memmove(definition->attributes + at, definition->attributes + at + 1,
		(definition->n_attributes - at) * sizeof(*definition->attributes));
}

int definitions_parse(const char *file, const char *text, size_t length, struct pool *pool,
		      struct definitions *ret, struct err *err)
{
	size_t mark = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* of the byte order */
	size_t start = mark ? mark : strspn(text, " \t\r\n");
	int line, column;

	if (strlen(text) < length) {
		text_position(text, strlen(text), &line, &column);
		return err_at(err, file, line, column, "a NUL byte in it");
	}
	if (text[start] == '<')
		return definitions_parse_xml(file, text, length, pool, ret, err);
	if (text[start] == '{' || text[start] == '[')
		return definitions_parse_json(file, text + mark, length - mark, pool, ret, err);
	text_position(text, start, &line, &column);
	return err_at(err, file, line, column,
		      start == length ? "it is empty" : "neither XML nor JSON");
}

static int open_document(const char *file, struct err *err)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", file);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_INVALID, "cannot read '%s': it is a directory", file);
	}
	return fd;
}

int definitions_read(const char *file, struct pool *pool, struct definitions *ret, struct err *err)
{
	bool is_stdin = streq(file, "-");
	const char *what = is_stdin ? "stdin" : file;
	autoclose int fd =
		is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open_document(file, err);
	char *text;
	size_t length;

	if (fd < 0)
		return is_stdin ? err_errno(err, errno, "cannot read stdin") : -1;
	if (file_read(fd, what, DOCUMENT_MAX, pool, &text, &length, err) < 0)
		return -1;
	return definitions_parse(what, text, length, pool, ret, err);
}
