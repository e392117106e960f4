// SPDX-License-Identifier: GPL-2.0
/*
 * A mediated device driver on a real PCI bus, for tests: QEMU's "edu" PCI functions as parents of
 * the kernel's own mdev framework. The kernel's sample drivers hang off the virtual bus; with this
 * one PCI addresses, NUMA nodes and the parent's IOMMU group are real.
 *
 * A card has 16 KiB of memory for its devices, which show it as BAR 0 of a PCI function:
 *
 *   edu_mdev-small    4 KiB each
 *   edu_mdev-large    8 KiB each
 *
 * A device has two settings, to be made in order: setup/mode ("fast" or "safe"), then setup/rate
 * (1 to 100, refused with EPERM while there is no mode). Both read back what was set.
 */
#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vfio.h>

#define CARD_MEMORY  SZ_16K
#define SMALL_MEMORY SZ_4K
#define LARGE_MEMORY SZ_8K

/* A region of the device file begins at its number in the upper bits of the offset. */
#define REGION_SHIFT        40
#define REGION_START(index) ((u64)(index) << REGION_SHIFT)

struct edu_type {
	struct mdev_type mdev;
	u32 memory;
};

/* A PCI function. */
struct edu_card {
	struct mdev_parent parent;
	struct edu_type small, large;
	struct mdev_type *types[2];
	struct mutex lock;
	u32 memory_left;
};

/* A mediated device. */
struct edu_mdev {
	struct vfio_device vdev;
	struct edu_card *card;
	struct mutex lock; /* guards what follows */
	u8 config[PCI_CFG_SPACE_SIZE];
	u8 *memory;
	u32 memory_size;
	const char *mode; /* NULL: not set */
	u32 rate;         /* 0: not set */
};

static struct edu_type *to_edu_type(struct mdev_type *type)
{
	return container_of(type, struct edu_type, mdev);
}

static struct edu_card *card_of(struct mdev_type *type)
{
	return container_of(type->parent, struct edu_card, parent);
}

static struct edu_mdev *to_edu(struct vfio_device *vdev)
{
	return container_of(vdev, struct edu_mdev, vdev);
}

/* The card's memory. */

static int card_take(struct edu_card *card, u32 size)
{
	int ret = -ENOSPC;

	mutex_lock(&card->lock);
	if (size <= card->memory_left) {
		card->memory_left -= size;
		ret = 0;
	}
	mutex_unlock(&card->lock);
	return ret;
}

static void card_give(struct edu_card *card, u32 size)
{
	mutex_lock(&card->lock);
	card->memory_left += size;
	mutex_unlock(&card->lock);
}

static unsigned int edu_get_available(struct mdev_type *type)
{
	return READ_ONCE(card_of(type)->memory_left) / to_edu_type(type)->memory;
}

static ssize_t edu_show_description(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%u KiB of memory\n", to_edu_type(type)->memory / SZ_1K);
}

/* The PCI function that a device shows: config space and BAR 0. */

static void config_reset(struct edu_mdev *edu)
{
	struct {
		int at;
		u16 value;
	} const words[] = {
		{PCI_VENDOR_ID, 0x1234},
		{PCI_DEVICE_ID, 0x11e8},
		{PCI_CLASS_DEVICE, PCI_CLASS_NOT_DEFINED},
		{PCI_SUBSYSTEM_VENDOR_ID, 0x1234},
		{PCI_SUBSYSTEM_ID, 0x0001},
	};
	size_t i;

	memset(edu->config, 0, sizeof(edu->config));
	memset(edu->memory, 0, edu->memory_size);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		*(__le16 *)&edu->config[words[i].at] = cpu_to_le16(words[i].value);
}

/* Which bits of a byte of the config space a guest may change. */
static u8 config_mask(const struct edu_mdev *edu, unsigned int at)
{
	if (at == PCI_COMMAND)
		return PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (at == PCI_INTERRUPT_LINE)
		return 0xff;
	if (at >= PCI_BASE_ADDRESS_0 && at < PCI_BASE_ADDRESS_1)
		return ~(edu->memory_size - 1) >> 8 * (at - PCI_BASE_ADDRESS_0);
	return 0;
}

static void config_write(struct edu_mdev *edu, unsigned int at, const u8 *bytes, size_t count)
{
	for (; count; count--, at++, bytes++) {
		u8 mask = config_mask(edu, at);

		edu->config[at] = (edu->config[at] & ~mask) | (*bytes & mask);
	}
}

