/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door: nothing leads out of the root, nothing blocks, one store is one write. */
#include "mdev/sysfs.h"
#include "base/file.h"
#include "expect.h"
#include "tap.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void test_root(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = "file", .text = "f"}}));
	autopool struct pool *pool = pool_new();
	autoerr struct err err = {0};
	struct root root;

	is_success(root_open(NULL, &root, &err), &err, "the machine itself is a root");
	ok(root_exists(&root, "/proc/self/stat"), "with its own files");
	ok(!root_exists(&root, "/no/such/file"), "and no others");
	root_close(&root);

	is_number(root_open(pool_printf(pool, "%s/no", tree), &root, &err), -1, "a missing root");
	is_error(&err, ERR_NOT_FOUND, "cannot use '", "is refused");
	is_number(root_open(pool_printf(pool, "%s/file", tree), &root, &err), -1, "a file");
	is_error(&err, ERR_INVALID, "cannot use '", "is refused");
}

static void test_root_owner(void)
{
	const char *tree = tree_new(NULL, 0);
	autoerr struct err err = {0};
	struct root root;
	bool superuser = geteuid() == 0;

	for (unsigned mode = 0775; mode; mode = mode == 0775 ? 0757 : 0) {
		tree_chmod(tree, ".", mode);
		if (superuser) {
			is_number(root_open(tree, &root, &err), -1, "a root of mode %o", mode);
			is_error(&err, ERR_DENIED, "cannot use '", "is refused to root");
		} else {
			is_success(root_open(tree, &root, &err), &err, "anybody's own root");
			root_close(&root);
		}
	}
	tree_chmod(tree, ".", 01777);
	if (superuser) {
		is_number(root_open(tree, &root, &err), -1, "a sticky root that all may write to");
		is_error(&err, ERR_DENIED, "cannot use '", "is refused to root as well");
	}
	tree_chmod(tree, ".", 0755);
	if (!superuser || chown(tree, 65534, 65534) < 0) {
		skip("needs root");
		return;
	}
	is_number(root_open(tree, &root, &err), -1, "somebody else's root");
	is_error(&err, ERR_DENIED, "cannot use '", "is refused to root");
}

/* A file outside the root whose name and content no test may ever see. */
static const char *make_outside(void)
{
	return TREE_NEW(((const struct tree_entry[]){{.path = "secret", .text = "secret\n"}}));
}

static void test_no_escape(void)
{
	autopool struct pool *pool = pool_new();
	const char *outside = make_outside();
	const char *secret = pool_printf(pool, "%s/secret", outside);
	const char *climb = pool_printf(pool, "../../../../../../../../..%s", secret);
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "sys/a/absolute@", .text = secret},
		{.path = "sys/a/relative@", .text = climb},
		{.path = "sys/a/directory@", .text = outside},
		{.path = "sys/a/inside@", .text = "/sys/b/file"},
		{.path = "sys/a/near@", .text = "../b/file"},
		{.path = "sys/a/loop@", .text = "loop"},
		{.path = "sys/b/file", .text = "inside\n"},
	}));
	static const struct {
		const char *path;
		bool found;
	} cases[] = {
		{"/sys/a/absolute", false},
		{"/sys/a/relative", false},
		{"/sys/a/directory/secret", false},
		{"/sys/a/loop", false},
		{"/sys/a/inside", true},
		{"/sys/a/near", true},
		{"/../../../../sys/b/file", true},
	};
	struct root root = tree_root(tree);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[16] = "";
		autoclose int fd = root_openat(&root, cases[i].path, O_RDONLY);

		ok((fd >= 0) == cases[i].found &&
			   root_exists(&root, cases[i].path) == cases[i].found,
		   "'%s' %s", cases[i].path, cases[i].found ? "is found inside" : "leads nowhere");
		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
			is_text(text, "inside\n", "and it is the root's own file");
	}
	ok(!root_exists(&root, secret), "a path outside is looked for inside");
	is_number(sysfs_store(&root, "/sys/a/directory", "secret", "x", NULL), ENOENT,
		  "no store through a directory's link out of the root");
	is_number(sysfs_store(&root, "/sys/a", "absolute", "x", NULL), ELOOP,
		  "nor through a file's");
	is_text(tree_text(pool, outside, "secret"), "secret\n", "what is outside stays as it is");
	root_close(&root);
}

