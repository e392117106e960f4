/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevsim run: a command, and all its children, on a machine whose drivers answer. */

/*
 * One loop serves every writer. A write that must wait, for the lock of the machine, a delay, a
 * command or the release of a device, is kept in a list and looked at again, so that it holds up
 * nobody else: whoever has the lock may itself be a child of the command and write.
 */

#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "fault.h"
#include "journal.h"
#include "model.h"
#include "notify.h"
#include "place.h"
#include "text.h"

/* sysfs takes no more than a page of one write. */
#define PAGE 4096

/* Milliseconds between looks at what waits. */
#define SOON    1
#define PATIENT 5

enum stage { ARRIVED, RUNNING, DELAYED, READY, BLOCKED, NEVER };

struct writer {
	struct writer *next;
	struct notice notice;
	enum stage stage;
	struct verdict verdict;
	char *path; /* the machine's */
	char text[PAGE + 1];
	size_t length;
	pid_t command; /* of --exec, while it runs */
	long due;
	char uuid[UUID_LENGTH + 1]; /* of the device that is waited for */
};

struct supervisor {
	struct machine machine;
	struct fault *faults;
	struct writer *writers;
	bool linger;
	int listener;
	int signals;
	pid_t command;
	bool ended;
	int status;
	long count;   /* of answered writes */
	bool changes; /* those of files are to be judged */
	long n_changes;
};

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Where the file is in the machine, when a driver or sysfs itself has to answer for it. */
static char *concerning(struct supervisor *self, const struct notice *notice)
{
	char *path = place_of(&self->machine, notice->thread, notice->fd);
	bool ours;

	if (!path || notice->length == 0) {
		free(path);
		return NULL;
	}
	state_load(&self->machine);
	ours = !tree_exists(&self->machine, path) || place_read_only(&self->machine, path) ||
	       model_claims(&self->machine, path);
	if (ours)
		return path;
	free(path);
	return NULL;
}

/* The command dies, as does whatever it made to write for it. */
static void crash(const struct supervisor *self, pid_t thread)
{
	if (!self->ended)
		kill(self->command, SIGKILL);
	kill(thread, SIGKILL);
}

/* The kernel itself makes the change, unless a fault forbids it. */
static void judge_change(struct supervisor *self, const struct notice *notice)
{
	autofree char *path = NULL;
	struct verdict verdict = {0};

	if (self->changes) {
		path = change_path(&self->machine, notice);
		journal_change(&self->machine, path);
		verdict = fault_judge_change(self->faults, ++self->n_changes, path);
	}
	if (verdict.crash)
		crash(self, notice->thread);
	else if (verdict.kill_before)
		kill(notice->thread, SIGKILL);
	else if (verdict.instead)
		notify_answer(self->listener, notice->id, verdict.answer);
	else
		notify_continue(self->listener, notice->id);
}

/* Reads are let through, but for those that a driver refuses. */
static void answer_read(struct supervisor *self, const struct notice *notice)
{
	autofree char *path = place_of(&self->machine, notice->thread, notice->fd);
	long answer = 0;

	if (path) {
		state_load(&self->machine);
		answer = model_read_error(&self->machine, path);
	}
	if (answer)
		notify_answer(self->listener, notice->id, answer);
	else
		notify_continue(self->listener, notice->id);
}

static void receive(struct supervisor *self)
{
	struct notice notice;
	struct writer *writer;
	char *path;

	if (!notify_receive(self->listener, &notice))
		return;
	if (notice.call == SYS_read) {
		answer_read(self, &notice);
		return;
	}
	path = notice.call == SYS_write ? concerning(self, &notice) : NULL;
	if (!path) {
		judge_change(self, &notice);
		return;
	}

	writer = allocate(sizeof(*writer));
	writer->notice = notice;
	writer->path = path;
	writer->length = notice.length < PAGE ? notice.length : PAGE;
	if (!notify_read(notice.thread, notice.buffer, writer->text, writer->length)) {
		notify_answer(self->listener, notice.id, -EFAULT);
		free(path);
		free(writer);
		return;
	}
	writer->verdict = fault_judge(self->faults, ++self->count, path);
	writer->next = self->writers;
	self->writers = writer;
}

