/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ipc/capture.h"

#include <stddef.h>

static const char *const names[CAPTURE_METHOD_MAX] = {
	[CAPTURE_X11_GETIMAGE] = "x11-getimage",
	[CAPTURE_X11_SHM] = "x11-shm",
	[CAPTURE_X11_COMPOSITE] = "x11-composite",
	[CAPTURE_X11_DRI3] = "x11-dri3",
	[CAPTURE_X11_RECORD] = "x11-record",
	[CAPTURE_X11_XTEST] = "x11-xtest",
	[CAPTURE_PORTAL_SCREENSHOT] = "portal-screenshot",
	[CAPTURE_PORTAL_SCREENCAST] = "portal-screencast",
	[CAPTURE_PORTAL_REMOTE_DESKTOP] = "portal-remote-desktop",
	[CAPTURE_GNOME_SHELL] = "gnome-shell",
	[CAPTURE_KWIN] = "kwin",
};

const char *capture_method_name(unsigned int method)
{
	return method < CAPTURE_METHOD_MAX ? names[method] : NULL;
}
