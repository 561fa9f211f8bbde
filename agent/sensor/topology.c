/* SPDX-License-Identifier: Apache-2.0 */
/* Reading /sys through libudev; works without a running udevd, with less known of the device. */
#include "agent/sensor/topology.h"
#include "agent/sensor/btrfs.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"

struct bus {
	const char *subsystem; /* of a device above */
	uint8_t channel;
	const char *reason;
};

static const struct bus buses[] = {
	{"usb", HF_CHANNEL_REMOVABLE, "USB"},
	{"thunderbolt", HF_CHANNEL_REMOVABLE, "Thunderbolt"},
	{"firewire", HF_CHANNEL_REMOVABLE, "FireWire"},
	{"ieee1394", HF_CHANNEL_REMOVABLE, "FireWire"},
	{"memstick", HF_CHANNEL_REMOVABLE, "Memory Stick"},
	{"pcmcia", HF_CHANNEL_REMOVABLE, "PC Card"},
	{"rbd", HF_CHANNEL_NETSHARE, "Ceph block device"},
	{"nvme-fabrics", HF_CHANNEL_NETSHARE, "NVMe over fabrics"},
};

struct driver {
	const char *prefix; /* of the kernel's device name, a number follows */
	uint8_t channel;
	const char *reason;
};

/* Devices above that belong to no subsystem (their transport class hangs below them). */
static const struct driver transports[] = {
	{"session", HF_CHANNEL_NETSHARE, "iSCSI"},
	{"rport-", HF_CHANNEL_NETSHARE, "Fibre Channel"},
};

static const struct driver drivers[] = {
	{"sr", HF_CHANNEL_REMOVABLE, "optical drive"},
	{"fd", HF_CHANNEL_REMOVABLE, "floppy drive"},
	{"nbd", HF_CHANNEL_NETSHARE, "network block device"},
	{"drbd", HF_CHANNEL_NETSHARE, "replicated block device"},
	{"rbd", HF_CHANNEL_NETSHARE, "Ceph block device"},
	{"zram", HF_CHANNEL_LOCAL_FILE, "memory"},
	{"ram", HF_CHANNEL_LOCAL_FILE, "memory"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void classify(struct udev_device *device, unsigned int depth, struct topology *topology);
static bool by_parents(struct udev_device *device, struct topology *topology);

static void say(struct topology *topology, uint8_t channel, const char *reason)
{
	topology->channel = channel;
	(void)snprintf(topology->reason, sizeof(topology->reason), "%s", reason);
}

/* Removable before network before local. */
static unsigned int strictness(uint8_t channel)
{
	if (channel == HF_CHANNEL_REMOVABLE)
		return 2;
	return channel == HF_CHANNEL_NETSHARE ? 1 : 0;
}

static void copy_text(char *ret_text, size_t size, const char *text)
{
	if (text)
		(void)snprintf(ret_text, size, "%s", text);
}

/* udev's words first, the bus's own where udev has not run. */
static void name_usb(struct udev_device *device, struct topology *topology)
{
	struct udev_device *usb = udev_device_get_parent_with_subsystem_devtype(
		device, "usb", "usb_device");
	const char *vendor = udev_device_get_property_value(device, "ID_VENDOR_ID");
	const char *product = udev_device_get_property_value(device, "ID_MODEL_ID");
	const char *serial = udev_device_get_property_value(device, "ID_SERIAL_SHORT");

	if (usb) {
		vendor = udev_device_get_sysattr_value(usb, "idVendor");
		product = udev_device_get_sysattr_value(usb, "idProduct");
		if (!serial)
			serial = udev_device_get_sysattr_value(usb, "serial");
	}
	copy_text(topology->vendor, sizeof(topology->vendor), vendor);
	copy_text(topology->product, sizeof(topology->product), product);
	copy_text(topology->serial, sizeof(topology->serial), serial);
}

/* Card readers on the mmc bus: an SD card is a plug, soldered eMMC is not. */
static bool is_mmc_card(struct udev_device *parent)
{
	const char *type = udev_device_get_sysattr_value(parent, "type");

	return type && strncmp(type, "SD", 2) == 0;
}

static bool is_numbered(const char *name, const char *prefix)
{
	size_t size = strlen(prefix);

	return !strncmp(name, prefix, size) && name[size] >= '0' && name[size] <= '9';
}

static bool by_name(
	const char *name, const struct driver *table, size_t count, struct topology *topology)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_numbered(name, table[i].prefix))
			continue;
		say(topology, table[i].channel, table[i].reason);
		return true;
	}
	return false;
}

/* A name space of several controllers is a virtual device: it is where the strictest of them is. */
static bool by_controllers(struct udev_device *subsystem, struct topology *topology)
{
	DIR *directory = opendir(udev_device_get_syspath(subsystem));
	bool has_any = false, is_said = false;

	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		struct topology one = {0};
		struct udev_device *controller;

		if (!is_numbered(entry->d_name, "nvme") || strchr(entry->d_name + 4, 'n'))
			continue;
		controller = udev_device_new_from_subsystem_sysname(
			udev_device_get_udev(subsystem), "nvme", entry->d_name);
		if (!controller)
			continue;
		has_any = true;
		if (by_parents(controller, &one) &&
			(!is_said || strictness(one.channel) > strictness(topology->channel))) {
			*topology = one;
			is_said = true;
		}
		(void)udev_device_unref(controller); /* returns NULL */
	}
	if (directory)
		(void)closedir(directory); /* read only */
	if (!has_any)
		say(topology, HF_CHANNEL_REMOVABLE, "unknown device below");
	return is_said || !has_any;
}

