/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines, words that end with a NUL each, of mdevtool and of mdevctl's personality, on a
 * machine whose driver does not answer. Linked with --wrap for what leads out of it: it is always
 * the root directory, whatever --root says; documents are one and the same; no process is started
 * and no socket connected; no time passes.
 */
#define main mdevtool_main
int main(int argc, char **argv);
#include "mdevtool.c" /* NOLINT(bugprone-suspicious-include): its main() is what is tested */
#undef main

#include "base/child.h"
#include "fuzz.h"
#include "tree.h"

#include <ftw.h>
#include <sys/socket.h>

#define UUID   "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"
#define OTHER  "7d1c0a42-3c55-4d0b-9f6e-0c2b8e1d7b22"
#define PARENT "sys/devices/pci0000:80/0000:86:00.0/"
#define TYPE   PARENT "mdev_supported_types/11/"
#define SLOTS  "sys/devices/pci0000:40/"
#define VF0    SLOTS "0000:41:00.4/nvidia/"
#define VF1    SLOTS "0000:41:00.5/nvidia/"
#define WORDS  64

static const struct tree_entry entries[] = {
	{TYPE "name", "GRID M60-0B\n", 0},
	{TYPE "max_instances", "2\n", 0},
	{TYPE "fb_length", "512M\n", 0},
	{TYPE "resolution", "2560x1600\n", 0},
	{TYPE "heads", "2\n", 0},
	{TYPE "requires_group", "1\n", 0},
	{TYPE "create", "", 0},
	{TYPE "params", "", 0},
	{PARENT "mdev_destroy", "", 0},
	{PARENT "vendor", "0x10de\n", 0},
	{PARENT "device", "0x13f2\n", 0},
	{PARENT UUID "/mdev_type@", "../mdev_supported_types/11", 0},
	{"sys/bus/mdev/devices/" UUID "@", "../../../devices/pci0000:80/0000:86:00.0/" UUID, 0},
	{"sys/bus/pci/devices/0000:86:00.0@", "../../../devices/pci0000:80/0000:86:00.0", 0},
	{SLOTS "0000:41:00.0/virtfn0@", "../0000:41:00.4", 0},
	{SLOTS "0000:41:00.0/virtfn1@", "../0000:41:00.5", 0},
	{SLOTS "0000:41:00.4/physfn@", "../0000:41:00.0", 0},
	{SLOTS "0000:41:00.5/physfn@", "../0000:41:00.0", 0},
	{VF0 "creatable_vgpu_types", "ID    : vGPU Name\n1145  : NVIDIA L40S-1B\n", 0},
	{VF1 "creatable_vgpu_types", "ID    : vGPU Name\n", 0},
	{"sys/bus/pci/devices/0000:41:00.0@", "../../../devices/pci0000:40/0000:41:00.0", 0},
	{"sys/bus/pci/devices/0000:41:00.4@", "../../../devices/pci0000:40/0000:41:00.4", 0},
	{"sys/bus/pci/devices/0000:41:00.5@", "../../../devices/pci0000:40/0000:41:00.5", 0},
	{"etc/", NULL, 0},
	{"run/", NULL, 0},
	{"dev/", NULL, 0},
	{"proc/", NULL, 0},
};

/* One function is idle, somebody else has set up the other; what is stored there stays. */
static const struct tree_entry functions[] = {
	{VF0 "current_vgpu_type", "0\n", 0},
	{VF0 "vgpu_params", "\n", 0},
	{VF1 "current_vgpu_type", "1145\n", 0},
	{VF1 "vgpu_params", "\n", 0},
};

static const struct tree_entry defined[] = {
	{"etc/mdevctl.d/0000:86:00.0/" OTHER,
	 "{\"mdev_type\": \"11\", \"start\": \"auto\", \"attrs\": []}", 0},
};

static const char *tree, *document;
static int function_files[ARRAY_SIZE(functions)];
static bool is_running, in_argp;
static FILE *judged_stdout, *judged_stderr;
static long long now;

/* What leads out */

int __real_root_open(const char *dir, struct root *root, struct err *err);
int __wrap_root_open(const char *dir, struct root *root, struct err *err);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap___open_2(const char *path, int flags);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
pid_t __wrap_fork(void);
int __wrap_on_exit(void (*function)(int, void *), void *argument);
long long __wrap_file_now_ms(void);
void __wrap_file_sleep_ms(int ms);
error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
			  int *arg_index, void *input);
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
			  int *arg_index, void *input);

int __wrap_root_open(const char *dir, struct root *root, struct err *err)
{
	(void)dir;
	return __real_root_open(tree, root, err);
}

/* All that is opened by its path, not beneath the root, is a document, and read only. */
int __wrap_open(const char *path, int flags, ...)
{
	if (!is_running || streq(path, tree))
		return __real_open(path, flags);
	MUST((flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC)));
	return __real_open(document, O_RDONLY | O_CLOEXEC);
}

