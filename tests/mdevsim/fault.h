/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: what a run is told to do to chosen writes instead of, or besides, playing the driver. */
#pragma once

#include <stdbool.h>

/* All that befalls one write. */
struct verdict {
	const char *command; /* to run before the driver sees the write, or NULL */
	long delay;          /* in milliseconds, before the driver sees it */
	bool kill_before;
	bool kill_after;
	bool crash;   /* the command is killed, whoever writes */
	bool never;   /* it never returns */
	bool instead; /* the driver sees nothing, and this is the answer */
	bool whole;   /* with instead: every byte is taken */
	long answer;
};

struct fault;

/*
 * Reads one option and its argument off argv; the number of words taken, 0 when it is no fault.
 * Dies with a usage error when the argument makes no sense.
 */
int fault_parse(struct fault **faults, char *const argv[]);

/* Number counts the answered writes of the run from 1; path is the machine's. */
struct verdict fault_judge(struct fault *faults, long number, const char *path);

/* The same for changes of files, which are counted on their own: only those with "file:" strike. */
struct verdict fault_judge_change(struct fault *faults, long number, const char *path);
bool fault_concerns_changes(const struct fault *faults);

void fault_free(struct fault *faults);
