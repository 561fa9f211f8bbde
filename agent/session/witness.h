/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second witness: what is captured of the screen as the desktop's own servers tell it, reported to
 * the engine beside what the kernel part saw. Each has a process of its own: its library waits for
 * answers, and what it hears must not become part of who shows notices.
 */
#ifndef HOLDFAST_AGENT_SESSION_WITNESS_H
#define HOLDFAST_AGENT_SESSION_WITNESS_H

enum witness_kind {
	WITNESS_DISPLAY, /* X11's RECORD extension; clears the clipboard when the session is locked */
	WITNESS_BUS,	 /* the session bus */
};

#define WITNESS_RETRY_MAX_MS 60000

/*
 * Starts one; it ends with this process. Called before restrict_self(), which forbids it. Failing is
 * logged: notices go on without.
 */
void witness_start(enum witness_kind kind, const char *runtime_directory);

#endif
