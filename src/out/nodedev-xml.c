/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent as libvirt's node device XML. */
#include "out/nodedev-xml.h"

#include "base/text.h"
#include "mdev/address.h"

#include <inttypes.h>
#include <stdarg.h>

struct writer {
	struct pool *pool;
	FILE *out;
	int depth;
};

static void PRINTF(2, 3) line(const struct writer *writer, const char *format, ...)
{
	va_list args;

	fprintf(writer->out, "%*s", 2 * writer->depth, "");
	va_start(args, format);
	vfprintf(writer->out, format, args);
	va_end(args);
	fputc('\n', writer->out);
}

static void begin(struct writer *writer, const char *capability)
{
	line(writer, "<capability type='%s'>", capability);
	writer->depth++;
}

static void end(struct writer *writer)
{
	writer->depth--;
	line(writer, "</capability>");
}

static void text(const struct writer *writer, const char *element, const char *value)
{
	if (value)
		line(writer, "<%s>%s</%s>", element, text_xml(writer->pool, value), element);
}

static void attribute(const struct writer *writer, const char *name, const char *value)
{
	if (value)
		line(writer, "<attribute name='%s'>%s</attribute>", name,
		     text_xml(writer->pool, value));
}

static const char *number(const struct writer *writer, int64_t number)
{
	return number < 0 ? NULL : pool_printf(writer->pool, "%" PRId64, number);
}

/* One element per sysfs file, in the mail's order. */
static void rfc_type(struct writer *writer, const struct type *type)
{
	line(writer, "<type id='%s'>", text_xml(writer->pool, type->id));
	writer->depth++;
	text(writer, "name", type->name);
	attribute(writer, "fb_length", type->fb_length);
	attribute(writer, "resolution", type->resolution);
	attribute(writer, "heads", number(writer, type->heads));
	if (type->room_file)
		attribute(writer, type->room_file, number(writer, type->available));
	if (type->requires_group)
		attribute(writer, "requires_group", "1");
	writer->depth--;
	line(writer, "</type>");
}

static void libvirt_type(struct writer *writer, const struct type *type)
{
	line(writer, "<type id='%s'>", text_xml(writer->pool, type->id));
	writer->depth++;
	text(writer, "name", type->name);
	text(writer, "deviceAPI", type->device_api);
	text(writer, "availableInstances", number(writer, type->available));
	writer->depth--;
	line(writer, "</type>");
}

static void types(struct writer *writer, const struct parent *parent, enum nodedev_dialect dialect)
{
	begin(writer, dialect == NODEDEV_RFC ? "mdev" : "mdev_types");
	for (size_t i = 0; i < parent->n_types; i++) {
		if (dialect == NODEDEV_RFC)
			rfc_type(writer, parent->types[i]);
		else
			libvirt_type(writer, parent->types[i]);
	}
	end(writer);
}

static void identity(const struct writer *writer, const char *element, const char *id,
		     const char *name)
{
	if (id)
		line(writer, "<%s id='%s'>%s</%s>", element, text_xml(writer->pool, id),
		     name ? text_xml(writer->pool, name) : "", element);
}

static void place(const struct writer *writer, const struct pci_address *address)
{
	line(writer, "<address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>",
	     address->domain, address->bus, address->slot, address->function);
}

/* libvirt knows no types of these: what they make are no mediated devices. */
static void functions(struct writer *writer, const struct parent *parent)
{
	struct pci_address address;

	begin(writer, "virt_functions");
	for (size_t i = 0; i < parent->n_slots; i++)
		if (pci_address_parse(parent->slots[i], &address))
			place(writer, &address);
	end(writer);
}

/* Its IOMMU group, of which only the parent itself is named, and its NUMA node. */
static void neighbourhood(struct writer *writer, const struct parent *parent,
			  const struct pci_address *address)
{
	if (parent->iommu_group >= 0) {
		line(writer, "<iommuGroup number='%" PRId64 "'>", parent->iommu_group);
		writer->depth++;
		place(writer, address);
		writer->depth--;
		line(writer, "</iommuGroup>");
	}
	if (parent->numa_node >= 0)
		line(writer, "<numa node='%" PRId64 "'/>", parent->numa_node);
}

static void pci(struct writer *writer, const struct parent *parent,
		const struct pci_address *address, enum nodedev_dialect dialect)
{
	begin(writer, "pci");
	line(writer, "<domain>%u</domain>", address->domain);
	line(writer, "<bus>%u</bus>", address->bus);
	line(writer, "<slot>%u</slot>", address->slot);
	line(writer, "<function>%u</function>", address->function);
	if (dialect == NODEDEV_RFC)
		types(writer, parent, dialect);
	identity(writer, "product", parent->product_id, parent->product);
	identity(writer, "vendor", parent->vendor_id, parent->vendor);
	if (dialect == NODEDEV_LIBVIRT) {
		if (parent->n_slots)
			functions(writer, parent);
		else
			types(writer, parent, dialect);
		neighbourhood(writer, parent, address);
	}
	end(writer);
}

/* A channel device's numbers, in hexadecimal as libvirt has them. */
static void css(struct writer *writer, const struct parent *parent, enum nodedev_dialect dialect)
{
	const char *name = parent->name; /* "0.0.0001" */

	begin(writer, "css");
	line(writer, "<cssid>0x%.1s</cssid>", name);
	line(writer, "<ssid>0x%.1s</ssid>", name + 2);
	line(writer, "<devno>0x%.4s</devno>", name + 4);
	types(writer, parent, dialect);
	end(writer);
}

void print_nodedev_xml(const struct parent *parent, enum nodedev_dialect dialect, FILE *out)
{
	autopool struct pool *pool = pool_new();
	struct writer writer = {.pool = pool, .out = out};
	const char *name = address_node_name(pool, parent->name, parent->driver);
	struct pci_address address;

	line(&writer, "<device>");
	writer.depth++;
	text(&writer, "name", name);
	if (dialect == NODEDEV_LIBVIRT) {
		text(&writer, "path", parent->real);
		if (parent->driver)
			line(&writer, "<driver><name>%s</name></driver>",
			     text_xml(pool, parent->driver));
	}
	if (pci_address_parse(parent->name, &address)) {
		pci(&writer, parent, &address, dialect);
	} else if (address_is_css(parent->name)) {
		css(&writer, parent, dialect);
	} else if (streq(name, "ap_matrix")) {
		begin(&writer, "ap_matrix");
		types(&writer, parent, dialect);
		end(&writer);
	} else if (dialect == NODEDEV_LIBVIRT) {
		/* libvirt has no capability for such a device but this, and then its types in it */
		begin(&writer, "mdev_types");
		types(&writer, parent, dialect);
		end(&writer);
	} else {
		types(&writer, parent, dialect);
	}
	writer.depth--;
	line(&writer, "</device>");
}
