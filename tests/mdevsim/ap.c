/* SPDX-License-Identifier: GPL-2.0-or-later */
/* s390's crypto adapters: the matrix of a vfio_ap device, and the AP bus that lends queues. */

/*
 * A queue is an adapter and a domain. It belongs to the host while its adapter is in apmask and
 * its domain in aqmask, whether it is plugged or not; any other may be assigned to one device.
 */

#include "ap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "mask.h"
#include "text.h"

struct matrix {
	struct mask adapters;
	struct mask domains;
	struct mask control;
};

static struct mask get_mask(const struct record *record, const char *key)
{
	struct mask mask = {0};

	mask_parse(&mask, record_get(record, key));
	return mask;
}

static void set_mask(struct record *record, const char *key, const struct mask *mask)
{
	autofree char *text = mask_text(mask);

	record_set(record, key, text);
}

static struct matrix get_matrix(const struct record *device)
{
	return (struct matrix){
		.adapters = get_mask(device, "adapters"),
		.domains = get_mask(device, "domains"),
		.control = get_mask(device, "control"),
	};
}

/* The record of the AP bus; NULL on a machine described without one. */
static const struct record *find_bus(const struct machine *machine)
{
	for (const struct record *parent = machine->parents; parent; parent = parent->next) {
		if (strcmp(record_get(parent, "model"), "apbus") == 0)
			return parent;
	}
	return NULL;
}

/* Whether a queue is in both, for any pair of masks of adapters and of domains. */
static bool meet(const struct mask *adapters, const struct mask *domains,
		 const struct mask *other_adapters, const struct mask *other_domains)
{
	bool adapter = false;
	bool domain = false;

	for (int i = 0; i < MASK_BITS; i++) {
		adapter |= adapters->bit[i] && other_adapters->bit[i];
		domain |= domains->bit[i] && other_domains->bit[i];
	}
	return adapter && domain;
}

static bool is_matrix(const struct machine *machine, const struct record *device)
{
	const struct record *parent;

	parent = record_find(machine->parents, record_get(device, "parent"));
	return parent && strcmp(record_get(parent, "model"), "ap") == 0;
}

/* What stands against the device having this matrix; 0 or a negative errno. */
static long check_matrix(const struct machine *machine, const struct record *self,
			 const struct matrix *wanted)
{
	const struct record *bus = find_bus(machine);

	if (bus) {
		struct mask apmask = get_mask(bus, "apmask");
		struct mask aqmask = get_mask(bus, "aqmask");

		if (meet(&wanted->adapters, &wanted->domains, &apmask, &aqmask))
			return -EADDRNOTAVAIL;
	}
	for (const struct record *device = machine->devices; device; device = device->next) {
		struct matrix other;

		if (device == self || !is_matrix(machine, device))
			continue;
		other = get_matrix(device);
		if (meet(&wanted->adapters, &wanted->domains, &other.adapters, &other.domains))
			return -EADDRINUSE;
	}
	return 0;
}

static long put_matrix(const struct request *request, const struct matrix *wanted)
{
	long error = check_matrix(request->machine, request->device, wanted);

	if (error)
		return error;
	set_mask(request->device, "adapters", &wanted->adapters);
	set_mask(request->device, "domains", &wanted->domains);
	set_mask(request->device, "control", &wanted->control);
	device_save(request->machine, request->device);
	return 0;
}

/* assign_adapter and its five sisters: the file's name says which bit of which mask. */
long ap_assign(const struct request *request)
{
	bool assign = starts_with(request->file, "assign_");
	const char *what = strchr(request->file, '_') + 1;
	struct matrix wanted = get_matrix(request->device);
	unsigned long number;
	int error = parse_number(request->text, &number);

	if (error)
		return -error;
	if (number >= MASK_BITS)
		return -ENODEV;
	if (strcmp(what, "adapter") == 0)
		wanted.adapters.bit[number] = assign;
	else if (strcmp(what, "domain") == 0)
		wanted.domains.bit[number] = assign;
	else
		wanted.control.bit[number] = assign;
	return put_matrix(request, &wanted);
}

/* Three masks at once, all of them or none; what is behind them is not looked at. */
long ap_config(const struct request *request)
{
	autofree char *text = format("%s", request->text);
	struct matrix wanted;
	char *rest = text;
	const char *adapters = strsep(&rest, ",\n");
	const char *domains = strsep(&rest, ",\n");
	const char *control = strsep(&rest, ",\n");

	if (!domains || !control)
		return -EINVAL;
	if (!mask_parse(&wanted.adapters, adapters) || !mask_parse(&wanted.domains, domains) ||
	    !mask_parse(&wanted.control, control))
		return -EINVAL;
	return put_matrix(request, &wanted);
}

static bool lent_queue(const struct machine *machine, const struct mask *apmask,
		       const struct mask *aqmask)
{
	for (const struct record *device = machine->devices; device; device = device->next) {
		struct matrix matrix;

		if (!is_matrix(machine, device))
			continue;
		matrix = get_matrix(device);
		if (meet(&matrix.adapters, &matrix.domains, apmask, aqmask))
			return true;
	}
	return false;
}

/* The host cannot take back a queue that a device has. */
long apbus_mask(const struct request *request)
{
	struct mask apmask = get_mask(request->parent, "apmask");
	struct mask aqmask = get_mask(request->parent, "aqmask");
	struct mask *changed = strcmp(request->file, "apmask") == 0 ? &apmask : &aqmask;

	if (!mask_change(changed, request->text))
		return -EINVAL;
	if (lent_queue(request->machine, &apmask, &aqmask))
		return -EBUSY;
	set_mask(request->parent, request->file, changed);
	parent_save(request->machine, request->parent);
	return 0;
}

