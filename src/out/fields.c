/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of fields. */
#include "out/fields.h"

#include "base/text.h"
#include "mdev/holder.h"
#include "mdev/model.h"
#include "mdev/store.h"
#include "mdev/uuid.h"

static struct value text(const char *text)
{
	return (struct value){.kind = text ? VALUE_TEXT : VALUE_NONE, .text = text};
}

static struct value number(int64_t number)
{
	return (struct value){.kind = number < 0 ? VALUE_NONE : VALUE_NUMBER, .number = number};
}

static struct value boolean(bool value)
{
	return (struct value){.kind = VALUE_BOOL, .number = value};
}

#define GETTER(noun, what, expression)                                           \
	static struct value noun##_##what(struct pool *pool, const void *record) \
	{                                                                        \
		const struct noun *noun = record;                                \
                                                                                 \
		(void)pool;                                                      \
		return expression;                                               \
	}

GETTER(parent, name, text(parent->name))
GETTER(parent, path, text(parent->path))
GETTER(parent, driver, text(parent->driver))
GETTER(parent, vendor_id, text(parent->vendor_id))
GETTER(parent, product_id, text(parent->product_id))
GETTER(parent, vendor, text(parent->vendor))
GETTER(parent, product, text(parent->product))
GETTER(parent, numa_node, number(parent->numa_node))
GETTER(parent, reason, text(parent->reason))
GETTER(parent, fix, text(parent->fix))

/* Those that are only remembered are not published. */
static struct value parent_types(struct pool *pool, const void *record)
{
	const struct parent *parent = record;
	int64_t n = 0;

	(void)pool;
	for (size_t i = 0; i < parent->n_types; i++)
		n += parent->types[i]->offered;
	return number(parent->reason ? UNKNOWN : n);
}

/* Names where the hardware database has them, else the bare ids, else nothing. */
static struct value parent_what(struct pool *pool, const void *record)
{
	const struct parent *parent = record;

	if (parent->product)
		return text(pool_printf(pool, "%s%s%s", parent->vendor ? parent->vendor : "",
					parent->vendor ? " " : "", parent->product));
	if (parent->vendor_id && parent->product_id)
		return text(pool_printf(pool, "%s:%s", parent->vendor_id, parent->product_id));
	return text(NULL);
}

/* The words of --output are the column headings without regard to case, blanks as "-". */
static const struct field parent_list[] = {
	{"name", "PARENT", 0, true, false, parent_name, "the parent's name in sysfs"},
	{"product_name", "DEVICE", NEED_PARENT_PRODUCT, true, false, parent_what,
	 "vendor and product, from the hardware database, else their ids"},
	{"driver", "DRIVER", NEED_PARENT_FACTS, true, false, parent_driver, "its driver"},
	{"numa_node", "NUMA", NEED_PARENT_FACTS, true, true, parent_numa_node, "its NUMA node"},
	{"types", "TYPES", NEED_TYPES, true, true, parent_types, "how many types it publishes"},
	{"path", "PATH", 0, false, false, parent_path, "where it is in sysfs"},
	{"vendor_id", "VENDOR-ID", NEED_PARENT_FACTS, false, false, parent_vendor_id,
	 "the vendor's number"},
	{"product_id", "PRODUCT-ID", NEED_PARENT_FACTS, false, false, parent_product_id,
	 "the product's number"},
	{"vendor", "VENDOR", NEED_PARENT_PRODUCT, false, false, parent_vendor, "the vendor's name"},
	{"product", "PRODUCT", NEED_PARENT_PRODUCT, false, false, parent_product,
	 "the product's name"},
	{"reason", "REASON", 0, false, false, parent_reason, "why it makes no devices"},
	{"fix", "FIX", 0, false, false, parent_fix, "what to type then"},
};
const struct fields parent_fields = {"parents", parent_list, ARRAY_SIZE(parent_list)};

