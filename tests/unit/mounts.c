/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table: names with blanks, and what each kind of file system counts as. */
#include "agent/sensor/mounts.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(mounts, line)
{
	struct mount_entry entry;

	cr_assert_eq(mounts_parse("36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 - ext4 "
				  "/dev/root rw,errors=continue\n",
			     &entry),
		0);
	cr_expect_eq(entry.dev, 98u << 20);
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
