/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare ROUNDS CASE [:: CASE]…: what commands cost, side by side
 *
 * A CASE is [+TIMES] [-BEFORE] COMMAND [WORD…]. The cases are run in turn, ROUNDS times, so that
 * whatever else the machine does falls on all of them alike. A line is printed for each: the
 * medians of wall time and of processor time (ms), the largest peak memory (kB), and the medians of
 * the rounds' ratios of the first case's wall and processor time to its own.
 *
 * With +TIMES a case is so many runs of its command, and '@' in a word is the run's own UUID. What
 * -BEFORE names (for a shell) is run before, and not counted. stdout and stderr go to /dev/null.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASES  8
#define ROUNDS 1000
#define WORDS  32

struct sample {
	double wall, cpu;
};

struct job {
	char *before;
	int times;
	char **command;
	long peak;
	struct sample samples[ROUNDS];
};

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "compare: %s: %s\n", what, why);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double ms(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void run(char *const *command, struct rusage *usage)
{
	posix_spawn_file_actions_t actions;
	int status, error;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	error = command[0] ? posix_spawnp(&child, command[0], &actions, NULL, command, environ)
			   : EINVAL;
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		die(command[0] ? command[0] : "nothing", strerror(error));
	if (wait4(child, &status, 0, usage) != child)
		die(command[0], strerror(errno));
	if (status)
		die(command[0], "it failed");
}

/* The words, '@' replaced by the UUID of run number `i`. */
static void fill(char *const *words, int i, char **command, char text[][512])
{
	int n = 0;

	for (; n < WORDS - 1 && words[n]; n++) {
		const char *at = strchr(words[n], '@');

		command[n] = words[n];
		if (!at)
			continue;
		snprintf(text[n], sizeof(text[n]), "%.*s%08x-0000-4000-8000-%012x%s",
			 (int)(at - words[n]), words[n], (unsigned)i, (unsigned)i, at + 1);
		command[n] = text[n];
	}
	command[n] = NULL;
}

static void run_job(struct job *job, int round)
{
	struct sample *sample = &job->samples[round];
	char sh[] = "sh", option[] = "-c", *shell[] = {sh, option, job->before, NULL};
	char *command[WORDS], text[WORDS][512];
	struct rusage usage;

	if (job->before)
		run(shell, &usage);
	for (int i = 0; i < job->times; i++) {
		fill(job->command, i, command, text);
		double begin = now();
		run(command, &usage);
		sample->wall += now() - begin;
		sample->cpu += ms(usage.ru_utime) + ms(usage.ru_stime);
		if (usage.ru_maxrss > job->peak)
			job->peak = usage.ru_maxrss;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *numbers, int n)
{
	qsort(numbers, (size_t)n, sizeof(*numbers), compare_numbers);
	return n % 2 ? numbers[n / 2] : (numbers[n / 2 - 1] + numbers[n / 2]) / 2;
}

static void report(const struct job *job, const struct job *first, int rounds)
{
	double wall[ROUNDS] = {0}, cpu[ROUNDS] = {0};
	double wall_ratio[ROUNDS] = {0}, cpu_ratio[ROUNDS] = {0};

	for (int i = 0; i < rounds; i++) {
		wall[i] = job->samples[i].wall;
		cpu[i] = job->samples[i].cpu;
		wall_ratio[i] = first->samples[i].wall / wall[i];
		cpu_ratio[i] = first->samples[i].cpu / cpu[i];
	}
	printf("%.3f\t%.3f\t%ld\t%.4f\t%.4f\n", median(wall, rounds), median(cpu, rounds),
	       job->peak, median(wall_ratio, rounds), median(cpu_ratio, rounds));
}

/* Takes one case off the words; returns those behind it. */
static char **parse(char **words, struct job *job)
{
	job->times = 1;
	for (; *words && (**words == '+' || **words == '-'); words++) {
		if (**words == '+')
			job->times = (int)strtol(*words + 1, NULL, 10);
		else
			job->before = *words + 1;
	}
	job->command = words;
	while (*words && strcmp(*words, "::") != 0)
		words++;
	if (job->command == words)
		die("a case", "it has no command");
	if (*words)
		*words++ = NULL;
	return words;
}

int main(int argc, char **argv)
{
	static struct job jobs[CASES];
	int rounds = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0, n = 0;
	char **words = argv + 2;

	if (rounds < 1 || rounds > ROUNDS)
		die("usage", "compare ROUNDS [+TIMES] [-BEFORE] COMMAND… [:: …]");
	while (*words && n < CASES)
		words = parse(words, &jobs[n++]);
	for (int i = 0; i < rounds; i++)
		for (int j = 0; j < n; j++)
			run_job(&jobs[j], i);
	for (int j = 0; j < n; j++)
		report(&jobs[j], &jobs[0], rounds);
	return 0;
}
