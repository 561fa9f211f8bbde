/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that are read like any other input: signalfd(2). */
#ifndef HOLDFAST_COMMON_SIGNALS_H
#define HOLDFAST_COMMON_SIGNALS_H

#include <signal.h>

/*
 * Blocks those signals, of which the last is 0, for the process and has them read instead,
 * non-blocking. A descriptor, the caller's to close; negative errno.
 */
int signals_open(const int signals[]);

#endif