static bool by_parent(struct udev_device *parent, const char *subsystem, struct topology *topology)
{
	const char *removable;

	for (size_t i = 0; i < COUNT(buses); i++) {
		if (strcmp(subsystem, buses[i].subsystem) != 0)
			continue;
		say(topology, buses[i].channel, buses[i].reason);
		return true;
	}
	if (!strcmp(subsystem, "nvme-subsystem"))
		return by_controllers(parent, topology);
	if (!strcmp(subsystem, "mmc") && is_mmc_card(parent)) {
		say(topology, HF_CHANNEL_REMOVABLE, "SD card");
		return true;
	}
	/* PCI behind an external port: Thunderbolt and USB4 tunnels (Linux 5.14) */
	removable = udev_device_get_sysattr_value(parent, "removable");
	if (removable && !strcmp(removable, "removable")) {
		say(topology, HF_CHANNEL_REMOVABLE, "external port");
		return true;
	}
	return false;
}

static bool by_parents(struct udev_device *device, struct topology *topology)
{
	struct udev_device *parent = device;

	for (unsigned int i = 0; i < 64 && parent; i++, parent = udev_device_get_parent(parent)) {
		const char *subsystem = udev_device_get_subsystem(parent);
		const char *name = udev_device_get_sysname(parent);

		if (name && by_name(name, transports, COUNT(transports), topology))
			return true;
		if (subsystem && strcmp(subsystem, "block") != 0 &&
			by_parent(parent, subsystem, topology))
			return true;
	}
	return false;
}

static void classify_number(
	struct udev *udev, dev_t number, unsigned int depth, struct topology *topology)
{
	struct udev_device *device = udev_device_new_from_devnum(udev, 'b', number);

	if (!device) {
		say(topology, HF_CHANNEL_REMOVABLE, "unknown device below");
		return;
	}
	classify(device, depth, topology);
	(void)udev_device_unref(device); /* returns NULL */
}

/* The strictest of the disks that it is on. */
static bool by_btrfs(
	struct udev_device *device, const char *file, unsigned int depth, struct topology *topology)
{
	dev_t disks[BTRFS_DISKS_MAX];
	int count = btrfs_disks(file, disks);

	for (int i = 0; i < count; i++) {
		struct topology below = {0};

		classify_number(udev_device_get_udev(device), disks[i], depth + 1, &below);
		if (!i || strictness(below.channel) > strictness(topology->channel))
			*topology = below;
	}
	return count > 0;
}

/* What a loop device is made of: the device that its backing file lies on. */
static bool by_backing_file(
	struct udev_device *device, unsigned int depth, struct topology *topology)
{
	const char *file = udev_device_get_sysattr_value(device, "loop/backing_file");
	struct topology below = {0};
	struct stat status;

	if (!file)
		return false;
	if (stat(file, &status) < 0 ||
		(major(status.st_dev) == 0 && !by_btrfs(device, file, depth, topology))) {
		/* A file system without a device of its own (tmpfs, network): not told apart here,
		 * and a loop mount is no everyday act: the stricter reading. */
		say(topology, HF_CHANNEL_REMOVABLE,
			"loop device on a file system without a device");
		return true;
	}
	if (major(status.st_dev) == 0)
		return true;
	classify_number(udev_device_get_udev(device), status.st_dev, depth + 1, &below);
	*topology = below;
	return true;
}

/* device mapper and RAID: the strictest of what is below. */
static bool by_slaves(struct udev_device *device, unsigned int depth, struct topology *topology)
{
	char path[PATH_MAX];
	DIR *directory;
	bool has_any = false;

	(void)snprintf(path, sizeof(path), "%s/slaves", udev_device_get_syspath(device));
	directory = opendir(path);
	if (!directory)
		return false;
	for (struct dirent *entry; (entry = readdir(directory));) {
		struct topology below = {0};
		struct udev_device *slave;

		if (entry->d_name[0] == '.')
			continue;
		slave = udev_device_new_from_subsystem_sysname(
			udev_device_get_udev(device), "block", entry->d_name);
		if (slave) {
			classify(slave, depth + 1, &below);
			(void)udev_device_unref(slave); /* returns NULL */
		} else {
			say(&below, HF_CHANNEL_REMOVABLE, "unknown device below");
		}
		if (!has_any || strictness(below.channel) > strictness(topology->channel))
			*topology = below;
		has_any = true;
	}
	(void)closedir(directory); /* read only */
	return has_any;
}

static void classify(struct udev_device *device, unsigned int depth, struct topology *topology)
{
	const char *type = udev_device_get_devtype(device);
	const char *name = udev_device_get_sysname(device), *removable;
	struct udev_device *disk = device;

	if (depth > TOPOLOGY_DEPTH_MAX) {
		say(topology, HF_CHANNEL_REMOVABLE, "too many devices on devices");
		return;
	}
	if (type && !strcmp(type, "partition")) {
		disk = udev_device_get_parent_with_subsystem_devtype(device, "block", "disk");
		if (!disk)
			disk = device;
	}
	if (by_parents(disk, topology)) {
		name_usb(disk, topology);
		return;
	}
	if (by_slaves(disk, depth, topology) || by_backing_file(disk, depth, topology))
		return;
	if (by_name(name ? name : "", drivers, COUNT(drivers), topology))
		return;
	removable = udev_device_get_sysattr_value(disk, "removable");
	if (removable && !strcmp(removable, "1")) { /* of its medium, or a bay for hot plugging */
		say(topology, HF_CHANNEL_REMOVABLE, "removable medium");
		return;
	}
	say(topology, HF_CHANNEL_LOCAL_FILE, "internal bus");
}

void topology_of_block(struct udev_device *device, struct topology *ret_topology)
{
	memset(ret_topology, 0, sizeof(*ret_topology));
	classify(device, 0, ret_topology);
}
