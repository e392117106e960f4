/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions in JSON: documents, mdevctl's files, call-outs' attributes, and records of ours. */
#include "definitions.h"
#include "fuzz.h"
#include "mdev/record.h"

static void parse_stored(const char *text, size_t length)
{
	autopool struct pool *pool = pool_new();
	struct definition definition = {0};
	autoerr struct err err = {0};

	if (definition_parse_stored("stored", text, length, pool, &definition, &err) == 0) {
		MUST(definition.type);
		must_be_definition(&definition);
		must_be_kept(&definition);
	} else {
		must_be_error(&err);
	}
}

static void parse_attributes(const char *text)
{
	autopool struct pool *pool = pool_new();
	struct definition definition = {0};
	autoerr struct err err = {0};

	if (definition_parse_attributes(&definition, pool, "attributes", text, &err) == 0)
		must_be_definition(&definition);
	else
		must_be_error(&err);
}

static void parse_record(const char *text)
{
	autopool struct pool *pool = pool_new();
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	struct record record;

	if (json && record_from_json(json, pool, &record)) {
		json_t *again = record_to_json(&record);

		MUST(again);
		json_decref(again);
	}
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);

	must_parse(definitions_parse_json, text, size);
	parse_stored(text, size);
	parse_attributes(text);
	parse_record(text);
	return 0;
}
