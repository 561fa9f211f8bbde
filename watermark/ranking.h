/* SPDX-License-Identifier: Apache-2.0 */
/* The best few of many, best first, in an array of the caller's. */
#ifndef HOLDFAST_WATERMARK_RANKING_H
#define HOLDFAST_WATERMARK_RANKING_H

#include <stddef.h>

struct ranking {
	void *items;  /* borrowed, room for most of them */
	size_t size;  /* of one, in bytes, */
	size_t score; /* and where in it its score is, a float */
	unsigned int most;
};

/* Behind those that are as good; a worse one than all of a full ranking stays out. item is copied. */
void ranking_insert(const struct ranking *ranking, unsigned int *count, const void *item);
/* at is less than *count. */
void ranking_remove(const struct ranking *ranking, unsigned int *count, unsigned int at);

#endif
