/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel part's own parser of Wayland (bpf/wayland_step.bpf.h), in user space. */
#ifndef HOLDFAST_TESTS_WAYLAND_KERNEL_H
#define HOLDFAST_TESTS_WAYLAND_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "bpf/display_state.h"

/*
 * One copy of what a client sends, in pieces: wayland_bit() of what captures in it. *client is zeroed
 * before the first. Whether it is lost: HF_END_UNREAD in its flags.
 */
uint64_t wayland_kernel_copied(
	struct hf_display_end *client, const struct iovec *pieces, size_t count);

#endif
