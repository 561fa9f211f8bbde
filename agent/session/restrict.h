/* SPDX-License-Identifier: Apache-2.0 */
/* What each process of holdfast-session gives up before it reads anything. */
#ifndef HOLDFAST_AGENT_SESSION_RESTRICT_H
#define HOLDFAST_AGENT_SESSION_RESTRICT_H

/* groups: FILTER_* of common/filter.h. Ends the process when it can't. */
void restrict_self(unsigned int groups);

#endif
