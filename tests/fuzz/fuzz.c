/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "tree.h"

#include <err.h>
#include <fcntl.h>
#include <jansson.h>

_Noreturn void fuzz_finding(const char *file, int line, const char *what)
{
	/* stderr may be a stream of the target's */
	dprintf(STDERR_FILENO, "%s:%d: this does not hold: %s\n", file, line, what);
	abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		errx(1, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

char *parts_next(struct parts *parts, struct pool *pool, size_t *length)
{
	const uint8_t *end = parts->at < parts->end
				     ? memchr(parts->at, 0xff, (size_t)(parts->end - parts->at))
				     : NULL;
	const uint8_t *begin = parts->at;

	if (begin >= parts->end) {
		*length = 0;
		return pool_strdup(pool, "");
	}
	if (!end)
		end = parts->end;
	parts->at = end + 1;
	*length = (size_t)(end - begin);
	return pool_strndup(pool, (const char *)begin, *length);
}

void must_be_error(const struct err *err)
{
	MUST(err->kind != ERR_NONE);
	MUST(err->message && *err->message);
	MUST(!err->hint || *err->hint);
	MUST(!err->line == !err->column);
}

void must_be_printable(const char *text, size_t length, const char *but)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f)
			MUST(c == '\n' || (c && strchr(but, c)));
	}
}

void must_be_json(const char *text, size_t length)
{
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

	MUST(json_is_object(json));
	json_decref(json);
}

static char stream_text[1 << 20];
static FILE *stream;

FILE *fuzz_stream(void)
{
	if (!stream)
		stream = fmemopen(stream_text, sizeof(stream_text), "w");
	if (!stream)
		err(1, "cannot open a stream");
	rewind(stream);
	return stream;
}

const char *fuzz_stream_end(size_t *length)
{
	long end = ftell(stream);

	MUST(fflush(stream) == 0 && end >= 0);
	*length = (size_t)end;
	return stream_text;
}

void fuzz_tree_new(struct fuzz_tree *tree, const struct tree_entry *entries, size_t n)
{
	*tree = (struct fuzz_tree){
		.path = tree_new(entries, n),
		.files = calloc(n, sizeof(*tree->files)),
		.entries = entries,
	};
	autoclose int top = open(tree->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < n; i++) {
		if (strpbrk(entries[i].path, "@|") ||
		    entries[i].path[strlen(entries[i].path) - 1] == '/')
			continue;
		tree->files[i].fd = openat(top, entries[i].path, O_WRONLY | O_CLOEXEC);
		if (tree->files[i].fd < 0)
			err(1, "cannot open '%s'", entries[i].path);
	}
}

void fuzz_tree_set(const struct fuzz_tree *tree, size_t file, const char *text, size_t length)
{
	struct fuzz_file *to = &tree->files[file];

	/* most inputs differ from the one before in one file only */
	if (to->known && to->length == length && memcmp(to->text, text, length) == 0)
		return;
	to->known = length <= sizeof(to->text);
	if (to->known) {
		to->length = length;
		memcpy(to->text, text, length);
	}
	if (ftruncate(to->fd, (off_t)length) < 0 ||
	    pwrite(to->fd, text, length, 0) != (ssize_t)length)
		err(1, "cannot write '%s'", tree->entries[file].path);
}
