/* SPDX-License-Identifier: Apache-2.0 */
/* The search domains of resolv.conf(5). Reading text only; no file. */
#ifndef HOLDFAST_AGENT_SCOUT_RESOLV_H
#define HOLDFAST_AGENT_SCOUT_RESOLV_H

#include "agent/ipc/scout.h"

#define RESOLV_SIZE_MAX 65536 /* bytes of the file; what is behind does not count */

/*
 * Adds the domains of search, or of domain, of which the last line counts; lower case, no dot at the
 * end, each once. What is no name of a domain is left out.
 */
void resolv_read(const char *text, size_t size, struct scout_suffixes *suffixes);

#endif
