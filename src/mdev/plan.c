/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans: printing them as shell, running them. */
#include "mdev/plan.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct step *plan_add(struct plan *plan, enum step_kind kind, const char *dir, const char *name,
		      const char *text)
{
	struct step *step = pool_push(plan->pool, plan->steps, plan->n);

	*step = (struct step){.kind = kind, .dir = dir, .name = name, .text = text};
	return step;
}

static const char *shell_path(struct pool *pool, const struct step *step)
{
	return text_shell_word(pool, pool_printf(pool, "%s/%s", step->dir, step->name));
}

/* echo(1) of some shells takes a backslash, or a dash in front, for more than what it is. */
static const char *shell_print(const char *text)
{
	return *text == '-' || strchr(text, '\\') ? "printf '%s\\n'" : "echo";
}

const char *step_shell(struct pool *pool, const struct step *step)
{
	const char *path = shell_path(pool, step);

	switch (step->kind) {
	case STEP_REQUIRE:
		return pool_printf(pool, "test \"$(cat %s)\" -gt 0", path);
	case STEP_REQUIRE_LISTED:
		return pool_printf(pool, "grep -qw %s %s",
				   text_shell(pool, pool_printf(pool, "^ *%s", step->text)), path);
	case STEP_REQUIRE_TEXT:
	case STEP_EXPECT_TEXT:
		return pool_printf(pool, "test \"$(cat %s)\" = %s", path,
				   text_shell(pool, step->text));
	case STEP_EXPECT_OTHER:
		return pool_printf(pool, "test \"$(cat %s)\" != %s", path,
				   text_shell(pool, step->text));
	case STEP_STORE:
	case STEP_CREATE:
	case STEP_FINALLY:
	case STEP_ATTRIBUTE:
	case STEP_REMOVE:
		return pool_printf(pool, "%s %s > %s", shell_print(step->text),
				   text_shell(pool, step->text), path);
	case STEP_EXPECT:
	case STEP_EXPECT_GONE:
		break;
	}
	return NULL;
}

static void print_step(const struct step *step, FILE *out)
{
	autopool struct pool *pool = pool_new();
	const char *line = step_shell(pool, step);

	if (line)
		fprintf(out, "%s\n", text_printable(pool, line));
}

void plan_lines(const struct plan *plan, struct pool *pool, const char ***lines, size_t *n)
{
	for (size_t i = 0; i < plan->n; i++) {
		const char *line = step_shell(pool, &plan->steps[i]);

		if (line)
			*pool_push(pool, *lines, *n) = text_printable(pool, line);
	}
}

static int run_require(const struct root *root, const struct step *step, struct err *err)
{
	int64_t room;
	autoclose int dir = root_openat(root, step->dir, O_PATH | O_DIRECTORY);

	if (dir < 0 || !sysfs_read_number(dir, step->name, &room))
		return err_errno(err, errno, "cannot read '%s/%s'", step->dir, step->name);
	if (room > 0)
		return 0;
	return err_set(err, ERR_NO_ROOM, "no room, %s is %lld", step->name, (long long)room);
}

/* What the step's file says; NULL with errno. */
static const char *read_text(const struct root *root, const struct step *step, struct pool *pool)
{
	autoclose int dir = root_openat(root, step->dir, O_PATH | O_DIRECTORY);

	return dir < 0 ? NULL : sysfs_read_attribute(dir, step->name, pool);
}

static bool begins_with_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	line += strspn(line, " \t");
	return strncmp(line, word, length) == 0 && strchr(" \t\r\n:", line[length]);
}

static int run_listed(const struct root *root, const struct step *step, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *text = read_text(root, step, pool);

	if (!text)
		return err_errno(err, errno, "cannot read '%s/%s'", step->dir, step->name);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (begins_with_word(line, step->text))
			return 0;
	}
	return err_set(err, ERR_NO_ROOM, "no room, '%s/%s' does not list it now", step->dir,
		       step->name);
}

