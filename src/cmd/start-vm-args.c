/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdevtool start-vm-args */
#include "cmd/vm-checks.h"

#include "base/text.h"
#include "mdev/uuid.h"
#include "out/vm.h"

#include <stddef.h>
#include <stdio.h>

struct options {
	struct filter filter;
	const char *format;
	const char *id, *bus, *addr, *display, *bootindex, *migration, *iommufd, *devno, *vm_uuid;
	bool ramfb;
	const char *qemu;
};

#define OPTION(name, arg, kind, field, completion, words, help)                              \
	{                                                                                    \
		name, 0, arg, kind, offsetof(struct options, field), completion, words, help \
	}

static const struct cmd_option options[] = {
	FILTER_GROUP(struct options),
	{"format", 'f', "qemu|qemu-json|qmp|libvirt", OPTION_TEXT, offsetof(struct options, format),
	 COMPLETE_WORDS, "qemu qemu-json qmp libvirt",
	 "QEMU's arguments (the default), the same in JSON, QMP commands, or libvirt's XML"},
	OPTION("id", "PREFIX", OPTION_TEXT, id, COMPLETE_NOTHING, NULL,
	       "Call the devices PREFIX0, PREFIX1 ... in the VM"),
	OPTION("bus", "BUS", OPTION_TEXT, bus, COMPLETE_NOTHING, NULL,
	       "Put them on this bus of the VM"),
	OPTION("addr", "ADDR", OPTION_TEXT, addr, COMPLETE_NOTHING, NULL,
	       "Put the device there on its bus"),
	OPTION("display", "on|off|auto", OPTION_TEXT, display, COMPLETE_WORDS, "on off auto",
	       "Whether QEMU shows its screen"),
	OPTION("ramfb", NULL, OPTION_FLAG, ramfb, COMPLETE_NOTHING, NULL,
	       "Give it a screen before its driver runs; such a device is not for hot-plug"),
	OPTION("bootindex", "N", OPTION_TEXT, bootindex, COMPLETE_NOTHING, NULL,
	       "Its place in the order of boot devices"),
	OPTION("migration", "on|off", OPTION_TEXT, migration, COMPLETE_WORDS, "on off",
	       "Whether the VM may migrate with it"),
	OPTION("iommufd", "ID", OPTION_OPTIONAL, iommufd, COMPLETE_NOTHING, NULL,
	       "Open it through iommufd, by an object of this name (iommufd0)"),
	OPTION("devno", "DEVNO", OPTION_TEXT, devno, COMPLETE_NOTHING, NULL,
	       "Its number in the VM's channel subsystem, like fe.0.1234"),
	OPTION("vm-uuid", "UUID", OPTION_TEXT, vm_uuid, COMPLETE_NOTHING, NULL,
	       "The VM's UUID, which NVIDIA's driver wants to know"),
	OPTION("qemu", "BINARY", OPTION_TEXT, qemu, COMPLETE_FILE, NULL,
	       "Ask this QEMU what it takes, and print that"),
};

/* What the options say */

static bool is_plain(const char *text)
{
	return *text && text_is_plain(text, "._-");
}

static bool is_on_or_off(const char *text)
{
	return streq(text, "on") || streq(text, "off");
}

static bool is_display(const char *text)
{
	return is_on_or_off(text) || streq(text, "auto");
}

static bool is_index(const char *text)
{
	uint64_t number;

	return text_number(text, INT32_MAX, &number);
}

static const struct {
	const char *name;
	size_t offset; /* in struct vm_options */
	bool (*is_valid)(const char *text);
	const char *what;
	enum err_kind kind;
	bool of_one; /* several devices of a VM cannot have the same */
} values[] = {
	{"--id", offsetof(struct vm_options, id), vm_id_is_valid,
	 "a letter, then letters, digits, '.', '_' and '-'", ERR_USAGE, false},
	{"--bus", offsetof(struct vm_options, bus), is_plain,
	 "of letters, digits, '.', '_' and '-'", ERR_USAGE, false},
	{"--addr", offsetof(struct vm_options, addr), vm_addr_is_valid,
	 "a slot from 0 to 1f, with a function from 0 to 7 or without, like 5 or 5.0", ERR_USAGE,
	 true},
	{"--display", offsetof(struct vm_options, display), is_display, "on, off or auto",
	 ERR_USAGE, false},
	{"--bootindex", offsetof(struct vm_options, bootindex), is_index,
	 "a number from 0 to 2147483647", ERR_USAGE, true},
	{"--migration", offsetof(struct vm_options, migration), is_on_or_off, "on or off",
	 ERR_USAGE, false},
	{"--iommufd", offsetof(struct vm_options, iommufd), vm_id_is_valid,
	 "a letter, then letters, digits, '.', '_' and '-'", ERR_USAGE, false},
	{"--devno", offsetof(struct vm_options, devno), vm_devno_is_valid, "like fe.0.1234",
	 ERR_USAGE, true},
	{"--vm-uuid", offsetof(struct vm_options, vm_uuid), uuid_is_valid, "a UUID", ERR_INVALID,
	 false},
};

static const char *value_of(const struct vm_options *vm, size_t i)
{
	const char *text;

	memcpy(&text, (const char *)vm + values[i].offset, sizeof(text));
	return text;
}

