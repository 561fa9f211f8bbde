/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which interfaces' calls on a message bus ask for a picture, for the kernel part (bpf/bus_capture.bpf.h); and
 * that the session's witness, which hears of them independently, calls them the same.
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/cdefs.h>

#include <linux/types.h>

#include "agent/session/bus_watch.h"
#include "bpf/bus_capture.bpf.h"

static uint32_t method_of(const char *interface)
{
	uint64_t name[CAPTURE_NAME_WORDS] = {0};
	size_t size = strlen(interface);

	memcpy(name, interface, size < sizeof(name) ? size : sizeof(name));
	return capture_interface_method((const __u64 *)name, (uint32_t)size);
}

Test(bus_capture, what_the_witness_hears_is_known)
{
	static const char *const calls[][2] = {
		{"org.freedesktop.portal.Screenshot", "Screenshot"},
		{"org.freedesktop.portal.ScreenCast", "Start"},
		{"org.freedesktop.portal.RemoteDesktop", "Start"},
		{"org.gnome.Shell.Screenshot", "ScreenshotArea"},
		{"org.gnome.Shell.Screencast", "Screencast"},
		{"org.gnome.Mutter.ScreenCast.Session", "RecordMonitor"},
		{"org.gnome.Mutter.RemoteDesktop.Session", "Start"},
		{"org.kde.KWin.ScreenShot2", "CaptureScreen"},
		{"org.kde.kwin.Screenshot", "screenshotFullscreen"},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		unsigned int heard = bus_call_method(calls[i][0], calls[i][1]);

		cr_expect_neq(heard, 0u, "%s", calls[i][0]);
		cr_expect_eq(method_of(calls[i][0]), heard, "%s", calls[i][0]);
	}
}

Test(bus_capture, back_ends)
{
	cr_expect_eq(
		method_of("org.freedesktop.impl.portal.Screenshot"), HF_SCREEN_PORTAL_SCREENSHOT);
	cr_expect_eq(
		method_of("org.freedesktop.impl.portal.ScreenCast"), HF_SCREEN_PORTAL_SCREENCAST);
	cr_expect_eq(method_of("org.freedesktop.impl.portal.RemoteDesktop"),
		HF_SCREEN_PORTAL_REMOTE_DESKTOP);
	cr_expect_eq(method_of("org.gnome.Mutter.ScreenCast"), HF_SCREEN_GNOME_SHELL);
	cr_expect_eq(method_of("org.gnome.Mutter.RemoteDesktop"), HF_SCREEN_GNOME_SHELL);
}

Test(bus_capture, others)
{
	static const char *const names[] = {"", "org.freedesktop.portal.Screensho",
		"org.freedesktop.portal.Screenshots", "org.freedesktop.portal.OpenURI",
		"org.freedesktop.DBus.Properties", "org.gnome.Shell", "org.kde.KWin",
		"org.freedesktop.impl.portal.RemoteDesktops",
		"org.freedesktop.impl.portal.RemoteDeskto"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(method_of(names[i]), HF_SCREEN_NONE, "%s", names[i]);
}

Test(bus_capture, members_without_an_interface)
{
	static const char *const members[] = {
		"Screenshot", "ScreenshotArea", "PickColor", "CaptureScreen"};
	static const char *const others[] = {
		"Screensaver", "Captor..", "Introspect", "GetNameOwner"};
	uint64_t begin;

	for (size_t i = 0; i < 4; i++) {
		memcpy(&begin, members[i], sizeof(begin));
		cr_expect(capture_is_member(begin), "%s", members[i]);
		memcpy(&begin, others[i], sizeof(begin));
		cr_expect_not(capture_is_member(begin), "%s", others[i]);
	}
}
