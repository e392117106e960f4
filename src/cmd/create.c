/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool create */
#include "cmd/plug.h"
#include "cmd/wanted.h"

#include "base/file.h"
#include "base/text.h"

#include <stddef.h>
#include <stdio.h>

struct options {
	struct wanted wanted;
	bool dry_run;
	const char *attach;
};

static const struct cmd_option options[] = {
	WANTED_OPTIONS(struct options),
	{"dry-run", 0, NULL, OPTION_FLAG, offsetof(struct options, dry_run), COMPLETE_NOTHING, NULL,
	 "Print what would be written, and write nothing"},
	{"attach", 0, "SOCKET", OPTION_TEXT, offsetof(struct options, attach), COMPLETE_FILE, NULL,
	 "Give them to the running VM with this QMP socket; if that fails they are removed again"},
};

/* Printing */

static const char *explain_choice(const struct creation *creation,
				  const struct create_options *create, struct pool *pool)
{
	static const char *const words[] = {
		[PLACEMENT_PACK] = "the fullest",
		[PLACEMENT_SPREAD] = "the emptiest",
		[PLACEMENT_NUMA] = "the fullest on its NUMA node",
	};
	const struct type *type = creation->request.type;
	const struct parent *parent = type->parent;
	const char *line = pool_printf(pool, "# on %s", parent->name);

	if (parent->product)
		line = pool_printf(pool, "%s (%s %s)", line, parent->vendor ? parent->vendor : "",
				   parent->product);
	if (type->available != UNKNOWN)
		line = pool_printf(pool, "%s: %lld free", line, (long long)type->available);
	if (creation->n_candidates > 1)
		line = pool_printf(pool, "%s, %s of %zu parents that offer '%s'", line,
				   words[create->placement], creation->n_candidates, type->id);
	return text_printable(pool, line);
}

static void print_dry_run(struct context *context, const struct create_options *create,
			  const struct creations *creations)
{
	struct pool *pool = context->pool;
	const char **lines = NULL;
	size_t n = 0;

	for (size_t i = 0; i < creations->n; i++) {
		const struct creation *creation = &creations->list[i];

		if (!context->json)
			*pool_push(pool, lines, n) = explain_choice(creation, create, pool);
		plan_lines(&creation->plan, pool, &lines, &n);
	}
	print_steps(context, lines, n, NULL);
}

static int print_devices_json(struct context *context, const struct creations *creations,
			      struct err *err)
{
	autoinventory struct inventory inventory = {0};
	struct document document = {.out = stdout};
	struct selection selection;
	const void **devices = NULL;
	size_t n = 0;

	select_all(&device_fields, context->pool, &selection);
	inventory_init(&inventory, &context->root);
	for (size_t i = 0; i < creations->n; i++) {
		struct device *device = inventory_find_device(
			&inventory, creations->list[i].record.uuid, selection.needs, err);

		if (!device)
			return -1;
		device->params_ignored = creations->list[i].params_ignored;
		*pool_push(context->pool, devices, n) = device;
	}
	document_array(&document, &selection, devices, n);
	document_end(&document, &inventory);
	say_inventory_warnings(context, &inventory);
	return 0;
}

/*
 * What was made must not be lost with a closed pipe, nor with one of the set that others have
 * removed by now: then the UUIDs go to stderr.
 */