static u32 region_size(const struct edu_mdev *edu, unsigned int index)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return edu->memory_size;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return sizeof(edu->config);
	default:
		return 0;
	}
}

/* Cuts an access at the end of its region: 0 at the end, -EINVAL where no region is. */
static ssize_t access_size(const struct edu_mdev *edu, loff_t pos, size_t count)
{
	u64 offset = pos & (REGION_START(1) - 1);
	u32 size = region_size(edu, pos >> REGION_SHIFT);

	if (!size)
		return -EINVAL;
	return offset < size ? min_t(u64, count, size - offset) : 0;
}

static ssize_t edu_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	struct edu_mdev *edu = to_edu(vdev);
	u64 offset = *ppos & (REGION_START(1) - 1);
	bool config = *ppos >> REGION_SHIFT == VFIO_PCI_CONFIG_REGION_INDEX;
	ssize_t size = access_size(edu, *ppos, count);

	if (size <= 0)
		return size;
	mutex_lock(&edu->lock);
	if (copy_to_user(buf, (config ? edu->config : edu->memory) + offset, size))
		size = -EFAULT;
	mutex_unlock(&edu->lock);
	if (size > 0)
		*ppos += size;
	return size;
}

static ssize_t edu_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			 loff_t *ppos)
{
	struct edu_mdev *edu = to_edu(vdev);
	u64 offset = *ppos & (REGION_START(1) - 1);
	bool config = *ppos >> REGION_SHIFT == VFIO_PCI_CONFIG_REGION_INDEX;
	ssize_t size = access_size(edu, *ppos, count);
	u8 *bytes;

	if (size <= 0)
		return size;
	bytes = memdup_user(buf, size);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	mutex_lock(&edu->lock);
	if (config)
		config_write(edu, offset, bytes, size);
	else
		memcpy(edu->memory + offset, bytes, size);
	mutex_unlock(&edu->lock);
	kfree(bytes);
	*ppos += size;
	return size;
}

static long get_info(void __user *arg)
{
	struct vfio_device_info info = {
		.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		.num_regions = VFIO_PCI_NUM_REGIONS,
		.num_irqs = VFIO_PCI_NUM_IRQS,
	};
	size_t size = offsetofend(struct vfio_device_info, num_irqs);

	if (get_user(info.argsz, (u32 __user *)arg))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	return copy_to_user(arg, &info, size) ? -EFAULT : 0;
}

static long get_region_info(const struct edu_mdev *edu, void __user *arg)
{
	size_t size = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;

	if (copy_from_user(&info, arg, size))
		return -EFAULT;
	if (info.argsz < size || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.size = region_size(edu, info.index);
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	info.offset = REGION_START(info.index);
	info.cap_offset = 0;
	return copy_to_user(arg, &info, size) ? -EFAULT : 0;
}

/* It never interrupts. */
static long get_irq_info(void __user *arg)
{
	size_t size = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, size))
		return -EFAULT;
	if (info.argsz < size || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.flags = 0;
	info.count = 0;
	return copy_to_user(arg, &info, size) ? -EFAULT : 0;
}

static long edu_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct edu_mdev *edu = to_edu(vdev);

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info((void __user *)arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(edu, (void __user *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info((void __user *)arg);
	case VFIO_DEVICE_RESET:
		mutex_lock(&edu->lock);
		config_reset(edu);
		mutex_unlock(&edu->lock);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* The life of a device. */

static int edu_init(struct vfio_device *vdev)
{
	struct edu_mdev *edu = to_edu(vdev);
	struct mdev_type *type = to_mdev_device(vdev->dev)->type;
	int ret;

	mutex_init(&edu->lock);
	edu->card = card_of(type);
	edu->memory_size = to_edu_type(type)->memory;
	ret = card_take(edu->card, edu->memory_size);
	if (ret)
		return ret;
	edu->memory = kzalloc(edu->memory_size, GFP_KERNEL);
	if (!edu->memory) {
		card_give(edu->card, edu->memory_size);
		return -ENOMEM;
	}
	config_reset(edu);
	return 0;
}

static void edu_release(struct vfio_device *vdev)
{
	struct edu_mdev *edu = to_edu(vdev);

	card_give(edu->card, edu->memory_size);
	kfree(edu->memory);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	vfio_free_device(vdev);
#endif
}

static const struct vfio_device_ops edu_ops = {
	.init = edu_init,
	.release = edu_release,
	.read = edu_read,
	.write = edu_write,
	.ioctl = edu_ioctl,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif
};

static int edu_mdev_probe(struct mdev_device *mdev)
{
	struct edu_mdev *edu;
	int ret;

	edu = vfio_alloc_device(edu_mdev, vdev, &mdev->dev, &edu_ops);
	if (IS_ERR(edu))
		return PTR_ERR(edu);
	dev_set_drvdata(&mdev->dev, edu);
	ret = vfio_register_emulated_iommu_dev(&edu->vdev);
	if (ret)
		vfio_put_device(&edu->vdev);
	return ret;
}

static void edu_mdev_remove(struct mdev_device *mdev)
{
	struct edu_mdev *edu = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&edu->vdev);
	vfio_put_device(&edu->vdev);
}

/* A device's settings. */

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct edu_mdev *edu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", READ_ONCE(edu->mode) ?: "");
}

static ssize_t mode_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	static const char *const modes[] = {"fast", "safe"};
	struct edu_mdev *edu = dev_get_drvdata(dev);
	int index = sysfs_match_string(modes, buf);

	if (index < 0)
		return index;
	WRITE_ONCE(edu->mode, modes[index]);
	return count;
}
static DEVICE_ATTR_RW(mode);

