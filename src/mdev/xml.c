/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxml2, loaded on demand, building small elements that know their place. */
#include "mdev/xml.h"

#include "base/text.h"
#include "config.h"

#include <dlfcn.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

/* So that packagers see what a program may load (systemd's ELF_PACKAGE_METADATA cousin,
 * .note.dlopen). */
#include "mdev/dlopen-note.h"
DLOPEN_NOTE("xml", "definitions in XML", "recommended", LIBXML2_SONAME);

#ifdef XML_LINKED
#define LIBRARY_FUNCTION(name) .name = name
#else
#define LIBRARY_FUNCTION(name) .name = NULL
#endif

static struct {
	__typeof__(xmlCreateMemoryParserCtxt) *xmlCreateMemoryParserCtxt;
	__typeof__(xmlCtxtUseOptions) *xmlCtxtUseOptions;
	__typeof__(xmlParseDocument) *xmlParseDocument;
	__typeof__(xmlStopParser) *xmlStopParser;
	__typeof__(xmlFreeParserCtxt) *xmlFreeParserCtxt;
	__typeof__(xmlSAX2GetLineNumber) *xmlSAX2GetLineNumber;
	__typeof__(xmlSAX2GetColumnNumber) *xmlSAX2GetColumnNumber;
} lib = {
	LIBRARY_FUNCTION(xmlCreateMemoryParserCtxt), LIBRARY_FUNCTION(xmlCtxtUseOptions),
	LIBRARY_FUNCTION(xmlParseDocument),          LIBRARY_FUNCTION(xmlStopParser),
	LIBRARY_FUNCTION(xmlFreeParserCtxt),         LIBRARY_FUNCTION(xmlSAX2GetLineNumber),
	LIBRARY_FUNCTION(xmlSAX2GetColumnNumber),
};

static int load_library(struct err *err)
{
	static const char *const names[] = {
		"xmlCreateMemoryParserCtxt", "xmlCtxtUseOptions",
		"xmlParseDocument",          "xmlStopParser",
		"xmlFreeParserCtxt",         "xmlSAX2GetLineNumber",
		"xmlSAX2GetColumnNumber",
	};
	void *functions[ARRAY_SIZE(names)], *library;

	if (lib.xmlParseDocument)
		return 0;
	library = dlopen(LIBXML2_SONAME, RTLD_LAZY | RTLD_LOCAL);
	for (size_t i = 0; library && i < ARRAY_SIZE(names); i++) {
		functions[i] = dlsym(library, names[i]);
		if (!functions[i])
			library = NULL;
	}
	if (!library) {
		err_set(err, ERR_UNSUPPORTED, "cannot read XML: %s", dlerror());
		return err_hint(err,
				"install the library (libxml2), or write the definition in JSON");
	}
	_Static_assert(sizeof(lib) == sizeof(functions), "one name for each function, in order");
	memcpy(&lib, functions, sizeof(lib));
	return 0;
}

/* More than anything that a definition can say. */
#define TEXT_MAX 8192

/* A document while it is parsed; elements hang below `root`. */
struct builder {
	struct pool *pool;
	const char *file;
	const char *text;
	const char *line_start; /* of the line `line`, found by walking on from the last one */
	int line;
	int depth_max;
	xmlParserCtxtPtr parser;
	struct xml_element *root;
	struct xml_element *at;
	int depth;
	struct err *err;
};

static struct xml_place here(const struct builder *builder)
{
	return (struct xml_place){lib.xmlSAX2GetLineNumber(builder->parser),
				  lib.xmlSAX2GetColumnNumber(builder->parser)};
}

static void refuse(struct builder *builder, struct xml_place place, const char *why)
{
	if (builder->err->kind == ERR_NONE)
		err_at(builder->err, builder->file, place.line, place.column, "%s", why);
	lib.xmlStopParser(builder->parser);
}

/* The parser stands behind a start tag: its '<' is the last one before, on that line or above. */
static struct xml_place tag_place(struct builder *builder, struct xml_place end)
{
	const char *at;
	struct xml_place place = end;

