/* SPDX-License-Identifier: Apache-2.0 */
/* A ring. */
#include "agent/engine/recent.h"

#include <stdlib.h>

struct recent {
	struct recent_event events[RECENT_MAX];
	size_t next, count;
};

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

void recent_free(struct recent *recent)
{
	if (!recent)
		return;
	for (size_t i = 0; i < RECENT_MAX; i++)
		free(recent->events[i].json);
	free(recent);
}

void recent_add(struct recent *recent, const struct recent_event *event)
{
	struct recent_event *slot = &recent->events[recent->next];

	free(slot->json);
	*slot = *event;
	recent->next = (recent->next + 1) % RECENT_MAX;
	if (recent->count < RECENT_MAX)
		recent->count++;
}

const struct recent_event *recent_get(const struct recent *recent, size_t index)
{
	if (index >= recent->count)
		return NULL;
	return &recent->events[(recent->next + RECENT_MAX - 1 - index) % RECENT_MAX];
}

bool recent_is_visible(const struct recent_event *event, uint32_t uid)
{
	return uid == 0 || event->uid == uid || event->loginuid == uid;
}
