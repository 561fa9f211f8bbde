/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Wayland client could send, made up from bytes: requests that capture between others, objects
 * that come and go, names that only begin alike, sizes that fit nothing; and where it is cut.
 */
#ifndef HOLDFAST_TESTS_WAYLAND_STREAM_H
#define HOLDFAST_TESTS_WAYLAND_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAYLAND_STREAM_MAX 65536
#define WAYLAND_CUTS_MAX   512

/* The bytes that decide, used up one by one; when they are, all is 0. Borrowed. */
struct wayland_choice {
	const uint8_t *bytes;
	size_t left;
	bool has_many; /* numbers of objects; set here */
};

struct wayland_stream {
	uint8_t bytes[WAYLAND_STREAM_MAX];
	size_t size;
	size_t cuts[WAYLAND_CUTS_MAX]; /* sizes of the pieces; together all of it */
	size_t cut_count;
};

void wayland_stream_make(struct wayland_choice *choice, struct wayland_stream *ret_stream);

#endif
