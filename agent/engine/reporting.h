/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trouble with the console becomes trouble of the agent: a row of the failure table, an event, a line
 * in `holdfast doctor`. Of what uplink writes about itself; it can't be asked, and need not run.
 */
#ifndef HOLDFAST_AGENT_ENGINE_REPORTING_H
#define HOLDFAST_AGENT_ENGINE_REPORTING_H

#include "agent/engine/engine.h"

/* Called now and then; looks every few seconds. */
void reporting_tick(struct engine *engine);

#endif
