/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp user notification: a command whose every write(2) asks us first. */

#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

#define EXIT_SKIP 77

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__s390x__)
#define NATIVE AUDIT_ARCH_S390X
#else
#error "the filter of mdevsim does not know this architecture"
#endif

/* Linux 5.19: a signal that does not kill does not interrupt a write that we hold. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* Lies at the same address in the child, which the parent reads to see whether it may. */
static const char probe[] = "mdevsim may read the memory of the command";

static void skip(const char *why, int error)
{
	fprintf(stderr, "mdevsim: skipped: %s: %s\n", why, strerror(error));
	exit(EXIT_SKIP);
}

/*
 * What changes files beside write(2), or other programs; openat(2) does with O_CREAT only, and has
 * a rule of its own.
 */
static const int changes[] = {
	SYS_renameat2, SYS_unlinkat, SYS_linkat,    SYS_symlinkat, SYS_mkdirat,  SYS_fchmod,
	SYS_fchmodat,  SYS_fsync,    SYS_fdatasync, SYS_ftruncate, SYS_pwrite64, SYS_sendto,
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_rename
	SYS_rename,    SYS_unlink,   SYS_rmdir,     SYS_link,      SYS_symlink,  SYS_mkdir,
	SYS_chmod,     SYS_creat,
#endif
};
#define N_CHANGES (sizeof(changes) / sizeof(*changes))

/* The low half of the argument that holds the flags of openat(2). */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define OPEN_FLAGS (offsetof(struct seccomp_data, args[2]) + 4)
#else
#define OPEN_FLAGS offsetof(struct seccomp_data, args[2])
#endif

static int install(unsigned more, unsigned long flags)
{
	bool with_changes = more & NOTIFY_CHANGES, with_reads = more & NOTIFY_READS;
	struct sock_filter code[N_CHANGES + 10];
	unsigned short n = 0;
	/* instructions between the one at n and the last two, which say "go on" and "ask" */
	unsigned char left = (unsigned char)((with_changes ? N_CHANGES + 3 : 0) + with_reads + 1);

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 0, left + 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, left, 0);
	if (with_reads) /* only where some are refused: there are many of them */
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read,
							 --left, 0);
	for (size_t i = 0; with_changes && i < N_CHANGES; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)changes[i], --left, 0);
	if (with_changes) {
		code[n++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 2);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OPEN_FLAGS);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 1, 0);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);

	struct sock_fprog program = {n, code};

	flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* Root keeps the right to run set-uid programs below the filter; others give it up. */
static int install_filter(unsigned more)
{
	int fd = install(more, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	if (fd < 0 && errno == EACCES) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		fd = install(more, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	}
	if (fd < 0 && errno == EINVAL)
		fd = install(more, 0);
	return fd;
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

/* Passes a descriptor, or with -1 the errno, as sendmsg is not filtered. */
static void send_listener(int channel, int fd, int error)
{
	union control control = {0};
	struct iovec vector = {&error, sizeof(error)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	if (sendmsg(channel, &message, 0) < 0)
		_exit(EXIT_BROKEN);
}

static int receive_listener(int channel)
{
	union control control = {0};
	int error = EPIPE;
	int fd = -1;
	struct iovec vector = {&error, sizeof(error)};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) <= 0)
		die("the command ended before it began");
	if (error == EBUSY)
		die("a run inside a run is not possible");
	if (error)
		skip("no seccomp user notification", error);
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	if (fd < 0)
		die("the filter's descriptor did not arrive");
	return fd;
}

static _Noreturn void run_command(int channel, char *const command[], unsigned more)
{
	int fd = install_filter(more);
	char go;

	send_listener(channel, fd, fd < 0 ? errno : 0);
	if (fd >= 0)
		close(fd);
	if (recv(channel, &go, 1, 0) != 1)
		_exit(EXIT_BROKEN);
	execvp(command[0], command);
	dprintf(STDERR_FILENO, "mdevsim: cannot run '%s': %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

pid_t notify_start(char *const command[], unsigned more, int *listener)
{
	unsigned int action = SECCOMP_RET_USER_NOTIF;
	char copy[sizeof(probe)];
	int channel[2];
	pid_t child;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		skip("no seccomp user notification", errno);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		die("cannot make a socket: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("cannot fork: %s", strerror(errno));
	if (child == 0) {
		close(channel[0]);
		run_command(channel[1], command, more);
	}

	close(channel[1]);
	*listener = receive_listener(channel[0]);
	if (!notify_read(child, (uint64_t)(uintptr_t)probe, copy, sizeof(copy))) {
		int error = errno;

		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		skip("the memory of the command cannot be read", error);
	}
	if (send(channel[0], "", 1, MSG_NOSIGNAL) != 1)
		die("the command ended before it began");
	close(channel[0]);
	return child;
}

bool notify_receive(int listener, struct notice *notice)
{
	struct seccomp_notif_sizes sizes;
	struct seccomp_notif *raw;
	bool received;

	/* A newer kernel may tell more than we know of. */
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		die("cannot ask the size of a notification: %s", strerror(errno));
	raw = allocate(sizes.seccomp_notif > sizeof(*raw) ? sizes.seccomp_notif : sizeof(*raw));
	received = ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, raw) == 0;
	if (received) {
		*notice = (struct notice){
			.id = raw->id,
			.thread = (pid_t)raw->pid,
			.call = raw->data.nr,
			.fd = (int)raw->data.args[0],
			.buffer = raw->data.args[1],
			.length = raw->data.args[2],
		};
		for (size_t i = 0; i < sizeof(notice->arguments) / sizeof(*notice->arguments); i++)
			notice->arguments[i] = raw->data.args[i];
	}
	free(raw);
	return received;
}

bool notify_valid(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static void respond(int listener, struct seccomp_notif_resp *response)
{
	/* A writer that was killed meanwhile needs no answer. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response) < 0 && errno != ENOENT)
		die("cannot answer a write: %s", strerror(errno));
}

void notify_continue(int listener, uint64_t id)
{
	struct seccomp_notif_resp response = {
		.id = id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	respond(listener, &response);
}

void notify_answer(int listener, uint64_t id, long answer)
{
	struct seccomp_notif_resp response = {
		.id = id,
		.val = answer < 0 ? 0 : answer,
		.error = answer < 0 ? (int)answer : 0,
	};

	respond(listener, &response);
}

static bool read_by_file(pid_t thread, uint64_t address, char *buffer, size_t length)
{
	autofree char *path = format("/proc/%d/mem", (int)thread);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return false;
	count = pread(fd, buffer, length, (off_t)address);
	close(fd);
	return count == (ssize_t)length;
}

bool notify_read(pid_t thread, uint64_t address, char *buffer, size_t length)
{
	struct iovec to = {buffer, length};
	struct iovec from = {(void *)(uintptr_t)address, length};

	return process_vm_readv(thread, &to, 1, &from, 1, 0) == (ssize_t)length ||
	       read_by_file(thread, address, buffer, length);
}

/* A page at a time, as the next one may not be there. */
void notify_read_string(pid_t thread, uint64_t address, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size - 1 && (used == 0 || !memchr(buffer, '\0', used))) {
		size_t length = 4096 - (size_t)((address + used) % 4096);

		if (length > size - 1 - used)
			length = size - 1 - used;
		if (!notify_read(thread, address + used, buffer + used, length))
			break;
		used += length;
	}
	buffer[used] = '\0';
}
