/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: what a run is told to do to chosen writes instead of, or besides, playing the driver. */

#include "fault.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum kind { FAIL, SHORT, DELAY, NEVER, SWALLOW, KILL_BEFORE, KILL_AFTER, CRASH, EXEC };

#define OF_FILE "file:"

struct fault {
	struct fault *next;
	enum kind kind;
	bool file;  /* it is about changes of files */
	char *what; /* a number or a glob on the path */
	char *value;
	long number; /* the errno, the count or the milliseconds */
	long times;  /* how often it still strikes, -1 for ever */
};

static const struct option {
	const char *name;
	enum kind kind;
	bool value; /* WHAT=VALUE, not only WHAT */
} options[] = {
	{"--fail", FAIL, true},
	{"--short", SHORT, true},
	{"--delay", DELAY, true},
	{"--exec", EXEC, true},
	{"--never", NEVER, false},
	{"--swallow", SWALLOW, false},
	{"--kill-before", KILL_BEFORE, false},
	{"--kill-after", KILL_AFTER, false},
	{"--crash", CRASH, false},
};

static long number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || *end)
		die("'%s' is not a number", text);
	return number;
}

/* ERRNO or ERRNO*TIMES. */
static void parse_errno(struct fault *fault)
{
	char *star = strchr(fault->value, '*');

	if (star) {
		*star = '\0';
		fault->times = number_of(star + 1);
	}
	fault->number = errno_by_name(fault->value);
	if (!fault->number)
		die("'%s' is not the name of an errno", fault->value);
}

static struct fault *new_fault(const struct option *option, const char *argument)
{
	struct fault *fault = allocate(sizeof(*fault));
	const char *equals = option->value ? strchr(argument, '=') : NULL;

	if (option->value && !equals)
		die("%s takes WHAT=VALUE, not '%s'", option->name, argument);
	if (starts_with(argument, OF_FILE)) {
		if (option->kind != FAIL && option->kind != KILL_BEFORE && option->kind != CRASH)
			die("%s cannot befall a change of a file", option->name);
		fault->file = true;
		argument += strlen(OF_FILE);
	}
	fault->kind = option->kind;
	fault->times = -1;
	fault->what = duplicate(argument);
	fault->value = duplicate(equals ? equals + 1 : "");
	if (equals)
		fault->what[equals - argument] = '\0';
	if (option->kind == FAIL)
		parse_errno(fault);
	else if (option->kind == SHORT || option->kind == DELAY)
		fault->number = number_of(fault->value);
	return fault;
}

int fault_parse(struct fault **faults, char *const argv[])
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		size_t length = strlen(options[i].name);
		const char *argument = NULL;
		struct fault *fault;

		if (!starts_with(argv[0], options[i].name))
			continue;
		if (argv[0][length] == '=')
			argument = argv[0] + length + 1;
		else if (argv[0][length] == '\0')
			argument = argv[1];
		else
			continue;
		if (!argument)
			die("%s wants an argument", argv[0]);
		fault = new_fault(&options[i], argument);
		fault->next = *faults;
		*faults = fault;
		return argument == argv[1] ? 2 : 1;
	}
	return 0;
}

static bool strikes(struct fault *fault, long number, const char *path)
{
	char *end;
	long wanted = strtol(fault->what, &end, 10);
	bool hit = *end ? fnmatch(fault->what, path, 0) == 0 : wanted == number;

	if (!hit || fault->times == 0)
		return false;
	if (fault->times > 0)
		fault->times--;
	return true;
}

static void apply(struct verdict *verdict, const struct fault *fault)
{
	switch (fault->kind) {
	case FAIL:
		verdict->instead = true;
		verdict->answer = -fault->number;
		break;
	case SHORT:
		verdict->instead = true;
		verdict->answer = fault->number;
		break;
	case SWALLOW:
		verdict->instead = true;
		verdict->whole = true;
		break;
	case DELAY:
		verdict->delay = fault->number;
		break;
	case NEVER:
		verdict->never = true;
		break;
	case KILL_BEFORE:
		verdict->kill_before = true;
		break;
	case KILL_AFTER:
		verdict->kill_after = true;
		break;
	case CRASH:
		verdict->crash = true;
		break;
	case EXEC:
		verdict->command = fault->value;
		break;
	}
}

static struct verdict judge(struct fault *faults, bool file, long number, const char *path)
{
	struct verdict verdict = {0};

	for (struct fault *fault = faults; fault; fault = fault->next) {
		if (fault->file == file && strikes(fault, number, path))
			apply(&verdict, fault);
	}
	return verdict;
}

struct verdict fault_judge(struct fault *faults, long number, const char *path)
{
	return judge(faults, false, number, path);
}

struct verdict fault_judge_change(struct fault *faults, long number, const char *path)
{
	return judge(faults, true, number, path);
}

bool fault_concerns_changes(const struct fault *faults)
{
	for (; faults; faults = faults->next) {
		if (faults->file)
			return true;
	}
	return false;
}

void fault_free(struct fault *faults)
{
	while (faults) {
		struct fault *next = faults->next;

		free(faults->what);
		free(faults->value);
		free(faults);
		faults = next;
	}
}