static void finish(struct supervisor *self, struct writer *writer, long answer)
{
	journal_answer(&self->machine, writer->path, writer->text, writer->length, answer);
	if (writer->verdict.kill_after)
		kill(writer->notice.thread, SIGKILL);
	else
		notify_answer(self->listener, writer->notice.id, answer);
}

/* The device that this write has begun to remove. */
static void note_device(struct supervisor *self, struct writer *writer)
{
	const char *slash = strrchr(writer->path, '/');
	const char *file = slash + 1;

	if (strcmp(file, "mdev_destroy") == 0)
		parse_uuid(writer->text, writer->uuid);
	else if (slash - writer->path >= UUID_LENGTH)
		parse_uuid(slash - UUID_LENGTH, writer->uuid);
	if (!record_find(self->machine.devices, writer->uuid))
		die("'%s' blocks, but for no device", writer->path);
}

/* Lets the driver have the write; false when it has to be tried again. */
static bool play(struct supervisor *self, struct writer *writer)
{
	long answer;

	if (!state_lock(&self->machine, false))
		return false;
	state_load(&self->machine);
	if (place_read_only(&self->machine, writer->path))
		answer = -EACCES;
	else if (!place_still(&self->machine, writer->notice.thread, writer->notice.fd))
		answer = -ENODEV;
	else
		answer = model_store(&self->machine, writer->path, writer->text, writer->length);
	if (answer == ANSWER_BLOCKED) {
		writer->stage = BLOCKED;
		note_device(self, writer);
	} else {
		finish(self, writer, answer);
	}
	state_unlock(&self->machine);
	return answer != ANSWER_BLOCKED;
}

/* Whoever releases the device also finishes its removal. */
static bool released(struct supervisor *self, struct writer *writer)
{
	const struct record *device;

	if (!state_lock(&self->machine, false))
		return false;
	state_load(&self->machine);
	device = record_find(self->machine.devices, writer->uuid);
	if (!device || !*record_get(device, "removing")) {
		finish(self, writer, (long)writer->length);
		state_unlock(&self->machine);
		return true;
	}
	state_unlock(&self->machine);
	return false;
}

static bool answer_instead(struct supervisor *self, struct writer *writer)
{
	if (!state_lock(&self->machine, false))
		return false;
	finish(self, writer, writer->verdict.whole ? (long)writer->length : writer->verdict.answer);
	state_unlock(&self->machine);
	return true;
}

/* The command of --exec plays somebody else, so it runs free of the filter. */
static void start_command(const struct supervisor *self, struct writer *writer)
{
	sigset_t none;

	writer->command = fork();
	if (writer->command < 0)
		die("cannot fork: %s", strerror(errno));
	if (writer->command > 0)
		return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("MDEVSIM_DIR", self->machine.dir, 1);
	execl("/bin/sh", "sh", "-c", writer->verdict.command, (char *)NULL);
	_exit(127);
}

static void begin(struct supervisor *self, struct writer *writer)
{
	if (writer->verdict.command) {
		writer->stage = RUNNING;
		start_command(self, writer);
		return;
	}
	writer->stage = DELAYED;
	writer->due = now() + writer->verdict.delay;
}

static bool release_dead(struct supervisor *self, struct writer *writer)
{
	if (notify_valid(self->listener, writer->notice.id))
		return false;
	if (writer->stage == BLOCKED)
		journal_write(&self->machine, writer->path, writer->text, writer->length,
			      "blocked");
	return true;
}

/* Takes the writer as far as it goes now; true when it is done with. */
static bool advance(struct supervisor *self, struct writer *writer)
{
	if (writer->stage != RUNNING && release_dead(self, writer))
		return true;
	if (writer->stage == ARRIVED)
		begin(self, writer);
	if (writer->stage == DELAYED && now() >= writer->due)
		writer->stage = writer->verdict.never ? NEVER : READY;

	if (writer->stage == READY && writer->verdict.crash && !self->ended)
		kill(self->command, SIGKILL);
	if (writer->stage == READY && writer->verdict.kill_before) {
		kill(writer->notice.thread, SIGKILL);
		return true;
	}
	if (writer->stage == READY && writer->verdict.instead)
		return answer_instead(self, writer);
	if (writer->stage == READY)
		return play(self, writer);
	if (writer->stage == BLOCKED && self->ended && !self->linger)
		kill(writer->notice.thread, SIGKILL);
	if (writer->stage == NEVER && self->ended)
		kill(writer->notice.thread, SIGKILL);
	return writer->stage == BLOCKED && released(self, writer);
}

