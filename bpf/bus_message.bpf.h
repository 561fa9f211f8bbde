/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * D-Bus messages in what a program sends, one behind the other: what each says in its header, and
 * where the next begins. "D-Bus Specification", message protocol. Owns no decision.
 *
 * The memory is the sender's: of a message bus it is as it says, of others it is for their good. A
 * header must lie whole in one piece, as libdbus, GDBus and sd-bus make them (dbus-broker does not).
 */
#ifndef HOLDFAST_BPF_BUS_MESSAGE_H
#define HOLDFAST_BPF_BUS_MESSAGE_H

#include "message.bpf.h"

#ifndef HF_BASELINE /* bpf_loop() is needed */

#define BUS_STEPS      8192	  /* header fields, and pieces of memory, looked at in one send */
#define BUS_SIZE_MAX   (1u << 27) /* of a message: the specification's */
#define BUS_TEXT_MAX   512
#define BUS_HEADER_MAX 512 /* a longer one counts as content: paths may be as long as messages */

#define BUS_CALL   1 /* types of messages */
#define BUS_SIGNAL 4
#define BUS_NO_TYPE \
	0x7f /* "unknown types must be ignored"; dbus-daemon sends on none without destination */

#define BUS_FIELD_INTERFACE   2
#define BUS_FIELD_MEMBER      3
#define BUS_FIELD_DESTINATION 6
#define BUS_FIELD_SENDER      7

struct bus_header {
	__u8 order; /* 'l' or 'B' */
	__u8 type;
	__u8 flags;
	__u8 version;
	__u32 body;
	__u32 serial;
	__u32 fields;
};

/* A field whose type is one letter, as all those that there are. */
struct bus_field {
	__u8 code;
	__u8 letters;
	__u8 letter;
	__u8 end;
	union {
		__u32 value;
		__u8 length;
	};
};

struct bus_look {
	struct pieces pieces;
	__u64 skip;   /* bytes up to the next message */
	__u64 first;  /* from the beginning to the end of the first message */
	__u64 start;  /* user address of the message at hand; 0: between two */
	__u64 header; /* its bytes without padding */
	__u64 field;  /* offset of the next one */
	__u64 size;   /* of all of it */
	__u64 member; /* user addresses of the texts; 0: not in it */
	__u64 interface;
	__u64 destination;
	__u64 sender;
	__u64 bus; /* hf_bus_key */
	__u32 interface_size;
	__u32 destination_size;
	__u32 sender_size;
	__u32 body;
	__u8 type;
	__u8 is_swapped;
	__u8 is_read; /* the header: it is time to decide */
	__u8 is_broken;
	__u8 is_direct; /* between two programs, no bus */
	__u8 wanted;	/* BUS_FOUND_* that are looked for, see bus.bpf.h */
	__u8 found;
	__u8 refused;
	__u8 capture; /* enum hf_screen_method of BUS_FOUND_CAPTURE */
	__u8 pad[7];
};

/* Words of the handshake: no byte below 9 (a message's header has some) and none above 127. */
VERIFIED_ONCE int bus_is_text(__u64 at, __u64 size)
{
	if (size > BUS_TEXT_MAX)
		return 0;
	for (__u64 i = 0; i < BUS_TEXT_MAX; i += 8) {
		__u64 word = 0x2020202020202020ull, left = size - i;

		if (i >= size)
			return 1;
		barrier_var(left); /* the bound must be on the very register that is used */
		if (left > sizeof(word))
			left = sizeof(word);
		if (bpf_probe_read_user(&word, left, (const void *)(at + i)))
			return 0;
		if ((word | ((word - 0x0909090909090909ull) & ~word)) & 0x8080808080808080ull)
			return 0;
	}
	return 1;
}

static __always_inline __u32 bus_number(const struct bus_look *look, __u32 number)
{
	return look->is_swapped ? __builtin_bswap32(number) : number;
}

static __always_inline int bus_break(struct bus_look *look)
{
	look->is_broken = 1;
	return 1;
}

