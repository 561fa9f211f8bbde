/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written over screens, as the policy's [watermark] says: a text that people see, and the
 * blind mark (watermark/), which only the console can read.
 */
#ifndef HOLDFAST_POLICY_WATERMARK_H
#define HOLDFAST_POLICY_WATERMARK_H

#include <stdbool.h>
#include <stdint.h>

#define WATERMARK_ANGLE_MAX	  90
#define WATERMARK_ANGLE_DEFAULT	  (-25) /* degrees clockwise: rising */
#define WATERMARK_OPACITY_MAX	  50
#define WATERMARK_OPACITY_DEFAULT 8 /* percent */

/* Of the text's repetitions. */
enum watermark_density {
	WATERMARK_NORMAL = 0,
	WATERMARK_SPARSE = 1,
	WATERMARK_DENSE = 2,
	WATERMARK_DENSITY_MAX,
};

struct watermark_rules {
	char *text; /* with {name}, {account}, {device}, {tenant}, {time}; NULL = none is shown */
	int8_t angle, opacity;
	uint8_t density; /* enum watermark_density */
	bool is_blind;
};

#endif
