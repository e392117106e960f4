/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attach, detach and create --attach share. */
#include "cmd/plug.h"

#include "base/text.h"
#include "cmd/vm-checks.h"

#define TIMEOUT_MAX 86400

int plug_open(struct context *context, const struct plug_options *options, struct guest *guest,
	      int *wait_ms, struct err *err)
{
	if (!options->socket) {
		err_set(err, ERR_USAGE, "which VM? --qmp SOCKET is missing");
		return err_hint(err, "it is the SOCKET of QEMU's -qmp "
				     "unix:SOCKET,server=on,wait=off");
	}
	*wait_ms = PLUG_WAIT_MS;
	if (options->timeout &&
	    parse_seconds("--timeout", options->timeout, 1, TIMEOUT_MAX, wait_ms, err) < 0)
		return -1;
	if (context->verbose)
		guest->trace = stderr;
	return guest_open(guest, options->socket, *wait_ms, context->pool, err);
}

int plug_devices(struct context *context, struct inventory *inventory, struct filtered *ret,
		 struct err *err)
{
	static const struct filter none;

	if (!context->args.n) {
		err_set(err, ERR_USAGE, "name a device");
		return err_hint(err, "'mdevtool list' shows what there is");
	}
	return filter_devices(context, inventory, &none, NEED_DEVICE_ALL, ret, err);
}

struct plugging *plug_list(struct context *context, const struct filtered *devices)
{
	struct plugging *list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < devices->n; i++)
		pool_push(context->pool, list, n)->device = devices->list[i];
	return list;
}

/* The devices of this machine that the VM has. */
static struct filtered devices_of(struct context *context, const struct guest *guest,
				  struct inventory *inventory)
{
	struct filtered result = {0};

	if (!guest->n_functions)
		return result;
	inventory_load_devices(inventory, NEED_DEVICE_ALL);
	for (size_t i = 0; i < inventory->n_devices; i++)
		if (guest_find(guest, inventory->devices[i]))
			*pool_push(context->pool, result.list, result.n) = inventory->devices[i];
	return result;
}

int plug_check_groups(struct context *context, const struct guest *guest,
		      struct inventory *inventory, const struct filtered *devices, struct err *err)
{
	struct filtered all = devices_of(context, guest, inventory);

	for (size_t i = 0; i < devices->n; i++)
		*pool_push(context->pool, all.list, all.n) = devices->list[i];
	return vm_check_groups(&all, err);
}

int plug_attach(struct context *context, struct guest *guest, struct inventory *inventory,
		const struct filtered *devices, const char *bus, struct plugging **ret,
		struct err *err)
{
	struct filtered new = {0};

	for (size_t i = 0; i < devices->n; i++)
		if (!guest_find(guest, devices->list[i]))
			*pool_push(context->pool, new.list, new.n) = devices->list[i];
	if (vm_check(context, &new, err) < 0 ||
	    plug_check_groups(context, guest, inventory, &new, err) < 0)
		return -1;
	*ret = plug_list(context, devices);
	return guest_attach(guest, *ret, devices->n, bus, err);
}

static json_t *plugging_json(struct pool *pool, const struct plugging *plugging)
{
	json_t *json = json_pack("{s:s, s:b}", "uuid", plugging->device->uuid, "already",
				 plugging->already);

	if (plugging->path)
		json_object_set_new(json, "qom_path", json_string(text_json(pool, plugging->path)));
	if (plugging->bus)
		json_object_set_new(json, "bus", json_string(text_json(pool, plugging->bus)));
	return json;
}

void plug_print(struct context *context, const char *key, const struct plugging *list, size_t n)
{
	struct document document = {.out = stdout};
	json_t *records = json_array();

	for (size_t i = 0; i < n; i++) {
		json_array_append_new(records, plugging_json(context->pool, &list[i]));
		if (list[i].already)
			say_note(context, "'%s' is %s already", list[i].device->uuid, key);
	}
	if (context->json) {
		document_member(&document, key, json_incref(records));
		document_end(&document, NULL);
	}
	json_decref(records);
}
