/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Message buses (D-Bus). The bus is a carrier, and says of each message that it hands on who sent it:
 * so whoever is handed one with content gets what that connection has sent, and the bus nothing. What
 * may be handed to nobody is refused to its sender: the message is made one to a name that there is
 * not, before the kernel copies it, and the bus answers so. Should one get past that, by a program
 * made to, the bus is not let hand it on.
 *
 * A service manager does what it is asked, in a process of its own with the words that it is given:
 * labelled readers are refused to ask, on the bus and directly.
 *
 * Names of connections are learned from what the bus sends them ("Hello" is answered with one).
 */
#ifndef HOLDFAST_BPF_BUS_H
#define HOLDFAST_BPF_BUS_H

#include "bus_capture.bpf.h"
#include "bus_message.bpf.h"
#include "screen.bpf.h"

#ifndef HF_BASELINE

#define BUS_FOUND_CONTENT 0x1u /* for somebody that is no carrier */
#define BUS_FOUND_ORDER	  0x2u /* for a service manager */
#define BUS_FOUND_CAPTURE 0x4u /* a call for a picture of the screen */

/* "org.freedesktop.", "DBus", "systemd1"; "UpdateAc" of UpdateActivationEnvironment. */
#define BUS_NAME_1	  0x656572662e67726full
#define BUS_NAME_2	  0x2e706f746b736564ull
#define BUS_NAME_DRIVER	  0x73754244ull
#define BUS_NAME_MANAGER  0x31646d6574737973ull
#define BUS_MEMBER_UPDATE 0x6341657461647055ull

static __always_inline bool is_well_known(const __u64 text[4], __u64 third)
{
	return text[0] == BUS_NAME_1 && text[1] == BUS_NAME_2 && text[2] == third && !text[3];
}

static __always_inline bool is_unique(const __u64 text[4])
{
	return (text[0] & 0xff) == ':';
}

static __always_inline struct hf_bus_end *bus_end(struct sock *sk, __u64 flags)
{
	return bpf_sk_storage_get(&hf_bus_ends, sk, NULL, flags);
}

static const struct hf_bus_name bus_name_none;

static __noinline struct hf_bus_name *bus_name(const struct hf_bus_key *name)
{
	struct hf_bus_key key = *name; /* 6.1 takes no other memory for a key */

	return value_of(&hf_bus_names, &key, &bus_name_none); /* what is forgotten is not let off */
}

/* What a labelled reader is about to send, by one message. */
static __always_inline __u8 bus_find(const struct bus_look *look)
{
	struct hf_bus_key key = {.bus = look->bus};
	struct hf_bus_name *name;
	__u64 member = 0;

	if (!bus_has_content(look))
		return 0;
	if (look->is_direct)
		return look->type == BUS_CALL ? BUS_FOUND_ORDER : 0;
	if (!look->destination) /* to all who asked for it; others go nowhere */
		return look->type == BUS_SIGNAL ? BUS_FOUND_CONTENT : 0;
	if (!bus_text(look->destination, look->destination_size, key.text))
		return BUS_FOUND_CONTENT;
	if (is_well_known(key.text, BUS_NAME_DRIVER)) {
		(void)bpf_probe_read_user(&member, sizeof(member), (const void *)look->member);
		return member == BUS_MEMBER_UPDATE ? BUS_FOUND_ORDER : 0;
	}
	if (is_well_known(key.text, BUS_NAME_MANAGER))
		return BUS_FOUND_ORDER;
	name = bpf_map_lookup_elem(&hf_bus_names, &key);
	if (!name)
		return BUS_FOUND_CONTENT;
	if (name->flags & HF_APP_MANAGER)
		return look->type == BUS_CALL ? BUS_FOUND_ORDER : 0;
	return name->flags & (HF_APP_CARRIER | HF_APP_PRINTS) ? 0 : BUS_FOUND_CONTENT;
}

/* The method of capturing by one message; HF_SCREEN_NONE: it calls for no picture. */
VERIFIED_ONCE int bus_capture_once(const struct bus_look *look)
{
	__u64 name[CAPTURE_NAME_WORDS] = {}, begin = 0, size;

	if (!look || look->type != BUS_CALL || look->is_direct)
		return HF_SCREEN_NONE;
	if (!look->interface) {
		(void)bpf_probe_read_user(&begin, sizeof(begin), (const void *)look->member);
		return capture_is_member(begin) ? HF_SCREEN_KWIN : HF_SCREEN_NONE;
	}
	size = look->interface_size;
	barrier_var(size); /* the bound must be on the very register that is used */
	if (size > sizeof(name))
		size = sizeof(name);
	if (bpf_probe_read_user(name, size, (const void *)look->interface))
		return HF_SCREEN_UNREAD;
	return capture_interface_method(name, look->interface_size);
}

/* A name becomes one that there is not: its first letter, of a connection's what follows the colon. */
static __always_inline bool bus_misspell(__u64 at)
{
	__u8 letter = 0, other = 'Z';

	if (!at || bpf_probe_read_user(&letter, sizeof(letter), (const void *)at))
		return false;
	if (letter == ':')
		(void)bpf_probe_read_user(&letter, sizeof(letter), (const void *)++at);
	if (letter == other)
		other = 'Y';
	return request_change(at, &other, sizeof(other));
}

/* The message goes to nobody: to no such name, of no such type, or it asks for nothing there is. */
static __always_inline bool bus_misdirect(const struct bus_look *look)
{
	__u64 at = look->is_direct ? look->member : look->destination;
	const __u8 none = BUS_NO_TYPE;

	if (!look->is_direct && !at)
		return request_change(look->start + 1, &none, sizeof(none));
	return bus_misspell(at);
}

