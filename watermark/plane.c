/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/plane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

int plane_init(struct plane *plane, unsigned int width, unsigned int height)
{
	*plane = (struct plane){
		.width = width,
		.height = height,
		.at = calloc((size_t)width * height, sizeof(float)),
	};
	return plane->at ? 0 : -ENOMEM;
}

void plane_done(struct plane *plane)
{
	free(plane->at);
	plane->at = NULL;
}

static void add_row(float *restrict sums, const float *restrict row, unsigned int width)
{
	for (unsigned int x = 0; x < width; x++)
		sums[x] += row[x];
}

static void subtract_row(float *restrict sums, const float *restrict row, unsigned int width)
{
	for (unsigned int x = 0; x < width; x++)
		sums[x] -= row[x];
}

static void box_row(const float *restrict row, unsigned int width, unsigned int radius,
	float *restrict ret_sums)
{
	double sum = 0;

	for (unsigned int x = 0; x < radius && x < width; x++)
		sum += (double)row[x];
	for (unsigned int x = 0; x < width; x++) {
		if (x + radius < width)
			sum += (double)row[x + radius];
		if (x > radius)
			sum -= (double)row[x - radius - 1];
		ret_sums[x] = (float)sum;
	}
}

int plane_box(struct plane *plane, unsigned int radius)
{
	unsigned int width = plane->width, height = plane->height;
	auto_free float *across = malloc(plane_size(plane) * sizeof(float));
	auto_free float *sums = calloc(width, sizeof(float));

	if (!across || !sums)
		return -ENOMEM;
	for (unsigned int y = 0; y < height; y++)
		box_row(plane->at + (size_t)y * width, width, radius, across + (size_t)y * width);
	for (unsigned int y = 0; y < radius && y < height; y++)
		add_row(sums, across + (size_t)y * width, width);
	for (unsigned int y = 0; y < height; y++) {
		if (y + radius < height)
			add_row(sums, across + (size_t)(y + radius) * width, width);
		if (y > radius)
			subtract_row(sums, across + (size_t)(y - radius - 1) * width, width);
		memcpy(plane->at + (size_t)y * width, sums, width * sizeof(float));
	}
	return 0;
}
