/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Device nodes as ways out: block devices past their file system, and character devices that end
 * in a cable, a radio or the machine's memory. Numbers: Documentation/admin-guide/devices.txt.
 */
#ifndef HOLDFAST_BPF_DEVICE_H
#define HOLDFAST_BPF_DEVICE_H

#include "guard_kernel.bpf.h"
#include "taint.bpf.h"

#define MAJOR_OF(dev) ((dev) >> 20)
#define MINOR_OF(dev) ((dev)&0xfffff)

static __always_inline bool mem_device_is_way_out(__u32 minor)
{
	/* mem, kmem, port, kmsg; the others (null, zero, full, random ...) keep nothing */
	return minor == 1 || minor == 2 || minor == 4 || minor == 11;
}

static __always_inline bool char_device_is_way_out(__u32 dev)
{
	switch (MAJOR_OF(dev)) {
	case 1:
		return mem_device_is_way_out(MINOR_OF(dev));
	case 4: /* below 64 virtual consoles, from there on serial ports */
		return MINOR_OF(dev) >= 64;
	case 10: /* TUN, vhost-net */
		return MINOR_OF(dev) == 200 || MINOR_OF(dev) == 238;
	case 6:	  /* parallel printers: is_printer() */
	case 9:	  /* tapes */
	case 21:  /* SCSI generic */
	case 99:  /* raw parallel ports */
	case 166: /* USB modems */
	case 180: /* USB character devices, printers among them */
	case 188: /* USB serial converters */
	case 189: /* raw USB, libusb */
	case 204: /* other serial ports */
	case 216: /* Bluetooth serial */
		return true;
	default:
		return false;
	}
}

/* parallel ones, and those of usblp: USB_LP_MINOR_BASE and _COUNT, drivers/usb/class/usblp.c */
static __always_inline bool is_printer(__u32 dev)
{
	return MAJOR_OF(dev) == 6 || (MAJOR_OF(dev) == 180 && MINOR_OF(dev) < 16);
}

/* The terminal the process sits at may be a serial line: what it prints there, the user sees. */
static __always_inline bool is_own_terminal(__u32 dev)
{
	struct task_struct *task = current_task();
	struct tty_struct *tty = kernel_read(task, signal, tty);

	return tty && tty_dev(tty) == dev;
}

/* Labels that may go to this block device past its file system. */
static __always_inline __u64 device_allow(__u32 dev)
{
	struct hf_volume *volume = bpf_map_lookup_elem(&hf_volumes, &dev);

	return volume ? volume->allow_raw : 0;
}

/* A labelled reader opens a device for writing or writes to it. */
static __noinline int device_write(struct file *file, __u64 taint, __u8 operation)
{
	struct act act = {
		.channel = HF_CHANNEL_RAWDISK,
		.operation = operation,
		.labels = taint,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
	};
	__u32 dev = file->f_inode->i_rdev;

	if ((file->f_inode->i_mode & S_IFMT) == S_IFCHR) {
		if (!char_device_is_way_out(dev) || is_own_terminal(dev))
			return 0;
		if (is_printer(dev))
			act.channel = HF_CHANNEL_PRINT;
	} else {
		act.allow = device_allow(dev);
	}
	return judge(&act);
}

/* Reading a disk past the labels of the file system on it. */
static __noinline int disk_read(struct file *file)
{
	struct act act = {
		.channel = HF_CHANNEL_RAWDISK,
		.operation = HF_OPERATION_READ,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
	};
	__u32 dev = file->f_inode->i_rdev;
	__u64 *labels = bpf_map_lookup_elem(&hf_disks, &dev);

	if (!labels || !*labels || is_agent())
		return 0;
	act.labels = *labels;
	return judge(&act);
}

static __always_inline int open_device(struct file *file, __u16 type)
{
	__u64 taint;

	if (type == S_IFBLK && (file->f_mode & FMODE_READ) && disk_read(file))
		return -EPERM;
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	if (type == S_IFBLK && guard_open_disk(file))
		return -EPERM;
	taint = taint_current();
	return taint ? device_write(file, taint, HF_OPERATION_OPEN) : 0;
}

#endif