/* A message has been read. Returns 1 to stop. */
VERIFIED_ONCE int bus_message_once(struct bus_look *look)
{
	__u8 found = 0, capture;

	if (!look)
		return 1;
	if (look->wanted & ~BUS_FOUND_CAPTURE)
		found = bus_find(look);
	capture = look->wanted & BUS_FOUND_CAPTURE ? bus_capture_once(look) : HF_SCREEN_NONE;
	if (capture) {
		found |= BUS_FOUND_CAPTURE;
		look->capture = capture;
	}
	look->found |= found;
	if (found & look->refused && !bus_misdirect(look))
		look->is_broken = 1;
	look->is_read = 0;
	look->start = 0;
	look->skip = look->size;
	return look->is_broken;
}

static long bus_step(__u32 index, struct bus_look *look)
{
	if (bus_step_once(look))
		return 1;
	return look->is_read && bus_message_once(look);
}

/* Labels that may be handed to nobody, as far as that can be said without a record. */
static __always_inline __u64 bus_refusable(__u64 labels)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	struct hf_bank *bank = bank_get();
	const struct hf_channel_masks *masks;

	if (!bank)
		return labels;
	masks = &bank->channels[HF_CHANNEL_PASS];
	return labels & (masks->block | masks->warn) & ~(gates ? gates->rehearse : 0);
}

/* Of what was found in a send: what is refused, and what the bus is to know of. */
VERIFIED_ONCE int bus_judge_once(struct hf_bus_end *end, __u8 found, __u64 labels)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.operation = HF_OPERATION_SEND,
		.labels = labels,
	};
	bool has_content = found & BUS_FOUND_CONTENT;
	__u8 refused = 0;

	if (!end)
		return found;
	if (found & BUS_FOUND_ORDER)
		act.reason = HF_REASON_UNFOLLOWED;
	if (found && judge(&act))
		refused = found & BUS_FOUND_ORDER ? BUS_FOUND_ORDER | BUS_FOUND_CONTENT
						  : BUS_FOUND_CONTENT;
	/* With a reason, or in rehearsal, what is asked for once more is no other answer. */
	if (has_content && !(found & BUS_FOUND_ORDER)) {
		end->judged = labels;
		end->refused = refused ? bus_refusable(labels) : 0;
	} else if (end->judged != labels) {
		end->refused = bus_refusable(labels);
	}
	return refused;
}

/* One send: what is looked for in it, and what was found. */
struct bus_finding {
	__u8 wanted; /* BUS_FOUND_* */
	__u8 refused;
	__u8 found;
	__u8 capture; /* enum hf_screen_method */
	__u8 is_direct;
	__u8 is_broken; /* not understood: it may be all that is wanted */
	__u8 pad[2];
};

/* All messages; those that are refused are made ones to nobody. Apart from the verdict: the stack is short. */
static __noinline void bus_look_through(
	struct hf_bus_end *end, struct msghdr *msg, __u64 size, struct bus_finding *finding)
{
	struct bus_look look = {
		.bus = end->name.bus,
		.is_direct = finding->is_direct,
		.wanted = finding->wanted,
		.refused = finding->refused,
	};

	bus_look_at(&look, msg, &end->in);
	repeat(BUS_STEPS, bus_step, &look);
	finding->found = look.found;
	finding->capture = look.capture;
	finding->is_broken = !bus_is_understood(&look);
	if (!finding->is_broken) {
		bus_stream_plan(&end->in, &look, size, look.skip);
		return;
	}
	finding->found |= look.wanted & (look.is_direct ? BUS_FOUND_ORDER
							: BUS_FOUND_CONTENT | BUS_FOUND_CAPTURE);
	finding->capture = HF_SCREEN_UNREAD;
}

/* BUS_FOUND_* that are refused. */
static __always_inline __u8 bus_judge(
	struct hf_bus_end *end, const struct bus_finding *finding, __u64 labels)
{
	struct capture capture = {.method = finding->capture};
	__u8 refused = 0;

	if (labels)
		refused = bus_judge_once(end, finding->found & ~BUS_FOUND_CAPTURE, labels);
	if (finding->found & BUS_FOUND_CAPTURE && screen_judge(&capture))
		refused |= BUS_FOUND_CAPTURE;
	return refused;
}

/*
 * Current sends to a bus or a manager, who holds this end; labels are its own, or none. 0 or -EPERM.
 */
static __noinline int bus_send(struct sock *to, struct msghdr *msg, __u64 labels, __u64 size)
{
	struct hf_carried *carried = socket_state(to, 0);
	struct bus_finding finding = {};
	struct hf_bus_end *end;

	if (!carried || !(carried->flags & HF_CARRIED_BY_MESSAGES))
		return 0;
	finding.is_direct = !(carried->flags & HF_CARRIED_BUS);
	if (labels)
		finding.wanted = BUS_FOUND_CONTENT | BUS_FOUND_ORDER;
	if (!finding.is_direct && screen_is_watched())
		finding.wanted |= BUS_FOUND_CAPTURE;
	if (!finding.wanted)
		return 0;
	end = bus_end(to, BPF_SK_STORAGE_GET_F_CREATE);
	if (!end)
		return -EPERM;
	bus_look_through(end, msg, size, &finding);
	finding.refused = bus_judge(end, &finding, labels);
	if (!finding.refused)
		return 0;
	if (!finding.is_broken)
		bus_look_through(end, msg, size, &finding);
	return finding.is_broken ? -EPERM : 0;
}

#endif
#endif