GETTER(type, id, text(type->id))
GETTER(type, parent, text(type->parent->name))
GETTER(type, name, text(type->name))
GETTER(type, available, number(type->available))
GETTER(type, device_api, text(type->device_api))
GETTER(type, fb_length, text(type->fb_length))
GETTER(type, resolution, text(type->resolution))
GETTER(type, heads, number(type->heads))
GETTER(type, requires_group, boolean(type->requires_group))
GETTER(type, has_params, boolean(type->has_params))
GETTER(type, path, text(type->path))
GETTER(type, reason, text(type->reason))
GETTER(type, fix, text(type->fix))

static struct value type_description(struct pool *pool, const void *record)
{
	const struct type *type = record;

	(void)pool;
	return (struct value){
		.kind = type->description ? VALUE_LINES : VALUE_NONE,
		.text = type->description,
	};
}

/* The room under its file's own name, beside "available". */
static int64_t room_in(const struct type *type, const char *file)
{
	return type->room_file && streq(type->room_file, file) ? type->available : UNKNOWN;
}

GETTER(type, max_instances, number(room_in(type, "max_instances")))
GETTER(type, available_instances, number(room_in(type, "available_instances")))

static struct value type_fb_length_bytes(struct pool *pool, const void *record)
{
	const struct type *type = record;
	uint64_t bytes;

	(void)pool;
	if (!type->fb_length || !text_size(type->fb_length, &bytes) || bytes > INT64_MAX)
		return number(-1);
	return number((int64_t)bytes);
}

static int64_t extent(const struct type *type, bool want_width)
{
	uint64_t width, height;

	if (!type->resolution || !text_resolution(type->resolution, &width, &height))
		return -1;
	return (int64_t)(want_width ? width : height);
}

GETTER(type, resolution_width, number(extent(type, true)))
GETTER(type, resolution_height, number(extent(type, false)))

static struct value facts_of(struct pool *pool, const struct fact *facts, size_t n)
{
	const char *line = "";
	json_t *json;

	if (!n)
		return text(NULL);
	json = json_object();
	for (size_t i = 0; i < n; i++) {
		json_object_set_new(json, text_json(pool, facts[i].key),
				    json_string(text_json(pool, facts[i].value)));
		line = pool_printf(pool, "%s%s%s=%s", line, i ? ", " : "", facts[i].key,
				   facts[i].value);
	}
	return (struct value){.kind = VALUE_JSON, .json = json, .text = line};
}

static struct value type_facts(struct pool *pool, const void *record)
{
	const struct type *type = record;

	(void)pool;
	return (struct value){
		.kind = type->n_facts ? VALUE_FACTS : VALUE_NONE,
		.facts = type->facts,
		.number = (int64_t)type->n_facts,
	};
}

static const struct field type_list[] = {
	{"parent", "PARENT", 0, true, false, type_parent, "the parent that offers it"},
	{"id", "TYPE", 0, true, false, type_id, "its id, to be given to --type"},
	{"name", "NAME", NEED_TYPE_NAME, true, false, type_name, "the driver's name for it"},
	{"available", "FREE", NEED_TYPE_ROOM, true, true, type_available,
	 "how many can be made now"},
	{"max_instances", NULL, NEED_TYPE_ROOM, false, true, type_max_instances, ""},
	{"available_instances", NULL, NEED_TYPE_ROOM, false, true, type_available_instances, ""},
	{"fb_length", "FB", NEED_TYPE_FACTS, true, true, type_fb_length, "framebuffer size"},
	{"fb_length_bytes", NULL, NEED_TYPE_FACTS, false, true, type_fb_length_bytes, ""},
	{"resolution", "RESOLUTION", NEED_TYPE_FACTS, true, false, type_resolution,
	 "largest resolution"},
	{"resolution_width", NULL, NEED_TYPE_FACTS, false, true, type_resolution_width, ""},
	{"resolution_height", NULL, NEED_TYPE_FACTS, false, true, type_resolution_height, ""},
	{"heads", "HEADS", NEED_TYPE_FACTS, true, true, type_heads, "how many heads at the most"},
	{"device_api", "API", NEED_TYPE_API, true, false, type_device_api,
	 "the driver that QEMU uses for it"},
	{"requires_group", "GROUPED", NEED_TYPE_RULES, false, false, type_requires_group,
	 "several in one VM need a common group"},
	{"params", "PARAMS", NEED_TYPE_RULES, false, false, type_has_params,
	 "takes parameters before creation"},
	{"description", "DESCRIPTION", NEED_TYPE_FACTS, false, false, type_description,
	 "the driver's description"},
	{"facts", NULL, NEED_TYPE_FACTS, false, false, type_facts, ""},
	{"path", "PATH", 0, false, false, type_path, "where it is in sysfs"},
	{"reason", "REASON", NEED_TYPE_ROOM, false, false, type_reason, "why none can be made now"},
	{"fix", "FIX", NEED_TYPE_ROOM, false, false, type_fix, "what to type then"},
};
const struct fields type_fields = {"types", type_list, ARRAY_SIZE(type_list)};

