/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Screens as devices: a framebuffer, the text of virtual consoles, what a graphics card puts out. Who reads
 * one captures, as on a display. Numbers: Documentation/admin-guide/devices.txt.
 */
#ifndef HOLDFAST_BPF_SCREEN_DEVICE_H
#define HOLDFAST_BPF_SCREEN_DEVICE_H

#include "device.bpf.h"
#include "screen.bpf.h"

#ifndef HF_BASELINE

#define VCS_MAJOR 7
#define FB_MAJOR  29
#define DRM_MAJOR 226 /* include/drm/drm_file.h */
#define TTY_MAJOR 4   /* include/uapi/linux/major.h */
#define TTYAUX	  5   /* /dev/tty and /dev/console */

/* Numbers of DRM_IOCTL_MODE_GETFB and _GETFB2 (include/uapi/drm/drm.h): all that drm_ioctl() looks at. */
#define DRM_NUMBER(cmd) ((cmd)&0xff)
#define DRM_GETFB	0xad
#define DRM_GETFB2	0xce

#define TTY_DRIVER_TYPE_CONSOLE 2 /* include/linux/tty_driver.h: virtual ones */

/* What a labelled reader writes on a console stays there when it has ended. */
static __always_inline void console_show(struct file *file, __u64 taint)
{
	__u32 major = MAJOR_OF(file->f_inode->i_rdev);
	struct hf_state *state = state_get();
	struct tty_file_private *private;

	if (!state || (major != TTY_MAJOR && major != TTYAUX))
		return;
	private = BPF_CORE_READ(file, private_data);
	if (BPF_CORE_READ(private, tty, driver, type) == TTY_DRIVER_TYPE_CONSOLE)
		__sync_fetch_and_or(&state->shown_on_console, taint);
}

static __noinline int device_capture(__u32 method)
{
	struct capture capture = {.method = method};

	return screen_is_watched() ? screen_judge(&capture) : 0;
}

/* Current opens a device. 0 or -EPERM. */
static __always_inline int screen_open(struct file *file, __u16 type)
{
	__u32 major = MAJOR_OF(file->f_inode->i_rdev);

	if (type != S_IFCHR || !(file->f_mode & FMODE_READ))
		return 0;
	if (major == FB_MAJOR)
		return device_capture(HF_SCREEN_FRAMEBUFFER);
	return major == VCS_MAJOR ? device_capture(HF_SCREEN_CONSOLE_VCS) : 0;
}

/* Current asks a graphics card for the buffer that is put out. 0 or -EPERM. */
static __always_inline int screen_ioctl(struct file *file, unsigned int cmd)
{
	if ((DRM_NUMBER(cmd) != DRM_GETFB && DRM_NUMBER(cmd) != DRM_GETFB2) ||
		MAJOR_OF(file->f_inode->i_rdev) != DRM_MAJOR)
		return 0;
	return device_capture(HF_SCREEN_DRM);
}

#else

static __always_inline int screen_ioctl(struct file *file, unsigned int cmd)
{
	return 0;
}

static __always_inline void console_show(struct file *file, __u64 taint)
{
}

static __always_inline int screen_open(struct file *file, __u16 type)
{
	return 0;
}

#endif
#endif
