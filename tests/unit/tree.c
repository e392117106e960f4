/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making, reading and removing temporary trees. */
#include "tree.h"

#include "mdev/sysfs.h"
#include "tap.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define TREES_MAX 512

static char *trees[TREES_MAX];
static size_t n_trees;
static pid_t maker;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		return chmod(path, (st->st_mode & 07777) | 0700);
	return 0;
}

static void remove_trees(void)
{
	if (getpid() != maker)
		return;
	for (size_t i = 0; i < n_trees; i++) {
		nftw(trees[i], open_up, 16, FTW_PHYS);
		nftw(trees[i], remove_one, 16, FTW_PHYS | FTW_DEPTH);
		free(trees[i]);
	}
}

static const char *make_tree(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	if (!n_trees) {
		maker = getpid();
		umask(022);
		atexit(remove_trees);
	}
	if (n_trees == TREES_MAX)
		errx(1, "too many trees");
	if (asprintf(&path, "%s/mdevtool-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0 ||
	    !mkdtemp(path) || chmod(path, 0755) < 0)
		err(1, "cannot make a directory below '%s'", tmp && *tmp ? tmp : "/tmp");
	trees[n_trees++] = path;
	return path;
}

static void make_directories(int top, const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdirat(top, part, 0755);
	}
}

static void make_file(int top, const char *path, const struct tree_entry *entry)
{
	const char *text = entry->text ? entry->text : "";
	size_t length = entry->length ? entry->length : strlen(text);
	autoclose int fd = openat(top, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		err(1, "cannot make '%s'", path);
}

static void make_entry(int top, const struct tree_entry *entry)
{
	char path[PATH_MAX];
	size_t last = strlen(entry->path) - 1;
	char mark = entry->path[last];

	make_directories(top, entry->path);
	if (mark == '/')
		return;
	if (mark != '@' && mark != '|') {
		make_file(top, entry->path, entry);
		return;
	}
	snprintf(path, sizeof(path), "%.*s", (int)last, entry->path);
	if ((mark == '@' ? symlinkat(entry->text, top, path) : mkfifoat(top, path, 0644)) < 0)
		err(1, "cannot make '%s'", path);
}

void tree_add(const char *tree, const struct tree_entry *entries, size_t n)
{
	autoclose int top = tree_open(tree, ".");

	for (size_t i = 0; i < n; i++)
		make_entry(top, &entries[i]);
}

const char *tree_new(const struct tree_entry *entries, size_t n)
{
	const char *tree = make_tree();

	tree_add(tree, entries, n);
	return tree;
}

bool tree_can_be_root(void)
{
	struct root root = tree_root("/");
	autoclose int fd = root_openat(&root, "/", O_PATH);
	bool can = fd >= 0 || errno != ENOSYS;

	root_close(&root);
	if (!can)
		skip("openat2(2) is not available");
	return can;
}

struct root tree_root(const char *tree)
{
	struct root root;
	struct err error = {0};

	if (root_open(tree, &root, &error) < 0)
		errx(1, "%s", error.message);
	return root;
}

int tree_open(const char *tree, const char *path)
{
	autoclose int top = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		err(1, "cannot open '%s' of '%s'", path, tree);
	return fd;
}

const char *tree_text(struct pool *pool, const char *tree, const char *path)
{
	char text[16384];
	autoclose int top = tree_open(tree, ".");
	autoclose int fd = openat(top, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text));

	return length < 0 ? NULL : pool_strndup(pool, text, (size_t)length);
}

bool tree_has(const char *tree, const char *path)
{
	autoclose int top = tree_open(tree, ".");

	return faccessat(top, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void tree_chmod(const char *tree, const char *path, unsigned mode)
{
	autoclose int top = tree_open(tree, ".");

	if (fchmodat(top, path, mode, 0) < 0)
		err(1, "cannot chmod '%s'", path);
}
