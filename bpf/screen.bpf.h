/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Capturing what is on a screen, however: judged by the labels that are exposed there at that moment
 * (channel screen). Who has them already gets nothing new; display servers and compositors, carriers by
 * verified identity, put the picture together.
 */
#ifndef HOLDFAST_BPF_SCREEN_H
#define HOLDFAST_BPF_SCREEN_H

#include "display.bpf.h"

#ifndef HF_BASELINE

/* A capture that current asks for. */
struct capture {
	__u32 server; /* process that serves the display; 0: any display of the machine */
	__u32 number;
	__u32 kind;   /* enum hf_display_kind */
	__u32 method; /* enum hf_screen_method */
};

/* Named by the policy for that, and at this hour. */
static __always_inline bool may_capture(const struct hf_gates *gates, __u32 flags)
{
	return flags & HF_APP_CAPTURES && gates &&
	       bpf_ktime_get_boot_ns() <= gates->state.capture_until_ns;
}

static long screen_follow_one(
	void *map, const struct hf_shown_key *key, struct hf_shown *shown, struct shown_look *look)
{
	if ((!look->server || key->server == look->server) && shown->carried.labels & look->labels)
		received_from(&shown->carried, HF_HOP_SCREEN, true);
	return 0;
}

/* What current captures has labels: so does it. 0 or -EPERM. */
static __always_inline int screen_follow(struct act *act, __u64 labels, __u32 server)
{
	struct shown_look look = {.labels = labels, .server = server};

	if (taint_add(labels, act))
		return -EPERM;
	(void)bpf_for_each_map_elem(&hf_shown, screen_follow_one, &look, 0);
	return 0;
}

static __always_inline void screen_record(struct act *act, __u64 exposed, __u32 wanted)
{
	if (act->verdict ||
		!(wanted & HF_SCREEN_RECORD_ALL || (exposed && wanted & HF_SCREEN_RECORD_EXPOSED)))
		return;
	act->verdict = HF_VERDICT_AUDIT;
	act->labels = act->decided = exposed;
	count(HF_COUNTER_AUDITED);
	report(act, HF_RECORD_VERDICT);
}

static __always_inline int screen_refuse(struct act *act)
{
	act->reason = HF_REASON_SCREEN;
	act->verdict = HF_VERDICT_BLOCK;
	count(HF_COUNTER_REFUSED);
	report(act, HF_RECORD_VERDICT);
	return -EPERM;
}

VERIFIED_ONCE int screen_judge_once(const struct capture *capture)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	struct act act = {.channel = HF_CHANNEL_SCREEN, .operation = HF_OPERATION_CAPTURE};
	struct hf_state *state = state_get();
	struct hf_bank *bank = bank_get();
	__u32 wanted = bank ? bank->screen : 0, flags = app_flags();
	__u64 exposed, followed;

	if (!capture)
		return -EPERM;
	if (capture->method == HF_SCREEN_WAYLAND_DATA_CONTROL) {
		act.channel = HF_CHANNEL_CLIPBOARD; /* no picture: [screen] is not about it */
		wanted = 0;
	}
	if (flags & HF_APP_CARRIER || is_agent())
		return 0;
	count(HF_COUNTER_CAPTURES);
	exposed = display_exposed(capture->server);
	if (capture->kind == HF_DISPLAY_NONE && state)
		exposed |= state->shown_on_console;
	act.port = capture->method;
	act.target_tgid = capture->server;
	act.display = (__u64)capture->kind << 32 | capture->number;
	act.labels = exposed & ~taint_known();
	if (may_capture(gates, flags)) {
		screen_record(&act, exposed, wanted);
		return 0;
	}
	if (wanted & HF_SCREEN_ALWAYS)
		return screen_refuse(&act);
	if (act.labels && judge(&act))
		return -EPERM;
	followed = act.labels & (bank ? bank->channels[act.channel].follow : 0);
	if (followed) {
		wanted |= HF_SCREEN_RECORD_EXPOSED;
		if (screen_follow(&act, followed, capture->server))
			return -EPERM;
	}
	screen_record(&act, exposed, wanted);
	return 0;
}

/* Current asks for a picture. 0 or -EPERM; recorded. */
static __always_inline int screen_judge(const struct capture *capture)
{
	return refusal(screen_judge_once(capture));
}

/* As far as it can be said without a record: whether anything could be refused, followed or recorded. */
static __always_inline bool screen_is_watched(void)
{
	struct hf_state *state = state_get();
	struct hf_bank *bank = bank_get();

	return !state || !bank || state->has_shown || state->shown_on_console || bank->screen;
}

/* The connection of this end, a client's, is over: its display neither reads nor answers it. */
static __always_inline void display_refuse(struct sock *client, struct hf_display_end *end)
{
	struct unix_sock *from = unix_socket(client);
	struct hf_state *state = state_get();
	struct hf_display_end *to;
	struct sock *peer;

	__sync_fetch_and_or(&end->flags, HF_END_REFUSED);
	peer = from ? kernel_read(from, peer) : NULL;
	to = peer ? display_end(peer, 0) : NULL;
	if (to)
		__sync_fetch_and_or(&to->flags, HF_END_REFUSED);
	if (state)
		state->has_refused_display = 1;
}

/* Whether nothing more goes over this socket, whichever its end. */
static __always_inline bool display_is_refused(struct sock *sk)
{
	struct hf_state *state = state_get();
	struct hf_display_end *end;

	if (!state || !state->has_refused_display)
		return false;
	end = display_end(sk, 0);
	return end && end->flags & HF_END_REFUSED;
}

/* Where requests begin is not known from here on: counted, and judged by the strictest. */
static __always_inline void display_lose(struct hf_display_end *end)
{
	if (!(__sync_fetch_and_or(&end->flags, HF_END_UNREAD) & HF_END_UNREAD))
		count(HF_COUNTER_UNREAD);
}

static __always_inline void display_capture(
	struct sock *sk, struct hf_display_end *end, __u32 method)
{
	struct capture capture = {
		.server = end->server,
		.number = end->number,
		.kind = end->kind,
		.method = method,
	};

	if (screen_judge(&capture))
		display_refuse(sk, end);
}

#else

static __always_inline bool display_is_refused(struct sock *sk)
{
	return false;
}

#endif
#endif
