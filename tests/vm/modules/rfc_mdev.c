// SPDX-License-Identifier: GPL-2.0
/*
 * The sysfs tree of the mediated device RFC, version 2 (2016), on a real PCI bus.
 *
 * That interface was never merged, so no driver serves it. This one does, for tests: it binds
 * QEMU's "edu" PCI functions, calls each of them a GRID M60 and publishes
 *
 *   PARENT/mdev_supported_types/{11,12,13}/{create,name,fb_length,resolution,heads,max_instances,
 *                                           params,requires_group}
 *   PARENT/mdev_destroy
 *   PARENT/UUID, /sys/bus/mdev/devices/UUID
 *
 * The bus "mdev" is its own, so that nothing of the later kernel interface is in sight; it cannot
 * be loaded beside mdev.ko. A device only remembers what it was created with, and shows it in
 * UUID/vendor/{type,group,params}. It has an IOMMU group, as every VFIO device has, but there is
 * nothing to open.
 *
 * The rules, where the mail leaves them to the driver: a card gives framebuffers of one size at a
 * time; a group is accepted only where requires_group is there, and is no obligation; group 0 is
 * none.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

/* What a type is. */
struct rfc_model {
	const char *id;
	const char *name;
	const char *fb_length;
	const char *resolution;
	unsigned int heads;
	unsigned int instances;
	bool requires_group;
};

static const struct rfc_model rfc_models[] = {
	{"11", "GRID M60-0B", "512M", "2560x1600", 2, 16, true},
	{"12", "GRID M60-2Q", "2G", "4096x2160", 4, 4, false},
	{"13", "GRID M60-1Q", "1G", "4096x2160", 2, 8, false},
};

/* A type as one card offers it: a directory below mdev_supported_types. */
struct rfc_type {
	struct kobject kobj;
	struct rfc_card *card;
	const struct rfc_model *model;
	char *params; /* for the next device, "" when clear */
};

/* A PCI function. */
struct rfc_card {
	struct device *dev;
	struct kobject *types_dir;
	struct rfc_type *types[ARRAY_SIZE(rfc_models)];
	struct list_head devices;
};

/* A mediated device. */
struct rfc_mdev {
	struct device dev;
	struct list_head link;
	const struct rfc_model *model;
	u32 group; /* 0: none */
	char *params;
};

/* Guards the params and the lists of devices, of all cards: a UUID is unique among them. */
static DEFINE_MUTEX(rfc_lock);

static struct bus_type rfc_bus = {.name = "mdev"};

static struct rfc_type *to_type(struct kobject *kobj)
{
	return container_of(kobj, struct rfc_type, kobj);
}

static struct rfc_mdev *to_mdev(struct device *dev)
{
	return container_of(dev, struct rfc_mdev, dev);
}

/* How many more devices of the type the card takes now. */
static unsigned int room_of(const struct rfc_type *type)
{
	unsigned int room = type->model->instances;
	const struct rfc_mdev *mdev;

	lockdep_assert_held(&rfc_lock);
	list_for_each_entry(mdev, &type->card->devices, link)
	{
		if (mdev->model != type->model)
			return 0;
		room--;
	}
	return room;
}

/* Length of the text without the newline that echo ends it with. */
static size_t text_length(const char *buf, size_t count)
{
	return count && buf[count - 1] == '\n' ? count - 1 : count;
}

/* The files of a device. */

static ssize_t type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_mdev(dev)->model->id);
}
static DEVICE_ATTR_RO(type);

static ssize_t group_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct rfc_mdev *mdev = to_mdev(dev);

	return mdev->group ? sysfs_emit(buf, "%u\n", mdev->group) : sysfs_emit(buf, "\n");
}
static DEVICE_ATTR_RO(group);

static ssize_t params_seen_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_mdev(dev)->params);
}
static struct device_attribute dev_attr_params = __ATTR(params, 0444, params_seen_show, NULL);

static struct attribute *rfc_vendor_attrs[] = {
	&dev_attr_type.attr,
	&dev_attr_group.attr,
	&dev_attr_params.attr,
	NULL,
};

static const struct attribute_group rfc_vendor_group = {
	.name = "vendor",
	.attrs = rfc_vendor_attrs,
};

static const struct attribute_group *rfc_mdev_groups[] = {&rfc_vendor_group, NULL};

static void rfc_mdev_release(struct device *dev)
{
	struct rfc_mdev *mdev = to_mdev(dev);

	kfree(mdev->params);
	kfree(mdev);
}

/* Creating and destroying. */

static bool uuid_in_use(const uuid_t *uuid)
{
	char name[UUID_STRING_LEN + 1];
	struct device *dev;

	snprintf(name, sizeof(name), "%pUb", uuid);
	dev = bus_find_device_by_name(&rfc_bus, NULL, name);
	put_device(dev);
	return dev != NULL;
}