static int run_expect(const struct root *root, const struct step *step, struct err *err)
{
	autoclose int dir = root_openat(root, step->dir, O_PATH | O_DIRECTORY);
	bool there = dir >= 0 && faccessat(dir, step->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (there == (step->kind == STEP_EXPECT))
		return 0;
	return err_set(err, ERR_FAILED, "the driver took it, but '%s/%s' is %s there", step->dir,
		       step->name, there ? "still" : "not");
}

static int run_text(const struct root *root, const struct step *step, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *text = read_text(root, step, pool);

	if (!text)
		return err_errno(err, errno, "cannot read '%s/%s'", step->dir, step->name);
	if (streq(text, step->text))
		return 0;
	if (step->kind == STEP_EXPECT_TEXT)
		return err_set(err, ERR_FAILED,
			       "the driver took it, but '%s/%s' says '%s', not '%s'", step->dir,
			       step->name, text, step->text);
	err_set(err, ERR_BUSY, "'%s/%s' says '%s', not '%s': somebody else has changed it",
		step->dir, step->name, text, step->text);
	err->errnum = EBUSY;
	return -1;
}

static int run_expect_other(const struct root *root, const struct step *step, struct err *err)
{
	autopool struct pool *pool = pool_new();
	const char *text = read_text(root, step, pool);

	if (!text && errno != ENOENT && errno != ENODEV)
		return err_errno(err, errno, "cannot read '%s/%s'", step->dir, step->name);
	if (!text || !streq(text, step->text))
		return 0;
	return err_set(err, ERR_FAILED, "the driver took it, but '%s/%s' still says '%s'",
		       step->dir, step->name, step->text);
}

static bool is_read_only(const struct root *root, const struct step *step)
{
	autoclose int dir = root_openat(root, step->dir, O_PATH | O_DIRECTORY);
	autoclose int fd = dir < 0 ? -1 : sysfs_open_attribute(dir, step->name, O_RDONLY);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !(st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH));
}

/* What the kernel's refusals mean in the field's words. */
static int explain(const struct root *root, const struct step *step, int errnum, struct err *err)
{
	switch (errnum) {
	case ETIMEDOUT:
		err_set(err, ERR_BUSY, "the driver has not finished it yet");
		break;
	case SYSFS_SHORT:
		err_set(err, ERR_FAILED, "'%s/%s' did not take all of '%s'", step->dir, step->name,
			step->text);
		break;
	case EFBIG:
		err_set(err, ERR_INVALID, "text for '%s/%s' is too long, %d bytes are the most",
			step->dir, step->name, SYSFS_PAGE - 1);
		break;
	default:
		err_errno(err, errnum, "cannot write '%s' to '%s/%s'", step->text, step->dir,
			  step->name);
	}
	if (step->kind == STEP_ATTRIBUTE &&
	    (errnum == ENOENT || errnum == EXDEV || errnum == ELOOP))
		err_set(err, ERR_INVALID, "the device has no attribute '%s'", step->name);
	/* root may open it all the same, and the kernel then says EIO */
	if (step->kind == STEP_ATTRIBUTE && (err->kind == ERR_DENIED || errnum == EIO) &&
	    is_read_only(root, step))
		err_set(err, ERR_DENIED, "the device's attribute '%s' is read-only", step->name);
	err->errnum = errnum;
	return -1;
}

/* Those that only look. */
static int (*const checks[])(const struct root *root, const struct step *step, struct err *err) = {
	[STEP_REQUIRE] = run_require,           [STEP_REQUIRE_LISTED] = run_listed,
	[STEP_REQUIRE_TEXT] = run_text,         [STEP_EXPECT] = run_expect,
	[STEP_EXPECT_GONE] = run_expect,        [STEP_EXPECT_TEXT] = run_text,
	[STEP_EXPECT_OTHER] = run_expect_other,
};

static int run_step(const struct step *step, struct run *run, struct err *err)
{
	if (run->trace)
		print_step(step, run->trace);
	if (step->kind < ARRAY_SIZE(checks) && checks[step->kind])
		return checks[step->kind](run->root, step, err);

	struct sysfs_wait *wait = step->kind == STEP_REMOVE ? &run->wait : NULL;
	int errnum = sysfs_store(run->root, step->dir, step->name, step->text, wait);
	if (step->kind == STEP_CREATE)
		run->made = errnum == 0 || errnum == SYSFS_SHORT;
	return errnum ? explain(run->root, step, errnum, err) : 0;
}

int plan_run(const struct plan *plan, struct run *run, struct err *err)
{
	autoerr struct err first = {0};
	size_t begun = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct step *step = &plan->steps[i];
		autoerr struct err failure = {0};
		bool failed = first.kind != ERR_NONE;

		if (failed && (step->kind != STEP_FINALLY || step->undoes >= begun))
			continue;
		if (!failed)
			begun = i + 1;
		if (run_step(step, run, &failure) == 0)
			continue;
		run->left |= step->kind == STEP_FINALLY;
		if (!failed)
			run->failed = step;
		err_keep_first(&first, &failure);
	}
	if (first.kind == ERR_NONE)
		return 0;
	err_keep_first(err, &first);
	return -1;
}
