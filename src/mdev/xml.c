/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxml2, loaded on demand, building small elements that know their place. */
#include "mdev/xml.h"

#include "base/library.h"
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

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
	__typeof__(xmlByteConsumed) *xmlByteConsumed;
} lib = {LIBRARY_FUNCTION(xmlCreateMemoryParserCtxt), LIBRARY_FUNCTION(xmlCtxtUseOptions),
	 LIBRARY_FUNCTION(xmlParseDocument),          LIBRARY_FUNCTION(xmlStopParser),
	 LIBRARY_FUNCTION(xmlFreeParserCtxt),         LIBRARY_FUNCTION(xmlByteConsumed)};

static int load_library(struct err *err)
{
	static const char *const names[] = {
		"xmlCreateMemoryParserCtxt", "xmlCtxtUseOptions",
		"xmlParseDocument",          "xmlStopParser",
		"xmlFreeParserCtxt",         "xmlByteConsumed",
	};

	_Static_assert(sizeof(lib) == ARRAY_SIZE(names) * sizeof(void *),
		       "a name for each function");
	if (lib.xmlParseDocument || library_load(LIBXML2_SONAME, names, ARRAY_SIZE(names), &lib))
		return 0;
	err_set(err, ERR_UNSUPPORTED, "cannot read XML: %s", dlerror());
	return err_hint(err, "install the library (libxml2), or write the definition in JSON");
}

/* More than anything that a definition can say, and than a set of devices can need. */
#define TEXT_MAX     8192
#define ELEMENTS_MAX 500000

/* A document while it is parsed; elements hang below `root`. */
struct builder {
	struct pool *pool;
	const char *file;
	const char *document;
	size_t length;
	size_t offset; /* how far `place` has been counted */
	struct xml_place place;
	int depth, depth_max;
	size_t n_elements;
	xmlParserCtxtPtr parser;
	struct xml_element *root;
	struct xml_element *at;
	size_t text_from;        /* behind the last tag, where the next text begins */
	char text[TEXT_MAX + 1]; /* of `at`, from its first character that is no blank */
	size_t text_length;
	struct err *err;
};

/* How many bytes of the document the parser has taken. */
static size_t consumed(const struct builder *builder)
{
	long bytes = lib.xmlByteConsumed(builder->parser);

	return bytes < 0                         ? builder->offset
	       : (size_t)bytes > builder->length ? builder->length
						 : (size_t)bytes;
}

/* The place of a byte; asked for in the document's order, so that all are counted once. */
static struct xml_place place_of(struct builder *builder, size_t offset)
{
	for (; builder->offset < offset; builder->offset++) {
		builder->place.column++;
		if (builder->document[builder->offset] == '\n')
			builder->place = (struct xml_place){builder->place.line + 1, 1};
	}
	return builder->place;
}

static void refuse(struct builder *builder, struct xml_place place, const char *why)
{
	if (builder->err->kind == ERR_NONE)
		err_at(builder->err, builder->file, place.line, place.column, "%s", why);
	lib.xmlStopParser(builder->parser);
}

/* The parser stands behind a start tag: its '<' is the last one before. */
static struct xml_place tag_place(struct builder *builder)
{
	size_t offset = consumed(builder);

	while (offset > builder->offset && builder->document[offset] != '<')
		offset--;
	return place_of(builder, offset);
}

/* Where the text begins that follows the last tag. */
static struct xml_place text_place(struct builder *builder)
{
	const char *at = builder->document + builder->text_from;

	for (;;) {
		const char *end = NULL;

		at += strspn(at, " \t\r\n");
		if (strncmp(at, "<!--", 4) == 0)
			end = strstr(at, "-->");
		else if (strncmp(at, "<?", 2) == 0)
			end = strstr(at, "?>");
		if (!end)
			return place_of(builder, (size_t)(at - builder->document));
		at = strchr(end, '>') + 1;
	}
}

/* Definitions have text or elements, never both. */
static bool refuse_mixed(struct builder *builder)
{
	autofree char *why = NULL;

	if (asprintf(&why, "unexpected text in <%s>", builder->at->name) >= 0)
		refuse(builder, builder->at->text_place, why);
	return true;
}

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix,
			  const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
			  int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct builder *builder = user;
	struct xml_element *element = pool_alloc(builder->pool, sizeof(*element));

	(void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
	*element = (struct xml_element){
		.name = pool_strdup(builder->pool, (const char *)name),
		.text = "",
		.parent = builder->at,
		.place = tag_place(builder),
	};
	if (builder->text_length && refuse_mixed(builder))
		return;
	if (++builder->depth > builder->depth_max || ++builder->n_elements > ELEMENTS_MAX) {
		refuse(builder, element->place,
		       builder->depth > builder->depth_max ? "nested too deep"
							   : "too many elements");
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
	/* the parser has yet to take the tag's '>' */
	size_t end = consumed(builder);
	builder->text_from = end + strcspn(builder->document + end, ">") + 1;
	if (builder->text_from > builder->length)
		builder->text_from = builder->length;
}

static void end_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct builder *builder = user;
	size_t length = builder->text_length;

	(void)name, (void)prefix, (void)uri;
	while (length && strchr(" \t\r\n", builder->text[length - 1]))
		length--;
	if (length)
		builder->at->text = pool_strndup(builder->pool, builder->text, length);
	builder->text_length = 0;
	builder->text_from = consumed(builder);
	builder->depth--;
	builder->at = builder->at->parent;
}

static void characters(void *user, const xmlChar *text, int n)
{
	struct builder *builder = user;
	const char *from = (const char *)text;
	size_t length = (size_t)n;

	while (!builder->text_length && length && strchr(" \t\r\n", *from)) {
		from++;
		length--;
	}
	if (!builder->at || !length)
		return;
	if (!builder->text_length)
		builder->at->text_place = text_place(builder);
	if (builder->at->n_children && refuse_mixed(builder))
		return;
	if (builder->text_length + length > TEXT_MAX) {
		refuse(builder, builder->at->text_place, "text too long");
		return;
	}
	memcpy(builder->text + builder->text_length, from, length);
	builder->text_length += length;
	builder->text[builder->text_length] = '\0';
}

static void doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct builder *builder = user;

	(void)name, (void)external, (void)system;
	refuse(builder, place_of(builder, consumed(builder)), "a DOCTYPE is not accepted");
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

	refuse(builder, place_of(builder, consumed(builder)),
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
		.document = text,
		.length = length,
		.place = {1, 1},
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
	lib.xmlCtxtUseOptions(builder.parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_HUGE |
						      XML_PARSE_IGNORE_ENC);
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
