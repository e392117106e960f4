/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running VM has, and hot-plug. */
#include "vm/guest.h"

#include "base/file.h"
#include "out/vm.h"

#include <errno.h>

#define RETRY_MS 500
#define PORTS_HINT                                                       \
	"QEMU needs a port for each device, from its start on: -device " \
	"pcie-root-port,id=NAME,chassis=NUMBER"

/*
 * Looking. Everything is read from QEMU's object model, since query-pci knows nothing of what is
 * behind a port before the guest's firmware has numbered the buses.
 */

/* Ports for one device each. */
static bool is_port(const char *type)
{
	return streq(type, "child<pcie-root-port>") || streq(type, "child<ioh3420>") ||
	       streq(type, "child<xio3130-downstream>");
}

/* The object's properties and children: [{"name": …, "type": …}]. */
static int list_object(struct guest *guest, const char *path, json_t **ret, struct err *err)
{
	if (qmp_execute(&guest->qmp, "qom-list", json_pack("{s:s}", "path", path), ret, err) < 0)
		return -1;
	if (json_is_array(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return err_set(err, ERR_FAILED, "'%s' answers qom-list with no list", guest->qmp.socket);
}

/* NULL with *err, or without when the object has no such property. */
static json_t *get_property(struct guest *guest, const char *path, const char *property,
			    struct err *err)
{
	autoerr struct err failure = {0};
	json_t *value = NULL;

	if (qmp_execute(&guest->qmp, "qom-get",
			json_pack("{s:s, s:s}", "path", path, "property", property), &value,
			&failure) < 0 &&
	    !guest->qmp.refused)
		err_keep_first(err, &failure);
	return value;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int look_at_function(struct guest *guest, const char *path, struct err *err)
{
	autoerr struct err failure = {0};
	json_t *value = get_property(guest, path, "sysfsdev", &failure);

	if (json_is_string(value))
		*pool_push(guest->pool, guest->functions, guest->n_functions) =
			(struct guest_function){
				.path = path,
				.sysfsdev = pool_strdup(guest->pool, json_string_value(value)),
			};
	json_decref(value);
	if (!failure.kind)
		return 0;
	err_keep_first(err, &failure);
	return -1;
}

/* A bus has a link to each of its devices: "child[0]" and so on. */
static int look_at_bus(struct guest *guest, const char *path, const char *bus, struct err *err)
{
	json_t *list, *entry;
	size_t i;
	bool occupied = false;

	if (list_object(guest, pool_printf(guest->pool, "%s/%s", path, bus), &list, err) < 0)
		return -1;
	json_array_foreach (list, i, entry) {
		occupied |= strncmp(text_of(entry, "name"), "child[", 6) == 0;
	}
	json_decref(list);
	*pool_push(guest->pool, guest->ports, guest->n_ports) = (struct guest_port){
		.bus = pool_strdup(guest->pool, bus),
		.occupied = occupied,
	};
	return 0;
}

static int look_at_port(struct guest *guest, const char *path, struct err *err)
{
	autoerr struct err failure = {0};
	json_t *takes = get_property(guest, path, "hotplug", &failure), *list, *entry;
	bool useless = json_is_false(takes);
	int result = 0;
	size_t i;

	json_decref(takes);
	if (failure.kind) {
		err_keep_first(err, &failure);
		return -1;
	}
	if (useless)
		return 0;
	if (list_object(guest, path, &list, err) < 0)
		return -1;
	json_array_foreach (list, i, entry) {
		if (result == 0 && streq(text_of(entry, "type"), "child<PCIE>"))
			result = look_at_bus(guest, path, text_of(entry, "name"), err);
	}
	json_decref(list);
	return result;
}

/*
 * The devices of -device and device_add, with and without an id of their own. The bus of a port
 * without one has a name that others have as well, "pcie.0", and so cannot be asked for.
 */
static int look(struct guest *guest, struct err *err)
{
	static const char *const places[] = {"/machine/peripheral", "/machine/peripheral-anon"};
	int result = 0;

	guest->functions = NULL;
	guest->ports = NULL;
	guest->n_functions = guest->n_ports = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places) && result == 0; i++) {
		json_t *list, *entry;
		size_t j;

		if (list_object(guest, places[i], &list, err) < 0)
			return -1;
		json_array_foreach (list, j, entry) {
			const char *path = pool_printf(guest->pool, "%s/%s", places[i],
						       text_of(entry, "name"));

			if (result == 0 && strncmp(text_of(entry, "type"), "child<vfio-", 11) == 0)
				result = look_at_function(guest, path, err);
			else if (result == 0 && i == 0 && is_port(text_of(entry, "type")))
				result = look_at_port(guest, path, err);
		}
		json_decref(list);
	}
	return result;
}

int guest_open(struct guest *guest, const char *socket, int time_ms, struct pool *pool,
	       struct err *err)
{
	guest->pool = pool;
	if (qmp_open(&guest->qmp, socket, time_ms, pool, err) < 0)
		return -1;
	return look(guest, err);
}

void guest_close(struct guest *guest)
{
	qmp_close(&guest->qmp);
}

/* Its length is *n: a path may end in slashes. */
static const char *last_component(const char *path, size_t *n)
{
	const char *end = path + strlen(path), *start;

	while (end > path && end[-1] == '/')
		end--;
	for (start = end; start > path && start[-1] != '/'; start--)
		;
	*n = (size_t)(end - start);
	return start;
}

/* Users write paths of any kind; the last word of each is the device's own. */
const struct guest_function *guest_find(const struct guest *guest, const struct device *device)
{
	size_t n, length;
	const char *wanted = last_component(device->path, &n);

	for (size_t i = 0; i < guest->n_functions; i++) {
		const char *name = last_component(guest->functions[i].sysfsdev, &length);

		if (length == n && strncmp(name, wanted, n) == 0)
			return &guest->functions[i];
	}
	return NULL;
}

/* Changing */

static int change(struct guest *guest, const char *command, json_t *arguments, struct err *err)
{
	if (guest->trace) {
		autofree char *text = json_dumps(arguments, JSON_COMPACT | JSON_ENSURE_ASCII);

		fprintf(guest->trace, "{\"execute\":\"%s\",\"arguments\":%s}\n", command,
			text ? text : "");
	}
	return qmp_execute(&guest->qmp, command, arguments, NULL, err);
}

/*
 * Asks for it. No error is one that was asked for before, and is still awaited, or that has gone
 * meanwhile. A guest that has just been given the device, on a port without ACPI, must take it
 * before it can be asked ("guest is busy (power indicator blinking)").
 */
static int request(struct guest *guest, const struct plugging *plugging, long long deadline,
		   struct err *err)
{
	static const char by_id[] = "/machine/peripheral/";
	const char *path = plugging->path;
	const char *id = strncmp(path, by_id, strlen(by_id)) == 0 ? path + strlen(by_id) : path;

	for (;;) {
		autoerr struct err failure = {0};

		if (change(guest, "device_del", json_pack("{s:s}", "id", id), &failure) == 0 ||
		    guest->qmp.no_device ||
		    (guest->qmp.refused && strstr(failure.message, "in the process of unplug")))
			return 0;
		if (guest->qmp.refused && strstr(failure.message, "guest is busy") &&
		    file_now_ms() < deadline) {
			file_sleep_ms(RETRY_MS);
			continue;
		}
		err_keep_first(err, &failure);
		return -1;
	}
}

/* That it is gone is seen even when the event went to somebody else. */
static int await(struct guest *guest, const struct plugging *plugging, long long deadline,
		 struct err *err)
{
	autoerr struct err failure = {0};
	int result = qmp_wait_unplugged(&guest->qmp, plugging->path, deadline, &failure);

	if (result > 0)
		return 0;
	if (result == 0) {
		err_set(err, ERR_FAILED, "the guest refuses to let go of '%s'",
			plugging->device->uuid);
		return err_hint(err, "something in the VM uses it");
	}
	if (failure.errnum != ETIMEDOUT) {
		err_keep_first(err, &failure);
		return -1;
	}
	if (look(guest, err) < 0)
		return -1;
	if (!guest_find(guest, plugging->device))
		return 0;
	err_set(err, ERR_FAILED, "the guest has not let go of '%s' in time",
		plugging->device->uuid);
	err->errnum = ETIMEDOUT;
	return err_hint(err, "it is asked still, and answers once its system is up: the same "
			     "command with a longer --timeout waits for that");
}

/* What comes after the first failure is told behind it. */
static void add_failure(struct err *all, struct err *failure)
{
	if (all->kind && failure->kind)
		err_append(all, "; %s", failure->message);
	err_keep_first(all, failure);
}

/* All are asked for at once, since guests take their time. */
int guest_detach(struct guest *guest, struct plugging *list, size_t n, int wait_ms, struct err *err)
{
	long long deadline = file_now_ms() + wait_ms;
	autoerr struct err failures = {0};

	for (size_t i = 0; i < n; i++) {
		const struct guest_function *function = guest_find(guest, list[i].device);
		autoerr struct err failure = {0};

		list[i].already = !function;
		list[i].path = function ? function->path : NULL;
		if (!function || request(guest, &list[i], deadline, &failure) == 0)
			continue;
		err_wrap(&failure, "cannot detach '%s'", list[i].device->uuid);
		add_failure(&failures, &failure);
		if (!guest->qmp.refused)
			n = 0;
		list[i].path = NULL;
	}
	for (size_t i = 0; i < n; i++) {
		autoerr struct err failure = {0};

		if (list[i].path && await(guest, &list[i], deadline, &failure) < 0)
			add_failure(&failures, &failure);
	}
	if (!failures.kind)
		return 0;
	err_keep_first(err, &failures);
	return -1;
}

static int choose_bus(struct guest *guest, const struct device *device, const char *asked,
		      const char **ret, struct err *err)
{
	*ret = asked;
	for (size_t i = 0; i < guest->n_ports && asked; i++)
		if (streq(guest->ports[i].bus, asked) && guest->ports[i].occupied)
			return err_set(err, ERR_BUSY, "the VM has a device on '%s' already", asked);
	if (asked || !streq(device->device_api, "vfio-pci"))
		return 0;
	for (size_t i = 0; i < guest->n_ports; i++)
		if (!guest->ports[i].occupied) {
			*ret = guest->ports[i].bus;
			return 0;
		}
	if (!guest->n_ports) /* a machine whose buses take devices themselves; QEMU knows */
		return 0;
	err_set(err, ERR_NO_ROOM, "none of the VM's %zu ports is free", guest->n_ports);
	return err_hint(err, PORTS_HINT);
}

static int add(struct guest *guest, const struct vm_device *description, const char *id,
	       struct err *err)
{
	json_t *arguments = vm_arguments(description);

	json_object_set_new(arguments, "id", json_string(id));
	if (change(guest, "device_add", arguments, err) == 0)
		return 0;
	if (!guest->qmp.refused)
		err_append(err, "; the VM may take it yet");
	else if (strstr(err->message, "does not support hotplugging"))
		err_hint(err, PORTS_HINT);
	return -1;
}

/* Made of what names the device, so that it is the same each time and nobody else's. */
static const char *id_for(struct pool *pool, const struct device *device)
{
	char *id = pool_printf(pool, "mdev-%s", device->uuid);

	for (char *c = id; (c = strchr(c, ':'));)
		*c = '-';
	return id;
}

/* What is free changes with each device. */
static int attach_one(struct guest *guest, struct plugging *plugging, const char *asked,
		      struct err *err)
{
	const struct device *device = plugging->device;
	const char *id = id_for(guest->pool, device);
	struct vm_options options = {.format = VM_QMP};
	struct vm_device description;

	if (look(guest, err) < 0 || choose_bus(guest, device, asked, &plugging->bus, err) < 0)
		return -1;
	options.bus = plugging->bus;
	if (vm_describe(guest->pool, &options, device, 0, &description, err) < 0)
		return -1;
	if (add(guest, &description, id, err) < 0)
		return -1;
	plugging->path = pool_printf(guest->pool, "/machine/peripheral/%s", id);
	return 0;
}

/* Takes back what was attached, last first. */
static void undo(struct guest *guest, const struct plugging *list, size_t n, struct err *err)
{
	for (size_t i = n; i-- > 0;) {
		long long deadline = file_now_ms() + guest->qmp.time_ms;
		autoerr struct err failure = {0};

		if (list[i].already || (request(guest, &list[i], deadline, &failure) == 0 &&
					await(guest, &list[i], deadline, &failure) == 0))
			continue;
		err_append(err, "; and %s is left in the VM: %s", list[i].device->uuid,
			   failure.message);
	}
}

int guest_attach(struct guest *guest, struct plugging *list, size_t n, const char *bus,
		 struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct guest_function *function = guest_find(guest, list[i].device);

		if (function) {
			list[i].already = true;
			list[i].path = function->path;
			continue;
		}
		if (attach_one(guest, &list[i], bus, err) < 0) {
			err_wrap(err, "cannot attach '%s'", list[i].device->uuid);
			undo(guest, list, i, err);
			return -1;
		}
	}
	return 0;
}