static void test_mkdir(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "file", .text = ""},
		{.path = "there/"},
		{.path = "out@", .text = "/"},
	}));
	struct root root = tree_root(tree);

	is_number(root_mkdir(&root, "/there"), 0, "a directory that is there");
	is_number(root_mkdir(&root, "/run/a/b/c"), 0, "one with its parents");
	ok(tree_has(tree, "run/a/b/c"), "is made");
	is_number(root_mkdir(&root, "/out/new"), 0, "one below a link to '/'");
	ok(tree_has(tree, "new"), "is made inside the root");
	is_number(root_mkdir(&root, "/file/x/y"), -1, "one below a file is not");
	root_close(&root);
}

static void test_links(void)
{
	autopool struct pool *pool = pool_new();
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "driver@", .text = "../../bus/pci/drivers/nvidia"},
		{.path = "plain@", .text = "nvidia"},
		{.path = "file", .text = "x"},
	}));
	autoclose int dir = tree_open(tree, ".");

	is_text(sysfs_link(dir, "driver", pool), "../../bus/pci/drivers/nvidia", "a target");
	is_text(sysfs_link_name(dir, "driver", pool), "nvidia", "its last component");
	is_text(sysfs_link_name(dir, "plain", pool), "nvidia", "of a plain one too");
	ok(!sysfs_link(dir, "file", pool) && errno == EINVAL, "a file is no link");
	ok(!sysfs_link_name(dir, "no", pool) && errno == ENOENT, "what is missing is no link");
}

static void test_resolve(void)
{
	static const struct {
		const char *dir, *link, *want;
	} cases[] = {
		{"/sys/a/b", "../c", "/sys/a/c"},
		{"/sys/a/b", "c", "/sys/a/b/c"},
		{"/sys/a/b", "./c//d/", "/sys/a/b/c/d"},
		{"/sys/a/b", "/x/y", "/x/y"},
		{"/sys/a", "../../../../x", "/x"},
		{"/sys/a", "..", "/sys"},
		{"/sys", "..", ""},
		{"/sys/a", "", "/sys/a"},
		{"/sys/a", "..b/...", "/sys/a/..b/..."},
		{"/sys/bus/mdev/devices", "../../../devices/virtual/mtty/mtty/U",
		 "/sys/devices/virtual/mtty/mtty/U"},
	};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_text(sysfs_resolve(pool, cases[i].dir, cases[i].link), cases[i].want,
			"'%s' of '%s'", cases[i].link, cases[i].dir);
}

/* `n` letters and then `end`. */
static const char *letters(struct pool *pool, size_t n, const char *end)
{
	char *text = pool_alloc(pool, n + strlen(end) + 1);

	memset(text, 'x', n);
	strcpy(text + n, end);
	return text;
}

static void test_read(void)
{
	autopool struct pool *pool = pool_new();
	const char *page = letters(pool, SYSFS_PAGE, "");
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "text", .text = "GRID M60-0B\n"},
		{.path = "bare", .text = "bare"},
		{.path = "newlines", .text = "a\nb\n\n\n"},
		{.path = "blank", .text = " \n"},
		{.path = "empty", .text = ""},
		{.path = "nul", .text = "a\0b\n", .length = 4},
		{.path = "page", .text = page},
		{.path = "more", .text = letters(pool, SYSFS_PAGE + 1, "")},
		{.path = "much", .text = letters(pool, 10000, "\n")},
		{.path = "link@", .text = "text"},
		{.path = "dangling@", .text = "nowhere"},
		{.path = "directory/"},
		{.path = "fifo|"},
	}));
	static const struct {
		const char *name, *text;
	} good[] = {
		{"text", "GRID M60-0B"}, {"bare", "bare"}, {"newlines", "a\nb"},
		{"blank", " "},          {"empty", ""},    {"nul", "a"},
	};
	static const struct {
		const char *name;
		int errnum;
	} bad[] = {
		{"more", EFBIG},     {"much", EFBIG},       {"link", ELOOP},     {"no", ENOENT},
		{"dangling", ELOOP}, {"directory", EISDIR}, {"text/x", ENOTDIR},
	};
	autoclose int dir = tree_open(tree, ".");

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		is_text(sysfs_read(dir, good[i].name, pool), good[i].text, "reading '%s'",
			good[i].name);
	is_text(sysfs_read(dir, "page", pool), page, "a page is read");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		ok(!sysfs_read(dir, bad[i].name, pool) && errno == bad[i].errnum,
		   "reading '%s' fails: %s", bad[i].name, strerror(bad[i].errnum));
	}
	alarm(10);
	sysfs_read(dir, "fifo", pool);
	ok(true, "a FIFO without a writer does not block");
	autoclose int writer = openat(dir, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ok(!sysfs_read(dir, "fifo", pool), "nor one with a silent writer");
	alarm(0);
}

