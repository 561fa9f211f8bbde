/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table: names with blanks, what each kind of file system counts as, and the paths of
 * records that know no mount.
 */
#include "agent/sensor/mounts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/sensor/mount_table.h"
#include "agent/sensor/record.h"

Test(mounts, line)
{
	struct mount_entry entry;

	cr_assert_eq(mounts_parse("36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 - ext4 "
				  "/dev/root rw,errors=continue\n",
			     &entry),
		0);
	cr_expect_eq(entry.dev, 98u << 20);
	cr_expect_str_eq(entry.root, "/mnt1");
	cr_expect_str_eq(entry.point, "/mnt/a b");
	cr_expect_str_eq(entry.type, "ext4");
	cr_expect_str_eq(entry.source, "/dev/root");
	cr_expect_eq(
		mounts_parse("36 35 98:0 / / rw shared:1 shared:2 - fuse.sshfs a:b rw", &entry), 0);
	cr_expect_eq(mounts_parse("36 35 98:0 / / rw", &entry), -EBADMSG);
	cr_expect_eq(mounts_parse("", &entry), -EBADMSG);
}

Test(mounts, kinds)
{
	cr_expect_eq(mounts_kind("nfs4"), MOUNT_NETSHARE);
	cr_expect_eq(mounts_kind("fuse.sshfs"), MOUNT_NETSHARE);
	cr_expect_eq(mounts_kind("fuse"), MOUNT_NETSHARE);
	cr_expect_eq(mounts_kind("fuseblk"), MOUNT_DEVICE);
	cr_expect_eq(mounts_kind("ext4"), MOUNT_DEVICE);
	cr_expect_eq(mounts_kind("overlay"), MOUNT_LOCAL);
	cr_expect_eq(mounts_kind("proc"), MOUNT_PSEUDO);
}

/* A machine's table, as proc(5) has it: disks, a stick with a blank, shares, FUSE, btrfs, a bind. */
static const char *const machine[] = {
	"22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw",
	"23 22 0:21 / /proc rw - proc proc rw",
	"24 22 8:1 / /boot/efi rw - vfat /dev/sda1 rw",
	"25 22 8:17 / /media/me/MY\\040STICK rw - vfat /dev/sdb1 rw",
	"26 22 0:44 / /srv/team rw - nfs4 filer:/team rw,vers=4.2",
	"27 22 0:45 / /srv/old rw - nfs filer:/old rw",
	"28 22 0:46 / /srv/win rw - cifs //filer/win rw",
	"29 22 0:47 / /home/me/far rw - fuse.sshfs far: rw",
	"30 22 8:33 / /media/me/disk rw - fuseblk /dev/sdc1 rw",
	"31 22 0:48 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw",
	"32 22 0:49 /@home /home rw - btrfs /dev/nvme0n1p3 rw,subvol=/@home",
	"33 22 0:49 /@data/in /data rw - btrfs /dev/nvme0n1p3 rw,subvol=/@data",
	"34 22 8:17 /sub /mnt/bind rw - vfat /dev/sdb1 rw",
	"35 22 0:50 / /tmp rw - tmpfs tmpfs rw",
	"36 22 0:51 / /mnt/vm rw - virtiofs shared rw",
	"37 22 0:52 / /mnt/host rw - 9p host rw",
};

Test(mounts, kinds_of_a_machine)
{
	static const struct {
		const char *point;
		enum mount_kind kind;
	} wanted[] = {
		{"/", MOUNT_DEVICE},
		{"/proc", MOUNT_PSEUDO},
		{"/boot/efi", MOUNT_DEVICE},
		{"/media/me/MY STICK", MOUNT_DEVICE},
		{"/srv/team", MOUNT_NETSHARE},
		{"/srv/old", MOUNT_NETSHARE},
		{"/srv/win", MOUNT_NETSHARE},
		{"/home/me/far", MOUNT_NETSHARE},
		{"/media/me/disk", MOUNT_DEVICE},
		{"/run/user/1000/gvfs", MOUNT_NETSHARE},
		{"/home", MOUNT_DEVICE},
		{"/data", MOUNT_DEVICE},
		{"/mnt/bind", MOUNT_DEVICE},
		{"/tmp", MOUNT_LOCAL},
		{"/mnt/vm", MOUNT_NETSHARE},
		{"/mnt/host", MOUNT_NETSHARE},
	};

	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++) {
		struct mount_entry entry;

		cr_assert_eq(mounts_parse(machine[i], &entry), 0, "%s", machine[i]);
		cr_expect_str_eq(entry.point, wanted[i].point);
		cr_expect_eq(mounts_kind(entry.type), wanted[i].kind, "%s", machine[i]);
	}
}