static int print_made(struct context *context, const struct creations *creations, struct err *err)
{
	int result = 0;

	if (context->json)
		result = print_devices_json(context, creations, err);
	else
		for (size_t i = 0; i < creations->n; i++)
			puts(creations->list[i].record.uuid);
	if (result == 0 && fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	for (size_t i = 0; i < creations->n; i++)
		fprintf(stderr, "made: %s\n", creations->list[i].record.uuid);
	return result;
}

/* The line that says how far a set is has been begun, and not ended. */
static bool in_progress;

/* On a terminal, a set that takes longer than a second shows how far it is. */
static void show_progress(size_t done, size_t total)
{
	static long long start, last;
	long long now = file_now_ms();

	if (!start)
		start = last = now;
	if (total < 2 || now - start < 1000 || (now - last < 200 && done < total))
		return;
	last = now;
	in_progress = done < total;
	fprintf(stderr, "\r%zu of %zu made%s", done, total, in_progress ? "" : "\n");
	fflush(stderr);
}

/* What is said next has a line of its own. */
static void end_progress(void)
{
	if (in_progress)
		fputc('\n', stderr);
	in_progress = false;
}

/* The VM that is to have the devices. */
struct user {
	struct context *context;
	struct guest guest;
};

/* What would be refused when the devices are there is refused before they are made. */
static int check_groups(void *data, const struct creations *creations, struct err *err)
{
	struct user *user = data;
	struct pool *pool = user->context->pool;
	autoinventory struct inventory inventory = {0};
	struct filtered devices = {0};

	inventory_init(&inventory, &user->context->root);
	for (size_t i = 0; i < creations->n; i++) {
		const struct request *request = &creations->list[i].request;
		struct device *device = pool_alloc(pool, sizeof(*device));

		device->uuid = request->uuid;
		device->type = request->type->id;
		device->requires_group = request->type->requires_group;
		device->group = request->group;
		*pool_push(pool, devices.list, devices.n) = device;
	}
	if (plug_check_groups(user->context, &user->guest, &inventory, &devices, err) == 0)
		return 0;
	return err_hint(err, "--group auto, or the group of those that the VM has");
}

static int hand_over(void *data, const struct creations *creations, struct err *err)
{
	struct user *user = data;
	struct pool *pool = user->context->pool;
	autoinventory struct inventory inventory = {0};
	struct filtered devices = {0};
	struct plugging *list;

	inventory_init(&inventory, &user->context->root);
	for (size_t i = 0; i < creations->n; i++) {
		struct device *device = inventory_find_device(
			&inventory, creations->list[i].record.uuid, NEED_DEVICE_ALL, err);

		if (!device)
			return -1;
		*pool_push(pool, devices.list, devices.n) = device;
	}
	return plug_attach(user->context, &user->guest, &inventory, &devices, NULL, &list, err);
}

static int open_user(const struct options *o, struct user *user, struct create_options *create,
		     struct err *err)
{
	const struct plug_options plug = {.socket = o->attach};
	int wait_ms;

	if (!o->attach)
		return 0;
	if (o->dry_run)
		return err_set(err, ERR_USAGE, "--attach and --dry-run do not go together");
	create->check = check_groups;
	create->use = hand_over;
	create->data = user;
	return plug_open(user->context, &plug, &user->guest, &wait_ms, err);
}

static void close_user(struct user *user)
{
	guest_close(&user->guest);
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct create_options create = {.dry_run = o->dry_run};
	struct user user __attribute__((cleanup(close_user))) = {context, GUEST_INIT};
	struct operation operation = begin_operation(context);
	autocreations struct creations creations = {0};
	struct definitions definitions;
	int result;

	if (wanted_placement(&o->wanted, &create, err) < 0 ||
	    wanted_definitions(context, &o->wanted, &context->args, &definitions, err) < 0 ||
	    open_user(o, &user, &create, err) < 0)
		return -1;
	if (isatty(STDERR_FILENO) && !context->quiet && !context->verbose)
		operation.progress = show_progress;
	if (o->dry_run)
		warn_of_stale(context);
	result = operation_create(&operation, &definitions, &create, &creations, err);
	end_progress();
	say_notes(context, &operation);
	if (result < 0)
		return -1;
	if (o->dry_run) {
		print_dry_run(context, &create, &creations);
		return 0;
	}
	return print_made(context, &creations, err);
}

const struct command command_create = {
	.name = "create",
	.args = "[FILE|-]...",
	.summary = "Make a device, or a set of them",
	.help = "Makes devices that exist until they are destroyed or the machine restarts, and prints "
		"their UUIDs. What to make comes from options, or from FILEs in XML or JSON, or both. A "
		"set is made as a whole or not at all.\v"
		"Examples:\n"
		"  mdevtool create --type 11 --group 1 --params frame_rate_limiter=0\n"
		"  mdevtool create --type 'GRID M60-0B' --count 4 --name desk --dry-run\n"
		"  mdevtool create my-vgpu.xml\n"
		"  mdevtool create --type 11 --group 2 --attach web-1.qmp\n"
		"  echo '{\"parent\":\"matrix\",\"type\":\"vfio_ap-passthrough\"}' | mdevtool create -\n",
	.completion = COMPLETE_FILE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
