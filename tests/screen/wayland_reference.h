/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second opinion on what a Wayland client sends, written from the protocols and not from the kernel
 * part (bpf/wayland_message.h): it has the whole stream at hand, and no limit on objects.
 */
#ifndef HOLDFAST_TESTS_WAYLAND_REFERENCE_H
#define HOLDFAST_TESTS_WAYLAND_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAYLAND_NEVER SIZE_MAX

struct wayland_opinion {
	size_t captured; /* bytes after which a capture is asked for; WAYLAND_NEVER: none is */
	bool is_lost;	 /* there, as no request is that short */
	size_t objects;	 /* the most that could capture at a time */
};

/* What is to be said of the first capture. */
void wayland_reference(const uint8_t *stream, size_t size, struct wayland_opinion *ret_opinion);

#endif
