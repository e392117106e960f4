/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as a virtual machine takes it. */
#include "out/vm.h"

#include "base/text.h"
#include "mdev/address.h"

#include <ctype.h>

static const char *const format_words[] = {
	[VM_QEMU] = "qemu",
	[VM_QEMU_JSON] = "qemu-json",
	[VM_QMP] = "qmp",
	[VM_LIBVIRT] = "libvirt",
};

bool vm_format_named(const char *word, enum vm_format *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(format_words); i++)
		if (streq(format_words[i], word)) {
			*ret = (enum vm_format)i;
			return true;
		}
	return false;
}

bool vm_driver_is_safe(const char *driver)
{
	return *driver && text_is_plain(driver, "_-");
}

bool vm_devno_is_valid(const char *devno)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	size_t css = strspn(devno, hex), number;

	if (!css || css > 2 || devno[css] != '.' || !devno[css + 1] ||
	    !strchr("0123", devno[css + 1]) || devno[css + 2] != '.')
		return false;
	number = strspn(devno + css + 3, hex);
	return number && number <= 4 && !devno[css + 3 + number];
}

/* What comes behind a hexadecimal number of at most `most`, with "0x" or without; else NULL. */
static const char *skip_hex(const char *text, unsigned long most)
{
	text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	return n && strtoul(text, NULL, 16) <= most ? text + n : NULL;
}

bool vm_addr_is_valid(const char *addr)
{
	const char *rest = skip_hex(addr, 0x1f);

	if (rest && *rest == '.')
		rest = skip_hex(rest + 1, 7);
	return rest && !*rest;
}

bool vm_id_is_valid(const char *id)
{
	return isalpha((unsigned char)*id) && text_is_plain(id, "._-");
}

/* What takes which option */

enum taker {
	TAKER_PCI = 1 << 0, /* vfio-pci */
	TAKER_CCW = 1 << 1,
	TAKER_AP = 1 << 2,
	TAKER_QEMU = 1 << 3, /* formats */
	TAKER_QMP = 1 << 4,
	TAKER_LIBVIRT = 1 << 5,
};
#define TAKER_ANY_DEVICE (TAKER_PCI | TAKER_CCW | TAKER_AP)
#define TAKER_ANY_FORMAT (TAKER_QEMU | TAKER_QMP | TAKER_LIBVIRT)

/*
 * QEMU's "-device vfio-ap,help" and those of the others (seen: 7.2, vfio-pci of 10.0 too);
 * libvirt's schema domaincommon.rng (seen: 9.0 and 11.3).
 */
static const struct {
	const char *name;
	size_t offset; /* of its text; ramfb has none */
	unsigned takers;
	const char *no_device; /* why no other device takes it; NULL when each does */
	const char *no_libvirt;
	const char *no_qmp;
} rules[] = {
	{"--bus", offsetof(struct vm_options, bus), TAKER_PCI | TAKER_QEMU | TAKER_QMP,
	 "only PCI devices go on a bus of the VM's", "it gives devices their addresses itself",
	 NULL},
	{"--addr", offsetof(struct vm_options, addr), TAKER_PCI | TAKER_QEMU | TAKER_QMP,
	 "only PCI devices have an address on a bus", "it gives devices their addresses itself",
	 NULL},
	{"--display", offsetof(struct vm_options, display), TAKER_PCI | TAKER_ANY_FORMAT,
	 "only PCI devices have a screen", NULL, NULL},
	{"--bootindex", offsetof(struct vm_options, bootindex),
	 TAKER_PCI | TAKER_CCW | TAKER_ANY_FORMAT, "nothing boots from a crypto adapter", NULL,
	 NULL},
	{"--migration", offsetof(struct vm_options, migration), TAKER_PCI | TAKER_QEMU | TAKER_QMP,
	 "QEMU migrates only PCI devices", "a <hostdev> does not say whether it migrates", NULL},
	{"--iommufd", offsetof(struct vm_options, iommufd),
	 TAKER_ANY_DEVICE | TAKER_QEMU | TAKER_QMP, NULL,
	 "it chooses itself how QEMU opens a device", NULL},
	{"--devno", offsetof(struct vm_options, devno), TAKER_CCW | TAKER_ANY_FORMAT,
	 "only channel devices have a device number", NULL, NULL},
	{"--vm-uuid", offsetof(struct vm_options, vm_uuid), TAKER_ANY_DEVICE | TAKER_QEMU, NULL,
	 "the <uuid> of its domain is the VM's", "a VM that runs was started with its UUID"},
};

