/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Wayland at the hooks: what a client sends is parsed (wayland_step.bpf.h) and, when it captures, judged. */
#ifndef HOLDFAST_BPF_WAYLAND_H
#define HOLDFAST_BPF_WAYLAND_H

#include "screen.bpf.h"
#include "stream.bpf.h"

#ifndef HF_BASELINE

#include "wayland_step.bpf.h"

/* The first that captures names it; what no known object asks for can't be told apart. */
static __always_inline __u32 wayland_method(__u64 found)
{
	if (found & wayland_bit(WAYLAND_SCREENCOPY_FRAME))
		return HF_SCREEN_WAYLAND_SCREENCOPY;
	if (found & wayland_bit(WAYLAND_EXT_FRAME))
		return HF_SCREEN_WAYLAND_EXT_CAPTURE;
	if (found & wayland_bit(WAYLAND_DMABUF))
		return HF_SCREEN_WAYLAND_DMABUF;
	if (found & wayland_bit(WAYLAND_HYPRLAND_FRAME))
		return HF_SCREEN_HYPRLAND;
	if (found & (wayland_bit(WAYLAND_WESTON) | wayland_bit(WAYLAND_WESTON_SOURCE)))
		return HF_SCREEN_WESTON;
	if (found & (wayland_bit(WAYLAND_KDE) | wayland_bit(WAYLAND_KDE_STREAM) |
			    wayland_bit(WAYLAND_KDE_REMOTE)))
		return HF_SCREEN_KWIN;
	if (found & wayland_bit(WAYLAND_DATA_CONTROL))
		return HF_SCREEN_WAYLAND_DATA_CONTROL;
	return HF_SCREEN_UNREAD;
}

static __noinline void wayland_copied(
	struct sk_buff *skb, struct sock *sk, struct hf_display_end *end)
{
	struct stream_walk walk = {.end = end};
	__u64 found;

	if (end->flags & HF_END_SERVER)
		return;
	if (!(end->flags & HF_END_UNREAD) && !stream_requests(&walk, skb, wayland_step))
		display_lose(end);
	found = end->flags & HF_END_UNREAD ? wayland_bit(WAYLAND_NONE) : end->stream.found;
	if (found && screen_is_watched())
		display_capture(sk, end, wayland_method(found));
}

#endif
#endif
