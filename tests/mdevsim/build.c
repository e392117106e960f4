/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim build: a machine's tree from its description (tests/machines/README). */

#include "build.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hold.h"
#include "model.h"
#include "text.h"

/* An include that includes itself must end. */
#define DEEPEST 8

struct builder {
	struct machine *machine;
	const char *file;
	int line;
	int depth;
};

static void read_description(struct machine *machine, const char *file, int depth);

static _Noreturn void complain(const struct builder *builder, const char *problem)
{
	die("%s:%d: %s", builder->file, builder->line, problem);
}

/* The next word of a line, NULL at its end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char *end = word + strcspn(word, " \t");

	if (!*word)
		return NULL;
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* A path of the machine, with its escapes undone. */
static char *next_path(const struct builder *builder, char **rest)
{
	char *path = next_word(rest);

	if (!path)
		complain(builder, "a path is missing");
	unescape(path);
	if (path[0] != '/' || strstr(path, "/../") || !path[1])
		complain(builder, "a path must be absolute and without '..'");
	return path;
}

static mode_t parse_mode(const struct builder *builder, const char *word)
{
	char *end;
	unsigned long mode = strtoul(word, &end, 8);

	if (*end || mode > 07777)
		complain(builder, "the mode is not octal");
	return (mode_t)mode;
}

static void add_dir(const struct builder *builder, char *rest)
{
	const char *path = next_path(builder, &rest);
	const char *mode = next_word(&rest);

	tree_dir(builder->machine, path, mode ? parse_mode(builder, mode) : 0755);
}

static void add_file(const struct builder *builder, char *rest)
{
	const char *path = next_path(builder, &rest);
	char *word = next_word(&rest);
	mode_t mode = 0444;

	if (word && strcmp(word, "=") != 0) {
		mode = parse_mode(builder, word);
		word = next_word(&rest);
	}
	if (word && strcmp(word, "=") != 0)
		complain(builder, "f PATH [MODE] = TEXT");
	tree_file(builder->machine, path, mode, rest, unescape(rest));
}

static void add_link(const struct builder *builder, char *rest)
{
	const char *path = next_path(builder, &rest);
	char *target = next_word(&rest);

	if (!target)
		complain(builder, "the link's target is missing");
	unescape(target);
	tree_link(builder->machine, path, target);
}

static void add_driver(const struct builder *builder, char *rest)
{
	const char *path = next_path(builder, &rest);
	const char *model = next_word(&rest);
	const char *name = strrchr(path, '/') + 1;
	struct record *parent;

	if (!model)
		complain(builder, "driver PATH MODEL KEY=VALUE…");
	if (record_find(builder->machine->parents, name))
		complain(builder, "this parent has a driver already");
	parent = record_add(&builder->machine->parents, name);
	record_set(parent, "path", path);
	record_set(parent, "model", model);
	for (const char *word = next_word(&rest); word; word = next_word(&rest)) {
		char *equals = strchr(word, '=');

		if (!equals)
			complain(builder, "a driver takes KEY=VALUE");
		*equals = '\0';
		unescape(equals + 1);
		record_set(parent, word, equals + 1);
	}
	model_of(parent);
	parent_save(builder->machine, parent);
}

static void add_include(const struct builder *builder, char *rest)
{
	autofree char *copy = duplicate(builder->file);
	autofree char *path = NULL;
	const char *name = next_word(&rest);

	if (!name)
		complain(builder, "include what?");
	if (builder->depth >= DEEPEST)
		complain(builder, "includes are nested too deeply");
	path = *name == '/' ? duplicate(name) : format("%s/%s", dirname(copy), name);
	read_description(builder->machine, path, builder->depth + 1);
}

static void read_line(const struct builder *builder, char *line)
{
	static const struct {
		const char *word;
		void (*add)(const struct builder *builder, char *rest);
	} kinds[] = {
		{"d", add_dir},         {"f", add_file},          {"l", add_link},
		{"driver", add_driver}, {"include", add_include},
	};
	const char *kind = next_word(&line);

	if (!kind || *kind == '#')
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].word, kind) == 0) {
			kinds[i].add(builder, line);
			return;
		}
	}
	complain(builder, "a line begins with d, f, l, driver, include or #");
}

static void read_description(struct machine *machine, const char *file, int depth)
{
	struct builder builder = {.machine = machine, .file = file, .depth = depth};
	FILE *stream = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;

	if (!stream)
		die("cannot open '%s': %s", file, strerror(errno));
	while (getline(&line, &size, stream) >= 0) {
		builder.line++;
		line[strcspn(line, "\n")] = '\0';
		read_line(&builder, line);
	}
	free(line);
	fclose(stream);
}

void build(const char *description, const char *dir)
{
	struct machine machine;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		die("cannot make '%s': %s", dir, strerror(errno));
	machine = machine_open(dir);
	if (tree_exists(&machine, PRIVATE))
		die("'%s' is a machine already", dir);
	tree_dir(&machine, PRIVATE "/parents", 0755);
	tree_dir(&machine, PRIVATE "/devices", 0755);
	tree_file(&machine, PRIVATE "/journal", 0644, "", 0);
	state_lock(&machine, true);
	tree_dir(&machine, "/sys", 0755);
	tree_dir(&machine, "/etc", 0755);
	tree_dir(&machine, "/run", 0755);
	tree_file(&machine, "/dev/vfio/vfio", 0666, "", 0);
	process_base(&machine);
	read_description(&machine, description, 0);
	for (const struct record *parent = machine.parents; parent; parent = parent->next)
		model_attach(&machine, parent);
	model_show(&machine);
	machine_close(&machine);
}
