/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Wayland clients send when they capture, as recorded of real ones, and when they do not: what the
 * kernel part's parser and the reference say of it.
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/cdefs.h>

#include "bpf/wayland_message.h"
#include "tests/screen/wayland_compare.h"
#include "tests/screen/wayland_kernel.h"

#define STREAMS	     5000
#define CHOICES_MAX  1500
#define CAPTURES_MIN 1000 /* of the streams */

struct sent {
	uint8_t bytes[1024];
	size_t size;
};

static void put(struct sent *sent, uint32_t number)
{
	memcpy(sent->bytes + sent->size, &number, sizeof(number));
	sent->size += sizeof(number);
}

static void request(struct sent *sent, uint32_t id, uint32_t opcode, unsigned int count,
	const uint32_t arguments[])
{
	put(sent, id);
	put(sent, opcode | (8 + 4 * count) << 16);
	for (unsigned int i = 0; i < count; i++)
		put(sent, arguments[i]);
}

#define REQUEST(sent, id, opcode, ...) \
	request(sent, id, opcode, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

/* size counts the NUL, and what is behind it. */
static void bind_sized(struct sent *sent, const char *name, size_t size, uint32_t id)
{
	size_t padded = (size + 3) & ~(size_t)3;

	put(sent, 2);
	put(sent, (uint32_t)(24 + padded) << 16);
	put(sent, 9);
	put(sent, (uint32_t)size);
	strcpy((char *)sent->bytes + sent->size, name);
	sent->size += padded;
	put(sent, 1);
	put(sent, id);
}

static void bind_global(struct sent *sent, const char *name, uint32_t id)
{
	bind_sized(sent, name, strlen(name) + 1, id);
}

static uint64_t captures_of(const struct sent *sent)
{
	struct hf_display_end client = {0};
	const struct iovec whole = {(void *)sent->bytes, sent->size};

	return wayland_kernel_copied(&client, &whole, 1);
}

static void expect_capture(const struct sent *sent, enum wayland_kind kind)
{
	struct wayland_opinion opinion;

	wayland_reference(sent->bytes, sent->size, &opinion);
	cr_expect_eq(opinion.captured, sent->size, "the last request is the one");
	cr_expect_eq(captures_of(sent), wayland_bit(kind));
}

static void expect_none(const struct sent *sent)
{
	struct wayland_opinion opinion;

	wayland_reference(sent->bytes, sent->size, &opinion);
	cr_expect_eq(opinion.captured, WAYLAND_NEVER);
	cr_expect_eq(captures_of(sent), 0);
}

static void begin(struct sent *sent)
{
	REQUEST(sent, 1, 1, 2);
	bind_global(sent, "wl_shm", 4);
	bind_global(sent, "wl_output", 7);
}

Test(wayland, grim)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "zwlr_screencopy_manager_v1", 6);
	REQUEST(&sent, 6, 0, 8, 0, 7);
	REQUEST(&sent, 4, 0, 9, 256000);
	expect_none(&sent); /* a panel may go on from here */
	REQUEST(&sent, 8, 0, 10);
	expect_capture(&sent, WAYLAND_SCREENCOPY_FRAME);
}

Test(wayland, ext_image_copy_capture)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "ext_image_copy_capture_manager_v1", 6);
	REQUEST(&sent, 6, 0, 8, 5, 0);
	REQUEST(&sent, 8, 0, 9);
	REQUEST(&sent, 9, 1, 10);
	expect_none(&sent);
	put(&sent, 9);
	put(&sent, 3 | 8 << 16);
	expect_capture(&sent, WAYLAND_EXT_FRAME);
}

Test(wayland, export_of_buffers_captures_at_once)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "zwlr_export_dmabuf_manager_v1", 6);
	REQUEST(&sent, 6, 0, 8, 0, 7);
	expect_capture(&sent, WAYLAND_DMABUF);
}

Test(wayland, weston)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "weston_screenshooter", 5);
	REQUEST(&sent, 5, 0, 7, 8);
	expect_capture(&sent, WAYLAND_WESTON);
}

Test(wayland, weston_s_later_protocol)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "weston_capture_v1", 5);
	REQUEST(&sent, 5, 1, 7, 1, 9);
	REQUEST(&sent, 9, 1, 8);
	expect_capture(&sent, WAYLAND_WESTON_SOURCE);
}

