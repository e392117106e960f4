/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool define */
#include "cmd/kept.h"
#include "cmd/wanted.h"

#include "mdev/uuid.h"

#include <stddef.h>

struct options {
	struct wanted wanted;
	bool automatic, manual;
};

static const struct cmd_option options[] = {
	WANTED_OPTIONS(struct options),
	{"auto", 0, NULL, OPTION_FLAG, offsetof(struct options, automatic), COMPLETE_NOTHING, NULL,
	 "Start it with its parent, at boot and whenever that appears"},
	{"manual", 0, NULL, OPTION_FLAG, offsetof(struct options, manual), COMPLETE_NOTHING, NULL,
	 "Start it on request only (the default)"},
};

/* A running device as a definition: options may add to it. */
static int adopt(struct context *context, const struct options *o, const char *given,
		 struct definitions *definitions, struct err *err)
{
	struct operation operation = begin_operation(context);
	struct definition definition = {0};

	if (operation_adopt(&operation, given, &definition, err) < 0)
		/* it could have been meant as a FILE */
		return err->kind == ERR_NOT_FOUND && !uuid_is_prefix(given)
			       ? err_rephrase(err, "no FILE and no device '%s'", given)
			       : -1;
	say_notes(context, &operation);
	if (wanted_add(context, &o->wanted, &definition, err) < 0)
		return -1;
	*pool_push(context->pool, definitions->list, definitions->n) = definition;
	return 0;
}

static int collect(struct context *context, const struct options *o,
		   struct definitions *definitions, struct err *err)
{
	struct words documents = {0}, devices = {0};

	for (size_t i = 0; i < context->args.n; i++) {
		const char *word = context->args.list[i];
		struct words *words = names_document(word) ? &documents : &devices;

		*pool_push(context->pool, words->list, words->n) = word;
	}
	*definitions = (struct definitions){0};
	if ((documents.n || !devices.n) &&
	    wanted_definitions(context, &o->wanted, &documents, definitions, err) < 0)
		return -1;
	if (devices.n && o->wanted.count)
		return err_set(err, ERR_USAGE, "--count does not go with devices that exist");
	if (devices.n && context->args.n > 1 && (o->wanted.uuid || o->wanted.name))
		return err_set(err, ERR_USAGE, "%s cannot be that of %zu devices",
			       o->wanted.uuid ? "--uuid" : "--name", context->args.n);
	for (size_t i = 0; i < devices.n; i++)
		if (adopt(context, o, devices.list[i], definitions, err) < 0)
			return -1;
	return 0;
}

static int set_start(struct definition *definition, const struct options *o, struct err *err)
{
	enum start start = o->automatic ? START_AUTO : START_MANUAL;

	if (definition->start == START_UNSET || definition->start == start) {
		definition->start = start;
		return 0;
	}
	return wanted_contradiction(definition, o->automatic ? "--auto" : "--manual", NULL,
				    o->automatic ? "manual" : "auto", err);
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	struct operation operation = begin_operation(context);
	struct define_options define = {0};
	autokept struct kept kept = {0};
	struct definitions definitions;

	if (o->automatic && o->manual)
		return err_set(err, ERR_USAGE, "--auto and --manual contradict each other");
	if (wanted_placement(&o->wanted, &define.create, err) < 0 ||
	    collect(context, o, &definitions, err) < 0)
		return -1;
	for (size_t i = 0; i < definitions.n; i++)
		if ((o->automatic || o->manual) && set_start(&definitions.list[i], o, err) < 0)
			return -1;
	int result = operation_define(&operation, &definitions, &define, &kept, err);
	say_notes(context, &operation);
	if (result == 0)
		print_kept(context, &kept, "defined", NULL);
	return result;
}

const struct command command_define = {
	.name = "define",
	.args = "[FILE|-|DEVICE]...",
	.summary = "Keep the definition of a device, or of a set of them",
	.help = "Keeps definitions, from which devices can be started at any time, and prints their "
		"UUIDs. What to keep comes from options, from FILEs in XML or JSON, or from DEVICEs "
		"that exist now. Devices are left as they are.\v"
		"Examples:\n"
		"  mdevtool define --type 11 --parent 0000:86:00.0 --name desk --auto\n"
		"  mdevtool define 2f0c2d5e --auto\n"
		"  mdevtool define my-vgpu.xml\n",
	.completion = COMPLETE_DEVICE_OR_FILE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.run = run,
};
