/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking QEMU for its properties. */
#include "mdev/qemu.h"

#include "base/child.h"

#define HELP_MAX ((size_t)1 << 20)
#define HELP_MS  20000

/* The path from the root on, since a child runs there. */
static const char *absolute(struct pool *pool, const char *path)
{
	autofree char *file = realpath(path, NULL);

	return file ? pool_strdup(pool, file) : NULL;
}

static const char *find_binary(struct pool *pool, const char *name)
{
	const char *path = getenv("PATH");
	char *rest = pool_strdup(pool, path ? path : "/usr/bin:/bin"), *dir;

	if (strchr(name, '/'))
		return absolute(pool, name);
	while ((dir = strsep(&rest, ":"))) {
		const char *file = pool_printf(pool, "%s/%s", *dir ? dir : ".", name);

		if (access(file, X_OK) == 0)
			return absolute(pool, file);
	}
	return NULL;
}

struct complaint {
	struct pool *pool;
	const char *first; /* line */
};

static void keep_first(void *data, const char *line)
{
	struct complaint *complaint = data;

	if (!complaint->first)
		complaint->first = pool_strdup(complaint->pool, line);
}

/* "  sysfsdev=<str>" */
static void take_properties(struct pool *pool, char *help, struct qemu *qemu)
{
	char *line;

	while ((line = strsep(&help, "\n"))) {
		size_t indent = strspn(line, " "), length = strcspn(line + indent, "=");

		if (indent && line[indent + length] == '=')
			*pool_push(pool, qemu->properties, qemu->n_properties) =
				pool_strndup(pool, line + indent, length);
	}
}

int qemu_ask(const char *binary, const char *driver, struct pool *pool, struct qemu *ret,
	     struct err *err)
{
	const char *path = find_binary(pool, binary);
	const char *const argv[] = {"qemu", "-nodefaults", "-device",
				    pool_printf(pool, "%s,help", driver), NULL};
	struct complaint complaint = {.pool = pool};
	const struct child child = {
		.path = path,
		.argv = argv,
		.input = "",
		.output_max = HELP_MAX,
		.time_ms = HELP_MS,
		.say = keep_first,
		.data = &complaint,
	};
	char *help;

	if (!path)
		return err_set(err, ERR_NOT_FOUND, "no program '%s'", binary);
	*ret = (struct qemu){.binary = binary, .driver = driver};
	int status = child_run(&child, pool, &help, err);
	if (status < 0)
		return -1;
	take_properties(pool, help, ret);
	if (status == 0 && qemu_has(ret, "sysfsdev"))
		return 0;
	if (status == 0)
		return err_set(err, ERR_UNSUPPORTED, "'%s' has no driver '%s'", binary, driver);
	return err_set(err, ERR_UNSUPPORTED, "'%s' does not tell what its '%s' takes: %s", binary,
		       driver,
		       complaint.first ? complaint.first
				       : pool_printf(pool, "it ends with status %d", status));
}

bool qemu_has(const struct qemu *qemu, const char *property)
{
	for (size_t i = 0; i < qemu->n_properties; i++)
		if (streq(qemu->properties[i], property))
			return true;
	return false;
}