/* Takes the line over. */
static void append(char **text, char *line)
{
	autofree char *before = *text;

	*text = format("%s%s", before, line);
	free(line);
}

/* The queues of a matrix, or the side that is there when the other is empty. */
static char *matrix_text(const struct mask *adapters, const struct mask *domains)
{
	char *text = duplicate("");

	for (int a = 0; a < MASK_BITS; a++) {
		if (!adapters->bit[a])
			continue;
		if (mask_empty(domains))
			append(&text, format("%02x.\n", (unsigned int)a));
		for (int d = 0; d < MASK_BITS; d++) {
			if (domains->bit[d])
				append(&text,
				       format("%02x.%04x\n", (unsigned int)a, (unsigned int)d));
		}
	}
	for (int d = 0; d < MASK_BITS && mask_empty(adapters); d++) {
		if (domains->bit[d])
			append(&text, format(".%04x\n", (unsigned int)d));
	}
	return text;
}

/* What a guest would see: domains that exist, and adapters that are plugged with all of them. */
static char *guest_text(const struct record *bus, const struct matrix *matrix)
{
	struct mask cards = mask_of_list(bus ? record_get(bus, "cards") : "");
	struct mask usable = mask_of_list(bus ? record_get(bus, "domains") : "");
	struct mask domains = {0};

	for (int i = 0; i < MASK_BITS; i++) {
		domains.bit[i] = matrix->domains.bit[i] && usable.bit[i];
		cards.bit[i] = cards.bit[i] && matrix->adapters.bit[i];
	}
	return matrix_text(&cards, &domains);
}

static char *control_text(const struct mask *control)
{
	char *text = duplicate("");

	for (int d = 0; d < MASK_BITS; d++) {
		if (control->bit[d])
			append(&text, format("%04x\n", (unsigned int)d));
	}
	return text;
}

static void show_config(struct machine *machine, const char *dir, const struct matrix *matrix)
{
	autofree char *adapters = mask_text(&matrix->adapters);
	autofree char *domains = mask_text(&matrix->domains);
	autofree char *control = mask_text(&matrix->control);
	autofree char *text = format("%s,%s,%s\n", adapters, domains, control);

	tree_file_in(machine, dir, "ap_config", 0644, text);
}

void ap_show(struct machine *machine, const struct record *parent)
{
	for (const struct record *device = machine->devices; device; device = device->next) {
		autofree char *dir = NULL;
		autofree char *queues = NULL;
		autofree char *guest = NULL;
		autofree char *control = NULL;
		struct matrix matrix;

		if (!device_is_on(device, parent))
			continue;
		dir = device_path(machine, device);
		matrix = get_matrix(device);
		queues = matrix_text(&matrix.adapters, &matrix.domains);
		guest = guest_text(find_bus(machine), &matrix);
		control = control_text(&matrix.control);
		tree_file_in(machine, dir, "matrix", 0444, queues);
		tree_file_in(machine, dir, "guest_matrix", 0444, guest);
		tree_file_in(machine, dir, "control_domains", 0444, control);
		if (record_number(parent, "ap_config"))
			show_config(machine, dir, &matrix);
	}
}

static bool assigned(const struct machine *machine, int adapter, int domain)
{
	struct mask adapters = {0};
	struct mask domains = {0};

	adapters.bit[adapter] = true;
	domains.bit[domain] = true;
	return lent_queue(machine, &adapters, &domains);
}

/* The queue's driver, and with vfio_ap whether a device has it. */
static void show_queue(struct machine *machine, bool of_host, int adapter, int domain)
{
	autofree char *dir = format("/sys/devices/ap/card%02x/%02x.%04x", (unsigned int)adapter,
				    (unsigned int)adapter, (unsigned int)domain);
	autofree char *driver = format("%s/driver", dir);
	autofree char *status = format("%s/status", dir);
	const char *text = assigned(machine, adapter, domain) ? "assigned\n" : "unassigned\n";

	tree_link_to(machine, driver,
		     of_host ? "/sys/bus/ap/drivers/cex4queue" : "/sys/bus/ap/drivers/vfio_ap");
	if (of_host)
		tree_remove(machine, status);
	else
		tree_file(machine, status, 0444, text, strlen(text));
}

void apbus_show(struct machine *machine, const struct record *parent)
{
	struct mask apmask = get_mask(parent, "apmask");
	struct mask aqmask = get_mask(parent, "aqmask");
	struct mask cards = mask_of_list(record_get(parent, "cards"));
	struct mask domains = mask_of_list(record_get(parent, "domains"));
	autofree char *ap = format("%s\n", record_get(parent, "apmask"));
	autofree char *aq = format("%s\n", record_get(parent, "aqmask"));

	tree_file_in(machine, record_get(parent, "path"), "apmask", 0644, ap);
	tree_file_in(machine, record_get(parent, "path"), "aqmask", 0644, aq);
	for (int a = 0; a < MASK_BITS; a++) {
		for (int d = 0; cards.bit[a] && d < MASK_BITS; d++) {
			if (domains.bit[d])
				show_queue(machine, apmask.bit[a] && aqmask.bit[d], a, d);
		}
	}
}
