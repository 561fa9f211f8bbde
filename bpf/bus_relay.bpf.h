/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The message bus's own side of bus.bpf.h: what it takes from labelled readers, whom it hands that to,
 * and which connection has which name. The bus is trusted to say who sent
 * a message (it is known by its verified executable), and sends one message at a time.
 */
#ifndef HOLDFAST_BPF_BUS_RELAY_H
#define HOLDFAST_BPF_BUS_RELAY_H

#include "bus.bpf.h"
#include "socket.bpf.h"

#ifndef HF_BASELINE

static long bus_header_step(__u32 index, struct bus_look *look)
{
	return bus_step_once(look) || look->is_read;
}

/* HF_APP_* of the program that connected to this end. */
static __always_inline __u32 bus_peer_flags(struct sock *sk)
{
	return app_flags_running(task_of_pid(BPF_CORE_READ(sk, sk_peer_pid)));
}

/* What one carries of these labels the other carries too, and whence. */
VERIFIED_ONCE int bus_merge_once(struct hf_carried *to, const struct hf_carried *from, __u64 labels)
{
	if (!to || !from)
		return 0;
	(void)labels_or(&to->labels, labels); /* can't fail in this build */
	to->from = from->from;
	(void)origins_merge(&to->origins, &from->origins); /* known or new: there */
	return 0;
}

/* The bus has read what labelled readers sent: that is what this name has sent. */
static __always_inline void bus_sent(
	struct hf_bus_end *end, struct hf_bus_name *name, const struct hf_carried *carried)
{
	name->refused = end->refused;
	if (carried)
		bus_merge_once(&name->sent, carried, carried->labels);
}

static __always_inline void bus_take(struct sock *sk)
{
	struct hf_bus_end *end = bus_end(sk, 0);
	struct hf_carried *carried = socket_state(sk, 0);
	__u64 labels = (carried ? carried->labels : 0) | (end ? end->refused : 0);
	struct hf_state *state = state_get();
	struct hf_task *self = task_current();
	struct hf_bus_name *name;

	if (!labels || !state || !self)
		return;
	(void)labels_or(&self->pasted, labels); /* for senders whose name is not known */
	state->has_labelled_bus = 1;
	if (!end || !end->name.text[0])
		return;
	name = bus_name(&end->name);
	if (name)
		bus_sent(end, name, carried);
}

/* Names, from a message that the bus sends: of this connection, or of a service that it has. */
static __noinline void bus_learn(
	struct sock *sk, struct hf_bus_end *end, const struct bus_look *look)
{
	struct hf_bus_key key = {};
	struct hf_bus_name *name;
	bool is_new = false;

	if (!look->is_read || end->is_monitor ||
		!bus_text(look->destination, look->destination_size, key.text))
		return;
	key.bus = end->name.bus;
	if (is_unique(key.text)) {
		if (!end->name.text[0]) {
			is_new = true;
			end->name = key;
			end->flags = bus_peer_flags(sk);
		} else if (end->name.text[0] != key.text[0] || end->name.text[1] != key.text[1]) {
			end->is_monitor = 1; /* it gets what is for others */
			return;
		}
	}
	name = bpf_map_lookup_elem(&hf_bus_names, &key);
	if (!name)
		name = bus_name(&key);
	if (!name)
		return;
	name->flags = end->flags;
	if (is_new) /* with the handshake it may have sent more already */
		bus_sent(end, name, socket_state(sk, 0));
}

/* The other end of this one is about to be handed what *sent says. 0 or -EPERM. */
static __noinline int bus_put(struct sock *sk, __u64 labels, const struct hf_carried *sent)
{
	struct unix_sock *end = unix_socket(sk);
	struct sock *to = end ? kernel_read(end, peer) : NULL;
	struct hf_state *state = state_get();
	struct hf_carried *carried;

	if (!to)
		return 0; /* it is gone */
	carried = socket_state(to, HF_CREATE_SOCKET);
	if (!carried || !state)
		return -EPERM;
	(void)labels_or(&carried->labels, labels); /* can't fail in this build */
	carried->flags |= HF_CARRIED_BY_BUS;
	state->has_labelled_socket = 1;
	if (sent)
		bus_merge_once(carried, sent, labels);
	return 0;
}

/* What a bus is about to hand on. */
struct bus_mail {
	struct hf_bus_key sender; /* no text: none can be found */
	__u64 member;		  /* user address */
	__u32 type;
	__u32 has_content;
};

/* A message with content goes to who holds the other end. 0, or -EPERM: the bus ends the connection. */
static __noinline int bus_hand_on(struct sock *sk, const struct bus_mail *mail)
{
	struct act act = {.channel = HF_CHANNEL_PASS, .operation = HF_OPERATION_SEND};
	struct hf_bus_name *name = bpf_map_lookup_elem(&hf_bus_names, &mail->sender);
	struct hf_task *self = task_current();
	struct hf_bank *bank = bank_get();
	__u64 labels, refused;
	__u32 flags;

	if (!self || !bank)
		return 0;
	labels = refused = self->pasted;
	if (name) {
		labels = name->sent.labels;
		refused = name->refused;
		act.target_tgid = name->sent.from.tgid;
	}
	if (!(labels | refused))
		return 0;
	flags = bus_peer_flags(sk);
	if (flags & HF_APP_MANAGER) {
		act.labels = mail->type == BUS_CALL ? labels | refused : 0;
		act.reason = HF_REASON_UNFOLLOWED;
		labels = 0;
	} else if (flags & (HF_APP_CARRIER | HF_APP_PRINTS)) {
		return 0;
	} else {
		act.labels = bus_refusable(refused);
		labels &= bank->channels[HF_CHANNEL_PASS].follow;
	}
	/* A manager keeps its connection: it is asked for what there is not. */
	if (act.labels && judge(&act))
		return flags & HF_APP_MANAGER && bus_misspell(mail->member) ? 0 : -EPERM;
	return labels ? bus_put(sk, labels, name ? &name->sent : NULL) : 0;
}

