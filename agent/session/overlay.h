/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's watermark over this session's X11 display. A process of its own, and another that
 * starts it again when it ends; the engine knows of it for as long as it is connected.
 */
#ifndef HOLDFAST_AGENT_SESSION_OVERLAY_H
#define HOLDFAST_AGENT_SESSION_OVERLAY_H

#define OVERLAY_ASK_MS	     5000 /* so long until the engine is asked again what to show */
#define OVERLAY_RETRY_MAX_MS 10000

/* As witness_start(). */
void overlay_start(const char *runtime_directory);

#endif
