/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* X11 at the hooks: what was copied is parsed (x11_requests.bpf.h) and, when it captures, judged. */
#ifndef HOLDFAST_BPF_X11_H
#define HOLDFAST_BPF_X11_H

#include "screen.bpf.h"
#include "stream.bpf.h"

#ifndef HF_BASELINE

#include "x11_requests.bpf.h"

/* What a client sends: the methods of capturing in it. */
static __noinline __u64 x_requests(struct sk_buff *skb, struct hf_display_end *end)
{
	struct stream_walk walk = {.end = end};
	__u32 tgid = end->server;

	walk.x_server = bpf_map_lookup_elem(&hf_x_servers, &tgid);
	if (!stream_requests(&walk, skb, x_request_step))
		display_lose(end);
	return end->stream.found;
}

/* What a server sends: its extensions' numbers, and the client's base. */
static __noinline void x_answers(struct sk_buff *skb, struct hf_display_end *end, struct sock *peer)
{
	struct hf_display_end *client = display_end(peer, 0);
	struct stream_walk walk = {.end = end, .client = client};

	if (!client || end->flags & (HF_END_ADOPTED | HF_END_UNREAD))
		return;
	walk.x_server = x_server(end->server);
	if (!walk.x_server || !stream_begin(&end->stream, skb))
		return;
	end->flags |= client->flags & HF_END_SWAPPED;
	repeat(STREAM_STEPS, x_answer_step, &walk);
	if (!stream_end(&end->stream))
		end->flags |= HF_END_UNREAD; /* nothing is learned from it any more */
}

/* The strictest answer is the same for all: the first one names it. */
static __always_inline __u32 method_first(__u64 found)
{
	for (__u32 method = HF_SCREEN_X11_GETIMAGE; method < HF_SCREEN_UNREAD; method++)
		if (found & method_bit(method))
			return method;
	return HF_SCREEN_UNREAD;
}

static __noinline void x_copied(struct sk_buff *skb, struct sock *sk, struct hf_display_end *end)
{
	struct unix_sock *from = unix_socket(sk);
	struct sock *peer = from ? kernel_read(from, peer) : NULL;
	__u64 found = 0;

	if (!peer)
		return;
	if (end->flags & HF_END_SERVER) {
		x_answers(skb, end, peer);
		return;
	}
	if (!(end->flags & HF_END_UNREAD))
		found = x_requests(skb, end);
	if (end->flags & HF_END_UNREAD)
		found |= method_bit(HF_SCREEN_UNREAD);
	if (found && screen_is_watched())
		display_capture(sk, end, method_first(found));
}

#endif
#endif