static enum taker taker_of_driver(const char *driver)
{
	if (streq(driver, "vfio-ccw"))
		return TAKER_CCW;
	return streq(driver, "vfio-ap") ? TAKER_AP : TAKER_PCI;
}

static enum taker taker_of_format(enum vm_format format)
{
	if (format == VM_LIBVIRT)
		return TAKER_LIBVIRT;
	return format == VM_QMP ? TAKER_QMP : TAKER_QEMU;
}

/*
 * libvirt's qemu driver refuses the order on other mediated devices (seen: 9.0 and 11.3). A virtual
 * function is a PCI device to it, and may have one.
 */
static int check_libvirt(const struct vm_options *options, enum taker device, const char *address,
			 struct err *err)
{
	if (options->format != VM_LIBVIRT)
		return 0;
	if (options->display && streq(options->display, "auto"))
		return err_set(err, ERR_UNSUPPORTED,
			       "libvirt has no --display auto: a screen is on or off there");
	if (!options->bootindex)
		return 0;
	if (device != TAKER_CCW && !address)
		return err_set(err, ERR_UNSUPPORTED,
			       "libvirt has no place for --bootindex: of mediated devices it boots "
			       "from vfio-ccw only");
	if (strspn(options->bootindex, "0") == strlen(options->bootindex))
		return err_set(err, ERR_UNSUPPORTED,
			       "libvirt's order of boot devices begins with 1");
	return 0;
}

static int check_ramfb(const struct vm_options *options, const char *driver, enum taker device,
		       struct err *err)
{
	if (options->ramfb && device != TAKER_PCI)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s takes no --ramfb: only PCI devices have a screen", driver);
	if (options->ramfb && options->format == VM_QMP)
		return err_set(err, ERR_UNSUPPORTED,
			       "qmp has no place for --ramfb: such a device cannot be plugged in");
	return 0;
}

static int check_options(const struct vm_options *options, const char *driver, const char *address,
			 struct err *err)
{
	enum taker device = taker_of_driver(driver), format = taker_of_format(options->format);

	if (check_ramfb(options, driver, device, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const char *given;

		memcpy(&given, (const char *)options + rules[i].offset, sizeof(given));
		if (!given)
			continue;
		if (!(rules[i].takers & device))
			return err_set(err, ERR_UNSUPPORTED, "%s takes no %s: %s", driver,
				       rules[i].name, rules[i].no_device);
		if (!(rules[i].takers & format))
			return err_set(err, ERR_UNSUPPORTED, "%s has no place for %s: %s",
				       format_words[options->format], rules[i].name,
				       format == TAKER_QMP ? rules[i].no_qmp : rules[i].no_libvirt);
	}
	return check_libvirt(options, device, address, err);
}

/* Properties */

static void add(struct pool *pool, struct vm_device *device, int kind, const char *key,
		const char *text)
{
	if (text)
		*pool_push(pool, device->list, device->n) =
			(struct vm_property){.kind = kind, .key = key, .text = text};
}

/* QEMU up to 8.0 calls it x-enable-migration, and has it as a bool. */
static void add_migration(struct pool *pool, const struct vm_options *options,
			  struct vm_device *device)
{
	static const char old[] = "x-enable-migration";
	bool is_old = options->qemu && !qemu_has(options->qemu, "enable-migration") &&
		      qemu_has(options->qemu, old);

