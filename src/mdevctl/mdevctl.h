/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The personality: what mdevtool does when it is called mdevctl or lsmdev. It takes the command
 * lines of mdevctl 1.4.0, prints what that prints, and ends as that ends; messages are ours.
 */
#pragma once

#include "cmd/command.h"
#include "mdevctl/arguments.h"

/* The name that makes argv[0] ask for the personality, "mdevctl" or "lsmdev"; else NULL. */
const char *mdevctl_name(const char *argv0);
/* The whole program under that name; its exit status. */
int mdevctl_main(const char *name, char **argv, struct context *context);

/* What a subcommand is given. */
struct session {
	struct context *context;
	const struct arguments *arguments;
	struct operation operation;
};

/* Whether any of these was given. */
static inline bool is_given(const struct session *session, unsigned bits)
{
	return session->arguments->given & bits;
}

/* The subcommands: 0, or -1 with *err. */
int mdevctl_list(struct session *session, struct err *err);
int mdevctl_types(struct session *session, struct err *err);
int mdevctl_define(struct session *session, struct err *err);
int mdevctl_undefine(struct session *session, struct err *err);
int mdevctl_modify(struct session *session, struct err *err);
int mdevctl_start(struct session *session, struct err *err);
int mdevctl_stop(struct session *session, struct err *err);
int mdevctl_start_parent(struct session *session, struct err *err);

/* Makes names that are not plain components an error: they are parts of paths. */
int mdevctl_check_parent(const char *parent, struct err *err);
/* Reads the document of --jsonfile, for the device that the options name. */
int mdevctl_read_definition(struct session *session, struct definition *ret, struct err *err);
