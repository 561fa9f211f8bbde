/* SPDX-License-Identifier: Apache-2.0 */
/* What holdfast-session saw captured of screens, held against what the kernel part recorded. */
#ifndef HOLDFAST_AGENT_ENGINE_WITNESS_H
#define HOLDFAST_AGENT_ENGINE_WITNESS_H

struct engine;
struct record;
struct reconcile_report;

/* A kernel record that is in the log. */
void witness_on_record(struct engine *engine, const struct record *record);
void witness_take(struct engine *engine, const struct reconcile_report *report);
/* Tells of what has waited long enough. */
void witness_tick(struct engine *engine);

#endif