static struct mount_table *machine_table(void)
{
	struct mount_table *table = mount_table_new();

	cr_assert(table);
	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++) {
		struct mount_entry entry;

		cr_assert_eq(mounts_parse(machine[i], &entry), 0);
		mount_table_add(table, &entry);
	}
	return table;
}

static struct hf_record record_in(
	unsigned int device_major, unsigned int device_minor, const void *names, size_t size)
{
	struct hf_record record = {.header = {.type = HF_RECORD_FILE,
					   .version = HF_RECORD_VERSION,
					   .size = sizeof(record)},
		.operation = HF_OPERATION_RENAME,
		.path_is_within = 1};

	record.inode.dev = device_major << 20 | device_minor;
	cr_assert_leq(size, sizeof(record.path));
	memcpy(record.path, names, size);
	record.path_size = (uint16_t)size;
	return record;
}

static void expect_path(const struct hf_record *raw, const char *wanted)
{
	struct record record;

	cr_assert_eq(record_decode(raw, sizeof(*raw), &record), 0);
	cr_expect_str_eq(record.path, wanted);
}

#define NAMES(text) text, sizeof(text) - 1

Test(mounts, paths_are_completed)
{
	struct mount_table *table = machine_table();
	struct {
		struct hf_record record;
		const char *wanted;
	} rows[] = {
		{record_in(8, 2, NAMES("a\0srv\0")), "/srv/a"},
		{record_in(8, 17, NAMES("a\0docs\0")), "/media/me/MY STICK/docs/a"},
		{record_in(8, 17, NAMES("")), "/media/me/MY STICK"},
		{record_in(8, 17, NAMES("a\0sub\0")), "/media/me/MY STICK/sub/a"},
		{record_in(0, 44, NAMES("a\0")), "/srv/team/a"},
		{record_in(0, 49, NAMES("a\0me\0@home\0")), "/home/me/a"},
		{record_in(0, 49, NAMES("a\0in\0@data\0")), "/data/a"},
		{record_in(0, 49, NAMES("in\0@data\0")), "/data"},
		{record_in(0, 49, NAMES("a\0x@home\0")), ".../x@home/a"},
		{record_in(0, 49, NAMES("a\0out\0@data\0")), ".../@data/out/a"},
		{record_in(0, 49, NAMES("@data\0")), ".../@data"},
		{record_in(9, 9, NAMES("a\0b\0")), ".../b/a"},
		{record_in(9, 9, NAMES("")), ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mount_table_complete(table, &rows[i].record);
		cr_expect_not(rows[i].record.path_is_within);
		expect_path(&rows[i].record, rows[i].wanted);
	}
	mount_table_free(table);
}

/* What knows its mount is whole already, whatever it is called. */
Test(mounts, whole_paths_stay)
{
	struct mount_table *table = machine_table();
	struct hf_record record = record_in(8, 17, NAMES("a\0docs\0")), cut = record;

	record.path_is_within = 0;
	mount_table_complete(table, &record);
	expect_path(&record, "/docs/a");
	cut.path_is_cut = 1;
	mount_table_complete(table, &cut);
	expect_path(&cut, ".../docs/a");
	mount_table_free(table);
}

/* The outermost names are left out where there is no room, as the kernel does it. */
Test(mounts, no_room_for_the_mount_point)
{
	struct mount_table *table = machine_table();

	for (size_t size = 2; size <= HF_PATH_SIZE; size++) {
		static char names[HF_PATH_SIZE], wanted[RECORD_PATH_SIZE + 32];
		struct hf_record record;
		size_t left = HF_PATH_SIZE - size;

		memset(names, 'x', size - 1);
		names[size - 1] = '\0';
		record = record_in(8, 17, names, size);
		mount_table_complete(table, &record);
		(void)snprintf(wanted, sizeof(wanted), "%s%s/%s", left >= 18 ? "" : "...",
			left >= 18   ? "/media/me/MY STICK"
			: left >= 12 ? "/me/MY STICK"
			: left >= 9  ? "/MY STICK"
				     : "",
			names);
		expect_path(&record, wanted);
	}
	mount_table_free(table);
}

/* Any bytes: nothing is read or written outside, and what does not decode still does not. */
Test(mounts, bytes_that_are_no_path)
{
	struct mount_table *table = machine_table();
	struct hf_record record = record_in(8, 17, NAMES("abc")), large;
	struct record decoded;

	large = record;
	large.path_size = HF_PATH_SIZE + 1;
	mount_table_complete(table, &record);
	mount_table_complete(table, &large);
	cr_expect_eq(record_decode(&record, sizeof(record), &decoded), -EBADMSG);
	cr_expect_eq(record_decode(&large, sizeof(large), &decoded), -EBADMSG);
	mount_table_free(table);
}
