/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, sizes, names and quoting: what is made of any word from outside. */
#include "base/text.h"
#include "fuzz.h"
#include "mdev/address.h"
#include "mdev/uuid.h"
#include "out/vm.h"

/* A POSIX shell's word is the text again: in single quotes nothing but them is special. */
static void must_be_one_word(const char *quoted, const char *text)
{
	bool inside = false;

	for (; *quoted; quoted++) {
		if (*quoted == '\'')
			inside = !inside;
		else if (inside)
			MUST(*quoted == *text++);
		else
			MUST(*quoted == '\\' && *++quoted == *text++);
	}
	MUST(!inside && !*text);
}

static void quote(struct pool *pool, const char *text)
{
	const char *printable = text_printable(pool, text);

	must_be_printable(printable, strlen(printable), "");
	MUST(!strchr(printable, '\n') && text_printable(pool, printable) == printable);
	must_be_one_word(text_shell(pool, text), text);
	const char *xml = text_xml(pool, text);
	MUST(!strpbrk(xml, "<>\"'"));
	must_be_printable(xml, strlen(xml), "\t\r");
	json_t *string = json_string(text_json(pool, text));
	MUST(string);
	json_decref(string);
}

static void read_numbers(const char *text)
{
	uint64_t number, other;
	struct pci_address address;

	if (text_number(text, INT64_MAX, &number))
		MUST(number <= INT64_MAX && strspn(text, "0123456789") == strlen(text));
	text_size(text, &number);
	text_resolution(text, &number, &other);
	if (pci_address_parse(text, &address))
		MUST(address.slot < 32 && address.function < 8 && address.bus < 256);
}

static void read_names(struct pool *pool, const char *text)
{
	static const char *const words[] = {"create", "destroy", "list-types", "0000:86:00.0"};
	const char *parent = address_parent_name(pool, text);

	/* it becomes a part of paths */
	MUST(!parent || text_is_component(parent));
	if (parent)
		MUST(!strchr(address_node_name(pool, parent, "pci"), '/'));
	MUST(!uuid_is_valid(text) || (strlen(text) == UUID_LENGTH && uuid_is_prefix(text)));
	MUST(!vm_devno_is_valid(text) || text_is_component(text));
	MUST(!vm_addr_is_valid(text) || text_is_component(text) || strlen(text) > 255);
	MUST(!vm_id_is_valid(text) || !text_has_control(text));
	text_nearest(text, words, ARRAY_SIZE(words));
}

/* The path of a device as QEMU, QMP and libvirt are given it. */
static void describe(struct pool *pool, const char *text)
{
	const struct device device = {
		.uuid = "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11",
		.path = pool_printf(pool, "/sys/bus/mdev/devices/%s", text),
		.device_api = vm_driver_is_safe(text) ? text : "vfio-pci",
	};

	for (int format = VM_QEMU; format <= VM_LIBVIRT; format++) {
		const struct vm_options options = {.format = (enum vm_format)format, .id = text};
		struct vm_lines lines = {0};
		struct vm_device description;
		autoerr struct err err = {0};

		if (vm_describe(pool, &options, &device, 0, &description, &err) < 0) {
			must_be_error(&err);
			continue;
		}
		vm_preamble(pool, &options, &lines);
		vm_line(pool, &options, &description, &lines);
		MUST(lines.n > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autopool struct pool *pool = pool_new();
	autofree char *text = fuzz_text(data, size);
	int line, column;

	quote(pool, text);
	read_numbers(text);
	read_names(pool, text);
	describe(pool, text);
	text_position(text, strlen(text), &line, &column);
	MUST(line > 0 && column > 0);
	return 0;
}