static int take_options(const struct options *o, struct vm_options *vm, struct err *err)
{
	*vm = (struct vm_options){
		.id = o->id,
		.bus = o->bus,
		.addr = o->addr,
		.display = o->display,
		.ramfb = o->ramfb,
		.bootindex = o->bootindex,
		.migration = o->migration,
		.iommufd = o->iommufd && !*o->iommufd ? "iommufd0" : o->iommufd,
		.devno = o->devno,
		.vm_uuid = o->vm_uuid,
	};
	if (o->format && !vm_format_named(o->format, &vm->format))
		return err_set(err, ERR_USAGE,
			       "--format must be qemu, qemu-json, qmp or libvirt, not '%s'",
			       o->format);
	if (o->ramfb && o->display && !streq(o->display, "on"))
		return err_set(err, ERR_USAGE, "--ramfb needs --display on");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *text = value_of(vm, i);

		if (text && !values[i].is_valid(text))
			return err_set(err, values[i].kind, "%s must be %s, not '%s'",
				       values[i].name, values[i].what, text);
	}
	return 0;
}

/* libvirt gives every VM its UUID; a VM that runs has one or never will. */
static void hint_at_uuid(struct context *context, const struct vm_options *vm,
			 const struct filtered *devices)
{
	const char *what = vm->format == VM_QMP ? "the VM must have been started with QEMU's -uuid"
						: "--vm-uuid, or QEMU's -uuid";

	if (vm->vm_uuid || vm->format == VM_LIBVIRT)
		return;
	for (size_t i = 0; i < devices->n; i++)
		if (devices->list[i]->needs_vm_uuid) {
			say_note(context, "hint: NVIDIA's driver needs the VM's UUID: %s", what);
			return;
		}
}

/* Printing */

/* QEMU is asked once for each driver; mostly there is but one. */
static int ask_qemu(struct context *context, const char *binary, const char *driver,
		    struct qemu *qemu, struct err *err)
{
	if (qemu->driver && streq(qemu->driver, driver))
		return 0;
	return qemu_ask(binary, driver, context->pool, qemu, err);
}

static int describe(struct context *context, const struct options *o, const struct vm_options *vm,
		    const struct filtered *devices, struct vm_lines *lines, struct err *err)
{
	struct qemu qemu = {0};

	vm_preamble(context->pool, vm, lines);
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *device = devices->list[i];
		struct vm_options asked = *vm;
		struct vm_device description;

		if (o->qemu && ask_qemu(context, o->qemu, vm_driver(vm, device), &qemu, err) < 0)
			return -1;
		asked.qemu = o->qemu ? &qemu : NULL;
		if (vm_describe(context->pool, &asked, device, i, &description, err) < 0)
			return -1;
		vm_line(context->pool, &asked, &description, lines);
	}
	return 0;
}

static void print(struct context *context, const struct vm_lines *lines, json_t *doubts)
{
	struct document document = {.out = stdout};
	json_t *arguments = json_array();

	for (size_t i = 0; i < lines->n_words; i++)
		json_array_append_new(arguments, json_string(lines->words[i]));
	for (size_t i = 0; i < lines->n && !context->json; i++)
		puts(lines->list[i]);
	if (context->json) {
		document_member(&document, "arguments", json_incref(arguments));
		if (json_array_size(doubts))
			document_member(&document, "warnings", json_incref(doubts));
		document_end(&document, NULL);
	}
	json_decref(arguments);
}

/* QEMU does not start with the same boot index or address twice, or two ramfbs (seen: 7.2). */
static int check_number(const struct options *o, const struct vm_options *vm,
			const struct filtered *devices, struct err *err)
{
	const char *of_one = o->ramfb ? "--ramfb" : NULL;

	if (!devices->n) {
		err_set(err, ERR_NOT_FOUND, "no device has the group %s", o->filter.group);
		return err_hint(err, "'mdevtool list' shows which groups there are");
	}
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (values[i].of_one && value_of(vm, i))
			of_one = values[i].name;
	if (!of_one || devices->n == 1)
		return 0;
	err_set(err, ERR_USAGE, "%s cannot be that of %zu devices", of_one, devices->n);
	return err_hint(err, "name the one that is to have it, and the others without %s", of_one);
}

static int run(struct context *context, const void *given, struct err *err)
{
	const struct options *o = given;
	autoinventory struct inventory inventory = {0};
	struct vm_lines lines = {0};
	struct vm_options vm;
	struct filtered devices;

	if (!context->args.n && !o->filter.group) {
		err_set(err, ERR_USAGE, "name a device or a --group");
		return err_hint(err, "'mdevtool list' shows them");
	}
	if (context->args.n && o->filter.group)
		return err_set(err, ERR_USAGE, "name devices or a --group, not both");
	if (take_options(o, &vm, err) < 0)
		return -1;
	inventory_init(&inventory, &context->root);
	if (filter_devices(context, &inventory, &o->filter, NEED_DEVICE_ALL, &devices, err) < 0 ||
	    check_number(o, &vm, &devices, err) < 0 || vm_check(context, &devices, err) < 0 ||
	    vm_check_groups(&devices, err) < 0 ||
	    describe(context, o, &vm, &devices, &lines, err) < 0)
		return -1;
	json_t *doubts = vm_doubts(context, &inventory, &devices, vm.iommufd);
	hint_at_uuid(context, &vm, &devices);
	print(context, &lines, doubts);
	json_decref(doubts);
	say_inventory_warnings(context, &inventory);
	return 0;
}

const struct command command_start_vm_args = {
	.name = "start-vm-args",
	.args = "[DEVICE...]",
	.summary = "Print what hands devices to a virtual machine",
	.help = "Prints the arguments that hand the devices to QEMU, one line each, or the same for QMP or "
		"libvirt, after checking that "
		"they exist, that nobody holds them and that they may be together in one VM.\v"
		"Examples:\n"
		"  mdevtool start-vm-args 2f0c2d5e\n"
		"  qemu-system-x86_64 -machine q35 $(mdevtool start-vm-args --group 1)\n"
		"  mdevtool start-vm-args 2f0c2d5e --format libvirt --display on\n",
	.completion = COMPLETE_DEVICE,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct options),
	.only_reads = true,
	.run = run,
};