static void test_numbers(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "16", .text = "16\n"},
		{.path = "0", .text = "0"},
		{.path = "-1", .text = "-1\n"},
		{.path = "blank", .text = " 1\n"},
		{.path = "empty", .text = "\n"},
		{.path = "word", .text = "many\n"},
		{.path = "hex", .text = "0x10\n"},
		{.path = "most", .text = "9223372036854775807\n"},
		{.path = "over", .text = "9223372036854775808\n"},
	}));
	static const struct {
		const char *name;
		bool good;
		int64_t number;
	} cases[] = {
		{"16", true, 16},    {"0", true, 0},
		{"-1", false, 0},    {"blank", false, 0},
		{"empty", false, 0}, {"word", false, 0},
		{"hex", false, 0},   {"most", true, INT64_MAX},
		{"over", false, 0},
	};
	autoclose int dir = tree_open(tree, ".");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t number = 0;
		bool good = sysfs_read_number(dir, cases[i].name, &number);

		ok(good == cases[i].good && number == cases[i].number && (good || errno == EINVAL),
		   "'%s' is %s number", cases[i].name, cases[i].good ? "a" : "no");
	}
	int64_t number;
	ok(!sysfs_read_number(dir, "no", &number) && errno == ENOENT, "a missing file is ENOENT");
}

static void test_entries(void)
{
	static const char *const order[] = {"nvidia-2", "nvidia-10", "nvidia-11", "nvidia-100",
					    "nvidia-a"};
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "d/nvidia-100", .text = ""},
		{.path = "d/nvidia-a/"},
		{.path = "d/nvidia-11@", .text = "x"},
		{.path = "d/.hidden", .text = ""},
		{.path = "d/nvidia-2", .text = ""},
		{.path = "d/nvidia-10|"},
		{.path = "empty/"},
	}));
	autopool struct pool *pool = pool_new();
	struct entries entries = {0};
	struct root root = tree_root(tree);

	is_number(root_list(&root, "/d", pool, &entries), 0, "a directory is listed");
	is_number((long long)entries.n, ARRAY_SIZE(order), "without hidden files");
	for (size_t i = 0; i < entries.n && i < ARRAY_SIZE(order); i++)
		is_text(entries.list[i].name, order[i], "entry %zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		ok(entries_find(&entries, order[i]), "'%s' is found among them", order[i]);
	ok(!entries_find(&entries, "nvidia-1"), "another is not");
	const struct entry *found = entries_find(&entries, "nvidia-a");
	ok(found && (found->type == DT_DIR || found->type == DT_UNKNOWN), "a directory is one");
	found = entries_find(&entries, "nvidia-11");
	ok(found && (found->type == DT_LNK || found->type == DT_UNKNOWN), "a link is one");

	is_number(root_list(&root, "/empty", pool, &entries), 0, "an empty one is listed");
	ok(entries.n == 0 && !entries_find(&entries, "x"), "as nothing");
	ok(root_list(&root, "/no", pool, &entries) < 0 && errno == ENOENT, "a missing one is not");
	ok(root_list(&root, "/d/nvidia-2", pool, &entries) < 0 && errno == ENOTDIR, "nor a file");
	root_close(&root);
}

static void test_many_entries(void)
{
	const char *tree = tree_new(NULL, 0);
	autopool struct pool *pool = pool_new();
	struct entries entries = {0};
	autoclose int dir = tree_open(tree, ".");
	int wrong = 0;

	for (int i = 0; i < 2000; i++)
		mkdirat(dir, pool_printf(pool, "directory-%d", i), 0755);
	autoclose int again = tree_open(tree, ".");
	is_number(dir_list(again, pool, &entries), 0, "a large directory");
	is_number((long long)entries.n, 2000, "has all its entries");
	for (size_t i = 0; i < entries.n; i++)
		wrong += !streq(entries.list[i].name, pool_printf(pool, "directory-%zu", i));
	is_number(wrong, 0, "in order");
}

static const struct tree_entry attribute_tree[] = {
	{.path = "dev/plain", .text = ""},         {.path = "dev/nvidia/vgpu_params", .text = ""},
	{.path = "dev/link@", .text = "plain"},    {.path = "dev/sub@", .text = "nvidia"},
	{.path = "dev/up@", .text = "../outside"}, {.path = "dev/absolute@", .text = "/outside"},
	{.path = "outside", .text = "kept"},
};

