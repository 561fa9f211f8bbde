/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/transform.h"

#include <errno.h>
#include <fftw3.h>
#include <stdlib.h>

#include "common/cleanup.h"

_Static_assert(sizeof(struct wave) == sizeof(fftwf_complex), "they are the same two floats");

int transform_forward(const struct plane *plane, struct wave **ret_waves)
{
	size_t count = (size_t)(plane->width / 2 + 1) * plane->height;
	auto_free struct wave *waves = malloc(count * sizeof(*waves));
	fftwf_plan plan;

	if (!waves)
		return -ENOMEM;
	/* by these flags it is made without touching either, and spoils no input */
	plan = fftwf_plan_dft_r2c_2d((int)plane->height, (int)plane->width, plane->at,
		(fftwf_complex *)waves, FFTW_ESTIMATE | FFTW_UNALIGNED | FFTW_PRESERVE_INPUT);
	if (!plan)
		return -ENOMEM;
	fftwf_execute(plan);
	fftwf_destroy_plan(plan);
	*ret_waves = take_ptr(waves);
	return 0;
}

int transform_back(struct wave *waves, struct plane *ret_plane)
{
	fftwf_plan plan = fftwf_plan_dft_c2r_2d((int)ret_plane->height, (int)ret_plane->width,
		(fftwf_complex *)waves, ret_plane->at, FFTW_ESTIMATE | FFTW_UNALIGNED);

	if (!plan)
		return -ENOMEM;
	fftwf_execute(plan);
	fftwf_destroy_plan(plan);
	return 0;
}

unsigned int transform_size(unsigned int least)
{
	for (unsigned int size = least + least % 2;; size += 2) {
		unsigned int rest = size;

		while (rest % 2 == 0)
			rest /= 2;
		while (rest % 3 == 0)
			rest /= 3;
		while (rest % 5 == 0)
			rest /= 5;
		if (rest == 1)
			return size;
	}
}
