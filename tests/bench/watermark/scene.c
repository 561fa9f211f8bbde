/* SPDX-License-Identifier: Apache-2.0 */
/* What photos and films have: colours at all sizes, things with edges, and grain. */
#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/bench/watermark/screen.h"

#define OCTAVES 6
#define LATTICE 64 /* random values to a side, used again */

struct clouds {
	float value[LATTICE][LATTICE];
	float roughness; /* what each octave has of the one before */
};

struct thing {
	double x, y, radius, flatness;
	float colour[3];
};

#define THINGS 14

static float smooth(float share)
{
	return share * share * (3 - 2 * share);
}

static float clouds_at(const struct clouds *clouds, float x, float y)
{
	float sum = 0, weight = 1, total = 0;

	for (unsigned int i = 0; i < OCTAVES; i++) {
		unsigned int left = (unsigned int)x, top = (unsigned int)y;
		float a = smooth(x - (float)left), b = smooth(y - (float)top);
		const float *above = clouds->value[top % LATTICE];
		const float *below = clouds->value[(top + 1) % LATTICE];

		sum += weight * ((1 - b) * ((1 - a) * above[left % LATTICE] +
						   a * above[(left + 1) % LATTICE]) +
					b * ((1 - a) * below[left % LATTICE] +
						    a * below[(left + 1) % LATTICE]));
		total += weight;
		weight *= clouds->roughness;
		x = 2 * x + 7;
		y = 2 * y + 3;
	}
	return sum / total;
}

static void clouds_init(struct clouds *clouds, struct dice *dice)
{
	clouds->roughness = (float)dice_between(dice, 0.4, 0.75);
	for (unsigned int i = 0; i < LATTICE * LATTICE; i++)
		clouds->value[i / LATTICE][i % LATTICE] = (float)dice_between(dice, 0, 1);
}

static void things_init(struct thing things[THINGS], struct dice *dice)
{
	for (unsigned int i = 0; i < THINGS; i++)
		things[i] = (struct thing){
			.x = dice_between(dice, 0, 1),
			.y = dice_between(dice, 0, 1),
			.radius = dice_between(dice, 0.02, 0.25),
			.flatness = dice_between(dice, 0.5, 2),
			.colour = {(float)dice_between(dice, -70, 70),
				(float)dice_between(dice, -70, 70),
				(float)dice_between(dice, -70, 70)},
		};
}

static void colour_at(const struct clouds *clouds, const struct thing things[THINGS], double x,
	double y, float ret_colour[3])
{
	float light = clouds_at(clouds, (float)x * 4, (float)y * 4);
	float tint = clouds_at(clouds, (float)x * 3 + 20, (float)y * 3 + 31);

	ret_colour[0] = 40 + 190 * light;
	ret_colour[1] = 30 + 190 * (0.7f * light + 0.3f * tint);
	ret_colour[2] = 20 + 200 * (0.5f * light + 0.5f * (1 - tint));
	for (unsigned int i = 0; i < THINGS; i++) {
		double dx = x - things[i].x, dy = (y - things[i].y) * things[i].flatness;

		if (dx * dx + dy * dy < things[i].radius * things[i].radius)
			for (unsigned int j = 0; j < 3; j++)
				ret_colour[j] += things[i].colour[j];
	}
}

void scene_draw(cairo_surface_t *surface, struct dice *dice, const cairo_rectangle_int_t *where)
{
	auto_free struct clouds *clouds = malloc(sizeof(*clouds));
	double grain = dice_between(dice, 0, 4);
	struct thing things[THINGS];
	uint8_t *bytes;
	int stride;

	if (!clouds)
		err(1, "scene");
	clouds_init(clouds, dice);
	things_init(things, dice);
	cairo_surface_flush(surface);
	bytes = cairo_image_surface_get_data(surface);
	stride = cairo_image_surface_get_stride(surface);
	for (int y = 0; y < where->height; y++) {
		uint32_t *row = (uint32_t *)(void *)(bytes + (ptrdiff_t)stride * (where->y + y));

		for (int x = 0; x < where->width; x++) {
			double noise = grain * dice_normal(dice);
			float colour[3];

			colour_at(clouds, things, (double)x / where->width,
				(double)y / where->width, colour);
			row[where->x + x] = (uint32_t)image_level((double)colour[0] + noise) << 16 |
					    (uint32_t)image_level((double)colour[1] + noise) << 8 |
					    image_level((double)colour[2] + noise);
		}
	}
	cairo_surface_mark_dirty(surface);
}
