/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for a mark in a picture, in a process of its own: nobody's, without files, network or keys but the
 * lattice's. It says what frames it finds, and is told whether to go on; a broken-into one can make
 * up frames, which no key proves.
 */
#ifndef HOLDFAST_CONSOLE_TRACE_SEARCH_H
#define HOLDFAST_CONSOLE_TRACE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEARCH_FRAME_SIZE   10
#define SEARCH_LATTICE_SIZE 32
#define SEARCH_SECONDS_MAX  120 /* of processor time, for one picture */

struct search_hit {
	uint8_t frame[SEARCH_FRAME_SIZE]; /* its bits, the first one highest */
	float confidence;		  /* standard deviations: watermark/read.h */
};

/* 0: it is the one; 1: no mark, go on; negative errno ends the search. */
typedef int search_judge(const struct search_hit *hit, void *userdata);

struct search {
	const uint8_t *bytes; /* of the picture's file */
	size_t size;
	const uint8_t *lattice; /* SEARCH_LATTICE_SIZE */
	search_judge *judge;
	void *userdata;
};

/*
 * 0: the judge took one; -ENOENT: there was none to take; as picture_decode(); -ECHILD: the process
 * ended without a word; the judge's.
 */
int search_picture(const struct search *search, struct search_hit *ret_hit);

#endif