static void advance_all(struct supervisor *self)
{
	struct writer **link = &self->writers;

	while (*link) {
		struct writer *writer = *link;

		if (!advance(self, writer)) {
			link = &writer->next;
			continue;
		}
		*link = writer->next;
		free(writer->path);
		free(writer);
	}
}

/* How long to sleep when nobody writes. */
static int patience(const struct supervisor *self)
{
	int time = self->writers ? PATIENT : -1;

	for (const struct writer *writer = self->writers; writer; writer = writer->next) {
		if (writer->stage == READY || writer->stage == DELAYED)
			time = SOON;
	}
	return time;
}

static void reap(struct supervisor *self, pid_t child, int status)
{
	if (child == self->command) {
		self->ended = true;
		self->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	for (struct writer *writer = self->writers; writer; writer = writer->next) {
		if (writer->stage == RUNNING && writer->command == child) {
			writer->stage = DELAYED;
			writer->due = now() + writer->verdict.delay;
		}
	}
}

/* True when no descendant is left: orphans come to us, as we are their subreaper. */
static bool reap_all(struct supervisor *self)
{
	pid_t child;
	int status;

	while ((child = waitpid(-1, &status, WNOHANG)) > 0)
		reap(self, child, status);
	return child < 0 && errno == ECHILD;
}

/* SIGCHLD only wakes us; what is meant to end us is for the command. */
static void take_signal(const struct supervisor *self)
{
	struct signalfd_siginfo info;

	if (read(self->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD && !self->ended)
		kill(self->command, (int)info.ssi_signo);
}

static void serve(struct supervisor *self)
{
	while (!reap_all(self)) {
		struct pollfd wait[] = {
			{.fd = self->listener, .events = POLLIN},
			{.fd = self->signals, .events = POLLIN},
		};

		if (poll(wait, 2, patience(self)) < 0 && errno != EINTR)
			die("cannot wait: %s", strerror(errno));
		if (wait[1].revents & POLLIN)
			take_signal(self);
		if (wait[0].revents & POLLIN)
			receive(self);
		else if (wait[0].revents & POLLHUP)
			self->listener = -1;
		advance_all(self);
	}
	/* Nobody is left to be answered, but the journal may want a line about the last ones. */
	advance_all(self);
}

/* Blocks the signals that the loop reads and returns the descriptor it reads them from. */
static int catch_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		die("cannot catch signals: %s", strerror(errno));
	return fd;
}

static char **parse(struct supervisor *self, char *argv[])
{
	for (;;) {
		int taken;

		if (!*argv)
			die("run DIR [FAULTS] -- COMMAND: there is no '--'");
		if (strcmp(*argv, "--") == 0)
			break;
		taken = fault_parse(&self->faults, argv);
		if (taken == 0 && strcmp(*argv, "--linger") == 0) {
			self->linger = true;
			taken = 1;
		}
		if (taken == 0)
			die("unknown option '%s'", *argv);
		argv += taken;
	}
	if (!argv[1])
		die("run DIR [FAULTS] -- COMMAND: there is no COMMAND");
	return argv + 1;
}

int run(char *argv[])
{
	struct supervisor self = {.listener = -1};
	mode_t mask = umask(0);
	char **command;

	self.machine = machine_open(argv[0]);
	command = parse(&self, argv + 1);
	state_lock(&self.machine, true);
	state_load(&self.machine);
	state_unlock(&self.machine);
	/* The command keeps the umask that it was given. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	umask(mask);
	self.changes = fault_concerns_changes(self.faults);
	self.command = notify_start(command,
				    (self.changes ? NOTIFY_CHANGES : 0) |
					    (model_refuses_reads(&self.machine) ? NOTIFY_READS : 0),
				    &self.listener);
	umask(022);
	self.signals = catch_signals();
	serve(&self);

	close(self.signals);
	fault_free(self.faults);
	machine_close(&self.machine);
	return self.status;
}
