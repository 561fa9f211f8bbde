/* SPDX-License-Identifier: Apache-2.0 */
/* Words for what is captured of a screen, and how: of events, notices and commands. */
#ifndef HOLDFAST_POLICY_SCREEN_H
#define HOLDFAST_POLICY_SCREEN_H

#include <stddef.h>

#define SCREEN_DISPLAY_SIZE 24

/* "x11-getimage"; NULL when there is no such enum hf_screen_method. */
const char *screen_method_name(unsigned int method);

/* ":0", "wayland-1"; "" of what is no display. */
void screen_display_format(
	unsigned int kind, unsigned int number, char ret_text[SCREEN_DISPLAY_SIZE]);

#endif
