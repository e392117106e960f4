/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing devices that nobody holds. */
#include "mdev/operation.h"

#include "base/file.h"
#include "base/text.h"
#include "mdev/holder.h"
#include "mdev/journal.h"
#include "mdev/uuid.h"

#include <errno.h>

#define WAIT_DEFAULT_MS 5000
/* Even a removal that nobody stands in the way of takes a moment. */
#define WAIT_LEAST_MS   250
#define HOLDER_PAUSE_MS 100

void destructions_free(struct destructions *destructions)
{
	inventory_free(&destructions->inventory);
	*destructions = (struct destructions){0};
}

int refuse_held(const struct root *root, const struct device *device, const char *verb,
		struct err *err)
{
	autopool struct pool *pool = pool_new();

	if (device->held == HELD_UNKNOWN && holder_probe(root, device)) {
		err_set(err, ERR_BUSY, "cannot %s '%s': held by a process that is hidden from here",
			verb, device->uuid);
		return err_hint(err, "look for it on the host, as root: fuser -v /dev/vfio/%lld",
				(long long)device->iommu_group);
	}
	if (device->held != HELD_BY_KNOWN)
		return 0;
	const struct holder *holder = &device->holders[0];
	bool libvirts = holder->manager && streq(holder->manager, "libvirt");
	const char *vm = holder->vm ? pool_printf(pool, ", %sVM '%s'", libvirts ? "libvirt's " : "",
						  holder->vm)
				    : "";

	err_set(err, ERR_BUSY, "cannot %s '%s': held by %s (PID %d%s)", verb, device->uuid,
		holder->command, holder->pid, vm);
	if (holder->vm && libvirts)
		return err_hint(err,
				"unplug the device with 'virsh detach-device', or shut the VM "
				"down: virsh shutdown %s",
				text_shell_word(pool, holder->vm));
	if (holder->vm)
		return err_hint(
			err,
			"shut the VM down, or unplug it first: mdevtool detach %s --qmp SOCKET",
			device->uuid);
	return err_hint(err, "'ps -fp %d' shows what it is; end it first", holder->pid);
}

static struct record as_record(const struct root *root, const struct device *device)
{
	return (struct record){
		.uuid = device->uuid,
		.name = device->name,
		.dialect = device->dialect->name,
		.parent = device->parent,
		.parent_path = device->parent_path,
		.path = device->path,
		.slot = device->address,
		.type = device->type,
		.type_name = device->type_name,
		.group = device->group,
		.params = device->params,
		.attributes = device->attributes,
		.n_attributes = device->n_attributes,
		.inode = record_inode(root, device->path),
	};
}

/*
 * The driver has not finished: an entry of its own remembers the device, whose bus link is gone by
 * now, until its directory is gone too.
 */
static int mark_pending(struct operation *operation, const struct record *record, pid_t writer,
			struct err *err)
{
	autopool struct pool *pool = pool_new();
	struct record copy = *record;
	const struct journal_entry entry = {
		.id = strrchr(journal_pending(pool, record->uuid), '/') + 1,
		.operation = JOURNAL_DESTROY,
		.pending = true,
		.writer = writer,
		.devices = &copy,
		.n_devices = 1,
	};

	return journal_write(operation->root, &entry, err);
}

/* Somebody else was faster, or the child died that wrote, after it had. */
static bool is_gone(const struct root *root, const struct record *record, const struct err *failure)
{
	autopool struct pool *pool = pool_new();
	const char *real = pool_printf(pool, "%s/%s", record->parent_path, record->uuid);

	if (failure->errnum == EINTR && root_exists(root, real))
		return false;
	return (failure->errnum == ENOENT || failure->errnum == ENODEV ||
		failure->errnum == EINTR) &&
	       !record_is_current(root, record);
}

static int run_removal(struct operation *operation, const struct device *device, int wait_ms,
		       struct err *err)
{
	autopool struct pool *pool = pool_new();
	struct plan plan = {.pool = pool};
	struct run run = {
		.root = operation->root, .trace = operation->trace, .wait = {.ms = wait_ms}};
	struct record record = as_record(operation->root, device); /* while it is there */