/* `dir` is the directory "dev" of that tree. */
static void check_attribute_names(const struct root *root, const char *dir)
{
	static const struct {
		const char *name;
		int errnum;
	} cases[] = {
		{"plain", 0},
		{"nvidia/vgpu_params", 0},
		{"no", ENOENT},
		{"nvidia/no", ENOENT},
		{"", ENOENT},
		{"..", EXDEV},
		{"../outside", EXDEV},
		{"nvidia/../../outside", EXDEV},
		{"/outside", EXDEV},
		{"link", ELOOP},
		{"sub/vgpu_params", ELOOP},
		{"up", ELOOP},
		{"absolute", ELOOP},
		{"nvidia", EISDIR},
		{"plain/x", ENOTDIR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		is_number(sysfs_store(root, dir, cases[i].name, "text", NULL), cases[i].errnum,
			  "a store into '%s'", cases[i].name);
}

static void test_attribute_names(void)
{
	const char *tree = TREE_NEW(attribute_tree);
	autopool struct pool *pool = pool_new();
	struct root root = tree_root(tree);

	check_attribute_names(&root, "/dev");
	is_text(tree_text(pool, tree, "outside"), "kept", "nothing above the directory changed");
	is_text(tree_text(pool, tree, "dev/plain"), "text\n", "the text and a newline");
	is_text(tree_text(pool, tree, "dev/nvidia/vgpu_params"), "text\n", "below it too");
	is_number(sysfs_store(&root, "/no", "plain", "x", NULL), ENOENT, "no such directory");
	is_number(sysfs_store(&root, "/dev/plain", "x", "x", NULL), ENOTDIR, "a file for one");
	is_number(sysfs_store(&root, "/dev", "new", "x", NULL), ENOENT, "a store");
	ok(!tree_has(tree, "dev/new"), "makes no file");
	root_close(&root);
}

static void test_store_sizes(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = "d/f", .text = ""}}));
	autopool struct pool *pool = pool_new();
	struct root root = tree_root(tree);

	is_number(sysfs_store(&root, "/d", "f", letters(pool, SYSFS_PAGE, ""), NULL), EFBIG,
		  "a page and its newline are too much");
	is_text(tree_text(pool, tree, "d/f"), "", "nothing of it was stored");
	is_number(sysfs_store(&root, "/d", "f", "", NULL), 0, "the empty string");
	is_text(tree_text(pool, tree, "d/f"), "\n", "is a newline");
	is_number(sysfs_store(&root, "/d", "f", letters(pool, SYSFS_PAGE - 1, ""), NULL), 0,
		  "a page with its newline fits");
	is_text(tree_text(pool, tree, "d/f"), letters(pool, SYSFS_PAGE - 1, "\n"), "as it is");
	root_close(&root);
}

/*
 * A pipe of one page takes a short write as a whole or not at all. Where there is room for the text
 * but not for its newline, a store that wrote them one by one would leave the text there.
 */
static void test_one_write(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = "d/fifo|"}}));
	struct root root = tree_root(tree);
	autoclose int dir = tree_open(tree, "d");
	autoclose int reader = openat(dir, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	autoclose int writer = openat(dir, "fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	char filling[SYSFS_PAGE] = "";
	int held = 0;

	if (fcntl(writer, F_SETPIPE_SZ, SYSFS_PAGE) != SYSFS_PAGE) {
		skip("no pipe of one page here");
		return;
	}
	is_number(write(writer, filling, SYSFS_PAGE - 10), SYSFS_PAGE - 10, "room for ten bytes");
	is_number(sysfs_store(&root, "/d", "fifo", "0123456789", NULL), EAGAIN, "is too small");
	ioctl(reader, FIONREAD, &held);
	is_number(held, SYSFS_PAGE - 10, "and got nothing, so text and newline are one write");
	is_number(sysfs_store(&root, "/d", "fifo", "012345678", NULL), 0, "one byte less fits");
	ioctl(reader, FIONREAD, &held);
	is_number(held, SYSFS_PAGE, "with its newline");
	root_close(&root);
}

static int store_limited(const struct root *root, rlim_t limit, struct sysfs_wait *wait)
{
	struct rlimit before, now;

	getrlimit(RLIMIT_FSIZE, &before);
	now = (struct rlimit){limit, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &now);
	int errnum = sysfs_store(root, "/d", "f", "0123456789", wait);
	setrlimit(RLIMIT_FSIZE, &before);
	return errnum;
}

/* The file system takes a part of the text, or nothing. */
static void test_short_write(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = "d/f", .text = ""}}));
	struct root root = tree_root(tree);

	signal(SIGXFSZ, SIG_IGN);
	for (int child = 0; child <= 1; child++) {
		struct sysfs_wait bounded = {.ms = 20000};
		struct sysfs_wait *wait = child ? &bounded : NULL;
		const char *who = child ? "a child" : "the process";

		is_number(store_limited(&root, 4, wait), SYSFS_SHORT,
			  "a short write of %s is a failure and not repeated", who);
		is_number(store_limited(&root, 0, wait), EFBIG, "a refusal of %s is passed on",
			  who);
	}
	root_close(&root);
}

