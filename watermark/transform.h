/* SPDX-License-Identifier: Apache-2.0 */
/* Two-dimensional Fourier transforms of real planes (FFTW 3), not normalised. */
#ifndef HOLDFAST_WATERMARK_TRANSFORM_H
#define HOLDFAST_WATERMARK_TRANSFORM_H

#include "watermark/plane.h"

struct wave {
	float re, im;
};

/*
 * The half with frequencies along x from 0 to width / 2: width / 2 + 1 in a row, height rows, negative
 * frequencies along y behind the positive ones. The caller frees ret_waves. -ENOMEM.
 */
int transform_forward(const struct plane *plane, struct wave **ret_waves);
/* Back from such a half, which is spoilt, to a plane of the size that ret_plane has. -ENOMEM. */
int transform_back(struct wave *waves, struct plane *ret_plane);

/* The next size that is quick, even. */
unsigned int transform_size(unsigned int least);

#endif