	if (run.wait.ms < WAIT_LEAST_MS)
		run.wait.ms = WAIT_LEAST_MS;
	device->dialect->plan_destroy(operation->root, device, &plan);
	autoerr struct err failure = {0};
	if (plan_run(&plan, &run, &failure) == 0 || is_gone(operation->root, &record, &failure))
		return record_remove(operation->root, device->uuid, err) == 0
			       ? 0
			       : err_hint(err, "the device is gone; 'mdevtool recover' tries to "
					       "forget it again");
	err_keep_first(err, &failure);
	if (err->errnum == ETIMEDOUT &&
	    mark_pending(operation, &record, run.wait.writer, &failure) < 0)
		err_append(err, "; and %s", failure.message);
	return -1;
}

int remove_device(struct operation *operation, const struct device *device, bool was_started,
		  int wait_ms, struct err *err)
{
	const struct stored stored = {.definition = {.uuid = device->uuid,
						     .parent = device->parent,
						     .type = device->type}};
	struct callout callout;
	int result;

	/* call-outs know devices by their UUIDs */
	if (!was_started || !uuid_is_valid(device->uuid))
		return run_removal(operation, device, wait_ms, err);
	callout = operation_callout(operation, CALLOUT_STOP, &stored);
	result = callout_begin(&callout, err);
	if (result == 0)
		result = run_removal(operation, device, wait_ms, err);
	callout_end(&callout, result == 0);
	return result;
}

/* One that is gone by now is what was asked for. */
static struct device *find(struct inventory *inventory, const char *uuid, struct err *err)
{
	unsigned needs = NEED_DEVICE_TYPE | NEED_DEVICE_RECORD | NEED_DEVICE_GROUP;
	autoerr struct err failure = {0};
	struct device *device = inventory_find_device(inventory, uuid, needs, &failure);

	if (!device && failure.kind != ERR_NOT_FOUND)
		err_keep_first(err, &failure);
	if (device && device_is_going(device)) {
		err_set(err, ERR_BUSY, "'%s' is being removed already", device->uuid);
		err_hint(err, "it will be gone when its holder closes it; 'mdevtool recover' then "
			      "cleans up");
	}
	return device;
}

static int look_up(struct destructions *ret, const struct root *root, const char *const *uuids,
		   size_t n, struct err *err)
{
	struct device **devices = NULL;
	size_t n_devices = 0;

	destructions_free(ret);
	inventory_init(&ret->inventory, root);
	for (size_t i = 0; i < n; i++) {
		struct pool *pool = ret->inventory.pool;
		struct device *device = find(&ret->inventory, uuids[i], err);

		if (err->kind != ERR_NONE)
			return -1;
		if (!device)
			continue;
		*pool_push(pool, ret->list, ret->n) = (struct destruction){.device = device};
		*pool_push(pool, devices, n_devices) = device;
	}
	inventory_load_holders(&ret->inventory, devices, n_devices);
	return 0;
}

static bool locks_cover(const struct locks *locks, const struct destructions *destructions)
{
	for (size_t i = 0; i < destructions->n; i++)
		if (!locks_hold(locks, destructions->list[i].device->parent))
			return false;
	return true;
}

static int lock(struct operation *operation, struct locks *locks, struct destructions *ret,
		struct err *err)
{
	const char **names = NULL;
	size_t n = 0;

	locks_release_parents(locks);
	for (size_t i = 0; i < ret->n; i++)
		*pool_push(operation->pool, names, n) = ret->list[i].device->parent;
	return locks_take_parents(locks, operation->root, operation->pool, names, n, err);
}

/* An address may have become somebody else's device since it was noted down. */
static int refuse_foreign(const struct destructions *destructions,
			  const struct destroy_options *options, struct err *err)
{
	for (size_t i = 0; i < destructions->n && !options->foreign; i++) {
		const struct device *device = destructions->list[i].device;

		if (device->state != STATE_FOREIGN || !device->dialect->guards_foreign)
			continue;
		err_set(err, ERR_DENIED, "cannot destroy '%s': others have set it up, as type '%s'",
			device->uuid, device->type);
		return err_hint(err,
				"'mdevtool list %s' shows it; --foreign destroys it all the same",
				device->uuid);
	}
	return 0;
}

/* Nothing is written as long as anybody holds any of them. */
static int wait_until_free(struct operation *operation, const char *const *uuids, size_t n,
			   const struct destroy_options *options, struct destructions *ret,
			   struct err *err)
{
	long long deadline = file_now_ms() + (options->wait_ms > 0 ? options->wait_ms : 0);

