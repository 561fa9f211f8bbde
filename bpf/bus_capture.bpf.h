/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Calls on a message bus that ask another program for a picture of the screen: portals and what serves them,
 * GNOME's shell, KWin. Known by their interface, whoever has the name that is called. Owns no verdict.
 */
#ifndef HOLDFAST_BPF_BUS_CAPTURE_H
#define HOLDFAST_BPF_BUS_CAPTURE_H

#include "events.h"

#define CAPTURE_NAME_WORDS 5 /* of an interface's name so much is looked at: they differ in it */
#define CAPTURE_NAME	   (CAPTURE_NAME_WORDS * 8)

struct capture_interface {
	union {
		char text[CAPTURE_NAME]; /* longer ones without their end */
		__u64 words[CAPTURE_NAME_WORDS];
	};
	__u32 size;
	__u32 method; /* enum hf_screen_method */
};

#define CAPTURE_CALLS(name, method)                                  \
	{                                                            \
		{.text = name}, sizeof(name) - 1, HF_SCREEN_##method \
	}

/* clang-format off: one a line */
static const struct capture_interface capture_interfaces[] = {
	CAPTURE_CALLS("org.freedesktop.portal.Screenshot", PORTAL_SCREENSHOT),
	CAPTURE_CALLS("org.freedesktop.portal.ScreenCast", PORTAL_SCREENCAST),
	CAPTURE_CALLS("org.freedesktop.portal.RemoteDesktop", PORTAL_REMOTE_DESKTOP),
	CAPTURE_CALLS("org.freedesktop.impl.portal.Screenshot", PORTAL_SCREENSHOT),
	CAPTURE_CALLS("org.freedesktop.impl.portal.ScreenCast", PORTAL_SCREENCAST),
	{{.text = "org.freedesktop.impl.portal.RemoteDeskto"}, CAPTURE_NAME + 1,
		HF_SCREEN_PORTAL_REMOTE_DESKTOP},
	CAPTURE_CALLS("org.gnome.Shell.Screenshot", GNOME_SHELL),
	CAPTURE_CALLS("org.gnome.Shell.Screencast", GNOME_SHELL),
	CAPTURE_CALLS("org.gnome.Mutter.ScreenCast", GNOME_SHELL),
	CAPTURE_CALLS("org.gnome.Mutter.ScreenCast.Session", GNOME_SHELL),
	CAPTURE_CALLS("org.gnome.Mutter.RemoteDesktop", GNOME_SHELL),
	CAPTURE_CALLS("org.gnome.Mutter.RemoteDesktop.Session", GNOME_SHELL),
	CAPTURE_CALLS("org.kde.KWin.ScreenShot2", KWIN),
	CAPTURE_CALLS("org.kde.kwin.Screenshot", KWIN),
};
/* clang-format on */

#define CAPTURE_INTERFACES (sizeof(capture_interfaces) / sizeof(capture_interfaces[0]))

/* enum hf_screen_method; HF_SCREEN_NONE: such calls ask for no picture. Behind the name there are zeros. */
static __always_inline __u32 capture_interface_method(
	const __u64 name[CAPTURE_NAME_WORDS], __u32 size)
{
	__u32 method = HF_SCREEN_NONE;

	for (__u32 i = 0; i < CAPTURE_INTERFACES; i++) {
		const struct capture_interface *one = &capture_interfaces[i];

		if (size == one->size && name[0] == one->words[0] && name[1] == one->words[1] &&
			name[2] == one->words[2] && name[3] == one->words[3] &&
			name[4] == one->words[4])
			method = one->method;
	}
	return method;
}

/*
 * A call may name no interface: Qt's services then take the first member of that name. "Screensh"ot,
 * "PickColo"r, "CaptureS"creen and so on; no library leaves an interface out.
 */
static __always_inline bool capture_is_member(__u64 begin)
{
	return begin == 0x68736e6565726353ull || begin == 0x6f6c6f436b636950ull ||
	       (begin & 0xffffffffffffffull) == 0x65727574706143ull;
}

#endif
