/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where block devices sit, in a tree of sysfs that umockdev plays from topology.umockdev: on plugs,
 * inside, behind networks, and on top of others.
 */
#include "agent/sensor/topology.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* What loop devices are made of, and the device that each file lies on. */
static const struct {
	const char *path;
	unsigned int device_major, device_minor;
} files[] = {
	{"/mnt/stick/image", 8, 33},
	{"/var/image", 8, 1},
	{"/mnt/share/image", 0, 44},
};

int stat(const char *path, struct stat *ret_status)
{
	int (*next)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(path, files[i].path)) {
			memset(ret_status, 0, sizeof(*ret_status));
			ret_status->st_dev = makedev(files[i].device_major, files[i].device_minor);
			return 0;
		}
	return next(path, ret_status);
}

struct row {
	const char *name;
	uint8_t channel;
	const char *reason;
	const char *vendor, *product, *serial;
};

static const struct row rows[] = {
	/* inside */
	{"sda", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"sda1", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"nvme0n1", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"mmcblk0", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"mmcblk0boot0", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"vda", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"zram0", HF_CHANNEL_LOCAL_FILE, "memory", "", "", ""},
	/* on a plug */
	{"sdb", HF_CHANNEL_REMOVABLE, "removable medium", "", "", ""},
	{"sdb1", HF_CHANNEL_REMOVABLE, "removable medium", "", "", ""},
	{"sdc", HF_CHANNEL_REMOVABLE, "USB", "0951", "1666", "E0D55EA573F0"},
	{"sdc1", HF_CHANNEL_REMOVABLE, "USB", "0951", "1666", "E0D55EA573F0"},
	{"sdd", HF_CHANNEL_REMOVABLE, "USB", "174c", "55aa", ""}, /* not the hub's */
	{"sdd1", HF_CHANNEL_REMOVABLE, "USB", "174c", "55aa", ""},
	{"mmcblk1", HF_CHANNEL_REMOVABLE, "SD card", "", "", ""},
	{"mmcblk1p1", HF_CHANNEL_REMOVABLE, "SD card", "", "", ""},
	{"mmcblk2", HF_CHANNEL_REMOVABLE, "external port", "", "", ""},
	{"sde", HF_CHANNEL_REMOVABLE, "FireWire", "", "", ""},
	{"nvme1n1", HF_CHANNEL_REMOVABLE, "external port", "", "", ""}, /* Thunderbolt */
	{"nvme1n1p1", HF_CHANNEL_REMOVABLE, "external port", "", "", ""},
	{"sr0", HF_CHANNEL_REMOVABLE, "optical drive", "", "", ""},
	/* name spaces of several controllers are where these are */
	{"nvme3n1", HF_CHANNEL_REMOVABLE, "external port", "", "", ""},
	{"nvme4n1", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"nvme5n1", HF_CHANNEL_REMOVABLE, "unknown device below", "", "", ""},
	/* behind a network */
	{"nvme2n1", HF_CHANNEL_NETSHARE, "NVMe over fabrics", "", "", ""},
	{"sdf", HF_CHANNEL_NETSHARE, "iSCSI", "", "", ""},
	{"sdg", HF_CHANNEL_NETSHARE, "Fibre Channel", "", "", ""},
	{"nbd0", HF_CHANNEL_NETSHARE, "network block device", "", "", ""},
	{"rbd0", HF_CHANNEL_NETSHARE, "Ceph block device", "", "", ""},
	/* on top of others: the strictest */
	{"loop0", HF_CHANNEL_REMOVABLE, "USB", "0951", "1666", "E0D55EA573F0"},
	{"loop1", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"loop2", HF_CHANNEL_REMOVABLE, "loop device on a file system without a device", "", "",
		""},
	{"loop3", HF_CHANNEL_REMOVABLE, "loop device on a file system without a device", "", "",
		""},
	{"loop4", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""}, /* nothing is in it */
	{"dm-0", HF_CHANNEL_LOCAL_FILE, "internal bus", "", "", ""},
	{"dm-1", HF_CHANNEL_REMOVABLE, "USB", "0951", "1666", "E0D55EA573F0"},
	{"dm-2", HF_CHANNEL_REMOVABLE, "USB", "0951", "1666", "E0D55EA573F0"},
	{"dm-3", HF_CHANNEL_REMOVABLE, "unknown device below", "", "", ""},
	{"dm-4", HF_CHANNEL_REMOVABLE, "too many devices on devices", "", "", ""},
	{"md0", HF_CHANNEL_NETSHARE, "iSCSI", "", "", ""},
};

Test(topology, every_device_of_the_tree)
{
	struct udev *udev = udev_new();

	cr_assert(udev);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct udev_device *device = udev_device_new_from_subsystem_sysname(
			udev, "block", row->name);
		struct topology found;

		cr_assert(device, "there is no %s", row->name);
		memset(&found, 0x5a, sizeof(found));
		topology_of_block(device, &found);
		cr_expect_eq(found.channel, row->channel, "%s: %u, %s", row->name, found.channel,
			found.reason);
		cr_expect_str_eq(found.reason, row->reason, "%s: %s", row->name, found.reason);
		cr_expect_str_eq(found.vendor, row->vendor, "%s", row->name);
		cr_expect_str_eq(found.product, row->product, "%s", row->name);
		cr_expect_str_eq(found.serial, row->serial, "%s", row->name);
		(void)udev_device_unref(device); /* returns NULL */
	}
	(void)udev_unref(udev); /* returns NULL */
}
