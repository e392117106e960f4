/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names from udev's hardware database, through libudev, loaded on demand. */
#include "mdev/hwdb.h"

#include "base/library.h"
#include "config.h"

#include <libudev.h>

DLOPEN_NOTE("hwdb", "names of vendors and products", "suggested", LIBUDEV_SONAME);

static struct {
	__typeof__(udev_new) *new_udev;
	__typeof__(udev_unref) *unref_udev;
	__typeof__(udev_hwdb_new) *new_hwdb;
	__typeof__(udev_hwdb_get_properties_list_entry) *properties;
	__typeof__(udev_list_entry_get_by_name) *by_name;
	__typeof__(udev_list_entry_get_value) *value;
} lib;

/* The database, mapped until the program ends; NULL without one. */
static struct udev_hwdb *open_once(void)
{
	static const char *const names[] = {
		"udev_new",
		"udev_unref",
		"udev_hwdb_new",
		"udev_hwdb_get_properties_list_entry",
		"udev_list_entry_get_by_name",
		"udev_list_entry_get_value",
	};
	static struct udev_hwdb *hwdb;
	static bool tried;

	_Static_assert(sizeof(lib) == ARRAY_SIZE(names) * sizeof(void *),
		       "a name for each function");
	if (tried)
		return hwdb;
	tried = true;
	if (!library_load(LIBUDEV_SONAME, names, ARRAY_SIZE(names), &lib))
		return NULL;

	struct udev *udev = lib.new_udev();

	if (!udev)
		return NULL;
	hwdb = lib.new_hwdb(udev);
	lib.unref_udev(udev); /* a database that needs its context has its own reference */
	return hwdb;
}

static void take(struct pool *pool, struct udev_list_entry *list, const char *key, const char **ret)
{
	struct udev_list_entry *entry = lib.by_name(list, key);

	if (entry && lib.value(entry))
		*ret = pool_strdup(pool, lib.value(entry));
}

void hwdb_names(struct pool *pool, const char *modalias, const char **vendor, const char **product)
{
	struct udev_hwdb *hwdb = open_once();

	if (!hwdb)
		return;
	struct udev_list_entry *list = lib.properties(hwdb, modalias, 0);
	take(pool, list, "ID_VENDOR_FROM_DATABASE", vendor);
	take(pool, list, "ID_MODEL_FROM_DATABASE", product);
}
