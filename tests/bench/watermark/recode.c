/* SPDX-License-Identifier: Apache-2.0 */
/* What files do to pixels: JPEG, and the 256 colours of a GIF. */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h> /* wants stdio.h before it */

#include "common/cleanup.h"
#include "tests/bench/watermark/attack.h"

#define COLOURS 256
#define CUBE	32 /* colours are sorted by their first five bits */

static unsigned char *jpeg_encode(const struct image *image, int quality, unsigned long *ret_size)
{
	struct jpeg_compress_struct jpeg = {0};
	struct jpeg_error_mgr errors;
	unsigned char *bytes = NULL;

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &bytes, ret_size);
	jpeg.image_width = image->width;
	jpeg.image_height = image->height;
	jpeg.input_components = 3;
	jpeg.in_color_space = JCS_RGB;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, quality, TRUE);
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < jpeg.image_height) {
		JSAMPROW row = image_pixel(image, 0, jpeg.next_scanline);

		(void)jpeg_write_scanlines(&jpeg, &row, 1); /* to memory: all or its exit */
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	return bytes;
}

struct image jpeg_again(const struct image *image, int quality)
{
	struct image to = image_new(image->width, image->height);
	struct jpeg_decompress_struct jpeg = {0};
	struct jpeg_error_mgr errors;
	unsigned long size = 0;
	auto_free unsigned char *bytes = jpeg_encode(image, quality, &size);

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, bytes, size);
	(void)jpeg_read_header(&jpeg, TRUE); /* our own: whole, or its exit */
	jpeg.out_color_space = JCS_RGB;
	(void)jpeg_start_decompress(&jpeg);
	while (jpeg.output_scanline < jpeg.output_height) {
		JSAMPROW row = image_pixel(&to, 0, jpeg.output_scanline);

		(void)jpeg_read_scanlines(&jpeg, &row, 1);
	}
	(void)jpeg_finish_decompress(&jpeg);
	jpeg_destroy_decompress(&jpeg);
	return to;
}

/* A box of the colour cube, and what of the picture is in it. */
struct box {
	unsigned int from[3], to[3];
	uint64_t count;
};

static uint32_t tally[CUBE][CUBE][CUBE];

static uint64_t count_in(const struct box *box)
{
	uint64_t count = 0;

	for (unsigned int r = box->from[0]; r < box->to[0]; r++)
		for (unsigned int g = box->from[1]; g < box->to[1]; g++)
			for (unsigned int b = box->from[2]; b < box->to[2]; b++)
				count += tally[r][g][b];
	return count;
}

/* At the middle of what is in it, along its longest side. False: it is one colour. */
static bool split(struct box *box, struct box *ret_other)
{
	unsigned int side = 0;
	struct box half;

	for (unsigned int i = 1; i < 3; i++)
		if (box->to[i] - box->from[i] > box->to[side] - box->from[side])
			side = i;
	if (box->to[side] - box->from[side] < 2)
		return false;
	half = *box;
	half.to[side] = half.from[side] + 1;
	while (half.to[side] + 1 < box->to[side] && 2 * count_in(&half) < box->count)
		half.to[side]++;
	half.count = count_in(&half);
	*ret_other = *box;
	ret_other->from[side] = half.to[side];
	ret_other->count = box->count - half.count;
	*box = half;
	return true;
}

static unsigned int cut_boxes(struct box boxes[COLOURS], uint64_t pixels)
{
	unsigned int count = 1;

	boxes[0] = (struct box){{0, 0, 0}, {CUBE, CUBE, CUBE}, pixels};
	while (count < COLOURS) {
		struct box *fullest = NULL;

		for (unsigned int i = 0; i < count; i++) {
			const struct box *box = &boxes[i];
			bool is_one = box->to[0] - box->from[0] == 1 &&
				      box->to[1] - box->from[1] == 1 &&
				      box->to[2] - box->from[2] == 1;

			if (!is_one && box->count > 0 && (!fullest || box->count > fullest->count))
				fullest = &boxes[i];
		}
		if (!fullest || !split(fullest, &boxes[count]))
			break;
		count++;
	}
	return count;
}

/* Each box's mean colour, and for each place of the cube the box that it is in. */
static void fill_palette(const struct image *image, const struct box *boxes, unsigned int count,
	uint8_t ret_palette[COLOURS][3], uint8_t ret_box[CUBE][CUBE][CUBE])
{
	uint64_t sums[COLOURS][4] = {0};

	for (unsigned int i = 0; i < count; i++)
		for (unsigned int r = boxes[i].from[0]; r < boxes[i].to[0]; r++)
			for (unsigned int g = boxes[i].from[1]; g < boxes[i].to[1]; g++)
				memset(&ret_box[r][g][boxes[i].from[2]], (int)i,
					boxes[i].to[2] - boxes[i].from[2]);
	for (size_t i = 0; i < (size_t)image->width * image->height; i++) {
		const uint8_t *pixel = image->at + 3 * i;
		uint64_t *sum = sums[ret_box[pixel[0] / 8][pixel[1] / 8][pixel[2] / 8]];

		for (unsigned int j = 0; j < 3; j++)
			sum[j] += pixel[j];
		sum[3]++;
	}
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int j = 0; j < 3; j++)
			ret_palette[i][j] = (uint8_t)(sums[i][3] ? sums[i][j] / sums[i][3] : 0);
}

/* Floyd and Steinberg's. */
static void diffuse(struct image *image, uint8_t palette[COLOURS][3], uint8_t box[CUBE][CUBE][CUBE])
{
	size_t row = (size_t)(image->width + 2) * 3;
	auto_free int *errors = calloc(2 * row, sizeof(*errors));

	if (!errors)
		err(1, "gif");
	for (unsigned int y = 0; y < image->height; y++) {
		int *here = errors + (y % 2) * row, *below = errors + ((y + 1) % 2) * row;

		memset(below, 0, row * sizeof(*below));
		for (unsigned int x = 0; x < image->width; x++) {
			uint8_t *pixel = image_pixel(image, x, y), wanted[3];
			const uint8_t *colour;

			for (unsigned int j = 0; j < 3; j++)
				wanted[j] = image_level(pixel[j] + here[3 * (x + 1) + j] / 16.0);
			colour = palette[box[wanted[0] / 8][wanted[1] / 8][wanted[2] / 8]];
			for (unsigned int j = 0; j < 3; j++) {
				int missed = wanted[j] - colour[j];

				here[3 * (x + 2) + j] += 7 * missed;
				below[3 * x + j] += 3 * missed;
				below[3 * (x + 1) + j] += 5 * missed;
				below[3 * (x + 2) + j] += missed;
				pixel[j] = colour[j];
			}
		}
	}
}

struct image gif_again(const struct image *image)
{
	static uint8_t palette[COLOURS][3], box[CUBE][CUBE][CUBE];
	struct image to = image_new(image->width, image->height);
	size_t pixels = (size_t)image->width * image->height;
	struct box boxes[COLOURS];
	unsigned int count;

	memset(tally, 0, sizeof(tally));
	memcpy(to.at, image->at, 3 * pixels);
	for (size_t i = 0; i < pixels; i++)
		tally[to.at[3 * i] / 8][to.at[3 * i + 1] / 8][to.at[3 * i + 2] / 8]++;
	count = cut_boxes(boxes, pixels);
	fill_palette(image, boxes, count, palette, box);
	diffuse(&to, palette, box);
	return to;
}
