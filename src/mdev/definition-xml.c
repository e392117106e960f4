/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions in XML: the RFC's <device> with <group> and <params>, and libvirt's. */
#include "mdev/definition.h"

#include "base/text.h"
#include "mdev/xml.h"

struct document {
	const char *file;
	struct pool *pool;
	struct definitions *definitions;
	struct err *err;
};

static int locate(const struct document *document, struct xml_place place)
{
	return err_locate(document->err, document->file, place.line, place.column);
}

static int take(const struct document *document, struct definition *definition,
		enum definition_field field, const char *label, const char *value,
		struct xml_place place)
{
	if (definition_set(definition, document->pool, field, label, value, document->err) < 0)
		return locate(document, place);
	return 0;
}

static int take_text(const struct document *document, struct definition *definition,
		     enum definition_field field, const struct xml_element *element)
{
	const char *label = pool_printf(document->pool, "<%s>", element->name);

	if (!*element->text) {
		err_set(document->err, ERR_INVALID, "%s is empty", label);
		return locate(document, element->place);
	}
	return take(document, definition, field, label, element->text, element->text_place);
}

/* libvirt names its node devices itself; that is no name of ours. */
static int take_name(const struct document *document, struct definition *definition,
		     const struct xml_element *element)
{
	if (strncmp(element->text, "mdev_", 5) == 0)
		return 0;
	return take_text(document, definition, DEFINITION_NAME, element);
}

static int take_parent(const struct document *document, struct definition *definition,
		       const struct xml_element *element)
{
	return take_text(document, definition, DEFINITION_PARENT, element);
}

static int take_uuid(const struct document *document, struct definition *definition,
		     const struct xml_element *element)
{
	return take_text(document, definition, DEFINITION_UUID, element);
}

static int take_group(const struct document *document, struct definition *definition,
		      const struct xml_element *element)
{
	return take_text(document, definition, DEFINITION_GROUP, element);
}

/* The mail quotes the value in its XML, but not where it is stored: one pair is taken off. */
static int take_params(const struct document *document, struct definition *definition,
		       const struct xml_element *element)
{
	const char *text = element->text;
	size_t length = strlen(text);

	if (length >= 2 && (*text == '\'' || *text == '"') && text[length - 1] == *text)
		text = pool_strndup(document->pool, text + 1, length - 2);
	return take(document, definition, DEFINITION_PARAMS, "<params>", text, element->text_place);
}

static int missing_attribute(const struct document *document, const struct xml_element *element,
			     const char *name)
{
	err_set(document->err, ERR_INVALID, "<%s> needs the attribute '%s'", element->name, name);
	return locate(document, element->place);
}

static int take_type(const struct document *document, struct definition *definition,
		     const struct xml_element *element)
{
	const char *id = xml_attribute(element, "id");

	if (!id)
		return missing_attribute(document, element, "id");
	return take(document, definition, DEFINITION_TYPE, "<type id=…>", id, element->place);
}

static int take_attribute(const struct document *document, struct definition *definition,
			  const struct xml_element *element)
{
	const char *name = xml_attribute(element, "name");
	const char *value = xml_attribute(element, "value");

	if (!name || !value)
		return missing_attribute(document, element, name ? "value" : "name");
	if (definition_add_attribute(definition, document->pool, "<attr name=…>", name, value,
				     document->err) < 0)
		return locate(document, element->place);
	return 0;
}

static int ignore(const struct document *document, struct definition *definition,
		  const struct xml_element *element)
{
	(void)document, (void)definition, (void)element;
	return 0;
}

static int take_capability(const struct document *document, struct definition *definition,
			   const struct xml_element *element);

struct rule {
	const char *name;
	int (*take)(const struct document *document, struct definition *definition,
		    const struct xml_element *element);
	const char *attributes; /* that it may have, separated by blanks */
	bool repeats;
	bool nests; /* may have elements in it */
};

/* What libvirt writes and only reads (formatdomain and formatnode of its manual) is passed over. */
static const struct rule device_rules[] = {
	{.name = "name", .take = take_name},
	{.name = "parent", .take = take_parent},
	{.name = "path", .take = ignore},
	{.name = "driver", .take = ignore, .nests = true},
	{.name = "capability", .take = take_capability, .attributes = "type", .nests = true},
};

static const struct rule capability_rules[] = {
	{.name = "type", .take = take_type, .attributes = "id"},
	{.name = "uuid", .take = take_uuid},
	{.name = "group", .take = take_group},
	{.name = "params", .take = take_params},
	{.name = "attr", .take = take_attribute, .attributes = "name value", .repeats = true},
	{.name = "iommuGroup", .take = ignore, .attributes = "number"},
	{.name = "parent_addr", .take = ignore},
};

static bool is_repeated(const struct xml_element *parent, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (streq(parent->children[j]->name, parent->children[i]->name))
			return true;
	return false;
}

