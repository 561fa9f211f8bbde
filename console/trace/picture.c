/* SPDX-License-Identifier: Apache-2.0 */
#include "console/trace/picture.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

#include <jpeglib.h> /* wants stdio.h before it */

#include "common/cleanup.h"
#include "watermark/residual.h"

#define RED   77 /* BT.601, of 256 */
#define GREEN 150
#define BLUE  29

static int size_check(size_t width, size_t height)
{
	if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX ||
		width * height > PICTURE_PIXELS_MAX)
		return -EFBIG;
	return width < RESIDUAL_SIDE_MIN || height < RESIDUAL_SIDE_MIN ? -ERANGE : 0;
}

static int picture_make(size_t width, size_t height, struct picture *picture)
{
	int r = size_check(width, height);

	if (r < 0)
		return r;
	picture->width = (unsigned int)width;
	picture->height = (unsigned int)height;
	picture->luma = malloc(width * height);
	return picture->luma ? 0 : -ENOMEM;
}

void picture_done(struct picture *picture)
{
	free(picture->luma);
	*picture = (struct picture){0};
}

/* Whatever of colours and depths it has, libpng makes it grey; what is transparent lies on white. */
static int png_decode(const uint8_t *bytes, size_t size, struct picture *picture)
{
	static const png_color white = {255, 255, 255};
	png_image image = {.version = PNG_IMAGE_VERSION};
	int r;

	if (!png_image_begin_read_from_memory(&image, bytes, size))
		return -EBADMSG;
	r = picture_make(image.width, image.height, picture);
	image.format = PNG_FORMAT_GRAY;
	if (r == 0 && !png_image_finish_read(&image, &white, picture->luma, 0, NULL))
		r = -EBADMSG;
	png_image_free(&image);
	return r;
}

struct jpeg_errors {
	struct jpeg_error_mgr manager;
	jmp_buf back;
};

static _Noreturn void on_jpeg_error(j_common_ptr common)
{
	longjmp(((struct jpeg_errors *)(void *)common->err)->back, 1);
}

static void on_jpeg_words(j_common_ptr common, int level)
{
	(void)common;
	(void)level; /* a cut file is read as far as it goes */
}

/* Between the returns of setjmp(3) nothing is kept but what common leads to. */
static int jpeg_rows(struct jpeg_decompress_struct *jpeg, const uint8_t *bytes, size_t size,
	struct picture *picture)
{
	int r;

	jpeg_mem_src(jpeg, bytes, size);
	if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK)
		return -EBADMSG;
	r = picture_make(jpeg->image_width, jpeg->image_height, picture);
	if (r < 0)
		return r;
	jpeg->out_color_space = JCS_GRAYSCALE;
	if (!jpeg_start_decompress(jpeg) || jpeg->output_width != picture->width ||
		jpeg->output_height != picture->height || jpeg->output_components != 1)
		return -EBADMSG;
	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW row = picture->luma + (size_t)jpeg->output_scanline * picture->width;

		if (jpeg_read_scanlines(jpeg, &row, 1) != 1)
			return -EBADMSG;
	}
	return 0;
}

static int jpeg_decode(const uint8_t *bytes, size_t size, struct picture *picture)
{
	struct jpeg_decompress_struct jpeg = {0};
	struct jpeg_errors errors;
	volatile int r = -EBADMSG;

	jpeg.err = jpeg_std_error(&errors.manager);
	errors.manager.error_exit = on_jpeg_error;
	errors.manager.emit_message = on_jpeg_words;
	if (setjmp(errors.back) == 0) {
		jpeg_create_decompress(&jpeg);
		r = jpeg_rows(&jpeg, bytes, size, picture);
	}
	jpeg_destroy_decompress(&jpeg);
	return r;
}

static int webp_decode(const uint8_t *bytes, size_t size, struct picture *picture)
{
	WebPBitstreamFeatures features;
	uint8_t *colours;
	int width, height, r;

	if (WebPGetFeatures(bytes, size, &features) != VP8_STATUS_OK)
		return -EBADMSG;
	r = picture_make((size_t)features.width, (size_t)features.height, picture);
	if (r < 0)
		return r;
	colours = WebPDecodeRGB(bytes, size, &width, &height);
	if (!colours)
		return -EBADMSG;
	for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
		picture->luma[i] = (uint8_t)((RED * colours[3 * i] + GREEN * colours[3 * i + 1] +
						     BLUE * colours[3 * i + 2] + 128) >>
					     8);
	WebPFree(colours);
	return 0;
}

static bool begins(const uint8_t *bytes, size_t size, const char *with, size_t length)
{
	return size >= length && !memcmp(bytes, with, length);
}

int picture_decode(const uint8_t *bytes, size_t size, struct picture *ret_picture)
{
	auto_call(picture_done) struct picture picture = {0};
	int r = -EPROTONOSUPPORT;

	if (begins(bytes, size, "\x89PNG\r\n\x1a\n", 8))
		r = png_decode(bytes, size, &picture);
	else if (begins(bytes, size, "\xff\xd8\xff", 3))
		r = jpeg_decode(bytes, size, &picture);
	else if (begins(bytes, size, "RIFF", 4) && size >= 12 && !memcmp(bytes + 8, "WEBP", 4))
		r = webp_decode(bytes, size, &picture);
	if (r < 0)
		return r;
	*ret_picture = picture;
	picture.luma = NULL;
	return 0;
}
