/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel part's parser finds in a stream what the reference finds there, however it is cut. */
#ifndef HOLDFAST_TESTS_WAYLAND_COMPARE_H
#define HOLDFAST_TESTS_WAYLAND_COMPARE_H

#include <stdbool.h>

#include "tests/screen/wayland_reference.h"
#include "tests/screen/wayland_stream.h"

/* *ret_opinion is the reference's, also when they differ. */
bool wayland_agrees(const struct wayland_stream *stream, struct wayland_opinion *ret_opinion);

#endif