/* Current, a bus, sends a message or what is left of one: which. 0 or -EPERM. */
static __noinline int bus_relay(
	struct sock *sk, struct msghdr *msg, __u64 size, struct bus_mail *ret_mail)
{
	struct hf_bus_end *end = bus_end(sk, BPF_SK_STORAGE_GET_F_CREATE);
	struct hf_state *state = state_get();
	struct bus_look look = {};

	if (!end || !state)
		return -EPERM;
	if (end->name.text[0] && !state->has_tainted)
		return 0; /* that is the whole cost of a machine without labelled readers */
	if (!end->name.bus)
		end->name.bus = BPF_CORE_READ(current_task(), group_leader, start_boottime);
	bus_look_at(&look, msg, &end->out);
	repeat(BUS_STEPS, bus_header_step, &look);
	if (!look.is_read && !look.is_broken) {
		look.first = end->out.owed; /* of a message that began before */
		bus_stream_plan(&end->out, &look, size, look.skip);
		return 0;
	}
	bus_stream_plan(&end->out, &look, size, look.is_broken ? 0 : look.size - size);
	bus_learn(sk, end, &look);
	ret_mail->has_content = look.is_broken || bus_has_content(&look);
	ret_mail->type = look.type;
	ret_mail->member = look.member;
	ret_mail->sender.bus = end->name.bus;
	(void)bus_text(look.sender, look.sender_size, ret_mail->sender.text); /* or none */
	return 0;
}

static __noinline int bus_sends(struct sock *sk, struct msghdr *msg, __u64 size)
{
	struct hf_state *state = state_get();
	struct bus_mail mail = {};

	if (bus_relay(sk, msg, size, &mail))
		return -EPERM;
	if (!state || !state->has_labelled_bus || !mail.has_content)
		return 0;
	if (mail.sender.text[0] && !is_unique(mail.sender.text))
		return 0; /* the bus itself */
	return bus_hand_on(sk, &mail);
}

static __always_inline bool is_bus(void)
{
	struct hf_task *self = task_current();

	return self && self->flags & HF_TASK_BUS;
}

/* Of a stream socket of the kind that buses and managers use; NULL: it is none. */
static __always_inline struct unix_sock *bus_socket(struct socket *sock)
{
	struct sock *sk;

	if (kernel_read(sock, type) != SOCK_STREAM)
		return NULL;
	sk = kernel_read(sock, sk);
	return sk && is_unix(sk) ? unix_socket(sk) : NULL;
}

/* Current sends over a unix socket: is it a bus, or is this to one? 0 or -EPERM. */
static __always_inline int bus_message_send(
	struct socket *sock, struct msghdr *msg, __u64 size, __u64 taint)
{
	struct hf_state *state = state_get();
	struct unix_sock *from;
	struct sock *to;

	if (!state || !state->has_bus)
		return 0;
	if (is_bus()) {
		from = bus_socket(sock);
		return from ? bus_sends((struct sock *)from, msg, size) : 0;
	}
	if (!taint && !screen_is_watched())
		return 0;
	from = bus_socket(sock);
	to = from ? kernel_read(from, peer) : NULL;
	return to ? bus_send(to, msg, taint, size) : 0;
}

/* How much of it the socket took. */
SEC("fexit/unix_stream_sendmsg")
int BPF_PROG(hf_bus_stream, struct socket *sock, struct msghdr *msg, unsigned long size, int ret)
{
	struct hf_state *state = state_get();
	struct hf_bus_end *end;
	struct unix_sock *from;
	struct sock *to;

	if (ret <= 0 || !state || !state->has_bus || !(state->has_tainted || screen_is_watched()))
		return 0;
	if (is_bus()) {
		from = bus_socket(sock);
		end = from ? bus_end((struct sock *)from, 0) : NULL;
		if (end)
			bus_stream_sent(&end->out, ret);
		return 0;
	}
	if (!taint_known() && !screen_is_watched())
		return 0;
	from = bus_socket(sock);
	to = from ? kernel_read(from, peer) : NULL;
	end = to ? bus_end(to, 0) : NULL;
	if (end)
		bus_stream_sent(&end->in, ret);
	return 0;
}

/* After the read: what was labelled before it was sent is so by now. */
static __always_inline void bus_received(struct sock *sk)
{
	if (sk && is_unix(sk) && is_bus())
		bus_take(sk);
}

#else

static __always_inline int bus_message_send(
	struct socket *sock, struct msghdr *msg, __u64 size, __u64 taint)
{
	return 0;
}

static __always_inline void bus_received(struct sock *sk)
{
}

#endif
#endif
