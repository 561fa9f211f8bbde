/* SPDX-License-Identifier: Apache-2.0 */
/* A rectangle of numbers, and sums over the neighbourhood of each. */
#ifndef HOLDFAST_WATERMARK_PLANE_H
#define HOLDFAST_WATERMARK_PLANE_H

#include <stddef.h>

struct plane {
	unsigned int width, height;
	float *at; /* row by row */
};

/* All zero. -ENOMEM. */
int plane_init(struct plane *plane, unsigned int width, unsigned int height);
void plane_done(struct plane *plane); /* for auto_call() */

static inline size_t plane_size(const struct plane *plane)
{
	return (size_t)plane->width * plane->height;
}

/*
 * In place: each value becomes the sum of what is within radius of it, in both directions; beyond
 * the edges there is nothing. -ENOMEM.
 */
int plane_box(struct plane *plane, unsigned int radius);

#endif
