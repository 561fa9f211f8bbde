/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/watermark/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/watermark/attack.h"
#include "tests/bench/watermark/mark.h"
#include "watermark/tile.h"

struct sum {
	unsigned int tried, found, wrong;
	double seconds, longest;
};

static void add(struct sum *sum, const struct outcome *outcome)
{
	if (!outcome->is_tried)
		return;
	sum->tried++;
	sum->found += outcome->is_found;
	sum->wrong += outcome->is_wrong;
	sum->seconds += outcome->seconds;
	sum->longest = fmax(sum->longest, outcome->seconds);
}

static void print_sum(const char *name, const struct sum *sum)
{
	if (sum->tried)
		printf("| %s | %u of %u | %.1f %% | %u | %.0f | %.0f |\n", name, sum->found,
			sum->tried, 100.0 * sum->found / sum->tried, sum->wrong,
			1000 * sum->seconds / sum->tried, 1000 * sum->longest);
}

static void print_quality(const struct screen_outcome *outcomes, unsigned int screens)
{
	double psnr = 0, ssim = 0, least_psnr = INFINITY, least_ssim = 1;

	for (unsigned int i = 0; i < screens; i++) {
		psnr += outcomes[i].psnr;
		ssim += outcomes[i].ssim;
		least_psnr = fmin(least_psnr, outcomes[i].psnr);
		least_ssim = fmin(least_ssim, outcomes[i].ssim);
	}
	printf("\n%u screens: PSNR %.2f dB (least %.2f), SSIM %.4f (least %.4f)\n", screens,
		psnr / screens, least_psnr, ssim / screens, least_ssim);
}

static void print_encoding(void)
{
	static uint8_t levels[WATERMARK_TILE * WATERMARK_TILE];
	const uint8_t frame[WATERMARK_FRAME_BITS] = {0};
	static struct carrier carrier;
	struct mark_keys keys;
	double began;

	mark_keys_init(&keys, 1);
	if (carrier_init(&carrier, keys.own.lattice) < 0)
		return;
	began = mark_seconds();
	for (unsigned int i = 0; i < 100; i++)
		(void)watermark_tile(&carrier, frame, WATERMARK_STRENGTH_DEFAULT, WATERMARK_TILE,
			levels); /* had memory for screens */
	printf("A tile is made in %.2f ms.\n", 1000 * (mark_seconds() - began) / 100);
}

unsigned int table_print(const struct screen_outcome *outcomes, unsigned int screens)
{
	struct sum all[2] = {0};

	printf("| attack | recovered | | wrong | ms, mean | ms, most "
	       "|\n|---|---|---|---|---|---|\n");
	for (unsigned int i = 0; i < attacks_count; i++) {
		struct sum sum = {0};

		for (unsigned int j = 0; j < screens; j++) {
			add(&sum, &outcomes[j].of[i]);
			add(&all[attacks[i].is_photo], &outcomes[j].of[i]);
		}
		print_sum(attacks[i].name, &sum);
	}
	print_sum("**all of screenshots**", &all[0]);
	print_sum("**all of paper and phones**", &all[1]);
	print_quality(outcomes, screens);
	print_encoding();
	return all[0].wrong + all[1].wrong;
}
