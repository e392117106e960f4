/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions as documents. */
#include "out/export.h"

#include "base/text.h"
#include "mdev/address.h"
#include "mdev/record.h"

#include <jansson.h>

/* What each format has no place for. */
enum part {
	PART_NAME = 1 << 0,
	PART_GROUP = 1 << 1,
	PART_PARAMS = 1 << 2,
	PART_UUID = 1 << 3,
	PART_ATTRIBUTES = 1 << 4,
	PART_START = 1 << 5,
	PART_PARENT = 1 << 6,
};

static const struct {
	const char *word;
	unsigned lost;
} formats[] = {
	[EXPORT_JSON] = {"json", 0},
	[EXPORT_MDEVCTL] = {"mdevctl", PART_NAME | PART_GROUP | PART_PARAMS},
	[EXPORT_RFC_XML] = {"rfc-xml", PART_UUID | PART_ATTRIBUTES | PART_START},
	[EXPORT_LIBVIRT_XML] = {"libvirt-xml", PART_NAME | PART_GROUP | PART_PARAMS | PART_START},
};

bool export_format_named(const char *word, enum export_format *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (streq(formats[i].word, word)) {
			*ret = (enum export_format)i;
			return true;
		}
	return false;
}

const char *export_lost(struct pool *pool, enum export_format format, bool in_list,
			const struct definition *definition)
{
	const struct {
		unsigned part;
		bool there;
		const char *word;
	} parts[] = {
		{PART_NAME, definition->name, "name"},
		{PART_GROUP, definition->group, "group"},
		{PART_PARAMS, definition->params, "params"},
		{PART_UUID, definition->uuid, "UUID"},
		{PART_PARENT, definition->parent, "parent"},
		{PART_ATTRIBUTES, definition->n_attributes, "attributes"},
		{PART_START, definition->start == START_AUTO, "automatic start"},
	};
	unsigned missing = formats[format].lost;
	const char *lost = NULL;

	if (format == EXPORT_MDEVCTL && !in_list)
		missing |= PART_UUID | PART_PARENT;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].there && (missing & parts[i].part))
			lost = pool_printf(pool, "%s%s%s", lost ? lost : "", lost ? ", " : "",
					   parts[i].word);
	return lost;
}

/* JSON */

static void set_text(json_t *json, const char *key, const char *value)
{
	if (value)
		json_object_set_new(json, key, json_string(value));
}

static void set_attributes(json_t *json, const struct definition *definition)
{
	json_object_set_new(json, "attrs",
			    attributes_to_json(definition->attributes, definition->n_attributes));
}

static const char *start_word(const struct definition *definition)
{
	return definition->start == START_AUTO ? "auto" : "manual";
}

static json_t *own_json(const struct definition *definition)
{
	json_t *json = json_object();

	set_text(json, "uuid", definition->uuid);
	set_text(json, "name", definition->name);
	set_text(json, "parent", definition->parent);
	set_text(json, "type", definition->type);
	if (definition->group)
		json_object_set_new(json, "group", json_integer(definition->group));
	set_text(json, "params", definition->params);
	if (definition->start)
		set_text(json, "start", start_word(definition));
	if (definition->n_attributes)
		set_attributes(json, definition);
	return json;
}

/* As it lies in mdevctl's files. */
static json_t *mdevctl_json(const struct definition *definition)
{
	json_t *json = json_object();

	set_text(json, "mdev_type", definition->type);
	set_text(json, "start", start_word(definition));
	set_attributes(json, definition);
	return json;
}

/* As "mdevctl list --defined --dumpjson" prints them. */
static json_t *mdevctl_list(const struct stored *const *list, size_t n)
{
	json_t *parents = json_object();

	for (size_t i = 0; i < n; i++) {
		const struct definition *definition = &list[i]->definition;
		const char *parent = definition->parent ? definition->parent : "";
		json_t *one = json_object();

		if (!json_object_get(parents, parent))
			json_object_set_new(parents, parent, json_array());
		json_object_set_new(one, definition->uuid ? definition->uuid : "",
				    mdevctl_json(definition));
		json_array_append_new(json_object_get(parents, parent), one);
	}
	json_t *array = json_array();
	json_array_append_new(array, parents);
	return array;
}

