/* SPDX-License-Identifier: Apache-2.0 */
/* serve's exporters: one process for each output of export.ini, each started anew by itself. */
#ifndef HOLDFAST_CONSOLE_CLI_SERVE_EXPORTS_H
#define HOLDFAST_CONSOLE_CLI_SERVE_EXPORTS_H

#include <poll.h>
#include <stdbool.h>

#include "console/ipc/export.h"

struct serve_exports;

/* Reads export.ini, whose mistakes are logged: what is wrong in it stops no console. */
struct serve_exports *serve_exports_new(bool is_root, bool is_verbose);
/* The store is there: those that are due are started. */
void serve_exports_start(struct serve_exports *exports);
unsigned int serve_exports_poll_fill(
	const struct serve_exports *exports, struct pollfd polls[EXPORT_OUTPUT_MAX]);
/* Signs of life, ends, hangs. */
void serve_exports_look_after(struct serve_exports *exports);
/* Ends them, in good order. */
void serve_exports_stop(struct serve_exports *exports);
/* Reads export.ini again: SIGHUP. One with mistakes changes nothing. */
void serve_exports_reload(struct serve_exports *exports);

#endif