/* In a table what names a device without UUID stands in its place. */
static struct value device_uuid(struct pool *pool, const void *record)
{
	const struct device *device = record;

	(void)pool;
	return (struct value){.kind = uuid_is_valid(device->uuid) ? VALUE_TEXT : VALUE_JSON,
			      .text = device->uuid};
}

GETTER(device, address, text(device->address))
GETTER(device, name, text(device->name))
GETTER(device, parent, text(device->parent))
GETTER(device, type, text(device->type))
GETTER(device, type_name, text(device->type_name))
GETTER(device, group, number(device->group ? (int64_t)device->group : -1))
GETTER(device, params, text(device->params))
GETTER(device, path, text(device->path))
GETTER(device, device_api, text(device->device_api))
GETTER(device, iommu_group, number(device->iommu_group))

static struct value device_params_ignored(struct pool *pool, const void *record)
{
	const struct device *device = record;

	(void)pool;
	return device->params_ignored ? boolean(true) : text(NULL);
}

static struct value device_state(struct pool *pool, const void *record)
{
	static const char *const names[] = {
		[STATE_ACTIVE] = "active",
		[STATE_FOREIGN] = "foreign",
		[STATE_PENDING_REMOVAL] = "pending-removal",
	};
	const struct device *device = record;

	(void)pool;
	return text(names[device_is_going(device) ? STATE_PENDING_REMOVAL : device->state]);
}

static struct value device_facts(struct pool *pool, const void *record)
{
	const struct device *device = record;

	return facts_of(pool, device->facts, device->n_facts);
}

/* An array; null where processes are hidden, so that unknown never looks like free. */
static struct value device_holders(struct pool *pool, const void *record)
{
	const struct device *device = record;
	json_t *holders = device->held == HELD_UNKNOWN ? json_null() : json_array();

	for (size_t i = 0; i < device->n_holders; i++) {
		const struct holder *holder = &device->holders[i];
		json_t *json = json_pack("{s:i, s:s}", "pid", holder->pid, "command",
					 text_json(pool, holder->command));

		if (holder->vm)
			json_object_set_new(json, "vm", json_string(text_json(pool, holder->vm)));
		if (holder->manager)
			json_object_set_new(json, "manager", json_string(holder->manager));
		json_array_append_new(holders, json);
	}
	return (struct value){
		.kind = VALUE_JSON,
		.json = holders,
		.text = holders_text(pool, device),
	};
}

