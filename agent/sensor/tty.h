/* SPDX-License-Identifier: Apache-2.0 */
/* The one line on the terminal that caused a refusal. Never blocks, never repeats itself much. */
#ifndef HOLDFAST_AGENT_SENSOR_TTY_H
#define HOLDFAST_AGENT_SENSOR_TTY_H

#include "agent/ipc/messages.h"

#define TTY_LINES_A_MINUTE 6  /* on one terminal */
#define TTY_MAX		   64 /* terminals remembered; past it the oldest is forgotten */

/* Writes nothing when the terminal is not the user's own, is closed, is full, or had enough. */
void tty_tell(const struct message_tell *tell);

#endif
