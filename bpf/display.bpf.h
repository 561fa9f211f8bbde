/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which connections are to displays, and what is exposed there: the labels of processes that have sent
 * the display something since they have them. To show what a process has read it has to send; so who
 * is no labelled reader pays nothing, and a process that becomes one later counts from when it shows.
 */
#ifndef HOLDFAST_BPF_DISPLAY_H
#define HOLDFAST_BPF_DISPLAY_H

#include "carry.bpf.h"

#ifndef HF_BASELINE

#define DISPLAY_PATH_1	     0x31582e2f706d742full /* "/tmp/.X1" */
#define DISPLAY_PATH_2	     0x582f78696e752d31ull /* "1-unix/X" */
#define DISPLAY_PATH_WAYLAND 0x2d646e616c796177ull /* "wayland-" */
#define DISPLAY_DIGITS	     3

static __always_inline bool has_display(void)
{
	struct hf_state *state = state_get();

	return state && state->has_display;
}

static __always_inline struct hf_display_end *display_end(struct sock *sk, __u64 flags)
{
	return bpf_sk_storage_get(&hf_display_ends, sk, NULL, flags);
}

/* Up to three digits. -1: it is no number. */
static __always_inline int display_number(const char digits[DISPLAY_DIGITS + 1])
{
	int number = -1;

	for (int i = 0; i < DISPLAY_DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return digits[i] ? -1 : number;
		number = (number < 0 ? 0 : number * 10) + digits[i] - '0';
	}
	return number;
}

/* The last component of a path is "wayland-" and a number: libwayland puts it below XDG_RUNTIME_DIR. */
static __always_inline int wayland_number(__u64 path, __u32 size)
{
	char digits[DISPLAY_DIGITS + 1] = {};
	__u64 begin = 0;

	for (__u32 count = 1; count <= DISPLAY_DIGITS; count++) {
		__u32 at = size - 8 - count;

		if (size < 8 + count || bpf_probe_read_kernel(&begin, 8, (void *)(path + at)) ||
			begin != DISPLAY_PATH_WAYLAND)
			continue;
		bpf_probe_read_kernel(digits, count, (void *)(path + at + 8));
		return display_number(digits);
	}
	return -1;
}

struct display_name {
	__u32 kind; /* enum hf_display_kind */
	__u32 number;
};

/* What the address that a socket is bound to says of it; *ret_name is zeroed before. */
static __noinline void display_of_address(
	struct unix_address *address, struct display_name *ret_name)
{
	__u64 path = (__u64)address, begin[2] = {};
	char digits[DISPLAY_DIGITS + 1] = {};
	__u32 size;
	__u8 first = 0;
	int number;

	if (!address)
		return;
	size = BPF_CORE_READ(address, len);
	path += bpf_core_field_offset(struct unix_address, name) +
		bpf_core_field_offset(struct sockaddr_un, sun_path);
	size -= bpf_core_field_offset(struct sockaddr_un, sun_path);
	bpf_probe_read_kernel(&first, sizeof(first), (void *)path);
	if (!first) { /* an abstract name, which no NUL ends */
		path++;
		size--;
	} else {
		size--;
	}
	bpf_probe_read_kernel(begin, sizeof(begin), (void *)path);
	if (begin[0] == DISPLAY_PATH_1 && begin[1] == DISPLAY_PATH_2) {
		if (size > 16 && size <= 16 + DISPLAY_DIGITS)
			bpf_probe_read_kernel(digits, (size - 16) & 3, (void *)(path + 16));
		number = display_number(digits);
		ret_name->number = number < 0 ? 0 : number;
		ret_name->kind = HF_DISPLAY_X11;
		return;
	}
	number = wayland_number(path, size);
	if (number < 0)
		return;
	ret_name->number = number;
	ret_name->kind = HF_DISPLAY_WAYLAND;
}

/* Both ends of a connection that begins, or was there before us. False: no memory for it. */
static __always_inline bool display_join(struct sock *client, struct sock *server, __u32 tgid,
	const struct display_name *name, __u32 flags)
{
	struct hf_display_end *to = display_end(server, BPF_SK_STORAGE_GET_F_CREATE);
	struct hf_display_end *from = display_end(client, BPF_SK_STORAGE_GET_F_CREATE);
	struct hf_state *state = state_get();

	if (!to || !from || !state)
		return false;
	from->server = to->server = tgid;
	from->kind = to->kind = name->kind;
	from->number = to->number = name->number;
	from->flags = flags;
	to->flags = flags | HF_END_SERVER;
	state->has_display = 1;
	return true;
}

