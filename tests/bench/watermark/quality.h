/* SPDX-License-Identifier: Apache-2.0 */
/* How far a marked screen is from the plain one. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_QUALITY_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_QUALITY_H

#include "tests/bench/watermark/image.h"

double quality_psnr(const struct image *plain, const struct image *marked); /* dB, of all colours */

/* Of luma, in windows of 8 x 8, every fourth pixel (Wang et al. 2004). */
double quality_ssim(const struct image *plain, const struct image *marked);

#endif
