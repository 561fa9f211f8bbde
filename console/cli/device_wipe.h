/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of 'device' that are about destroying what a device has; device.c runs them. */
#ifndef HOLDFAST_CONSOLE_CLI_DEVICE_WIPE_H
#define HOLDFAST_CONSOLE_CLI_DEVICE_WIPE_H

#include "console/cli/cli.h"

/* argv[0] is the verb. enum cli_exit. */
int device_wipe(int argc, char **argv);
int device_receipt(int argc, char **argv);
/* "to be wiped (files), received 2026-11-30 ...": in a list, or with all its times where it is shown. */
void device_wipe_print_row(struct json_object *device);
void device_wipe_print(struct json_object *device);

#endif