static ssize_t rate_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct edu_mdev *edu = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(edu->rate));
}

static ssize_t rate_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct edu_mdev *edu = dev_get_drvdata(dev);
	u32 rate;

	if (!READ_ONCE(edu->mode))
		return -EPERM;
	if (kstrtou32(buf, 10, &rate) || rate < 1 || rate > 100)
		return -EINVAL;
	WRITE_ONCE(edu->rate, rate);
	return count;
}
static DEVICE_ATTR_RW(rate);

static struct attribute *edu_setup_attrs[] = {&dev_attr_mode.attr, &dev_attr_rate.attr, NULL};

static const struct attribute_group edu_setup_group = {
	.name = "setup",
	.attrs = edu_setup_attrs,
};

static const struct attribute_group *edu_mdev_groups[] = {&edu_setup_group, NULL};

static struct mdev_driver edu_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.driver =
		{
			.name = "edu_mdev",
			.owner = THIS_MODULE,
			.mod_name = KBUILD_MODNAME,
			.dev_groups = edu_mdev_groups,
		},
	.probe = edu_mdev_probe,
	.remove = edu_mdev_remove,
	.get_available = edu_get_available,
	.show_description = edu_show_description,
};

/* The cards. */

static int edu_card_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_card *card;
	int ret;

	card = kzalloc(sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	mutex_init(&card->lock);
	card->memory_left = CARD_MEMORY;
	card->small.mdev.sysfs_name = "small";
	card->small.mdev.pretty_name = "Small edu device";
	card->small.memory = SMALL_MEMORY;
	card->large.mdev.sysfs_name = "large";
	card->large.mdev.pretty_name = "Large edu device";
	card->large.memory = LARGE_MEMORY;
	card->types[0] = &card->small.mdev;
	card->types[1] = &card->large.mdev;
	pci_set_drvdata(pdev, card);

	ret = mdev_register_parent(&card->parent, &pdev->dev, &edu_mdev_driver, card->types,
				   ARRAY_SIZE(card->types));
	if (ret)
		kfree(card);
	return ret;
}

static void edu_card_remove(struct pci_dev *pdev)
{
	struct edu_card *card = pci_get_drvdata(pdev);

	mdev_unregister_parent(&card->parent);
	kfree(card);
}

static const struct pci_device_id edu_ids[] = {
	{PCI_DEVICE(0x1234, 0x11e8)}, /* QEMU's edu */
	{},
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_card_driver = {
	.name = "edu_mdev",
	.id_table = edu_ids,
	.probe = edu_card_probe,
	.remove = edu_card_remove,
};

static int __init edu_module_init(void)
{
	int ret;

	ret = mdev_register_driver(&edu_mdev_driver);
	if (ret)
		return ret;
	ret = pci_register_driver(&edu_card_driver);
	if (ret)
		mdev_unregister_driver(&edu_mdev_driver);
	return ret;
}
module_init(edu_module_init);

static void __exit edu_module_exit(void)
{
	pci_unregister_driver(&edu_card_driver);
	mdev_unregister_driver(&edu_mdev_driver);
}
module_exit(edu_module_exit);

MODULE_DESCRIPTION("Mediated devices on QEMU's edu PCI function, for tests");
MODULE_LICENSE("GPL");
