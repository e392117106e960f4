/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevctl's call-outs and notifiers: scripts that take part in what happens to a device. */
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

/* One action on one device, between callout_begin() and callout_end(). */
struct callout {
	const struct root *root;
	struct pool *pool;
	enum callout_action action;
	const char *type; /* the type's id */
	const char *uuid;
	const char *parent;
	const char *definition; /* mdevctl's JSON of the device, what the scripts read */
	bool force;             /* a script that fails does not stop the action */
	const char *script;     /* the one that answered for this type; NULL when none did */
};

/*
 * Asks the scripts in sorted order, each directory after the other, with the event "pre"; the first
 * whose status is not 2 is this type's. Without any script there is nothing to do. ERR_FAILED when
 * the script refuses, is not to be trusted or takes longer than a minute; callout_end() must be
 * called then, too.
 */
int callout_begin(struct callout *callout, struct err *err);
/*
 * Tells the same script how the action went (event "post"), then all notifiers. What fails here is
 * told as a warning by `warn`, never an error: the action is over.
 */
void callout_end(struct callout *callout, bool success, void (*warn)(void *data, const char *text),
		 void *data);
/*
 * Asks this type's script for the attributes of a running device (event "get", action
 * "attributes"): *json is an array of {"NAME":"VALUE"}, or NULL when no script answers.
 */
int callout_attributes(struct callout *callout, const char **json, struct err *err);