	if (is_old)
		add(pool, device, VM_BOOL, old, options->migration);
	else
		add(pool, device, VM_TEXT, "enable-migration", options->migration);
}

static int check_qemu(const struct vm_options *options, const struct vm_device *device,
		      struct err *err)
{
	for (size_t i = 0; options->qemu && i < device->n; i++) {
		const char *key = device->list[i].key;

		/* these are of every device, and not in its help */
		if (!streq(key, "id") && !streq(key, "bus") && !qemu_has(options->qemu, key))
			return err_set(err, ERR_UNSUPPORTED, "'%s' lacks the property '%s' of %s",
				       options->qemu->binary, key, device->driver);
	}
	return 0;
}

const char *vm_driver(const struct vm_options *options, const struct device *device)
{
	return options->ramfb ? "vfio-pci-nohotplug" : device->device_api;
}

int vm_describe(struct pool *pool, const struct vm_options *options, const struct device *device,
		size_t number, struct vm_device *ret, struct err *err)
{
	const char *id = options->id ? pool_printf(pool, "%s%zu", options->id, number) : NULL;

	if (check_options(options, device->device_api, device->address, err) < 0)
		return -1;
	*ret = (struct vm_device){
		.device = device,
		.driver = vm_driver(options, device),
	};
	add(pool, ret, VM_TEXT, "sysfsdev", device->path);
	add(pool, ret, VM_TEXT, "id", id);
	add(pool, ret, VM_TEXT, "bus", options->bus);
	add(pool, ret, VM_TEXT, "addr", options->addr);
	add(pool, ret, VM_TEXT, "display", options->ramfb ? "on" : options->display);
	add(pool, ret, VM_BOOL, "ramfb", options->ramfb ? "on" : NULL);
	add(pool, ret, VM_NUMBER, "bootindex", options->bootindex);
	add_migration(pool, options, ret);
	add(pool, ret, VM_TEXT, "iommufd", options->iommufd);
	add(pool, ret, VM_TEXT, "devno", options->devno);
	return check_qemu(options, ret, err);
}

/* Text */

/* QEMU's own quoting doubles commas. */
static const char *qemu_text(struct pool *pool, const struct vm_device *device)
{
	const char *text = device->driver;

	for (size_t i = 0; i < device->n; i++) {
		const struct vm_property *property = &device->list[i];
		char *quoted = pool_alloc(pool, 2 * strlen(property->text) + 1), *end = quoted;

		for (const char *p = property->text; *p; p++) {
			*end++ = *p;
			if (*p == ',')
				*end++ = ',';
		}
		text = pool_printf(pool, "%s,%s=%s", text, property->key, quoted);
	}
	return text;
}

static json_t *property_json(const struct vm_property *property)
{
	switch (property->kind) {
	case VM_NUMBER:
		return json_integer(strtoll(property->text, NULL, 10));
	case VM_BOOL:
		return json_boolean(streq(property->text, "on"));
	case VM_TEXT:
		break;
	}
	return json_string(property->text);
}

static const char *compact(struct pool *pool, json_t *json)
{
	autofree char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return pool_strdup(pool, text ? text : "");
}

json_t *vm_arguments(const struct vm_device *device)
{
	json_t *json = json_pack("{s:s}", "driver", device->driver);

	for (size_t i = 0; i < device->n; i++)
		json_object_set_new(json, device->list[i].key, property_json(&device->list[i]));
	return json;
}

static const char *command(struct pool *pool, const char *name, json_t *arguments)
{
	return compact(pool, json_pack("{s:s, s:o}", "execute", name, "arguments", arguments));
}

/* "fe.0.1234" */
static const char *ccw_address(struct pool *pool, const char *devno)
{
	size_t cssid = strcspn(devno, "."), ssid = strcspn(devno + cssid + 1, ".");

	return pool_printf(pool, "<address type='ccw' cssid='0x%.*s' ssid='0x%.*s' devno='0x%s'/>",
			   (int)cssid, devno, (int)ssid, devno + cssid + 1,
			   devno + cssid + 1 + ssid + 1);
}

static const char *mdev_source(struct pool *pool, const struct device *device)
{
	return pool_printf(pool, "    <address uuid='%s'/>\n", device->uuid);
}

static const char *pci_source(struct pool *pool, const char *address)
{
	struct pci_address a;

	if (!pci_address_parse(address, &a))
		return "";
	return pool_printf(
		pool, "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n",
		a.domain, a.bus, a.slot, a.function);
}

/* A virtual function is not managed: libvirt would take its driver from it. */
static const char *hostdev_start(struct pool *pool, const struct vm_options *options,
				 const struct device *device)
{
	const char *display = options->ramfb ? "on" : options->display;
	const char *text =
		device->address ? "type='pci' managed='no'"
				: pool_printf(pool, "type='mdev' model='%s'", device->device_api);

	if (display)
		text = pool_printf(pool, "%s display='%s'", text, display);
	return pool_printf(pool, "<hostdev mode='subsystem' %s%s>\n  <source>\n%s  </source>\n",
			   text, options->ramfb ? " ramfb='on'" : "",
			   device->address ? pci_source(pool, device->address)
					   : mdev_source(pool, device));
}

/* libvirt's manual, "Domain XML format", host device assignment. */
static const char *hostdev(struct pool *pool, const struct vm_options *options,
			   const struct vm_device *device)
{
	const char *text = hostdev_start(pool, options, device->device);

	for (size_t i = 0; i < device->n; i++) {
		const struct vm_property *property = &device->list[i];

		if (streq(property->key, "bootindex"))
			text = pool_printf(pool, "%s  <boot order='%s'/>\n", text, property->text);
		else if (streq(property->key, "devno"))
			text = pool_printf(pool, "%s  %s\n", text,
					   ccw_address(pool, property->text));
		else if (streq(property->key, "id")) /* "ua-" marks a user's own */
			text = pool_printf(pool, "%s  <alias name='ua-%s'/>\n", text,
					   text_xml(pool, property->text));
	}
	return pool_printf(pool, "%s</hostdev>", text);
}

static void add_line(struct pool *pool, const char *line, struct vm_lines *ret)
{
	*pool_push(pool, ret->list, ret->n) = line;
	*pool_push(pool, ret->words, ret->n_words) = line;
}

/* An option of QEMU's: what a shell could take otherwise is quoted for it. */
static void add_option(struct pool *pool, const char *option, const char *value,
		       struct vm_lines *ret)
{
	bool is_safe = text_is_plain(value, "%+,-./:=@_");

