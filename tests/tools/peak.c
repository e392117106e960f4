/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peak FILE COMMAND [ARGUMENT…]: runs it; FILE gets its peak memory in KiB and its time in ms. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int main(int argc, char *argv[])
{
	struct rusage usage;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: peak FILE COMMAND [ARGUMENT…]\n");
		return 2;
	}
	long long start = now_ms();
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "peak: cannot run '%s': %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		fprintf(stderr, "peak: %s\n", strerror(errno));
		return 125;
	}
	FILE *file = fopen(argv[1], "w");
	if (!file || fprintf(file, "%ld %lld\n", usage.ru_maxrss, now_ms() - start) < 0 ||
	    fclose(file) != 0) {
		fprintf(stderr, "peak: cannot write '%s': %s\n", argv[1], strerror(errno));
		return 125;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
