/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names from udev's hardware database, through libudev, loaded on demand. */
#include "config.h"
#include "mdev/hwdb.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <libudev.h>

static struct {
	struct udev *udev;
	struct udev_hwdb *hwdb;
	__typeof__(udev_hwdb_get_properties_list_entry) *properties;
	__typeof__(udev_list_entry_get_by_name) *by_name;
	__typeof__(udev_list_entry_get_value) *value;
} db;

/* The library stays loaded and the database mapped until the program ends. */
static void open_once(void)
{
	static bool tried;
	void *library;

	if (tried)
		return;
	tried = true;
	library = dlopen(LIBUDEV_SONAME, RTLD_LAZY | RTLD_LOCAL);
	if (!library)
		return;
	__typeof__(udev_new) *new_udev = dlsym(library, "udev_new");
	__typeof__(udev_hwdb_new) *new_hwdb = dlsym(library, "udev_hwdb_new");
	db.properties = dlsym(library, "udev_hwdb_get_properties_list_entry");
	db.by_name = dlsym(library, "udev_list_entry_get_by_name");
	db.value = dlsym(library, "udev_list_entry_get_value");
	if (!new_udev || !new_hwdb || !db.properties || !db.by_name || !db.value)
		return;
	db.udev = new_udev();
	db.hwdb = db.udev ? new_hwdb(db.udev) : NULL;
}

static void take(struct pool *pool, struct udev_list_entry *list, const char *key, const char **ret)
{
	struct udev_list_entry *entry = db.by_name(list, key);

	if (entry && db.value(entry))
		*ret = pool_strdup(pool, db.value(entry));
}

void hwdb_names(struct pool *pool, const char *modalias, const char **vendor, const char **product)
{
	open_once();
	if (!db.hwdb)
		return;
	struct udev_list_entry *list = db.properties(db.hwdb, modalias, 0);
	take(pool, list, "ID_VENDOR_FROM_DATABASE", vendor);
	take(pool, list, "ID_MODEL_FROM_DATABASE", product);
}
