/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames on SOCK_SEQPACKET sockets: one packet is one frame is one message. A frame begins with
 * {version u16, type u16, size of the payload u32}, little-endian.
 */
#ifndef HOLDFAST_COMMON_WIRE_H
#define HOLDFAST_COMMON_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

#define WIRE_VERSION	 1
#define WIRE_HEADER_SIZE 8
#define WIRE_FRAME_MAX	 131072 /* bytes; a whole struct hf_bank fits */
#define WIRE_PAYLOAD_MAX (WIRE_FRAME_MAX - WIRE_HEADER_SIZE)

/* Begins a frame in buffer; the payload follows with bytes_put_*(). */
void wire_begin(struct bytes_writer *writer, void *buffer, size_t size, uint16_t type);
/* Sets the size. Bytes of the frame, or -EMSGSIZE when something did not fit. */
int wire_end(struct bytes_writer *writer);
/*
 * Checks a packet and sets reader to its payload. -EBADMSG on any other size than announced,
 * -EPROTONOSUPPORT on another version.
 */
int wire_open(
	const void *packet, size_t size, uint16_t *ret_type, struct bytes_reader *ret_payload);

#endif
