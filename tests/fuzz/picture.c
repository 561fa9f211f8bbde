/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A picture that somebody leaked. What must hold: what is taken has the luma of all its pixels, and no
 * more of them than are allowed.
 */
#include <assert.h>
#include <stdint.h>

#include "console/trace/picture.h"
#include "watermark/residual.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct picture picture = {7, 7, NULL};
	volatile unsigned int sum = 0;

	if (picture_decode(data, size, &picture) < 0) {
		assert(picture.width == 7 && picture.height == 7 && !picture.luma);
		return 0;
	}
	assert(picture.width >= RESIDUAL_SIDE_MIN && picture.height >= RESIDUAL_SIDE_MIN);
	assert((size_t)picture.width * picture.height <= PICTURE_PIXELS_MAX);
	sum += picture.luma[0];
	sum += picture.luma[(size_t)picture.width * picture.height - 1];
	picture_done(&picture);
	return 0;
}
