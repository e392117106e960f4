/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool destroy */
#include "cmd/filter.h"

#include <stddef.h>
#include <stdio.h>

#define WAIT_MAX 86400

struct options {
	struct filter filter;
	bool all;
	bool foreign;
	bool dry_run;
	const char *wait;
};

static const struct cmd_option options[] = {
	FILTER_PARENT(struct options),
	FILTER_GROUP(struct options),
	{"all", 0, NULL, OPTION_FLAG, offsetof(struct options, all), COMPLETE_NOTHING, NULL,
	 "All devices on that parent"},
	{"foreign", 0, NULL, OPTION_FLAG, offsetof(struct options, foreign), COMPLETE_NOTHING, NULL,
	 "Also virtual functions that others have set up, which an address alone tells apart"},
	{"wait", 'w', "SECONDS", OPTION_TEXT, offsetof(struct options, wait), COMPLETE_NOTHING,
	 NULL, "Wait so long for whoever holds a device (default: 0 when that is known, else 5)"},
	{"dry-run", 0, NULL, OPTION_FLAG, offsetof(struct options, dry_run), COMPLETE_NOTHING, NULL,
	 "Print what would be written, and write nothing"},
};

static int check(const struct context *context, const struct options *o,
		 struct destroy_options *destroy, struct err *err)
{
	*destroy = (struct destroy_options){
		.wait_ms = -1, .foreign = o->foreign, .dry_run = o->dry_run};
	if (o->wait && parse_seconds("--wait", o->wait, 0, WAIT_MAX, &destroy->wait_ms, err) < 0)
		return -1;
	if (context->args.n && (o->filter.group || o->filter.parent || o->all))
		return err_set(err, ERR_USAGE,
			       "name devices, or a --group, or a --parent with --all, "
			       "not both");
	if (o->filter.parent && !o->all && !o->filter.group) {
		err_set(err, ERR_USAGE, "--parent alone destroys nothing");
		return err_hint(err, "add --all to destroy every device on '%s'", o->filter.parent);
	}
	if (o->all && !o->filter.parent) {
		err_set(err, ERR_USAGE, "--all needs a --parent");
		return err_hint(err, "'mdevtool list-parents' shows them all");
	}
	if (!context->args.n && !o->filter.group && !o->filter.parent) {
		err_set(err, ERR_USAGE,
			"nothing to destroy: name a device, a --group, or a "
			"--parent with --all");
		return err_hint(err, "'mdevtool list' shows what there is");
	}
	return 0;
}

static int choose(struct context *context, const struct options *o, struct words *ret,
		  struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct filtered devices;

	inventory_init(&inventory, &context->root);
	if (o->filter.parent && !inventory_find_parent(&inventory, o->filter.parent, 0, err))
		return -1;
	if (filter_devices(context, &inventory, &o->filter, 0, &devices, err) < 0)
		return -1;
	if (!devices.n && o->filter.group) {
		err_set(err, ERR_NOT_FOUND, "no device has the group %s", o->filter.group);
		return err_hint(err, "'mdevtool list' shows which groups there are");
	}
	for (size_t i = 0; i < devices.n; i++)
		*pool_push(context->pool, ret->list, ret->n) =
			pool_strdup(context->pool, devices.list[i]->uuid);
	return 0;
}

static void print_dry_run(struct context *context, const struct destructions *destructions)
{
	const char **lines = NULL;
	size_t n = 0;

	for (size_t i = 0; i < destructions->n; i++)
		plan_lines(&destructions->list[i].plan, context->pool, &lines, &n);
	print_steps(context, lines, n, NULL);
}

static void print_destroyed(const struct destructions *destructions)
{
	struct document document = {.out = stdout};
	json_t *gone = json_array();

	for (size_t i = 0; i < destructions->n; i++)
		if (destructions->list[i].gone)
			json_array_append_new(gone,
					      json_string(destructions->list[i].device->uuid));
	document_member(&document, "destroyed", gone);
	document_end(&document, NULL);
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct operation operation = begin_operation(context);
	autodestructions struct destructions destructions = {0};
	struct destroy_options destroy;
	struct words uuids = {0};
	int result;

	if (check(context, o, &destroy, err) < 0 || choose(context, o, &uuids, err) < 0)
		return -1;
	if (o->dry_run)
		warn_of_stale(context);
	result = uuids.n ? operation_destroy(&operation, uuids.list, uuids.n, &destroy,
					     &destructions, err)
			 : 0;
	say_notes(context, &operation);
	if (result < 0)
		return -1;
	if (o->dry_run)
		print_dry_run(context, &destructions);
	else if (context->json)
		print_destroyed(&destructions);
	return 0;
}

const struct command command_destroy = {
	.name = "destroy",
	.args = "[DEVICE...]",
	.summary = "Remove devices",
	.help = "Removes active devices. One that a process holds open is refused, naming the process: "
		"the kernel would wait for it, and could not be interrupted.\v"
		"Examples:\n"
		"  mdevtool destroy 2f0c2d5e\n"
		"  mdevtool destroy --group 1 --wait 30\n"
		"  mdevtool destroy --parent 0000:86:00.0 --all --dry-run\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
