/* SPDX-License-Identifier: Apache-2.0 */
/* One part of one tile is asked for at a time, on a connection of its own. */
#include "agent/engine/marks.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/server.h"
#include "agent/ipc/keyring_ask.h"
#include "common/clock.h"
#include "common/mark_id.h"
#include "watermark/payload.h"
#include "watermark/tile.h"

#define LEVELS	  (WATERMARK_TILE * WATERMARK_TILE)
#define RETRY_NS  (3 * CLOCK_SECOND_NS)
#define ANSWER_NS (45 * CLOCK_SECOND_NS) /* keyring may wait for a TPM */
#define LATE_NS	  (60 * CLOCK_SECOND_NS) /* without a pen for so long is told */

static struct user {
	uint32_t uid;
	bool is_used, has_tile, is_late_told;
	uint64_t since_ns, minute, drawing; /* minutes since 1970: of the tile, of the parts */
	unsigned int parts;		    /* of drawing, that are here */
	char next[LEVELS + 1], tile[LEVELS + 1];
} users[MARKS_USERS_MAX];

static struct {
	int fd;		   /* 0 = none */
	struct user *user; /* whose part is on its way; NULL = none is */
	uint64_t asked_ns, not_before_ns;
} desk;

static uint64_t minute_now(void)
{
	return clock_day_ms() / 60000;
}

static struct user *user_find(uint32_t uid)
{
	for (unsigned int i = 0; i < MARKS_USERS_MAX; i++)
		if (users[i].is_used && users[i].uid == uid)
			return &users[i];
	return NULL;
}

static void user_add(uint32_t uid)
{
	for (unsigned int i = 0; i < MARKS_USERS_MAX && !user_find(uid); i++)
		if (!users[i].is_used)
			users[i] = (struct user){
				.uid = uid, .is_used = true, .since_ns = clock_boot_ns()};
}

static bool is_wanted_by(const struct engine *engine, uint32_t uid)
{
	const struct client *client;

	for (unsigned int i = 0; (client = server_client(engine, i)); i++)
		if (client->is_overlay && client->uid == uid)
			return true;
	return false;
}

/* Whose display has an overlay, while the policy wants marks. */
static void look(const struct engine *engine)
{
	bool is_blind = engine->policy && engine->policy->watermark.is_blind;
	const struct client *client;

	for (unsigned int i = 0; i < MARKS_USERS_MAX; i++)
		if (users[i].is_used && (!is_blind || !is_wanted_by(engine, users[i].uid)))
			users[i].is_used = users[i].has_tile = false;
	for (unsigned int i = 0; is_blind && (client = server_client(engine, i)); i++)
		if (client->is_overlay)
			user_add(client->uid);
}

void marks_wish(const struct engine *engine, struct keyring_want *want)
{
	look(engine);
	for (unsigned int i = 0; i < MARKS_USERS_MAX; i++)
		if (users[i].is_used && want->count < KEYRING_LABELS_MAX)
			mark_id_write(&(const struct mark_id){.uid = users[i].uid},
				want->labels[want->count++]);
}

static void desk_close(void)
{
	if (desk.fd > 0)
		(void)close(desk.fd); /* it is gone */
	desk.fd = 0;
	desk.user = NULL;
	desk.not_before_ns = clock_boot_ns() + RETRY_NS;
}

/* Once: what is drawn already stays. */
static void tell_late(struct engine *engine, struct user *user, const char *why)
{
	if (user->is_late_told || user->has_tile || clock_boot_ns() - user->since_ns <= LATE_NS)
		return;
	user->is_late_told = true;
	failure_note(engine, FAILURE_PEN, "user %u: %s", user->uid, why);
}

static void ask(struct engine *engine, struct user *user)
{
	static struct keyring_request request;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer bytes, frame;
	int r;

	if (desk.fd <= 0)
		desk.fd = keyring_connect(engine->runtime_directory, SOCK_NONBLOCK);
	if (desk.fd < 0) {
		tell_late(engine, user, "keyring does not run");
		desk_close();
		return;
	}
	request = (struct keyring_request){.verb = KEYRING_MARK};
	bytes_writer_init(&bytes, request.bytes, sizeof(request.bytes));
	bytes_put_u32(&bytes, user->uid);
	bytes_put_u32(&bytes, (uint32_t)(user->drawing - WATERMARK_MINUTE_0 / 60));
	bytes_put_u8(&bytes, 0);
	bytes_put_u8(&bytes, WATERMARK_STRENGTH_DEFAULT);
	bytes_put_u8(&bytes, (uint8_t)user->parts);
	request.size = (uint16_t)bytes.used;
	keyring_request_put(&frame, packet, sizeof(packet), &request);
	r = wire_end(&frame);
	if (r < 0 || send(desk.fd, packet, (size_t)r, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		desk_close();
		return;
	}
	desk.user = user;
	desk.asked_ns = clock_boot_ns();
}

static void take_part(struct user *user, const struct keyring_answer *answer)
{
	size_t at = (size_t)user->parts * KEYRING_BYTES_MAX * 2;

	for (size_t i = 0; i < answer->size && at < LEVELS; i++) {
		user->next[at++] = (char)('0' + (answer->bytes[i] >> 4));
		if (at < LEVELS)
			user->next[at++] = (char)('0' + (answer->bytes[i] & 15));
	}
	if (++user->parts < KEYRING_MARK_PARTS)
		return;
	memcpy(user->tile, user->next, sizeof(user->tile));
	user->minute = user->drawing;
	user->has_tile = true;
	user->drawing = 0;
}

/* What was drawn for an earlier minute stays, and names that. */
static void take(struct engine *engine)
{
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct user *user = desk.user;
	ssize_t got = recv(desk.fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR) &&
		clock_boot_ns() - desk.asked_ns < ANSWER_NS)
		return;
	desk.user = NULL;
	if (got <= 0 || keyring_answer_decode(packet, (size_t)got, &answer) < 0) {
		desk_close();
		return;
	}
	if (answer.error == 0 && user->is_used) {
		take_part(user, &answer);
		return;
	}
	user->drawing = 0;
	desk.not_before_ns = clock_boot_ns() + RETRY_NS;
	tell_late(engine, user,
		answer.error == -ENOKEY ? "the console gave none" : strerror(-answer.error));
}

void marks_tick(struct engine *engine)
{
	uint64_t minute = minute_now();

	if (desk.user)
		take(engine);
	for (unsigned int i = 0; i < MARKS_USERS_MAX; i++) {
		struct user *user = &users[i];

		if (desk.user || clock_boot_ns() < desk.not_before_ns)
			return;
		if (!user->is_used || (user->has_tile && user->minute == minute))
			continue;
		if (user->drawing != minute) {
			user->drawing = minute;
			user->parts = 0;
		}
		ask(engine, user);
	}
}

const char *marks_tile(uint32_t uid, uint64_t *ret_minute)
{
	const struct user *user = user_find(uid);

	if (!user || !user->has_tile)
		return NULL;
	*ret_minute = user->minute;
	return user->tile;
}
