/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/screen.h"

#include <stdio.h>

#include "bpf/events.h"

static const char *const method_names[HF_SCREEN_METHOD_MAX] = {
	[HF_SCREEN_X11_GETIMAGE] = "x11-getimage",
	[HF_SCREEN_X11_SHM] = "x11-shm",
	[HF_SCREEN_X11_COPY] = "x11-copy",
	[HF_SCREEN_X11_COMPOSITE] = "x11-composite",
	[HF_SCREEN_X11_DRI3] = "x11-dri3",
	[HF_SCREEN_X11_DGA] = "x11-dga",
	[HF_SCREEN_X11_RECORD] = "x11-record",
	[HF_SCREEN_X11_XTEST] = "x11-xtest",
	[HF_SCREEN_X11_UNKNOWN] = "x11-unknown",
	[HF_SCREEN_X11_TCP] = "x11-tcp",
	[HF_SCREEN_UNREAD] = "unread",
	[HF_SCREEN_WAYLAND_SCREENCOPY] = "wayland-screencopy",
	[HF_SCREEN_WAYLAND_EXT_CAPTURE] = "wayland-ext-capture",
	[HF_SCREEN_WAYLAND_DMABUF] = "wayland-dmabuf",
	[HF_SCREEN_WAYLAND_DATA_CONTROL] = "wayland-data-control",
	[HF_SCREEN_WESTON] = "weston",
	[HF_SCREEN_HYPRLAND] = "hyprland",
	[HF_SCREEN_PORTAL_SCREENSHOT] = "portal-screenshot",
	[HF_SCREEN_PORTAL_SCREENCAST] = "portal-screencast",
	[HF_SCREEN_PORTAL_REMOTE_DESKTOP] = "portal-remote-desktop",
	[HF_SCREEN_GNOME_SHELL] = "gnome-shell",
	[HF_SCREEN_KWIN] = "kwin",
	[HF_SCREEN_PIPEWIRE_NODE] = "pipewire-node",
	[HF_SCREEN_FRAMEBUFFER] = "framebuffer",
	[HF_SCREEN_DRM] = "drm",
	[HF_SCREEN_CONSOLE_VCS] = "console-vcs",
	[HF_SCREEN_PTRACE] = "ptrace",
};

const char *screen_method_name(unsigned int method)
{
	return method < HF_SCREEN_METHOD_MAX ? method_names[method] : NULL;
}

void screen_display_format(
	unsigned int kind, unsigned int number, char ret_text[SCREEN_DISPLAY_SIZE])
{
	static const char *const prefixes[HF_DISPLAY_MAX] = {
		[HF_DISPLAY_X11] = ":", [HF_DISPLAY_WAYLAND] = "wayland-"};

	ret_text[0] = '\0';
	if (kind < HF_DISPLAY_MAX && prefixes[kind])
		(void)snprintf(ret_text, SCREEN_DISPLAY_SIZE, "%s%u", prefixes[kind], number);
}