Test(wayland, what_is_behind_the_nul_of_a_name_does_not_count)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_sized(&sent, "zwlr_screencopy_manager_v1", 90, 6);
	REQUEST(&sent, 6, 1, 8, 0, 7, 0, 0, 1, 1);
	REQUEST(&sent, 8, 2, 10);
	expect_capture(&sent, WAYLAND_SCREENCOPY_FRAME);
}

Test(wayland, names_that_only_begin_alike)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "hyprland_toplevel_mapping_manager_v1", 6);
	bind_global(&sent, "weston_desktop_shell", 5);
	REQUEST(&sent, 6, 0, 8, 0);
	REQUEST(&sent, 8, 0, 10);
	REQUEST(&sent, 5, 0, 10);
	expect_none(&sent);
}

Test(wayland, a_number_is_another_object_s_after_its_end)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	bind_global(&sent, "zwlr_screencopy_manager_v1", 6);
	REQUEST(&sent, 6, 0, 8, 0, 7);
	put(&sent, 8);
	put(&sent, 1 | 8 << 16);
	REQUEST(&sent, 8, 0, 10);
	expect_none(&sent);
}

/* More objects than are remembered: each request of another one counts. */
Test(wayland, too_many_objects)
{
	struct sent sent = {.size = 0};

	bind_global(&sent, "zwlr_screencopy_manager_v1", 6);
	for (uint32_t id = 100; id < 100 + HF_WAYLAND_OBJECTS; id++)
		REQUEST(&sent, 6, 0, id, 0, 7);
	expect_none(&sent);
	REQUEST(&sent, 99 + HF_WAYLAND_OBJECTS, 0, 10);
	expect_capture(&sent, WAYLAND_NONE);
}

/* Nothing more is known of them when the others have ended. */
Test(wayland, too_many_objects_that_end)
{
	struct sent sent = {.size = 0};

	bind_global(&sent, "zwlr_screencopy_manager_v1", 6);
	for (uint32_t id = 100; id < 100 + HF_WAYLAND_OBJECTS; id++)
		REQUEST(&sent, 6, 0, id, 0, 7);
	for (uint32_t id = 100; id < 99 + HF_WAYLAND_OBJECTS; id++) {
		put(&sent, id);
		put(&sent, 1 | 8 << 16);
	}
	put(&sent, 6);
	put(&sent, 2 | 8 << 16);
	expect_none(&sent);
	REQUEST(&sent, 99 + HF_WAYLAND_OBJECTS, 0, 10);
	expect_capture(&sent, WAYLAND_NONE);
}

Test(wayland, what_is_copied_is_read_by_who_bound_its_control)
{
	struct sent sent = {.size = 0};

	begin(&sent);
	REQUEST(&sent, 0xff000001, 0, 5, 0x74786574, 0); /* "text": another's offer */
	bind_global(&sent, "zwlr_data_control_manager_v1", 6);
	REQUEST(&sent, 6, 1, 8, 7);
	put(&sent, 0xff000000); /* destroy */
	put(&sent, 1 | 8 << 16);
	expect_none(&sent);
	REQUEST(&sent, 0xff000001, 0, 5, 0x74786574, 0);
	expect_capture(&sent, WAYLAND_DATA_CONTROL);
}

Test(wayland, as_the_reference_finds_them)
{
	static struct wayland_stream stream;
	unsigned int captures = 0, lost = 0, none = 0;
	uint8_t choices[CHOICES_MAX];
	uint64_t random = 1;

	for (unsigned int i = 0; i < STREAMS; i++) {
		struct wayland_choice choice = {.bytes = choices, .left = sizeof(choices)};
		struct wayland_opinion opinion;

		for (size_t at = 0; at < sizeof(choices); at++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			choices[at] = (uint8_t)(random >> 56);
		}
		wayland_stream_make(&choice, &stream);
		cr_assert(wayland_agrees(&stream, &opinion), "stream %u", i);
		lost += opinion.is_lost;
		captures += opinion.captured != WAYLAND_NEVER && !opinion.is_lost;
		none += opinion.captured == WAYLAND_NEVER;
	}
	cr_log_info("%u capture, %u are lost, %u do neither", captures, lost, none);
	/* What was made up has all of it in it. */
	cr_assert_gt(captures, CAPTURES_MIN);
	cr_assert_gt(lost, 0u);
	cr_assert_gt(none, CAPTURES_MIN);
}