static void test_bounded_store(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){
		{.path = "d/f", .text = ""},
		{.path = "d/fifo|"},
	}));
	autopool struct pool *pool = pool_new();
	struct root root = tree_root(tree);
	struct sysfs_wait wait = {.ms = 20000};

	is_number(sysfs_store(&root, "/d", "f", "1", &wait), 0, "a store by a child");
	is_text(tree_text(pool, tree, "d/f"), "1\n", "arrives");
	is_number(sysfs_store(&root, "/d", "no", "1", &wait), ENOENT, "a missing file");
	alarm(10);
	is_number(sysfs_store(&root, "/d", "fifo", "1", NULL), ENXIO,
		  "a FIFO that nobody reads does not block");
	is_number(sysfs_store(&root, "/d", "fifo", "1", &wait), ENXIO, "nor in a child");
	alarm(0);
	root_close(&root);
}

#define BLOCKING_LENGTH 3333

/* From here on no write(2) of that length returns until the descriptor is closed. */
static int block_writes(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
							   + 4
#endif
			 ),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BLOCKING_LENGTH, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

/* A driver that takes its time: the write goes nowhere and does not come back. */
static void test_blocking_store(void)
{
	const char *tree = TREE_NEW(((const struct tree_entry[]){{.path = "d/f", .text = ""}}));
	autopool struct pool *pool = pool_new();
	const char *text = letters(pool, BLOCKING_LENGTH - 1, "");
	struct root root = tree_root(tree);
	autoclose int listener = block_writes();

	if (listener < 0) {
		skip("seccomp notification is not available");
		root_close(&root);
		return;
	}
	for (int wait_ms = 0; wait_ms <= 200; wait_ms += 200) {
		struct sysfs_wait wait = {.ms = wait_ms};
		long long begun = file_now_ms();

		is_number(sysfs_store(&root, "/d", "f", text, &wait), ETIMEDOUT,
			  "a driver that takes longer than %d ms", wait_ms);
		long long took = file_now_ms() - begun;
		ok(took >= wait_ms && took < 10000, "is waited for that long");
		while (!sysfs_is_writing(wait.writer) && file_now_ms() < begun + 10000)
			file_sleep_ms(1); /* it may not have come to that yet */
		ok(sysfs_is_writing(wait.writer), "and known to be at it");
		kill(wait.writer, SIGKILL);
		siginfo_t info;
		waitid(P_PID, (id_t)wait.writer, &info, WEXITED | WNOWAIT);
		ok(!sysfs_is_writing(wait.writer), "until it has ended, reaped or not");
		waitpid(wait.writer, NULL, 0);
		ok(!sysfs_is_writing(wait.writer), "and is gone");
	}
	is_text(tree_text(pool, tree, "d/f"), "", "the write is still under way");
	root_close(&root);
}

/* As systemd has it for units with RestrictSUIDSGID=: from here on there is no openat2(2). */
static bool deny_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static void test_without_openat2(void)
{
	const char *tree = TREE_NEW(attribute_tree);
	autopool struct pool *pool = pool_new();
	const char *dir = pool_printf(pool, "%s/dev", tree);
	const struct root machine = {.fd = -1};

	if (!deny_openat2()) {
		skip("seccomp is not available");
		return;
	}
	check_attribute_names(&machine, dir);
	is_text(tree_text(pool, tree, "outside"), "kept", "nothing above the directory changed");
	is_text(tree_text(pool, tree, "dev/nvidia/vgpu_params"), "text\n", "what is below it has");
}

int main(void)
{
	test_root();
	test_root_owner();
	test_links();
	test_resolve();
	test_read();
	test_numbers();
	if (!tree_can_be_root())
		return tap_end();
	test_no_escape();
	test_mkdir();
	test_entries();
	test_many_entries();
	test_attribute_names();
	test_store_sizes();
	test_one_write();
	test_short_write();
	test_bounded_store();
	/* the last ones: what they set up stays */
	test_blocking_store();
	test_without_openat2();
	return tap_end();
}
