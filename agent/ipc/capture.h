/* SPDX-License-Identifier: Apache-2.0 */
/* How a witness in a desktop session sees the screen captured. Wire values of LOCAL_WITNESS. */
#ifndef HOLDFAST_AGENT_IPC_CAPTURE_H
#define HOLDFAST_AGENT_IPC_CAPTURE_H

enum capture_method {
	CAPTURE_NONE = 0,
	CAPTURE_X11_GETIMAGE = 1,
	CAPTURE_X11_SHM = 2,	   /* MIT-SHM GetImage */
	CAPTURE_X11_COMPOSITE = 4, /* a window's pixmap named */
	CAPTURE_X11_DRI3 = 5,	   /* a pixmap's buffer taken */
	CAPTURE_X11_RECORD = 7,	   /* what other clients send */
	CAPTURE_X11_XTEST = 8,	   /* input made up */
	CAPTURE_PORTAL_SCREENSHOT = 24,
	CAPTURE_PORTAL_SCREENCAST = 25,
	CAPTURE_PORTAL_REMOTE_DESKTOP = 26,
	CAPTURE_GNOME_SHELL = 27, /* and mutter */
	CAPTURE_KWIN = 28,
	CAPTURE_METHOD_MAX,
};

/* "x11-getimage"; NULL when there is no such method. */
const char *capture_method_name(unsigned int method);

#endif
