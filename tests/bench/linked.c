/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a program with mdevtool's libraries costs: it links them, and ends. */
#include <jansson.h>
#include <libsmartcols.h>

int main(void)
{
	/* what the linker sees used is loaded */
	return !jansson_version_str() || !scols_get_library_version(NULL);
}
