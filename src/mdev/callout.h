/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mdevctl's call-outs and notifiers: scripts that take part in what happens to a device, in
 * /usr/lib/mdevctl/scripts.d and /etc/mdevctl.d/scripts.d. The protocol is version 2 (mdevctl 1.3
 * and later; seen: what 1.2.0 and 1.4.0 do to a script that writes down what it is given).
 *
 * A script and the directories above it must belong to root or to us, and nobody else may write
 * them, a sticky directory excepted.
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "mdev/sysfs.h"

enum callout_action {
	CALLOUT_DEFINE,
	CALLOUT_UNDEFINE,
	CALLOUT_MODIFY,
	CALLOUT_START,
	CALLOUT_STOP,
};

/* How long a script may take. */
#define CALLOUT_MS 60000

/* One action on one device, between callout_begin() and callout_end(). */
struct callout {
	const struct root *root;
	struct pool *pool;
	enum callout_action action;
	const char *type; /* the type's id */
	const char *uuid;
	const char *parent;
	const char *definition; /* mdevctl's JSON of the device in one line */
	bool force;             /* a script that refuses is a warning */
	int time_ms;            /* for each script; CALLOUT_MS when 0 */
	/* Is given what there is to tell beside errors: "SCRIPT: a line of its stderr". */
	void (*say)(void *data, const char *line);
	void *data;
	/* results */
	const char *script; /* the one that knows this type, NULL when none does */
	bool live;          /* it can change a running device */
	bool refused;       /* it did not want the action */
};

/*
 * Finds this type's script, the first that says so when it is asked for its capabilities, else the
 * first whose status is not 2, and gives it the event "pre". ERR_FAILED when it refuses, ERR_DENIED
 * when it is not to be trusted, ERR_BUSY when its time is over. Without scripts nothing is done.
 * callout_end() is called whatever this returns.
 */
int callout_begin(struct callout *callout, struct err *err);
/* Tells the same script how it went (event "post"), then the notifiers. What fails is told. */
void callout_end(struct callout *callout, bool success);

/*
 * Asks this type's script for the attributes of a running device: *json is mdevctl's array of them,
 * NULL when nobody answers.
 */
int callout_attributes(struct callout *callout, const char **json, struct err *err);
/*
 * Lets it change the running device into callout->definition, and tells the notifiers, who do not
 * learn how it went; ERR_UNSUPPORTED when it cannot.
 */
int callout_live(struct callout *callout, struct err *err);
