/* SPDX-License-Identifier: Apache-2.0 */
/* What came of all screens and attacks, as a table. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_TABLE_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_TABLE_H

#include <stdbool.h>

#define TABLE_ATTACKS_MAX 32

struct outcome {
	bool is_tried, is_found, is_wrong;
	float confidence;
	double seconds;
};

struct screen_outcome {
	double psnr, ssim;
	struct outcome of[TABLE_ATTACKS_MAX];
};

/* How many wrong names there were. */
unsigned int table_print(const struct screen_outcome *outcomes, unsigned int screens);

#endif
