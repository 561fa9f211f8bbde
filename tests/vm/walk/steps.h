/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps as such: which are possible when, random ones, and their words. Pure, as the model is.
 */
#ifndef HOLDFAST_TESTS_WALK_STEPS_H
#define HOLDFAST_TESTS_WALK_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

/* Whether it can be taken now: its process lives, its names are there ... */
bool step_is_possible(const struct model *model, const struct step *step);

/* The next possible step; *state is that of the generator (any number but 0 begins one). */
struct step step_random(const struct model *model, uint64_t *state);

/* Of the places that it is about: bits, those of a pair together. */
uint32_t step_places(const struct step *step);

/* One line for people. */
void step_print(const struct step *step, char *ret_text, size_t size);

#endif