static const struct field device_list[] = {
	{"uuid", "UUID", 0, true, false, device_uuid, "the device's UUID"},
	{"address", "ADDRESS", 0, false, false, device_address, "the virtual function that it is"},
	{"name", "NAME", NEED_DEVICE_RECORD, true, false, device_name, "the name you gave it"},
	{"parent", "PARENT", 0, true, false, device_parent, "the parent it is on"},
	{"type", "TYPE", NEED_DEVICE_TYPE, true, false, device_type, "its type's id"},
	{"type_name", "TYPE-NAME", NEED_DEVICE_TYPE_NAME, false, false, device_type_name,
	 "its type's name"},
	{"group", "GROUP", NEED_DEVICE_RECORD, true, true, device_group,
	 "the group it was made in"},
	{"params", "PARAMS", NEED_DEVICE_RECORD, false, false, device_params,
	 "the parameters it was made with"},
	{"params_ignored", NULL, 0, false, false, device_params_ignored, ""},
	{"state", "STATE", NEED_DEVICE_RECORD, false, false, device_state,
	 "active, foreign (made by others) or pending-removal"},
	{"device_api", "API", NEED_DEVICE_TYPE_NAME, false, false, device_device_api,
	 "the driver that QEMU uses for it"},
	{"iommu_group", "IOMMU", NEED_DEVICE_GROUP, false, true, device_iommu_group,
	 "its IOMMU group, N of /dev/vfio/N"},
	{"path", "PATH", 0, false, false, device_path, "where it is in sysfs"},
	{"facts", "FACTS", NEED_DEVICE_FACTS, false, false, device_facts, "what its own files say"},
	{"holders", "HELD BY", NEED_DEVICE_HOLDERS | NEED_DEVICE_GROUP, true, false, device_holders,
	 "the process, and VM, that has it open"},
};
const struct fields device_fields = {"devices", device_list, ARRAY_SIZE(device_list)};

GETTER(stored, uuid, text(stored->definition.uuid))
GETTER(stored, name, text(stored->definition.name))
GETTER(stored, parent, text(stored->definition.parent))
GETTER(stored, type, text(stored->definition.type))
GETTER(stored, type_name, text(stored->definition.type_name))
GETTER(stored, group, number(stored->definition.group ? (int64_t)stored->definition.group : -1))
GETTER(stored, start, text(stored->definition.start == START_AUTO ? "auto" : "manual"))
GETTER(stored, state, text(stored->active ? "active" : "inactive"))
GETTER(stored, params, text(stored->definition.params))
GETTER(stored, file, text(stored->definition.file))

/* In their order, which counts: an array of pairs, in a table with their positions. */
static struct value stored_attributes(struct pool *pool, const void *record)
{
	const struct definition *definition = &((const struct stored *)record)->definition;
	json_t *attributes = json_array();
	const char *line = "";

	for (size_t i = 0; i < definition->n_attributes; i++) {
		const struct attribute *attribute = &definition->attributes[i];

		json_array_append_new(attributes, json_pack("{s:s, s:s}", "name", attribute->name,
							    "value", attribute->value));
		line = pool_printf(pool, "%s%s%zu:%s=%s", line, i ? " " : "", i, attribute->name,
				   attribute->value);
	}
	return (struct value){
		.kind = VALUE_JSON,
		.json = attributes,
		.text = definition->n_attributes ? line : NULL,
	};
}

static const struct field definition_list[] = {
	{"uuid", "UUID", 0, true, false, stored_uuid, "the device's UUID"},
	{"name", "NAME", 0, true, false, stored_name, "the name you gave it"},
	{"parent", "PARENT", 0, true, false, stored_parent, "the parent it is made on"},
	{"type", "TYPE", 0, true, false, stored_type, "its type's id"},
	{"type_name", "TYPE-NAME", 0, false, false, stored_type_name, "its type's name"},
	{"group", "GROUP", 0, true, true, stored_group, "the group it is made in"},
	{"start", "START", 0, true, false, stored_start,
	 "auto, with its parent, or manual, on request"},
	{"state", "STATE", NEED_DEFINITION_STATE, true, false, stored_state, "active or inactive"},
	{"params", "PARAMS", 0, false, false, stored_params, "the parameters it is made with"},
	{"attributes", "ATTRIBUTES", 0, false, false, stored_attributes,
	 "what is written to its files, in order"},
	{"file", "FILE", 0, false, false, stored_file, "where it is kept"},
};
const struct fields definition_fields = {"definitions", definition_list,
					 ARRAY_SIZE(definition_list)};
