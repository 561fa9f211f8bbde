/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verify/sessions.h"

#include <string.h>

struct session *sessions_add(struct sessions *sessions)
{
	if (sessions->count == SESSIONS_MAX)
		return NULL;
	return memset(&sessions->list[sessions->count++], 0, sizeof(struct session));
}

const struct session *sessions_find(const struct sessions *sessions, const char *id)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (!strcmp(sessions->list[i].id, id))
			return &sessions->list[i];
	return NULL;
}

static bool has_any(const struct sessions *sessions, uint32_t uid)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i].uid == uid)
			return true;
	return false;
}

bool sessions_is_locked(const struct sessions *sessions, uint32_t uid)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i].uid == uid && sessions->list[i].is_locked)
			return true;
	return false;
}

uint64_t sessions_idle_since(const struct sessions *sessions, uint32_t uid)
{
	uint64_t latest_us = 0;

	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];

		if (session->uid != uid)
			continue;
		if (!session->idle_since_us)
			return 0;
		if (session->idle_since_us > latest_us)
			latest_us = session->idle_since_us;
	}
	return latest_us;
}

/* Whether it is the user's own session that is in front of the seat now. */
static bool is_in_front(const struct sessions *sessions, const char *seat, uint32_t uid)
{
	for (size_t i = 0; i < sessions->count; i++) {
		const struct session *session = &sessions->list[i];

		if (session->is_active && session->uid == uid && !strcmp(session->seat, seat))
			return true;
	}
	return false;
}

void sessions_compare(const struct sessions *before, const struct sessions *after,
	sessions_ended_function *ended, void *userdata)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct session *session = &before->list[i];

		if (!has_any(after, session->uid))
			ended(session->uid, VERIFY_CAUSE_LOGOUT, userdata);
		else if (session->is_active && session->seat[0] &&
			 !is_in_front(after, session->seat, session->uid))
			ended(session->uid, VERIFY_CAUSE_SWITCH, userdata);
	}
	for (size_t i = 0; i < after->count; i++) {
		const struct session *session = &after->list[i];
		const struct session *was = sessions_find(before, session->id);

		if (session->is_locked && !(was && was->is_locked))
			ended(session->uid, VERIFY_CAUSE_LOCK, userdata);
	}
}

void sessions_find_idle(const struct sessions *sessions, uint64_t now_us, uint64_t idle_us,
	sessions_ended_function *ended, void *userdata)
{
	for (size_t i = 0; i < sessions->count; i++) {
		uint64_t since_us = sessions_idle_since(sessions, sessions->list[i].uid);

		if (since_us && now_us >= since_us && now_us - since_us >= idle_us)
			ended(sessions->list[i].uid, VERIFY_CAUSE_IDLE, userdata);
	}
}