static int join_iommu_group(struct device *dev)
{
	struct iommu_group *group = iommu_group_alloc();
	int ret;

	if (IS_ERR(group))
		return PTR_ERR(group);
	ret = iommu_group_add_device(group, dev);
	iommu_group_put(group); /* the device keeps it */
	return ret;
}

static int rfc_create(struct rfc_type *type, const uuid_t *uuid, u32 group)
{
	struct rfc_mdev *mdev;
	int ret;

	lockdep_assert_held(&rfc_lock);
	if (uuid_in_use(uuid))
		return -EEXIST;
	if (!room_of(type))
		return -ENOSPC;

	mdev = kzalloc(sizeof(*mdev), GFP_KERNEL);
	if (!mdev)
		return -ENOMEM;
	device_initialize(&mdev->dev);
	mdev->dev.parent = type->card->dev;
	mdev->dev.bus = &rfc_bus;
	mdev->dev.groups = rfc_mdev_groups;
	mdev->dev.release = rfc_mdev_release;
	mdev->model = type->model;
	mdev->group = group;
	mdev->params = kstrdup(type->params, GFP_KERNEL);

	ret = mdev->params ? dev_set_name(&mdev->dev, "%pUb", uuid) : -ENOMEM;
	if (!ret)
		ret = device_add(&mdev->dev);
	if (ret) {
		put_device(&mdev->dev);
		return ret;
	}
	ret = join_iommu_group(&mdev->dev);
	if (ret) {
		device_unregister(&mdev->dev);
		return ret;
	}
	list_add_tail(&mdev->link, &type->card->devices);
	return 0;
}

static void rfc_destroy(struct rfc_mdev *mdev)
{
	lockdep_assert_held(&rfc_lock);
	list_del(&mdev->link);
	iommu_group_remove_device(&mdev->dev);
	device_unregister(&mdev->dev);
}

static ssize_t mdev_destroy_store(struct device *dev, struct device_attribute *attr,
				  const char *buf, size_t count)
{
	struct rfc_card *card = dev_get_drvdata(dev);
	struct rfc_mdev *mdev;
	ssize_t ret = -ENODEV;
	uuid_t uuid, other;

	if (text_length(buf, count) != UUID_STRING_LEN || uuid_parse(buf, &uuid))
		return -EINVAL;

	mutex_lock(&rfc_lock);
	list_for_each_entry(mdev, &card->devices, link)
	{
		if (uuid_parse(dev_name(&mdev->dev), &other) || !uuid_equal(&uuid, &other))
			continue;
		rfc_destroy(mdev);
		ret = count;
		break;
	}
	mutex_unlock(&rfc_lock);
	return ret;
}
static DEVICE_ATTR_WO(mdev_destroy);

static struct attribute *rfc_card_attrs[] = {&dev_attr_mdev_destroy.attr, NULL};
ATTRIBUTE_GROUPS(rfc_card);

/* The files of a type. */

/* UUID[:GROUP] */
static int parse_create(const char *buf, size_t length, uuid_t *uuid, u32 *group)
{
	char number[16];

	*group = 0;
	if (length < UUID_STRING_LEN || uuid_parse(buf, uuid))
		return -EINVAL;
	buf += UUID_STRING_LEN;
	length -= UUID_STRING_LEN;
	if (!length)
		return 0;
	if (*buf != ':' || length - 1 >= sizeof(number) || !isdigit(buf[1]))
		return -EINVAL;
	memcpy(number, buf + 1, length - 1);
	number[length - 1] = '\0';
	if (strchr(number, '\n') || kstrtou32(number, 10, group) || !*group)
		return -EINVAL;
	return 0;
}

static ssize_t create_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			    size_t count)
{
	struct rfc_type *type = to_type(kobj);
	uuid_t uuid;
	u32 group;
	int ret;

	ret = parse_create(buf, text_length(buf, count), &uuid, &group);
	if (ret)
		return ret;
	if (group && !type->model->requires_group)
		return -EINVAL;

	mutex_lock(&rfc_lock);
	ret = rfc_create(type, &uuid, group);
	mutex_unlock(&rfc_lock);
	return ret ? ret : count;
}

static ssize_t params_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			    size_t count)
{
	struct rfc_type *type = to_type(kobj);
	size_t length = text_length(buf, count);
	char *params;

	if (memchr(buf, '\0', length))
		return -EINVAL;
	params = kstrndup(buf, length, GFP_KERNEL);
	if (!params)
		return -ENOMEM;

	mutex_lock(&rfc_lock);
	swap(type->params, params);
	mutex_unlock(&rfc_lock);
	kfree(params);
	return count;
}

static ssize_t max_instances_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	unsigned int room;

	mutex_lock(&rfc_lock);
	room = room_of(to_type(kobj));
	mutex_unlock(&rfc_lock);
	return sysfs_emit(buf, "%u\n", room);
}

static ssize_t name_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_type(kobj)->model->name);
}

static ssize_t fb_length_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_type(kobj)->model->fb_length);
}

static ssize_t resolution_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_type(kobj)->model->resolution);
}

