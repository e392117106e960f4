/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions in XML: the mail's form and libvirt's. */
#include "definitions.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);

	must_parse(definitions_parse, text, size);
	return 0;
}
