/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Kernel constants that no header for user space carries, each with its source. The rest comes
 * from <linux/...> and <asm/...>.
 */
#ifndef HOLDFAST_BPF_KERNEL_CONSTS_H
#define HOLDFAST_BPF_KERNEL_CONSTS_H

#include <asm/errno.h>
#include <linux/magic.h>
#include <linux/stat.h>

/* include/linux/fs.h */
#define FMODE_READ  0x1u
#define FMODE_WRITE 0x2u
#define MAY_WRITE   0x2
#define SB_KERNMOUNT \
	(1ul << 22) /* kernel-internal mount: memfd, SysV and anonymous shared memory */

/* include/linux/sched.h */
#define PF_EXITING  0x00000004
#define PF_DUMPCORE 0x00000200u
#define PF_KTHREAD  0x00200000u

/* include/uapi/linux/sched.h */
#define CLONE_VM     0x00000100ul
#define CLONE_THREAD 0x00010000ul

/* include/uapi/asm-generic/siginfo.h */
#define SI_TKILL (-6)

/* Documentation/admin-guide/devices.txt: character device 1, 5 */
#define DEV_ZERO (1u << 20 | 5)

/* include/uapi/asm-generic/ioctls.h, include/uapi/linux/userfaultfd.h */
#define TIOCSTI		0x5412u
#define UFFDIO_COPY	0xc028aa03u
#define UFFDIO_CONTINUE 0xc020aa07u

/* include/linux/ptrace.h */
#define PTRACE_MODE_ATTACH 0x02u

/* include/linux/mm.h, include/uapi/asm-generic/mman-common.h */
#define VM_SHARED  0x00000008ul
#define PROT_WRITE 0x2ul
#define MAP_SHARED 0x1ul /* also set in MAP_SHARED_VALIDATE (3) */

/* include/linux/socket.h */
#define AF_UNSPEC  0
#define AF_UNIX	   1
#define AF_INET	   2
#define AF_INET6   10
#define AF_NETLINK 16
#define AF_ALG	   38

/* include/linux/net.h */
#define SOCK_STREAM 1

/* include/uapi/linux/loop.h */
#define LOOP_SET_FD    0x4C00u
#define LOOP_CHANGE_FD 0x4C06u
#define LOOP_CONFIGURE 0x4C0Au

/* Raw commands to a disk: include/scsi/sg.h, scsi/scsi_ioctl.h, uapi/linux/nvme_ioctl.h */
#define SG_IO			0x2285u
#define SCSI_IOCTL_SEND_COMMAND 1u
#define NVME_IOCTL_ADMIN_CMD	0xC0484E41u
#define NVME_IOCTL_SUBMIT_IO	0x40304E42u
#define NVME_IOCTL_IO_CMD	0xC0484E43u

/* include/uapi/linux/fs.h, fs/ext4/ext4.h: attributes of an inode, a file system brought to a halt */
#define FS_IOC_SETFLAGS	  0x40086602u
#define FS_IOC32_SETFLAGS 0x40046602u /* the same by a 32-bit system call */
#define FS_IOC_FSSETXATTR 0x401c5820u
#define FIFREEZE	  0xc0045877u
#define EXT4_IOC_SHUTDOWN 0x8004587du

/* include/linux/mount.h */
#define MNT_SHARED 0x1000

/* include/linux/kernel_read_file.h, the same in enum kernel_load_data_id */
#define READING_MODULE	    2
#define READING_KEXEC_IMAGE 3

/* include/uapi/asm-generic/signal.h */
#define SIGHUP	1
#define SIGABRT 6
#define SIGKILL 9
#define SIGTERM 15
#define SIGCONT 18

/* include/uapi/linux/btrfs.h */
#define BTRFS_IOC_SNAP_CREATE	 0x50009401u
#define BTRFS_IOC_SNAP_CREATE_V2 0x50009417u
#define BTRFS_IOC_SEND		 0x40489426u
#define BTRFS_IOC_SEND_32	 0x40449426u /* fs/btrfs/ioctl.c */

/* include/uapi/linux/mount.h */
#define MS_REMOUNT     32ul
#define MS_MOVE	       8192ul
#define MS_PROPAGATION ((1ul << 17) | (1ul << 18) | (1ul << 19) | (1ul << 20))

/* Magic numbers that <linux/magic.h> lacks, from each file system's own source. */
#define VBOXSF_SUPER_MAGIC 0x786f4256u /* fs/vboxsf/super.c */
#define MQUEUE_MAGIC	   0x19800202u /* ipc/mqueue.c */
#define CONFIGFS_MAGIC	   0x62656570u /* fs/configfs/mount.c */

#endif
