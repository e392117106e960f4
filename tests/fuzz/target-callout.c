/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What call-out scripts print, and how they end: the first part is each answer's status and text
 * for the first run, and so on. In the place of src/base/child.c: no process is started.
 */
#include "base/child.h"
#include "definitions.h"
#include "fuzz.h"
#include "mdev/callout.h"
#include "tree.h"

#include <errno.h>

static const struct tree_entry entries[] = {
	{"etc/mdevctl.d/scripts.d/callouts/10-first.sh", "", 0},
	{"etc/mdevctl.d/scripts.d/callouts/20-second.sh", "", 0},
	{"etc/mdevctl.d/scripts.d/notifiers/notify.sh", "", 0},
};

static const char *tree;
static struct parts answers;

/* 0 to 127 is a status; 255 cannot be, so what is above 253 is a failure to run. */
int child_run(const struct child *child, struct pool *pool, char **output, struct err *err)
{
	size_t length;
	char *answer = parts_next(&answers, pool, &length);
	unsigned char status = length ? (unsigned char)*answer : 0;

	MUST(child->argv[0] && child->name && *child->path == '/');
	*output = length ? answer + 1 : answer;
	if (status < 128)
		return status;
	child->say(child->data, *output);
	if (status == 254) {
		err_set(err, ERR_BUSY, "the script '%s' takes too long", child->name);
		err->errnum = ETIMEDOUT;
		return -1;
	}
	return status == 253 ? err_set(err, ERR_INVALID, "too much") : 0;
}

static void say(void *data, const char *line)
{
	(void)data;
	MUST(line);
}

static void run(struct callout *callout, unsigned what)
{
	autopool struct pool *pool = callout->pool = pool_new();
	autoerr struct err err = {0};
	const char *json = NULL;
	int result;

	switch (what % 3) {
	case 0:
		result = callout_begin(callout, &err);
		callout_end(callout, result == 0);
		break;
	case 1:
		result = callout_live(callout, &err);
		break;
	default:
		result = callout_attributes(callout, &json, &err);
	}
	if (result < 0)
		must_be_error(&err);
	if (!json)
		return;
	struct definition definition = {0};
	if (definition_parse_attributes(&definition, pool, "attributes", json, &err) == 0)
		must_be_definition(&definition);
	else
		must_be_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct callout callout = {
		.type = "nvidia-63",
		.uuid = "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11",
		.parent = "0000:86:00.0",
		.definition = "{}",
		.say = say,
	};

	if (!size)
		return 0;
	if (!tree) {
		tree = TREE_NEW(entries);
		for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
			tree_chmod(tree, entries[i].path, 0755);
	}
	struct root root = tree_root(tree);
	callout.root = &root;
	callout.action = (enum callout_action)(*data / 8 % 5);
	callout.force = *data & 4;
	answers = (struct parts){data + 1, data + size};
	run(&callout, *data % 4);
	root_close(&root);
	return 0;
}