/* A message begins here, or else words of the handshake do. */
static __always_inline int bus_begin(struct bus_look *look)
{
	struct bus_header header = {};
	__u64 at = look->pieces.at, left = look->pieces.left;
	__u32 fields;

	if (bpf_probe_read_user(&header, 4, (const void *)at))
		return bus_break(look);
	if (left < sizeof(header) || header.version != 1 ||
		(header.order != 'l' && header.order != 'B')) {
		look->skip = header.order ? left : 1; /* the handshake begins with a NUL */
		if (!header.order || (look->is_direct && header.order == '{'))
			return 0; /* varlink, of service managers too, is no bus */
		return bus_is_text(at, left) ? 0 : bus_break(look);
	}
	if (bpf_probe_read_user(&header, sizeof(header), (const void *)at))
		return bus_break(look);
	look->is_swapped = header.order == 'B';
	look->type = header.type;
	look->body = bus_number(look, header.body);
	fields = bus_number(look, header.fields);
	if (fields > BUS_SIZE_MAX || look->body > BUS_SIZE_MAX)
		return bus_break(look);
	look->start = at;
	look->field = sizeof(header);
	look->header = sizeof(header) + fields;
	look->size = ((look->header + 7) & ~7ull) + look->body;
	look->member = look->interface = look->destination = look->sender = 0;
	look->destination_size = look->sender_size = 0;
	if (!look->first)
		look->first = look->size;
	return look->header > left ? bus_break(look) : 0;
}

static __always_inline int bus_field(struct bus_look *look)
{
	__u64 at = look->start + look->field, text = at + sizeof(struct bus_field), next;
	struct bus_field field = {};
	__u32 value;

	if (look->field >= look->header) {
		look->is_read = 1;
		return 0;
	}
	if (bpf_probe_read_user(&field, sizeof(field), (const void *)at))
		return bus_break(look);
	if (field.letters != 1 || field.end)
		return bus_break(look); /* there are none */
	value = bus_number(look, field.value);
	next = look->field + sizeof(field);
	if (field.letter == 's' || field.letter == 'o')
		next += (__u64)value + 1;
	else if (field.letter == 'g')
		next += field.length - 2;
	else if (field.letter != 'u')
		return bus_break(look);
	look->field = (next + 7) & ~7ull;
	if (next > look->header)
		return bus_break(look);
	switch (field.code) {
	case BUS_FIELD_INTERFACE:
		look->interface = text;
		look->interface_size = value;
		break;
	case BUS_FIELD_MEMBER:
		look->member = text;
		break;
	case BUS_FIELD_DESTINATION:
		look->destination = text;
		look->destination_size = value;
		break;
	case BUS_FIELD_SENDER:
		look->sender = text;
		look->sender_size = value;
		break;
	default:
		break;
	}
	return 0;
}

/* One field, one header, or one piece of memory. Returns 1 to stop. */
VERIFIED_ONCE int bus_step_once(struct bus_look *look)
{
	struct pieces *pieces;

	if (!look)
		return 1;
	if (look->start)
		return bus_field(look);
	pieces = &look->pieces;
	if (look->skip >= pieces->left) {
		look->skip -= pieces->left;
		pieces->left = 0;
		if (!pieces->more)
			return 1;
		pieces_next(pieces);
		return 0;
	}
	pieces->at += look->skip;
	pieces->left -= look->skip;
	look->skip = 0;
	return bus_begin(look);
}

/* The first bytes of a name, behind it zeros. False when it can't be read. */
static __always_inline bool bus_text(__u64 at, __u64 size, __u64 ret_text[4])
{
	barrier_var(size); /* the bound must be on the very register that is used */
	if (size > 32)
		size = 32;
	return at && size && !bpf_probe_read_user(ret_text, size, (const void *)at);
}

static __always_inline bool bus_has_content(const struct bus_look *look)
{
	return look->body || look->header > BUS_HEADER_MAX;
}

static __always_inline void bus_look_at(
	struct bus_look *look, struct msghdr *msg, const struct hf_bus_stream *stream)
{
	pieces_of(msg, &look->pieces);
	look->skip = look->first = stream->owed;
	look->start = 0;
	look->is_read = look->is_broken = 0;
	if (!look->pieces.at) /* not in memory that can be looked at */
		look->is_broken = 1;
}

/* Everything was looked at, and understood. */
static __always_inline bool bus_is_understood(const struct bus_look *look)
{
	return !look->is_broken && !look->start && !look->pieces.left && !look->pieces.more;
}

/* So much of it is about to be sent. */
static __always_inline void bus_stream_plan(
	struct hf_bus_stream *stream, const struct bus_look *look, __u64 whole, __u64 over)
{
	stream->first = look->first;
	stream->over = over;
	stream->whole = whole;
}

/* And so much of it was. */
static __always_inline void bus_stream_sent(struct hf_bus_stream *stream, __u64 sent)
{
	__u64 whole = stream->whole;

	stream->whole = 0;
	if (!whole)
		return;
	if (sent >= whole)
		stream->owed = stream->over;
	else /* several at once, and cut: no program does that */
		stream->owed = sent <= stream->first ? stream->first - sent : 0;
}

#endif
#endif
