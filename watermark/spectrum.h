/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power spectrum of a residual, and the floor it stands on: a mark is lines above the floor.
 * Frequencies are in cycles per pixel of the residual, which is two of the picture.
 */
#ifndef HOLDFAST_WATERMARK_SPECTRUM_H
#define HOLDFAST_WATERMARK_SPECTRUM_H

#include "watermark/plane.h"

struct spectrum {
	unsigned int width, height; /* of the transform: as many bins in a cycle per pixel */
	/* (width / 2 + 1) by height, negative frequencies along y behind the positive ones */
	struct plane floor;	   /* power of what is no line */
	struct plane height_above; /* power over floor, capped: no single line decides */
};

#define SPECTRUM_CAP 12.0f

/* -ENOMEM. */
int spectrum_make(const struct plane *residual, struct spectrum *ret_spectrum);
void spectrum_done(struct spectrum *spectrum);

/* At a frequency, between bins; 0 beyond the highest. */
float spectrum_line(const struct spectrum *spectrum, float x, float y);
/* Power that noise has there. */
float spectrum_noise(const struct spectrum *spectrum, float x, float y);

#endif
