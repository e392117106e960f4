/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parent's spellings. */
#include "mdev/address.h"

#include "base/text.h"

#include <ctype.h>

/* `length` hexadecimal digits and then `end`, nothing else. */
static bool hex(const char **text, size_t length, char end, unsigned *ret)
{
	static const char digits[] = "0123456789abcdef";
	unsigned n = 0;

	for (size_t i = 0; i < length; i++) {
		const char *digit = **text ? strchr(digits, tolower((unsigned char)**text)) : NULL;

		if (!digit)
			return false;
		n = n << 4 | (unsigned)(digit - digits);
		(*text)++;
	}
	if (**text != end)
		return false;
	*text += end != '\0';
	*ret = n;
	return true;
}

bool pci_address_parse(const char *text, struct pci_address *ret)
{
	struct pci_address a;

	if (!hex(&text, 4, ':', &a.domain) || !hex(&text, 2, ':', &a.bus) ||
	    !hex(&text, 2, '.', &a.slot) || !hex(&text, 1, '\0', &a.function) || a.slot > 0x1f ||
	    a.function > 7)
		return false;
	*ret = a;
	return true;
}

/* libvirt's "pci_0000_86_00_0" as an address. */
static bool parse_node_name(struct pool *pool, const char *given, struct pci_address *ret)
{
	char *address;

	if (strncmp(given, "pci_", 4) != 0 || strlen(given) != 16)
		return false;
	address = pool_strdup(pool, given + 4);
	if (address[4] != '_' || address[7] != '_' || address[10] != '_')
		return false;
	address[4] = address[7] = ':';
	address[10] = '.';
	return pci_address_parse(address, ret);
}

static const char *pci_name(struct pool *pool, const struct pci_address *a)
{
	return pool_printf(pool, "%04x:%02x:%02x.%x", a->domain, a->bus, a->slot, a->function);
}

/* "0.0.0001" from "css_0_0_0001", NULL from anything else. */
static const char *css_name(struct pool *pool, const char *given)
{
	char *name;

	if (strncmp(given, "css_", 4) != 0)
		return NULL;
	name = text_lower(pool, given + 4);
	if (strlen(name) < 8 || strspn(name, "0123456789abcdef_") != strlen(name))
		return NULL;
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '.';
	return name;
}

const char *address_parent_name(struct pool *pool, const char *given)
{
	struct pci_address a;
	const char *css, *slash;

	if (strncmp(given, "/sys/", 5) == 0) {
		size_t length = strlen(given);

		while (length && given[length - 1] == '/')
			length--;
		given = pool_strndup(pool, given, length);
		slash = strrchr(given, '/');
		given = slash ? slash + 1 : given;
	}
	if (!text_is_component(given) || text_has_control(given))
		return NULL;
	if (pci_address_parse(given, &a) || parse_node_name(pool, given, &a))
		return pci_name(pool, &a);
	if (strlen(given) == 7 && pci_address_parse(pool_printf(pool, "0000:%s", given), &a))
		return pci_name(pool, &a);
	css = css_name(pool, given);
	if (css)
		return css;
	return streq(given, "ap_matrix") ? "matrix" : given;
}

bool address_is_css(const char *name)
{
	return isxdigit((unsigned char)name[0]) && name[1] == '.' &&
	       isxdigit((unsigned char)name[2]) && name[3] == '.' && strlen(name) == 8 &&
	       strspn(name + 4, "0123456789abcdef") == 4;
}

const char *address_node_name(struct pool *pool, const char *parent, const char *subsystem)
{
	struct pci_address a;
	char *name;

	if (pci_address_parse(parent, &a))
		subsystem = "pci";
	else if (address_is_css(parent))
		subsystem = "css";
	else if (streq(parent, "matrix"))
		subsystem = "ap";
	name = pool_printf(pool, "%s%s%s", subsystem ? subsystem : "", subsystem ? "_" : "",
			   parent);
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return name;
}
