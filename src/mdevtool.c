/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of commands, and the only place where the program ends. */
#include "cmd/command.h"
#include "mdevctl/mdevctl.h"

#include "config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct command command_list_parents, command_list_types, command_list, command_show,
	command_create, command_destroy, command_define, command_modify, command_undefine,
	command_start, command_export, command_start_vm_args, command_attach, command_detach,
	command_recover, command_complete;

const struct command *const commands[] = {
	&command_list_parents, &command_list_types, &command_list,    &command_show,
	&command_create,       &command_destroy,    &command_define,  &command_modify,
	&command_undefine,     &command_start,      &command_export,  &command_start_vm_args,
	&command_attach,       &command_detach,     &command_recover, &command_complete,
};
const size_t n_commands = ARRAY_SIZE(commands);

const char *argp_program_version = PACKAGE_STRING;
const char *argp_program_bug_address = PACKAGE_URL;

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < n_commands; i++)
		if (streq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/*
 * With stdout closed the first file opened would become it, and a listing would be written into
 * sysfs. With the others closed messages and input could go astray the same way.
 */
static int check_descriptors(struct err *err)
{
	static const char *const names[] = {"stdin", "stdout", "stderr"};

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (fd == STDOUT_FILENO)
			return err_set(err, ERR_FAILED, "%s is closed", names[fd]);
		if (open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			return err_set(err, ERR_FAILED, "%s is closed", names[fd]);
	}
	return 0;
}

/*
 * It takes its caller's word for a root directory and for what a document names, which is no way to
 * stand between a user and root. Root gains nothing by AT_SECURE, but has it under SELinux, where a
 * service's program changes the domain and the policy has no "noatsecure".
 */
static int check_rights(struct err *err)
{
	if (!getauxval(AT_SECURE))
		return 0;
	if (getuid() == 0 && geteuid() == 0 && getgid() == getegid())
		return 0;
	err_set(err, ERR_DENIED, "refusing to run set-uid, set-gid or with file capabilities");
	return err_hint(err,
			"'chmod ug-s' and 'setcap -r' take them from the program; sudo is the way");
}

static int run(int argc, char **argv, struct context *context, struct err *err)
{
	const struct command *command;
	const void *options;

	command = parse_arguments(argc, argv, context, &options, err);
	if (!command)
		return -1;
	if (!context->root_dir)
		context->root_dir = getenv("MDEVTOOL_ROOT");
	if (context->root_dir && !*context->root_dir)
		context->root_dir = NULL;
	if (root_open(context->root_dir, &context->root, err) < 0)
		return -1;
	if (command->only_reads)
		warn_of_stale(context);
	return command->run(context, options, err);
}

static int finish(struct context *context, int result, struct err *err)
{
	int status = result < 0 ? (int)err->kind : context->status;

	if (result < 0) {
		if (context->json)
			print_error_json(err, stdout);
		say_error(context, err);
	}
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
		autoerr struct err failure = {0};

		err_errno(&failure, errno, "cannot write to stdout");
		say_error(context, &failure);
		status = ERR_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct context context = {.root = {.fd = -1}};
	autoerr struct err err = {0};
	const char *personality;
	int status;

	/* before a look at the arguments or the environment, which are the caller's */
	if (check_rights(&err) < 0) {
		say_error(&context, &err);
		return (int)err.kind;
	}
	context.pool = pool_new();
	personality = mdevctl_name(argv[0]);
	argp_err_exit_status = ERR_USAGE;
	/* a reader that goes away must not hide what was made: see finish() */
	signal(SIGPIPE, SIG_IGN);
	/* what is remembered is for everybody to read */
	umask(022);
	if (check_descriptors(&err) < 0)
		status = finish(&context, -1, &err);
	else if (personality)
		status = mdevctl_main(personality, argv, &context);
	else
		status = finish(&context, run(argc, argv, &context, &err), &err);
	root_close(&context.root);
	pool_free(context.pool);
	return status;
}