static ssize_t heads_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_type(kobj)->model->heads);
}

static ssize_t requires_group_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_type(kobj)->model->requires_group);
}

static struct kobj_attribute create_attr = __ATTR_WO(create);
static struct kobj_attribute params_attr = __ATTR_WO(params);
static struct kobj_attribute max_instances_attr = __ATTR_RO(max_instances);
static struct kobj_attribute name_attr = __ATTR_RO(name);
static struct kobj_attribute fb_length_attr = __ATTR_RO(fb_length);
static struct kobj_attribute resolution_attr = __ATTR_RO(resolution);
static struct kobj_attribute heads_attr = __ATTR_RO(heads);
static struct kobj_attribute requires_group_attr = __ATTR_RO(requires_group);

static struct attribute *rfc_type_attrs[] = {
	&create_attr.attr, &params_attr.attr,         &max_instances_attr.attr,
	&name_attr.attr,   &fb_length_attr.attr,      &resolution_attr.attr,
	&heads_attr.attr,  &requires_group_attr.attr, NULL,
};

static umode_t rfc_type_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	if (attr == &requires_group_attr.attr && !to_type(kobj)->model->requires_group)
		return 0;
	return attr->mode;
}

static const struct attribute_group rfc_type_group = {
	.attrs = rfc_type_attrs,
	.is_visible = rfc_type_visible,
};
__ATTRIBUTE_GROUPS(rfc_type);

static void rfc_type_release(struct kobject *kobj)
{
	struct rfc_type *type = to_type(kobj);

	kfree(type->params);
	kfree(type);
}

static const struct kobj_type rfc_ktype = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = rfc_type_release,
	.default_groups = rfc_type_groups,
};

static struct rfc_type *rfc_type_add(struct rfc_card *card, const struct rfc_model *model)
{
	struct rfc_type *type;
	int ret;

	type = kzalloc(sizeof(*type), GFP_KERNEL);
	if (!type)
		return ERR_PTR(-ENOMEM);
	type->card = card;
	type->model = model;
	kobject_init(&type->kobj, &rfc_ktype);
	type->params = kstrdup("", GFP_KERNEL);
	ret = type->params ? kobject_add(&type->kobj, card->types_dir, "%s", model->id) : -ENOMEM;
	if (ret) {
		kobject_put(&type->kobj);
		return ERR_PTR(ret);
	}
	return type;
}

/* The cards. */

/* The types go first: no device can be made after that. */
static void rfc_card_clear(struct rfc_card *card)
{
	struct rfc_mdev *mdev, *next;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(card->types); i++) {
		if (!card->types[i])
			continue;
		kobject_del(&card->types[i]->kobj);
		kobject_put(&card->types[i]->kobj);
	}
	kobject_put(card->types_dir);

	mutex_lock(&rfc_lock);
	list_for_each_entry_safe(mdev, next, &card->devices, link) rfc_destroy(mdev);
	mutex_unlock(&rfc_lock);
	kfree(card);
}

static int rfc_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct rfc_card *card;
	size_t i;

	card = kzalloc(sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	card->dev = &pdev->dev;
	INIT_LIST_HEAD(&card->devices);
	pci_set_drvdata(pdev, card);

	card->types_dir = kobject_create_and_add("mdev_supported_types", &pdev->dev.kobj);
	if (!card->types_dir) {
		kfree(card);
		return -ENOMEM;
	}
	for (i = 0; i < ARRAY_SIZE(rfc_models); i++) {
		struct rfc_type *type = rfc_type_add(card, &rfc_models[i]);

		if (IS_ERR(type)) {
			rfc_card_clear(card);
			return PTR_ERR(type);
		}
		card->types[i] = type;
	}
	return 0;
}

static void rfc_remove(struct pci_dev *pdev)
{
	rfc_card_clear(pci_get_drvdata(pdev));
}

static const struct pci_device_id rfc_ids[] = {
	{PCI_DEVICE(0x1234, 0x11e8)}, /* QEMU's edu */
	{},
};
MODULE_DEVICE_TABLE(pci, rfc_ids);

static struct pci_driver rfc_driver = {
	.name = "rfc_mdev",
	.id_table = rfc_ids,
	.probe = rfc_probe,
	.remove = rfc_remove,
	.dev_groups = rfc_card_groups,
};

static int __init rfc_init(void)
{
	int ret;

	ret = bus_register(&rfc_bus);
	if (ret) {
		pr_err("no bus mdev, is mdev.ko loaded? (%d)\n", ret);
		return ret;
	}
	ret = pci_register_driver(&rfc_driver);
	if (ret)
		bus_unregister(&rfc_bus);
	return ret;
}
module_init(rfc_init);

static void __exit rfc_exit(void)
{
	pci_unregister_driver(&rfc_driver);
	bus_unregister(&rfc_bus);
}
module_exit(rfc_exit);

MODULE_DESCRIPTION("Mediated devices as RFC v2 of 2016 describes them, for tests");
MODULE_LICENSE("GPL");
