/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy would have said of what devices did: per rule, with examples. */
#ifndef HOLDFAST_CONSOLE_CLI_POLICY_HISTORY_H
#define HOLDFAST_CONSOLE_CLI_POLICY_HISTORY_H

#include <stdint.h>

#include "policy/compile.h"

/* On standard output, of all devices. enum cli_exit. */
int history_show(const struct policy_compiled *policy, uint64_t since_ms);

#endif
