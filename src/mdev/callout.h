/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mdevctl's call-outs and notifiers: scripts that take part in what happens to a device, in
 * /usr/lib/mdevctl/scripts.d and /etc/mdevctl.d/scripts.d. The protocol is version 2 (mdevctl 1.3
 * and later; seen: what 1.2.0 and 1.4.0 do to a script that writes down what it is given).
 *
 * A script, the directories above it and the symlinks on the way must belong to root or to us, and
 * nobody else may write them, a sticky directory excepted. One that breaks this is not run, and an
 * error names what is wrong. What is no executable file is no script, nor what begins with a dot.
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
	/*
	 * Is given what there is to tell beside errors: "SCRIPT: a line of its stderr", as raw as
	 * it is. Never NULL.
	 */
	void (*say)(void *data, const char *line);
	void *data;
	/* results, zero at first */
	const char *script; /* the one that knows this type, NULL when none does */
	bool versioned;     /* it told what it supports: */
	unsigned actions, events;
	bool refused; /* the action must not be done */
};

/*
 * Finds this type's script, the first that says so when it is asked for its capabilities, else the
 * first whose status is not 2, and gives it the event "pre". ERR_FAILED when its status is not 0,
 * ERR_UNSUPPORTED when it told its capabilities and this is none of them, ERR_DENIED when a script
 * is not to be trusted, ERR_BUSY when its time is over, or why it cannot be run. With `force` all
 * that is told, and 0 returned. Without scripts nothing is done.
 *
 * callout_end() is called whatever this returns, and before the next begins, on whatever device:
 * ap-check of s390-tools locks the whole machine in between. Nor are attributes asked for there.
 */
int callout_begin(struct callout *callout, struct err *err);
/*
 * Tells the script that was given "pre" how it went (event "post"), then the notifiers. After a
 * callout_begin() that failed `success` does not count: the script that refused hears "failure",
 * since it may have locked something, and the notifiers "none". What fails is told.
 */
void callout_end(struct callout *callout, bool success);

/*
 * Asks this type's script for the attributes of a running device: *json is mdevctl's array of them,
 * as it came, NULL when nobody answers. ERR_DENIED, ERR_BUSY.
 */
int callout_attributes(struct callout *callout, const char **json, struct err *err);
/*
 * Lets it change the running device into callout->definition (event "live", action "modify"), and
 * tells the notifiers, who do not learn how it went. There is no "pre" and no "post", and `force`
 * changes nothing. ERR_UNSUPPORTED when no script can do it, ERR_FAILED when its status is not 0,
 * ERR_DENIED, ERR_BUSY.
 */
int callout_live(struct callout *callout, struct err *err);
