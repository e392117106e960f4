/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting checks and printing them. */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

/* TAP is lines of text in which '#' begins a directive. */
static void print(const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			printf("\\%c", *text);
		else if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text < ' ' || *text > '~')
			printf("\\x%02x", (unsigned char)*text);
		else
			putchar(*text);
	}
}

static void count(bool passed, const char *format, va_list args)
{
	char *name;

	if (vasprintf(&name, format, args) < 0)
		abort();
	checks++;
	failures += !passed;
	printf("%s %d - ", passed ? "ok" : "not ok", checks);
	print(name);
	putchar('\n');
	fflush(stdout);
	free(name);
}

#define COUNT(passed, format)                  \
	do {                                   \
		va_list args;                  \
		va_start(args, format);        \
		count(passed, (format), args); \
		va_end(args);                  \
	} while (0)

static void diagnose(const char *what, const char *text)
{
	printf("#   %s ", what);
	print(text ? text : "(nothing)");
	putchar('\n');
	fflush(stdout);
}

bool ok(bool passed, const char *format, ...)
{
	COUNT(passed, format);
	return passed;
}

bool is_text(const char *got, const char *want, const char *format, ...)
{
	bool passed = got && want ? strcmp(got, want) == 0 : got == want;

	COUNT(passed, format);
	if (!passed) {
		diagnose("got: ", got);
		diagnose("want:", want);
	}
	return passed;
}

bool is_number(long long got, long long want, const char *format, ...)
{
	bool passed = got == want;

	COUNT(passed, format);
	if (!passed)
		printf("#   got:  %lld\n#   want: %lld\n", got, want);
	fflush(stdout);
	return passed;
}

void skip(const char *reason)
{
	printf("ok %d # SKIP %s\n", ++checks, reason);
	fflush(stdout);
}

int tap_end(void)
{
	printf("1..%d\n", checks);
	if (failures)
		printf("# %d of %d failed\n", failures, checks);
	if (fflush(stdout) != 0)
		return 1;
	return failures ? 1 : 0;
}
