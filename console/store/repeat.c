/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/repeat.h"

#include <errno.h>
#include <poll.h>

#define PAUSE_MS 50

/*
 * The pause is for the other one to get what it waits for: who is undone and back at once has it first, and
 * waits a second (deadlock_timeout) for the same to be found again.
 */
bool repeat_is_due(struct service *service, unsigned int *tries, const char *whose, int r)
{
	if (r != -EDEADLK || *tries >= SERVICE_REPEATS_MAX)
		return false;
	++*tries;
	failure_note(&service->failures, CONSOLE_FAILURE_REPEATED, "%s: %s", whose, store_error(r));
	store_rollback(service->writer);
	(void)poll(NULL, 0, PAUSE_MS); /* shorter at worst */
	return true;
}