	for (;;) {
		autoerr struct err held = {0};
		int refused = 0;

		for (size_t i = 0; i < ret->n && !refused; i++)
			refused =
				refuse_held(operation->root, ret->list[i].device, "destroy", &held);
		if (!refused)
			return 0;
		if (file_now_ms() >= deadline) {
			err_keep_first(err, &held);
			return -1;
		}
		file_sleep_ms(HOLDER_PAUSE_MS);
		if (look_up(ret, operation->root, uuids, n, err) < 0 ||
		    refuse_foreign(ret, options, err) < 0)
			return -1;
	}
}

static struct journal_entry journal_entry(const struct root *root,
					  const struct destructions *destructions)
{
	struct journal_entry entry = {
		.id = destructions->list[0].device->uuid,
		.operation = JOURNAL_DESTROY,
	};

	for (size_t i = 0; i < destructions->n; i++)
		*pool_push(destructions->inventory.pool, entry.devices, entry.n_devices) =
			as_record(root, destructions->list[i].device);
	return entry;
}

/* Some drivers refuse what others wait for: then whoever came in between is the reason. */
static bool is_held_by_now(struct inventory *inventory, struct device *device, struct err *err)
{
	autoerr struct err held = {0};

	if (err->errnum != EPERM && err->errnum != EBUSY)
		return false;
	device->holders = NULL;
	device->n_holders = 0;
	inventory_load_holders(inventory, &device, 1);
	if (refuse_held(inventory->root, device, "destroy", &held) == 0)
		return false;
	err_clear(err);
	err_keep_first(err, &held);
	return true;
}

static int explain(struct inventory *inventory, struct device *device, struct err *err)
{
	bool pending = err->errnum == ETIMEDOUT;

	if (is_held_by_now(inventory, device, err))
		return -1;
	err_wrap(err, "cannot destroy '%s'", device->uuid);
	if (pending)
		err_hint(err, "somebody still has it open; it is gone as soon as that ends, and "
			      "'mdevtool recover' then cleans up");
	else if (err->kind == ERR_DENIED && geteuid() != 0)
		err_hint(err, "only root may write there");
	return -1;
}

static int run_all(struct operation *operation, const struct destroy_options *options,
		   struct destructions *ret, struct err *err)
{
	struct journal_entry entry = journal_entry(operation->root, ret);
	int wait_ms = options->wait_ms < 0 ? WAIT_DEFAULT_MS : options->wait_ms;
	autoerr struct err first = {0};
	autoerr struct err closing = {0};

	if (journal_write(operation->root, &entry, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++) {
		autoerr struct err failure = {0};
		struct device *device = ret->list[i].device;

		if (remove_device(operation, device, true, wait_ms, &failure) == 0) {
			ret->list[i].gone = true;
			continue;
		}
		explain(&ret->inventory, device, &failure);
		err_keep_first(&first, &failure);
	}
	if (journal_remove(operation->root, &entry, &closing) < 0)
		err_keep_first(&first, &closing);
	if (first.kind == ERR_NONE)
		return 0;
	err_keep_first(err, &first);
	return -1;
}

/* The plans alone; what would be refused is refused here too. */
static int plan_all(struct operation *operation, struct destructions *ret, struct err *err)
{
	for (size_t i = 0; i < ret->n; i++) {
		const struct device *device = ret->list[i].device;

		if (refuse_held(operation->root, device, "destroy", err) < 0)
			return -1;
		ret->list[i].plan = (struct plan){.pool = ret->inventory.pool};
		device->dialect->plan_destroy(operation->root, device, &ret->list[i].plan);
	}
	return 0;
}

int operation_destroy(struct operation *operation, const char *const *uuids, size_t n,
		      const struct destroy_options *options, struct destructions *ret,
		      struct err *err)
{
	autolocks struct locks locks = LOCKS_INIT;

	if (!options->dry_run && operation_recover(operation, &locks, true, false, err) < 0)
		return -1;
	if (look_up(ret, operation->root, uuids, n, err) < 0)
		return -1;
	if (refuse_foreign(ret, options, err) < 0)
		return -1;
	if (options->dry_run)
		return plan_all(operation, ret, err);
	/* once the locks are held one may be gone, somebody else's, or on another parent */
	do {
		if (lock(operation, &locks, ret, err) < 0 ||
		    operation_recover(operation, &locks, false, false, err) < 0 ||
		    look_up(ret, operation->root, uuids, n, err) < 0 ||
		    refuse_foreign(ret, options, err) < 0 ||
		    wait_until_free(operation, uuids, n, options, ret, err) < 0)
			return -1;
	} while (!locks_cover(&locks, ret));
	return ret->n ? run_all(operation, options, ret, err) : 0;
}
