/* SPDX-License-Identifier: Apache-2.0 */
/* The calls by which the screen is asked for; see the interfaces' own descriptions (XDG Desktop Portal,
 * mutter's and KWin's sources). */
#include <stddef.h>
#include <string.h>

#include "agent/session/bus_watch.h"
#include "agent/ipc/capture.h"

struct call {
	const char *interface;
	const char *member; /* its beginning */
	unsigned int method;
};

static const struct call calls[] = {
	{"org.freedesktop.portal.Screenshot", "Screenshot", CAPTURE_PORTAL_SCREENSHOT},
	{"org.freedesktop.portal.Screenshot", "PickColor", CAPTURE_PORTAL_SCREENSHOT},
	{"org.freedesktop.portal.ScreenCast", "Start", CAPTURE_PORTAL_SCREENCAST},
	{"org.freedesktop.portal.RemoteDesktop", "Start", CAPTURE_PORTAL_REMOTE_DESKTOP},
	{"org.gnome.Shell.Screenshot", "Screenshot", CAPTURE_GNOME_SHELL},
	{"org.gnome.Shell.Screenshot", "PickColor", CAPTURE_GNOME_SHELL},
	{"org.gnome.Shell.Screencast", "Screencast", CAPTURE_GNOME_SHELL},
	{"org.gnome.Mutter.ScreenCast.Session", "Record", CAPTURE_GNOME_SHELL},
	{"org.gnome.Mutter.RemoteDesktop.Session", "Start", CAPTURE_GNOME_SHELL},
	{"org.kde.KWin.ScreenShot2", "Capture", CAPTURE_KWIN},
	{"org.kde.kwin.Screenshot", "screenshot", CAPTURE_KWIN},
	{"org.kde.kwin.Screenshot", "interactive", CAPTURE_KWIN},
};

unsigned int bus_call_method(const char *interface, const char *member)
{
	if (!interface || !member)
		return CAPTURE_NONE;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].interface, interface) &&
			!strncmp(calls[i].member, member, strlen(calls[i].member)))
			return calls[i].method;
	return CAPTURE_NONE;
}
