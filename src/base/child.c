/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running another program. */
#include "base/child.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#define LINE_MAX_BYTES 1024
#define LINES_MAX      1000
/* How long a killed program may take to die: one that hangs in the kernel never does. */
#define DEATH_MS 1000
/* How often it is looked whether a program has ended where pidfd_open(2) is not to be had. */
#define TICK_MS 10

static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
					  NULL};

/* A run under way: our ends of the pipes, and what came through them. */
struct run {
	const struct child *child;
	pid_t pid;
	int pidfd;
	int in, out, err; /* -1 when closed */
	size_t sent;
	struct pool *pool; /* the output's */
	char *output;
	size_t n_output, room;
	char line[LINE_MAX_BYTES + 1];
	size_t n_line, n_lines;
};

static void close_end(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

/* Starting */

static int spawn(const struct child *child, const int in[2], const int out[2], const int err[2],
		 pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int result;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	if (child->output_max)
		posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	result = posix_spawn(pid, child->path, &actions, &attributes, (char *const *)child->argv,
			     (char *const *)environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return result;
}

static void close_pipe(int ends[2])
{
	close_end(&ends[0]);
	close_end(&ends[1]);
}

static const char *name_of(const struct child *child)
{
	return child->name ? child->name : child->path;
}

static int start(struct run *run, struct err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1}, failure = 0;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0)
		failure = errno;
	if (!failure)
		failure = spawn(run->child, in, out, errors, &run->pid);
	if (!failure) {
		run->in = take_fd(&in[1]);
		run->out = take_fd(&out[0]);
		run->err = take_fd(&errors[0]);
		run->pidfd = pidfd_open(run->pid, 0);
	}
	close_pipe(in);
	close_pipe(out);
	close_pipe(errors);
	if (failure)
		return err_errno(err, failure, "cannot run '%s'", name_of(run->child));
	fcntl(run->in, F_SETFL, O_NONBLOCK);
	fcntl(run->out, F_SETFL, O_NONBLOCK);
	fcntl(run->err, F_SETFL, O_NONBLOCK);
	return 0;
}

/* Talking */

/* One that does not read its stdin is free not to. */
static void feed(struct run *run)
{
	const char *rest = run->child->input + run->sent;
	ssize_t n = write(run->in, rest, strlen(rest));

	if (n > 0)
		run->sent += (size_t)n;
	if ((n < 0 && errno != EAGAIN) || !run->child->input[run->sent])
		close_end(&run->in);
}

static void end_line(struct run *run)
{
	run->line[run->n_line] = '\0';
	run->n_line = 0;
	if (++run->n_lines <= LINES_MAX)
		run->child->say(run->child->data, run->line);
	else if (run->n_lines == LINES_MAX + 1)
		run->child->say(run->child->data, "(more is left out)");
}

static void hear(struct run *run)
{
	char text[4096];
	ssize_t n = read(run->err, text, sizeof(text));

	if (n == 0 || (n < 0 && errno != EAGAIN))
		close_end(&run->err);
	for (ssize_t i = 0; i < n; i++) {
		/* what is behind a NUL would be lost otherwise */
		bool end = text[i] == '\n' || text[i] == '\0';

		if (!end)
			run->line[run->n_line++] = text[i];
		if (end || run->n_line == LINE_MAX_BYTES)
			end_line(run);
	}
}

/* Most programs print little: there is as much memory as they print. */
static void keep(struct run *run, const char *text, size_t length)
{
	if (run->n_output + length >= run->room) {
		char *more = pool_alloc(run->pool, run->room = 2 * (run->n_output + length));

		memcpy(more, run->output, run->n_output);
		run->output = more;
	}
	memcpy(run->output + run->n_output, text, length);
	run->n_output += length;
	run->output[run->n_output] = '\0';
}

static void collect(struct run *run)
{
	char text[4096];
	size_t left = run->child->output_max + 1 - run->n_output;
	ssize_t n = read(run->out, text, left < sizeof(text) ? left : sizeof(text));

	if (n > 0)
		keep(run, text, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		close_end(&run->out);
}

/* It is still there for reap(). */
static bool has_ended(const struct run *run)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

/* Waits for anything to happen: 1 when the program has ended, 0 when not yet, -1 too late. */
static int turn(struct run *run, long long deadline)
{
	struct pollfd fds[] = {
		{.fd = run->pidfd, .events = POLLIN},
		{.fd = run->in, .events = POLLOUT},
		{.fd = run->out, .events = POLLIN},
		{.fd = run->err, .events = POLLIN},
	};
	long long left = deadline - file_now_ms();

	if (left <= 0)
		return -1;
	if (run->pidfd < 0 && left > TICK_MS)
		left = TICK_MS;
	poll(fds, ARRAY_SIZE(fds), (int)left);
	if (fds[1].revents)
		feed(run);
	if (fds[2].revents)
		collect(run);
	if (fds[3].revents)
		hear(run);
	return fds[0].revents || (run->pidfd < 0 && has_ended(run));
}

/* What is in the pipes already; more can only come from the background. */
static void drain(struct run *run)
{
	struct pollfd fds[] = {{.events = POLLIN}, {.events = POLLIN}};

	do {
		fds[0].fd = run->n_output > run->child->output_max ? -1 : run->out;
		fds[1].fd = run->n_lines > LINES_MAX ? -1 : run->err;
		fds[0].revents = fds[1].revents = 0;
		poll(fds, ARRAY_SIZE(fds), 0);
		if (fds[0].revents)
			collect(run);
		if (fds[1].revents)
			hear(run);
	} while (fds[0].revents || fds[1].revents);
	if (run->n_line)
		end_line(run);
}

static int reap(const struct run *run)
{
	int status = 0;

	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void kill_all(const struct run *run)
{
	long long deadline = file_now_ms() + DEATH_MS;

	kill(-run->pid, SIGKILL);
	while (!has_ended(run) && file_now_ms() < deadline)
		file_sleep_ms(1);
	if (has_ended(run))
		reap(run);
}

static int finish(struct run *run, int ended, struct err *err)
{
	int status = 0;

	if (ended < 0 || run->n_output > run->child->output_max)
		kill_all(run);
	else
		status = reap(run);
	drain(run);
	if (ended < 0) {
		err_set(err, ERR_BUSY, "'%s' took longer than %g seconds", name_of(run->child),
			run->child->time_ms / 1000.0);
		err->errnum = ETIMEDOUT;
		return -1;
	}
	if (run->n_output > run->child->output_max)
		return err_set(err, ERR_INVALID, "'%s' printed more than %zu bytes",
			       name_of(run->child), run->child->output_max);
	return status;
}

int child_run(const struct child *child, struct pool *pool, char **output, struct err *err)
{
	struct run run = {
		.child = child, .pidfd = -1, .in = -1, .out = -1, .err = -1, .pool = pool};
	long long deadline = file_now_ms() + child->time_ms;
	int ended = 0, result;

	run.output = pool_strdup(pool, "");
	if (start(&run, err) < 0)
		return -1;
	while (ended == 0 && run.n_output <= child->output_max)
		ended = turn(&run, deadline);
	result = finish(&run, ended, err);
	close_end(&run.pidfd);
	close_end(&run.in);
	close_end(&run.out);
	close_end(&run.err);
	*output = run.output;
	return result;
}
