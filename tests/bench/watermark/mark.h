/* SPDX-License-Identifier: Apache-2.0 */
/* Marks a screen as the agent's overlay does, and asks the decoder as the console does. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_MARK_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_MARK_H

#include <cairo/cairo.h>
#include <stdbool.h>

#include "tests/bench/watermark/image.h"
#include "watermark/payload.h"

struct mark_keys {
	struct watermark_key own, other; /* of two tenants */
};

void mark_keys_init(struct mark_keys *keys, uint64_t seed);

/* Lays the overlay of this subject and minute over it. */
void mark_lay(cairo_surface_t *screen, const struct watermark_key *key,
	const struct watermark_payload *payload, unsigned int strength);

struct mark_answer {
	bool is_found;
	struct watermark_payload payload;
	float confidence;
	double seconds; /* of processor time, without the file's decoding */
};

struct mark_answer mark_ask(const struct image *image, const struct watermark_key *key);
struct mark_answer mark_ask_luma(const uint8_t *luma, unsigned int width, unsigned int height,
	const struct watermark_key *key);

double mark_seconds(void); /* of processor time, of this process */

#endif
