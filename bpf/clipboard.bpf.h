/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The clipboard of X11, and what is dragged. Who owns a selection stores what was asked for in a
 * property of the asking window (ChangeProperty), tells it so (SelectionNotify), and that client
 * fetches it (GetProperty). The display server between the two is a carrier, so the requests are read
 * on their way to it: a property stored by a labelled reader, of a window that it told, labels who
 * fetches it. "X Window System Protocol", X Version 11, appendix B; ICCCM 2.2, 2.4, 2.6.
 *
 * A refusal must not end the connection, or the program would die of pasting: its request is made one
 * for a property that no such window has, and the answer says that there is nothing.
 *
 * For programs as they are: requests lie whole in one piece of memory, in this machine's byte order.
 * One that is made to get around this can as well read the screen.
 */
#ifndef HOLDFAST_BPF_CLIPBOARD_H
#define HOLDFAST_BPF_CLIPBOARD_H

#include "display.bpf.h"
#include "message.bpf.h"

#ifndef HF_BASELINE /* bpf_loop() is needed: a message has hundreds of requests */

#define CLIPBOARD_STEPS 8192 /* requests, and pieces of memory, that are looked at in one message */

/* What a request is, and where in it. */
#define X_CHANGE_PROPERTY  18
#define X_GET_PROPERTY	   20
#define X_SEND_EVENT	   25
#define X_SELECTION_NOTIFY 31
#define X_PROPERTY_OFFSET  8
#define X_PROPERTY_NONE	   1 /* the atom PRIMARY: no program names a property so */
#define XA_ATOM		   4
#define XA_INTEGER	   19
#define X_FORMATS_MAX	   128 /* more atoms than a program offers formats: content */

/* The first words of ChangeProperty (detail: 0 when it replaces) and GetProperty, and of SendEvent. */
struct x_request {
	__u8 opcode;
	__u8 detail;
	__u16 length; /* of four bytes each; 0: it is in the next word, and what follows one word on */
	union {
		__u32 long_length;
		struct {
			__u32 window;
			__u32 property;
			__u32 type; /* from here ChangeProperty */
			__u32 format;
			__u32 units;
		};
		struct {
			__u32 destination;
			__u32 mask;
			__u8 event;
			__u8 event_pad[7];
			__u32 requestor;
		};
	};
};

struct clipboard {
	struct pieces pieces;
	__u64 skip;			/* bytes up to the next request */
	__u64 taint;			/* of what the sender stores */
	__u64 labels;			/* of what it fetches */
	struct hf_property_key fetched; /* the last one with labels */
	__u32 display;
	__u8 is_told;	 /* it told somebody */
	__u8 is_refused; /* what it fetches it is not to get */
	__u8 is_broken;	 /* and that failed */
};

/* The process that serves the display at the other end; 0: it is no display. */
static __noinline __u32 display_of(struct sock *sk)
{
	struct unix_sock *end = unix_socket(sk), *peer;
	__u64 path, begin[2] = {};
	__u8 first = 0;

	if (!end)
		return 0;
	peer = (struct unix_sock *)BPF_CORE_READ(end, peer);
	path = (__u64)BPF_CORE_READ(peer, addr);
	if (!path)
		return 0;
	path += bpf_core_field_offset(struct unix_address, name) +
		bpf_core_field_offset(struct sockaddr_un, sun_path);
	bpf_probe_read_kernel(&first, sizeof(first), (void *)path);
	if (!first) /* an abstract name */
		path++;
	bpf_probe_read_kernel(begin, sizeof(begin), (void *)path);
	if (begin[0] != DISPLAY_PATH_1 || begin[1] != DISPLAY_PATH_2)
		return 0;
	return BPF_CORE_READ(sk, sk_peer_pid, numbers[0].nr);
}

/* A labelled reader stores something there, or says that it did. */
static __noinline void property_put(const struct hf_property_key *key, __u64 taint)
{
	struct hf_carried *carried = kept_value_of(
		&hf_properties, HF_KEPT_PROPERTIES, key, &carried_none);
	struct hf_task *self = task_current();

	if (!carried || !self)
		return;
	(void)labels_or(&carried->labels, taint); /* can't fail in this build */
	source_of_current(&carried->from);
	(void)origins_merge(&carried->origins, &self->origins); /* known or new: there */
}

static __always_inline bool is_content(const struct x_request *request)
{
	if (request->type == XA_ATOM) /* formats that the owner offers */
		return request->units > X_FORMATS_MAX;
	return request->type != XA_INTEGER || request->units > 1; /* since when it owns it */
}

static __always_inline void property_stored(
	struct clipboard *clipboard, const struct x_request *request)
{
	struct hf_property_key key = {
		.display = clipboard->display,
		.window = request->window,
		.property = request->property,
	};

	if (clipboard->taint && is_content(request))
		property_put(&key, clipboard->taint);
	else if (!request->detail)
		kept_end(&hf_properties, HF_KEPT_PROPERTIES, &key);
}

static __always_inline void property_told(
	struct clipboard *clipboard, const struct x_request *request)
{
	struct hf_property_key key = {
		.display = clipboard->display,
		.window = request->requestor,
	};

	if ((request->event & 0x7f) != X_SELECTION_NOTIFY || !clipboard->taint)
		return;
	property_put(&key, clipboard->taint);
	clipboard->is_told = 1;
}

