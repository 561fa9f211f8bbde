/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be written over the screen now: the policy's [watermark] as the engine says it, the
 * text filled in. Pure but for the names of this user and machine.
 */
#ifndef HOLDFAST_AGENT_SESSION_OVERLAY_LOOK_H
#define HOLDFAST_AGENT_SESSION_OVERLAY_LOOK_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "watermark/tile.h"

#define OVERLAY_TEXT_SIZE 2048

/* Who and where, for placeholders. */
struct overlay_names {
	char name[128], account[128], device[128], tenant[128];
};

struct overlay_look {
	char text[OVERLAY_TEXT_SIZE]; /* filled in; "" = none is shown */
	int angle;		      /* degrees, clockwise */
	unsigned int opacity;	      /* percent */
	unsigned int density;	      /* enum watermark_density */
	bool is_wanted;		      /* else nothing is shown at all */
	bool is_blind;		      /* a mark is wanted, */
	bool has_tile;		      /* and here */
	uint8_t strength; /* its highest level, and the alpha that it is laid over with */
	uint64_t minute;  /* that it names, since 1970 */
	uint8_t tile[WATERMARK_TILE * WATERMARK_TILE];
};

/* Of this user and machine; what is not known stays empty. */
void overlay_names_fill(struct overlay_names *ret_names);

/*
 * Takes the engine's answer. Without a mark in it the one that is here stays, if one is wanted.
 * -EBADMSG, with nothing changed.
 */
int overlay_look_take(struct overlay_look *look, struct json_object *answer,
	struct overlay_names *names, time_t now);

/* Fills text in; what does not fit is cut between characters. */
void overlay_text_fill(const char *text, const struct overlay_names *names, time_t now,
	char ret_text[OVERLAY_TEXT_SIZE]);

/* Whether both look the same. */
bool overlay_look_is_same(const struct overlay_look *one, const struct overlay_look *other);

#endif