	*pool_push(pool, ret->list, ret->n) =
		pool_printf(pool, "%s %s", option, is_safe ? value : text_shell(pool, value));
	*pool_push(pool, ret->words, ret->n_words) = option;
	*pool_push(pool, ret->words, ret->n_words) = value;
}

void vm_line(struct pool *pool, const struct vm_options *options, const struct vm_device *device,
	     struct vm_lines *ret)
{
	switch (options->format) {
	case VM_QEMU:
		add_option(pool, "-device", qemu_text(pool, device), ret);
		break;
	case VM_QEMU_JSON:
		add_option(pool, "-device", compact(pool, vm_arguments(device)), ret);
		break;
	case VM_QMP:
		add_line(pool, command(pool, "device_add", vm_arguments(device)), ret);
		break;
	case VM_LIBVIRT:
		add_line(pool, hostdev(pool, options, device), ret);
		break;
	}
}

void vm_preamble(struct pool *pool, const struct vm_options *options, struct vm_lines *ret)
{
	if (options->vm_uuid)
		add_option(pool, "-uuid", options->vm_uuid, ret);
	if (options->iommufd && options->format == VM_QMP)
		add_line(pool,
			 command(pool, "object-add",
				 json_pack("{s:s, s:s}", "qom-type", "iommufd", "id",
					   options->iommufd)),
			 ret);
	else if (options->iommufd)
		add_option(pool, "-object", pool_printf(pool, "iommufd,id=%s", options->iommufd),
			   ret);
}