static __always_inline void property_fetched(
	struct clipboard *clipboard, const struct x_request *request)
{
	struct hf_property_key key = {
		.display = clipboard->display,
		.window = request->window,
	};
	const __u32 nothing = X_PROPERTY_NONE;
	struct hf_carried *carried;

	if (!bpf_map_lookup_elem(&hf_properties, &key))
		return;
	key.property = request->property;
	carried = bpf_map_lookup_elem(&hf_properties, &key);
	if (!carried)
		return;
	clipboard->labels |= carried->labels;
	clipboard->fetched = key;
	if (clipboard->is_refused)
		clipboard->is_broken |= !request_change(
			clipboard->pieces.at + X_PROPERTY_OFFSET, &nothing, sizeof(nothing));
}

/* One request, or one piece of memory. Returns 1 to stop. */
VERIFIED_ONCE int clipboard_step_once(struct clipboard *clipboard)
{
	struct x_request request = {};
	struct pieces *pieces;
	__u64 size;

	if (!clipboard)
		return 1;
	pieces = &clipboard->pieces;
	if (clipboard->skip >= pieces->left) {
		clipboard->skip -= pieces->left;
		pieces->left = 0;
		if (!pieces->more)
			return 1;
		pieces_next(pieces);
		return 0;
	}
	pieces->at += clipboard->skip;
	pieces->left -= clipboard->skip;
	size = pieces->left;
	barrier_var(size); /* the bound must be on the very register that is used */
	if (size > sizeof(request))
		size = sizeof(request);
	if (bpf_probe_read_user(&request, size, (const void *)pieces->at))
		return 1;
	clipboard->skip = (__u64)(request.length ? request.length : request.long_length) * 4;
	if (clipboard->skip < 4)
		return 1; /* no request begins so */
	if (!request.length && bpf_probe_read_user(&request.long_length, sizeof(request) - 4,
				       (const void *)(pieces->at + 8)))
		return 0;
	switch (request.opcode) {
	case X_CHANGE_PROPERTY:
		property_stored(clipboard, &request);
		break;
	case X_SEND_EVENT:
		property_told(clipboard, &request);
		break;
	case X_GET_PROPERTY:
		property_fetched(clipboard, &request);
		break;
	default:
		break;
	}
	return 0;
}

static long clipboard_step(__u32 index, struct clipboard *clipboard)
{
	return clipboard_step_once(clipboard) != 0;
}

/* What a message to a display stores there, tells of and fetches. */
static __noinline void clipboard_look(struct msghdr *msg, struct clipboard *clipboard)
{
	struct hf_state *state = state_get();
	struct hf_task *self = task_current();

	if (self)
		clipboard->taint |= self->pasted;
	pieces_of(msg, &clipboard->pieces);
	repeat(CLIPBOARD_STEPS, clipboard_step, clipboard);
	if (!clipboard->is_told || !state || !self)
		return;
	state->has_labelled_property = 1;
	introduce(self);
}

/* What was fetched comes to a carrier: it goes with what that stores and types itself (terminal). */
static __always_inline int clipboard_hold(__u64 labels)
{
	struct hf_task *self = task_current_create();

	return !self || labels_or(&self->pasted, labels) ? -EPERM : 0;
}

/* Current is about to fetch labels, the last ones from there. 0; 1 when it may not; or -EPERM. */
static __noinline int clipboard_paste(
	struct act *act, __u64 labels, const struct hf_property_key *fetched)
{
	struct hf_carried *carried = bpf_map_lookup_elem(&hf_properties, fetched);
	struct hf_bank *bank = bank_get();

	act->channel = HF_CHANNEL_CLIPBOARD;
	act->operation = HF_OPERATION_READ;
	act->labels = labels & ~taint_known();
	if (carried)
		act->target_tgid = carried->from.tgid;
	if (judge(act))
		return 1;
	act->labels = bank ? labels & bank->channels[HF_CHANNEL_CLIPBOARD].follow : labels;
	if (act->labels && taint_add(act->labels, act))
		return -EPERM;
	if (act->labels && carried)
		received_from(carried, HF_HOP_CLIPBOARD, true);
	return 0;
}

/* Whether anything that is sent could be of interest; if not, that is the whole cost. */
static __always_inline bool clipboard_is_watched(__u64 taint)
{
	struct hf_state *state = state_get();

	return taint || (state && state->has_labelled_property);
}

/*
 * act->message is on its way, maybe to a display; act->labels are the sender's. Rewrites act (another
 * one would not fit the 512 bytes of stack). 0; or -EPERM, which ends the connection.
 */
static __always_inline int clipboard_send(struct sock *sk, struct act *act)
{
	struct clipboard clipboard = {.display = display_of(sk), .taint = act->labels};
	int r;

	if (!clipboard.display)
		return 0;
	clipboard_look(act->message, &clipboard);
	if (!(clipboard.labels & ~taint_known()))
		return 0;
	if (is_carrier())
		return clipboard_hold(clipboard.labels);
	r = clipboard_paste(act, clipboard.labels, &clipboard.fetched);
	if (r <= 0)
		return r;
	clipboard.is_refused = 1;
	clipboard.skip = 0;
	clipboard_look(act->message, &clipboard);
	return clipboard.is_broken ? -EPERM : 0;
}

#else

static __always_inline bool clipboard_is_watched(__u64 taint)
{
	return taint;
}

static __always_inline int clipboard_send(struct sock *sk, struct act *act)
{
	return 0;
}

#endif
#endif