static int unknown_element(const struct document *document, const struct xml_element *element,
			   const struct rule *rules, size_t n)
{
	const char **words = pool_alloc(document->pool, (n + 1) * sizeof(*words));

	for (size_t i = 0; i < n; i++)
		words[i] = rules[i].name;
	err_set(document->err, ERR_INVALID, "unknown element <%s> in <%s>", element->name,
		element->parent->name);
	const char *nearest = text_nearest(element->name, words, n);
	if (nearest)
		err_hint(document->err, "did you mean <%s>?", nearest);
	return locate(document, element->place);
}

static bool is_allowed(const char *allowed, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = allowed; word && *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strcspn(word, " ") == length && strncmp(word, name, length) == 0)
			return true;
	}
	return false;
}

static int check_attributes(const struct document *document, const struct xml_element *element,
			    const char *allowed)
{
	for (size_t i = 0; i < element->n_attributes; i++) {
		const char *name = element->attributes[i].name;

		if (is_allowed(allowed, name))
			continue;
		err_set(document->err, ERR_INVALID, "unknown attribute '%s' of <%s>", name,
			element->name);
		return locate(document, element->place);
	}
	return 0;
}

static int take_child(const struct document *document, struct definition *definition,
		      const struct xml_element *parent, size_t i, const struct rule *rules,
		      size_t n)
{
	const struct xml_element *child = parent->children[i];

	for (size_t j = 0; j < n; j++) {
		if (!streq(child->name, rules[j].name))
			continue;
		if (!rules[j].repeats && is_repeated(parent, i)) {
			err_set(document->err, ERR_INVALID, "a second <%s> in <%s>", child->name,
				parent->name);
			return locate(document, child->place);
		}
		if (child->n_children && !rules[j].nests)
			return unknown_element(document, child->children[0], NULL, 0);
		if (check_attributes(document, child, rules[j].attributes) < 0)
			return -1;
		return rules[j].take(document, definition, child);
	}
	return unknown_element(document, child, rules, n);
}

static int take_children(const struct document *document, struct definition *definition,
			 const struct xml_element *parent, const struct rule *rules, size_t n)
{
	if (*parent->text) {
		err_set(document->err, ERR_INVALID, "unexpected text in <%s>", parent->name);
		return locate(document, parent->text_place);
	}
	for (size_t i = 0; i < parent->n_children; i++)
		if (take_child(document, definition, parent, i, rules, n) < 0)
			return -1;
	return 0;
}

static int take_capability(const struct document *document, struct definition *definition,
			   const struct xml_element *element)
{
	const char *type = xml_attribute(element, "type");

	if (!type || !streq(type, "mdev")) {
		err_set(document->err, ERR_INVALID, "<capability> must have type='mdev'");
		return locate(document, element->place);
	}
	return take_children(document, definition, element, capability_rules,
			     ARRAY_SIZE(capability_rules));
}

static int parse_device(const struct document *document, const struct xml_element *element)
{
	struct definition *definition =
		pool_push(document->pool, document->definitions->list, document->definitions->n);

	definition->file = document->file;
	definition->line = element->place.line;
	definition->column = element->place.column;
	if (check_attributes(document, element, NULL) < 0)
		return -1;
	if (take_children(document, definition, element, device_rules, ARRAY_SIZE(device_rules)) <
	    0)
		return -1;
	if (definition->type)
		return 0;
	err_set(document->err, ERR_INVALID,
		"<device> has no <type id=…> in a <capability type='mdev'>");
	return locate(document, element->place);
}

static int parse_root(const struct document *document, const struct xml_element *root)
{
	if (streq(root->name, "device"))
		return parse_device(document, root);
	if (!streq(root->name, "devices")) {
		err_set(document->err, ERR_INVALID,
			"the document must be a <device> or <devices>, not <%s>", root->name);
		return locate(document, root->place);
	}
	if (check_attributes(document, root, NULL) < 0)
		return -1;
	if (!root->n_children) {
		err_set(document->err, ERR_INVALID, "no device in it");
		return locate(document, root->place);
	}
	for (size_t i = 0; i < root->n_children; i++) {
		if (!streq(root->children[i]->name, "device")) {
			err_set(document->err, ERR_INVALID, "unknown element <%s> in <devices>",
				root->children[i]->name);
			return locate(document, root->children[i]->place);
		}
		if (parse_device(document, root->children[i]) < 0)
			return -1;
	}
	return 0;
}

int definitions_parse_xml(const char *file, const char *text, size_t length, struct pool *pool,
			  struct definitions *ret, struct err *err)
{
	struct document document = {file, pool, ret, err};
	struct xml_element *root;

	*ret = (struct definitions){0};
	root = xml_parse(file, text, length, DOCUMENT_DEPTH_MAX, pool, err);
	return root ? parse_root(&document, root) : -1;
}
