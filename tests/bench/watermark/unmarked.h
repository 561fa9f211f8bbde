/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that this tenant did not mark: whoever is named for one is innocent. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_UNMARKED_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_UNMARKED_H

#include <stdint.h>

#include "tests/bench/watermark/mark.h"

/*
 * Asks about count pictures: the files that are named in a list, if there is one, then screens and scenes without
 * a mark and screens with another tenant's, attacked or not. Prints what came; how many were named.
 */
unsigned int unmarked_run(
	const struct mark_keys *keys, uint64_t seed, unsigned int count, const char *list);

#endif