	for (; builder->line < end.line; builder->line++) {
		const char *newline = strchr(builder->line_start, '\n');

		if (!newline)
			return end;
		builder->line_start = newline + 1;
	}
	at = builder->line_start + strnlen(builder->line_start, (size_t)end.column - 1);
	while (at > builder->text && *at != '<')
		at--;
	if (*at != '<')
		return end;
	for (const char *p = at; p < builder->line_start; p++)
		place.line -= *p == '\n';
	place.column = 1;
	for (const char *p = at; p > builder->text && p[-1] != '\n'; p--)
		place.column++;
	return place;
}

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix,
			  const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
			  int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct builder *builder = user;
	struct xml_element *element = pool_alloc(builder->pool, sizeof(*element));
	struct xml_place end = here(builder);

	(void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
	*element = (struct xml_element){
		.name = pool_strdup(builder->pool, (const char *)name),
		.text = "",
		.parent = builder->at,
		.place = tag_place(builder, end),
		.text_place = {end.line, end.column + 1},
	};
	if (++builder->depth > builder->depth_max) {
		refuse(builder, element->place, "nested too deep");
		return;
	}
	/* five pointers each: name, prefix, URI, the value's begin and end */
	for (int i = 0; i < n_attributes; i++, attributes += 5)
		*pool_push(builder->pool, element->attributes, element->n_attributes) =
			(struct xml_attribute){
				pool_strdup(builder->pool, (const char *)attributes[0]),
				pool_strndup(builder->pool, (const char *)attributes[3],
					     (size_t)(attributes[4] - attributes[3])),
			};
	if (builder->at)
		*pool_push(builder->pool, builder->at->children, builder->at->n_children) = element;
	else
		builder->root = element;
	builder->at = element;
}

static void end_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct builder *builder = user;
	struct xml_element *element = builder->at;
	size_t length = strlen(element->text);

	(void)name, (void)prefix, (void)uri;
	while (length && strchr(" \t\r\n", element->text[length - 1]))
		length--;
	element->text = pool_strndup(builder->pool, element->text, length);
	builder->depth--;
	builder->at = element->parent;
}

static void characters(void *user, const xmlChar *text, int length)
{
	struct builder *builder = user;
	struct xml_element *element = builder->at;

	if (!element)
		return;
	while (!*element->text && length && strchr(" \t\r\n", *text)) {
		element->text_place.column++;
		if (*text == '\n')
			element->text_place = (struct xml_place){element->text_place.line + 1, 1};
		text++;
		length--;
	}
	if (strlen(element->text) + (size_t)length > TEXT_MAX)
		refuse(builder, here(builder), "text too long");
	else if (length)
		element->text = pool_printf(builder->pool, "%s%.*s", element->text, length, text);
}

static void doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct builder *builder = user;

	(void)name, (void)external, (void)system;
	refuse(builder, here(builder), "a DOCTYPE is not accepted");
}

/* libxml2 2.12 made the error const. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *parse_error;
#else
typedef xmlErrorPtr parse_error;
#endif

static void on_error(void *user, parse_error error)
{
	struct builder *builder = user;
	const char *message = error->message ? error->message : "malformed";

	refuse(builder, (struct xml_place){error->line, error->int2},
	       pool_strndup(builder->pool, message, strcspn(message, "\n")));
}

static const xmlSAXHandler handler = {
	.initialized = XML_SAX2_MAGIC,
	.startElementNs = start_element,
	.endElementNs = end_element,
	.characters = characters,
	.cdataBlock = characters,
	.internalSubset = doctype,
	.serror = on_error,
};

struct xml_element *xml_parse(const char *file, const char *text, size_t length, int depth_max,
			      struct pool *pool, struct err *err)
{
	struct builder builder = {
		.pool = pool,
		.file = file,
		.text = text,
		.line_start = text,
		.line = 1,
		.depth_max = depth_max,
		.err = err,
	};

	if (load_library(err) < 0)
		return NULL;
	builder.parser = lib.xmlCreateMemoryParserCtxt(text, (int)length);
	if (!builder.parser) {
		err_at(err, file, 1, 1, "cannot parse it as XML");
		return NULL;
	}
	lib.xmlCtxtUseOptions(builder.parser, XML_PARSE_NONET | XML_PARSE_NOENT);
	*builder.parser->sax = handler;
	builder.parser->userData = &builder;
	lib.xmlParseDocument(builder.parser);
	lib.xmlFreeParserCtxt(builder.parser);
	if (err->kind != ERR_NONE)
		return NULL;
	if (!builder.root)
		err_at(err, file, 1, 1, "no element in it");
	return builder.root;
}

const char *xml_attribute(const struct xml_element *element, const char *name)
{
	for (size_t i = 0; i < element->n_attributes; i++)
		if (streq(element->attributes[i].name, name))
			return element->attributes[i].value;
	return NULL;
}
