/* SPDX-License-Identifier: Apache-2.0 */
/* For doctor: what becomes of each way to capture the screen, and which displays have a witness. */
#include <string.h>

#include "agent/engine/json.h"
#include "agent/engine/server.h"

/* Where a method is at home, and whether a witness there sees it: holdfast doctor's table. */
static const struct method {
	const char *name;
	const char *where;
	bool is_witnessed;
} methods[] = {
	{"x11-getimage", "x11", true},
	{"x11-shm", "x11", true},
	{"x11-composite", "x11", true},
	{"x11-dri3", "x11", true},
	{"x11-record", "x11", true},
	{"x11-xtest", "x11", true},
	{"x11-copy", "x11", false},
	{"x11-tcp", "x11", false},
	{"wayland-screencopy", "wayland", false},
	{"wayland-ext-capture", "wayland", false},
	{"wayland-dmabuf", "wayland", false},
	{"weston", "wayland", false},
	{"hyprland", "wayland", false},
	{"wayland-data-control", "wayland", false},
	{"portal-screenshot", "bus", true},
	{"portal-screencast", "bus", true},
	{"portal-remote-desktop", "bus", true},
	{"gnome-shell", "bus", true},
	{"kwin", "bus", true},
	{"pipewire-node", "bus", false},
	{"framebuffer", "device", false},
	{"drm", "device", false},
	{"console-vcs", "device", false},
};

/* The most that the policy does to any label: screen is of [screen], 0 where that does not count. */
static const char *policy_word(const struct hf_channel_masks *masks, uint32_t screen)
{
	if (screen & HF_SCREEN_ALWAYS)
		return "blocked always";
	if (masks->block | masks->warn)
		return "blocked";
	if (masks->follow)
		return "labelled";
	return masks->audit || screen ? "recorded" : "allowed";
}

static const char *state_of(const struct engine *engine, const struct method *method)
{
	const struct hf_bank *bank = &engine->policy->bank;
	uint32_t open = 1U << HF_CHANNEL_SCREEN;

	if (!strcmp(method->where, "bus"))
		open |= HF_OPEN_BUS;
	if (!report_is_enforcing(engine) || engine->hello.open_channels & open ||
		!strcmp(method->name, "pipewire-node"))
		return "not seen";
	if (!strcmp(method->name, "wayland-data-control"))
		return policy_word(&bank->channels[HF_CHANNEL_CLIPBOARD], 0);
	return policy_word(&bank->channels[HF_CHANNEL_SCREEN], bank->screen);
}

void report_screen(struct engine *engine, struct client *client)
{
	const struct client *witness;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct json_object *line = json_object_new_object();

		json_add_text(line, "kind", "screen");
		json_add_text(line, "name", methods[i].name);
		json_add_text(line, "where", methods[i].where);
		json_add_text(line, "state", state_of(engine, &methods[i]));
		json_add_bool(line, "witnessed", methods[i].is_witnessed);
		client_line(client, line);
	}
	for (unsigned int i = 0; (witness = server_client(engine, i)); i++) {
		struct json_object *line;

		if (!witness->is_witness)
			continue;
		line = json_object_new_object();
		json_add_text(line, "kind", "witness");
		json_add_text(line, "display", witness->display);
		json_add_number(line, "uid", witness->uid);
		client_line(client, line);
	}
}