static const struct hf_x_server x_server_none;

static __always_inline struct hf_x_server *x_server(__u32 tgid)
{
	return value_of(&hf_x_servers, &tgid, &x_server_none);
}

/* A connection begins: other listens, server is the new socket's end there. 0 or -EPERM. */
static __noinline int display_connect(struct sock *client, struct sock *other, struct sock *server)
{
	struct unix_sock *listener = unix_socket(other);
	struct display_name name = {};
	__u32 flags, tgid;

	if (!listener)
		return 0;
	display_of_address(BPF_CORE_READ(listener, addr), &name);
	if (name.kind == HF_DISPLAY_NONE)
		return 0;
	flags = name.kind == HF_DISPLAY_X11 ? HF_END_SETUP : 0;
	tgid = BPF_CORE_READ(other, sk_peer_pid, numbers[0].nr);
	return display_join(client, server, tgid, &name, flags) ? 0 : -EPERM;
}

/* Connections that were there before us: what is next sent over them is taken to begin a request. */
SEC("iter/unix")
int hf_adopt(struct bpf_iter__unix *ctx)
{
	struct display_name name = {};
	struct unix_sock *to = ctx->unix_sk;
	struct hf_x_server *server;
	struct sock *peer;
	__u32 tgid;

	if (!to)
		return 0;
	peer = kernel_read(to, peer);
	if (!peer || display_end(peer, 0)) /* it listens, or is known */
		return 0;
	display_of_address(BPF_CORE_READ(to, addr), &name);
	if (name.kind == HF_DISPLAY_NONE)
		return 0;
	/* The peer's idea of who is here; ours says who is there. */
	tgid = BPF_CORE_READ(peer, sk_peer_pid, numbers[0].nr);
	if (!display_join(peer, (struct sock *)to, tgid, &name, HF_END_ADOPTED))
		return 0;
	server = x_server(tgid);
	if (server)
		server->is_adopted = 1;
	return 0;
}

static const struct hf_shown shown_none;

/* Current, a labelled reader, sends to a display. */
static __noinline void display_show(struct sock *sk, __u64 taint)
{
	struct hf_display_end *end = display_end(sk, 0);
	struct hf_shown_key key = {.tgid = bpf_get_current_pid_tgid() >> 32};
	struct hf_state *state = state_get();
	struct hf_task *self = task_current();
	struct hf_shown *shown;

	if (!end || end->flags & HF_END_SERVER || !self || !state || is_carrier())
		return;
	key.server = end->server;
	shown = bpf_map_lookup_elem(&hf_shown, &key);
	if (shown && shown->carried.labels == taint)
		return;
	introduce(self);
	state->has_shown = 1;
	if (!shown)
		shown = value_of(&hf_shown, &key, &shown_none);
	if (!shown) {
		count(HF_COUNTER_NO_MEMORY);
		__sync_fetch_and_or(&state->shown_by_more, taint);
		return;
	}
	self->flags |= HF_TASK_SHOWS;
	source_of_current(&shown->carried.from);
	shown->carried.origins = self->origins;
	bpf_get_current_comm(shown->comm, sizeof(shown->comm));
	shown->carried.labels = taint;
}

/* A display server ends: another process of this number has other extensions. */
static __always_inline void display_server_end(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (has_display())
		(void)bpf_map_delete_elem(&hf_x_servers, &tgid); /* most are none */
}

struct shown_look {
	__u64 labels;
	__u32 server; /* 0: all displays of the machine */
	__u32 pad;
};

static long shown_look_one(
	void *map, const struct hf_shown_key *key, struct hf_shown *shown, struct shown_look *look)
{
	if (!look->server || key->server == look->server)
		look->labels |= shown->carried.labels;
	return 0;
}

/* Labels that are exposed on a server's displays; on any, when server is 0. */
static __noinline __u64 display_exposed(__u32 server)
{
	struct shown_look look = {.server = server};
	struct hf_state *state = state_get();

	if (!state || !state->has_shown)
		return 0;
	(void)bpf_for_each_map_elem(&hf_shown, shown_look_one, &look, 0);
	return look.labels | state->shown_by_more;
}

#else

static __always_inline void display_server_end(void)
{
}

#endif
#endif