int __wrap___open_2(const char *path, int flags)
{
	return __wrap_open(path, flags);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	(void)fd, (void)address, (void)length;
	errno = ECONNREFUSED;
	return -1;
}

pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return -1;
}

int child_run(const struct child *child, struct pool *pool, char **output, struct err *err)
{
	(void)child, (void)pool;
	*output = NULL;
	return err_errno(err, ENOENT, "cannot run '%s'", child->path);
}

int __wrap_on_exit(void (*function)(int, void *), void *argument)
{
	(void)function, (void)argument;
	return 0;
}

long long __wrap_file_now_ms(void)
{
	return now++;
}

void __wrap_file_sleep_ms(int ms)
{
	now += ms;
}

/* The user's own words come back from it as they are; and it must not end the program. */
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
			  int *arg_index, void *input)
{
	in_argp = true;
	error_t result =
		__real_argp_parse(argp, argc, argv, flags | ARGP_NO_EXIT, arg_index, input);
	in_argp = false;
	return result;
}

/* What is printed */

static ssize_t judge(void *cookie, const char *text, size_t length)
{
	(void)cookie;
	if (!in_argp)
		must_be_printable(text, length, "\t");
	return (ssize_t)length;
}

/* Unbuffered, so that what argp says is known. */
static FILE *judged_stream(void)
{
	FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){.write = judge});

	MUST(file);
	setvbuf(file, NULL, _IOLBF, BUFSIZ);
	return file;
}

/* The machine */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type;
	if (ftw->level)
		remove(path);
	return 0;
}

static void begin(void)
{
	static const struct tree_entry entry = {
		"document",
		"{\"mdev_type\": \"11\", \"parent\": \"0000:86:00.0\", \"start\": \"auto\"}", 0};
	autopool struct pool *pool = pool_new();
	char *path;

	tree = TREE_NEW(entries);
	tree_add(tree, functions, ARRAY_SIZE(functions));
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		function_files[i] = open(pool_printf(pool, "%s/%s", tree, functions[i].path),
					 O_WRONLY | O_CLOEXEC);
		MUST(function_files[i] >= 0);
	}
	MUST(asprintf(&path, "%s/document", tree_new(&entry, 1)) > 0);
	document = path;
	judged_stdout = judged_stream();
	judged_stderr = judged_stream();
	MUST(freopen("/dev/null", "r", stdin));
	unsetenv("MDEVTOOL_ROOT");
	unsetenv("MDEVCTL_ENV_ROOT");
	unsetenv("MDEVCTL_LOG");
}

static void set_functions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		size_t length = strlen(functions[i].text);

		MUST(pwrite(function_files[i], functions[i].text, length, 0) == (ssize_t)length);
		MUST(ftruncate(function_files[i], (off_t)length) == 0);
	}
}

static void end(void)
{
	static const char *const places[] = {"etc", "run"};
	autopool struct pool *pool = pool_new();

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *place = pool_printf(pool, "%s/%s", tree, places[i]);
		struct stat st;

		/* most commands make nothing; else there is a directory of ours */
		if (stat(place, &st) < 0 || st.st_nlink != 2)
			nftw(place, remove_one, 8, FTW_PHYS | FTW_DEPTH);
	}
}

static int run_judged(int argc, char **argv)
{
	FILE *const own_stdout = stdout, *const own_stderr = stderr;

	/* as at the start of a program: argp has a hidden option that changes it */
	program_invocation_name = program_invocation_short_name = argv[0];
	stdout = judged_stdout;
	stderr = judged_stderr;
	is_running = true;
	int status = mdevtool_main(argc, argv);
	is_running = false;
	stdout = own_stdout;
	stderr = own_stderr;
	return status;
}

/* A set may have 65,536, which takes seconds: 99 show as much. */
static void limit_count(char *word)
{
	char *digits = word + strcspn(word, "0123456789");
	size_t n = strspn(digits, "0123456789");

	/* 65536, --count=65536, -qc65536 */
	if ((digits == word || strncmp(word, "--c", 3) == 0 || (*word == '-' && word[1] != '-')) &&
	    n > 2 && !digits[n])
		digits[2] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char names[][sizeof("mdevtool")] = {"mdevtool", "mdevctl", "lsmdev"};
	autofree char *text = size ? fuzz_text(data, size) : NULL;
	char *argv[WORDS + 2] = {NULL};
	int argc = 1;

	if (!size)
		return 0;
	if (!tree)
		begin();
	argv[0] = names[*data % 3];
	for (char *word = text + 1, *next; word < text + size && argc < WORDS; word = next) {
		next = word + strlen(word) + 1;
		limit_count(word);
		/* argp's own --HANG, which sleeps */
		if (strncmp(word, "--H", 3) != 0)
			argv[argc++] = word;
	}
	set_functions();
	if (*data % 6 > 2)
		tree_add(tree, defined, ARRAY_SIZE(defined));
	int status = run_judged(argc, argv);
	MUST(status >= ERR_NONE && status <= ERR_UNSUPPORTED);
	end();
	return 0;
}
