/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs: a short list of sysfs steps as data, made by a dialect without touching anything.
 * Running a plan is the only thing that writes to sysfs.
 */
#pragma once

#include "mdev/sysfs.h"

#include <stdio.h>

enum step_kind {
	STEP_REQUIRE,        /* the number in the file is above 0, else ERR_NO_ROOM */
	STEP_REQUIRE_LISTED, /* a line of the file begins with this word, else ERR_NO_ROOM */
	STEP_REQUIRE_TEXT,   /* the file says this text, else ERR_BUSY with errnum EBUSY */
	STEP_STORE,          /* the text goes into the file */
	STEP_CREATE,         /* the store that makes the device */
	STEP_FINALLY,        /* a store made after its plan's end or failure, once the step that it
				cleans up after has begun */
	STEP_ATTRIBUTE, /* a store into an attribute that the user named: missing is ERR_INVALID */
	STEP_REMOVE,    /* a store that can block for as long as somebody holds the device */
	STEP_EXPECT,    /* the file is there */
	STEP_EXPECT_GONE,
	STEP_EXPECT_TEXT,  /* the file says this text by now */
	STEP_EXPECT_OTHER, /* it says another, or is gone */
};

struct step {
	enum step_kind kind;
	const char *dir;  /* a machine path */
	const char *name; /* the attribute below it */
	const char *text; /* what is stored */
	size_t undoes;    /* STEP_FINALLY: the index of the step that it cleans up after */
};

struct plan {
	struct pool *pool;
	struct step *steps;
	size_t n;
};

struct step *plan_add(struct plan *plan, enum step_kind kind, const char *dir, const char *name,
		      const char *text);

/* The step as a line of shell, without newline; NULL for those that only expect a file or none. */
const char *step_shell(struct pool *pool, const struct step *step);
/* Adds those of all steps, made printable. */
void plan_lines(const struct plan *plan, struct pool *pool, const char ***lines, size_t *n);

struct run {
	const struct root *root;
	FILE *trace;               /* each step is printed here before it runs; NULL for silence */
	struct sysfs_wait wait;    /* for a STEP_REMOVE, then ERR_BUSY with errnum ETIMEDOUT */
	bool made;                 /* result: a STEP_CREATE took effect, or may have */
	bool left;                 /* result: a STEP_FINALLY failed, so something is still set */
	const struct step *failed; /* result: the first that failed */
};

/*
 * Runs the plan's steps in order. At the first that fails the rest is skipped but for the
 * STEP_FINALLYs that are due. The message names the step's file and what the kernel said.
 */
int plan_run(const struct plan *plan, struct run *run, struct err *err);