static json_t *own_list(const struct stored *const *list, size_t n)
{
	json_t *devices = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(devices, own_json(&list[i]->definition));
	return json_pack("{s:o}", "devices", devices);
}

static void print_json(json_t *json, FILE *out)
{
	json_dumpf(json, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(json);
}

/* XML */

static void print_element(FILE *out, int indent, const char *name, const char *text)
{
	autopool struct pool *pool = pool_new();

	if (text)
		fprintf(out, "%*s<%s>%s</%s>\n", indent, "", name, text_xml(pool, text), name);
}

/* The RFC's, which quotes the params. */
static void print_rfc_capability(FILE *out, int indent, const struct definition *definition)
{
	autopool struct pool *pool = pool_new();

	if (definition->group)
		fprintf(out, "%*s<group>%u</group>\n", indent, "", definition->group);
	if (definition->params)
		fprintf(out, "%*s<params>'%s'</params>\n", indent, "",
			text_xml(pool, definition->params));
}

static void print_libvirt_capability(FILE *out, int indent, const struct definition *definition)
{
	autopool struct pool *pool = pool_new();

	print_element(out, indent, "uuid", definition->uuid);
	for (size_t i = 0; i < definition->n_attributes; i++)
		fprintf(out, "%*s<attr name='%s' value='%s'/>\n", indent, "",
			text_xml(pool, definition->attributes[i].name),
			text_xml(pool, definition->attributes[i].value));
}

/* libvirt's name where it can be read back, else the parent's own. */
static const char *node_name(struct pool *pool, const char *parent)
{
	const char *node = parent ? address_node_name(pool, parent, NULL) : NULL;
	const char *back = node ? address_parent_name(pool, node) : NULL;

	return back && streq(back, parent) ? node : parent;
}

static void print_device(enum export_format format, FILE *out, int indent,
			 const struct definition *definition)
{
	autopool struct pool *pool = pool_new();
	bool rfc = format == EXPORT_RFC_XML;

	fprintf(out, "%*s<device>\n", indent, "");
	if (rfc)
		print_element(out, indent + 2, "name", definition->name);
	print_element(out, indent + 2, "parent", node_name(pool, definition->parent));
	fprintf(out, "%*s<capability type='mdev'>\n", indent + 2, "");
	fprintf(out, "%*s<type id='%s'/>\n", indent + 4, "", text_xml(pool, definition->type));
	if (rfc)
		print_rfc_capability(out, indent + 4, definition);
	else
		print_libvirt_capability(out, indent + 4, definition);
	fprintf(out, "%*s</capability>\n%*s</device>\n", indent + 2, "", indent, "");
}

void export_print_one(enum export_format format, const struct stored *stored, FILE *out)
{
	switch (format) {
	case EXPORT_JSON:
		print_json(own_json(&stored->definition), out);
		break;
	case EXPORT_MDEVCTL:
		print_json(mdevctl_json(&stored->definition), out);
		break;
	case EXPORT_RFC_XML:
	case EXPORT_LIBVIRT_XML:
		print_device(format, out, 0, &stored->definition);
		break;
	}
}

static void print_xml_list(enum export_format format, const struct stored *const *list, size_t n,
			   FILE *out)
{
	fputs("<devices>\n", out);
	for (size_t i = 0; i < n; i++)
		print_device(format, out, 2, &list[i]->definition);
	fputs("</devices>\n", out);
}

void export_print_list(enum export_format format, const struct stored *const *list, size_t n,
		       FILE *out)
{
	switch (format) {
	case EXPORT_JSON:
		print_json(own_list(list, n), out);
		break;
	case EXPORT_MDEVCTL:
		print_json(mdevctl_list(list, n), out);
		break;
	case EXPORT_RFC_XML:
	case EXPORT_LIBVIRT_XML:
		print_xml_list(format, list, n, out);
		break;
	}
}
