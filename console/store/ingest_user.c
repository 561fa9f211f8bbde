/* SPDX-License-Identifier: Apache-2.0 */
/* Whose acts a batch is made of: people's, by the numbers that Debian and systemd give to others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/ingest_record.h"
#include "console/store/store_keys.h"

/* Debian Policy 9.2.2; systemd's docs/UIDS-GIDS.md: dynamic users, then nobody and no one */
#define PERSON_FIRST  1000
#define DYNAMIC_FIRST 61184
#define DYNAMIC_LAST  65535

/* root is everybody's, and each daemon's: who logs in as root is told by the device's description. */
bool ingest_is_person(const char *uid)
{
	unsigned long number = strtoul(uid, NULL, 10);

	return number >= PERSON_FIRST && !(number >= DYNAMIC_FIRST && number <= DYNAMIC_LAST);
}

int ingest_users(struct ingest_batch *batch)
{
	int r = 0;

	for (unsigned int i = 0; i < batch->user_count && r == 0; i++) {
		const struct store_user *user = &batch->users[i];

		r = store_user_seen(batch->store, batch->device->id, user);
		if (r == 0 && user->has_uid)
			r = store_mark_named(
				batch->store, batch->device->id, user->uid, user->name);
	}
	batch->user_count = 0;
	return r;
}

int ingest_user(struct ingest_batch *batch, const struct store_event *event)
{
	/* By the device's clock; nobody is seen after today. */
	int64_t time_ms = event->time_ms < batch->now_ms ? event->time_ms : batch->now_ms;
	struct store_user *user = batch->users;
	int r;

	if (!event->is_person || !event->user[0])
		return 0;
	while (user < batch->users + batch->user_count && strcmp(user->name, event->user) != 0)
		user++;
	if (user == batch->users + INGEST_USERS) {
		r = ingest_users(batch);
		if (r < 0)
			return r;
		user = batch->users;
	}
	if (user == batch->users + batch->user_count) {
		batch->user_count++;
		*user = (struct store_user){.first_ms = time_ms,
			.last_ms = time_ms,
			.has_uid = true,
			.uid = event->uid};
		memcpy(user->name, event->user, sizeof(user->name));
	}
	if (time_ms < user->first_ms)
		user->first_ms = time_ms;
	if (time_ms > user->last_ms)
		user->last_ms = time_ms;
	return 0;
}
