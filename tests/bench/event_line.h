/* SPDX-License-Identifier: Apache-2.0 */
/* The one event that all measurements of delivery use, of the console and of what it is compared with. */
#ifndef HOLDFAST_TESTS_BENCH_EVENT_LINE_H
#define HOLDFAST_TESTS_BENCH_EVENT_LINE_H

#include <stddef.h>
#include <stdint.h>

#define EVENT_LINE_MAX 1400

/* What the agent writes of a refused copy to a stick, about 930 bytes, with its newline. */
size_t event_line(uint64_t number, unsigned int device, char ret_line[EVENT_LINE_MAX]);
/* count of them, one after the other. */
size_t event_lines(uint64_t first, unsigned int count, unsigned int device, char *ret_lines);

#endif
