/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's word of this device's trust: asked for at the start, when half of it is over, and when
 * the poll says that it is another one. What comes is left for the engine, and proven there and by
 * keyring: this process, which reaches the network, has no say in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/uplink/keyring_client.h"
#include "agent/uplink/uplink.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/lease.h"
#include "common/log.h"

#define DEFAULT_SECONDS (7 * 86400)		 /* asked for where the policy says nothing */
#define AGAIN_NS	(60 * CLOCK_SECOND_NS)	 /* after a word that is not taken */
#define UNKNOWN_NS	(3600 * CLOCK_SECOND_NS) /* to a console that knows no leases */
#define UNTRUSTED_NS	(600 * CLOCK_SECOND_NS)	 /* the poll tells earlier */
#define EARLY_PART	4			 /* at most this part of the half, earlier */
#define MS_NS		UINT64_C(1000000)
#define TRUST_DEPTH	2
#define TRUST_MAX	512

static ssize_t file_read(int directory_fd, const char *name, char *ret_bytes, size_t size)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -1 : read(fd, ret_bytes, size);
}

void lease_start(struct uplink *uplink)
{
	static char text[LEASE_WORD_MAX];
	ssize_t got = file_read(uplink->state_fd, LEASE_FILE, text, sizeof(text));
	struct lease word;

	/* It is of another boot as a rule; its serial is still the highest that was seen. */
	if (got > 0 && lease_parse(text, (size_t)got, &word) == 0 &&
		!memcmp(word.asked.device, uplink->identity.device_uid, LEASE_ID_SIZE))
		uplink->lease.serial = word.serial;
}

void lease_look(struct uplink *uplink)
{
	struct json_tokener *parser = json_tokener_new_ex(TRUST_DEPTH);
	struct json_object *trust = NULL;
	char text[TRUST_MAX];
	ssize_t got = file_read(uplink->runtime_fd, "../" TRUST_NAME, text, sizeof(text));
	uint64_t seconds;

	if (parser && got > 0)
		trust = json_tokener_parse_ex(parser, text, (int)got);
	json_tokener_free(parser);
	if (!json_object_is_type(trust, json_type_object)) {
		(void)json_object_put(trust); /* freed */
		return;
	}
	seconds = json_number(trust, "lease");
	uplink->lease.policy_seconds = (uint32_t)(seconds < LEASE_SECONDS_MAX ? seconds
									      : LEASE_SECONDS_MAX);
	(void)json_object_put(trust);
}

/* When half of what counts is over, less a part of that: a fleet does not come all at once. */
static uint64_t due_ns(const struct uplink_lease *lease)
{
	uint64_t seconds = lease->seconds, half_ns;

	if (lease->policy_seconds && lease->policy_seconds < seconds)
		seconds = lease->policy_seconds;
	half_ns = seconds * (CLOCK_SECOND_NS / 2);
	return lease->asked_ns + half_ns - half_ns / EARLY_PART * (lease->early % 1024) / 1024;
}

uint64_t lease_seconds_left(const struct uplink *uplink, uint64_t now)
{
	const struct uplink_lease *lease = &uplink->lease;
	uint64_t due = lease->state == LEASE_TRUSTED ? due_ns(lease) : lease->again_ns;

	if (due < lease->failed_ns)
		due = lease->failed_ns;
	return due > now ? (due - now) / CLOCK_SECOND_NS + 1 : 0;
}

bool lease_is_due(const struct uplink *uplink, uint64_t now)
{
	return lease_seconds_left(uplink, now) == 0;
}

bool lease_hurry(struct uplink *uplink)
{
	struct uplink_lease *lease = &uplink->lease;

	lease->asked_ns = lease->again_ns = 0;
	lease->seconds = 0;
	return clock_boot_ns() >= lease->failed_ns;
}

char *lease_question(struct uplink *uplink)
{
	struct uplink_lease *lease = &uplink->lease;
	char text[LEASE_REQUEST_MAX], *copy;
	uint8_t wish[LEASE_ID_SIZE + 4 + 8];
	struct bytes_writer writer;
	int r;

	bytes_writer_init(&writer, wish, sizeof(wish));
	bytes_put_blob(&writer, uplink->identity.device_uid, LEASE_ID_SIZE);
	bytes_put_u32(&writer, lease->policy_seconds ? lease->policy_seconds : DEFAULT_SECONDS);
	bytes_put_u64(&writer, lease->serial);
	r = keyring_sign(KEYRING_LEASE_ASK, 0, wish, writer.used, text, sizeof(text) - 1);
	if (r < 0) {
		log_warning("keyring makes no question for a lease: %s, trying again later",
			strerror(-r));
		lease->failed_ns = clock_boot_ns() + AGAIN_NS;
		return NULL;
	}
	text[r] = '\0';
	copy = strdup(text);
	if (!copy)
		lease->failed_ns = clock_boot_ns() + AGAIN_NS;
	return copy;
}

static int keep(struct uplink *uplink, const struct exchange_answer *answer)
{
	const struct file_content content = {.bytes = answer->body,
		.size = answer->size,
		.mode = 0644,
		.group = FILE_GROUP_NONE};

	return file_replace(uplink->state_fd, LEASE_FILE, &content);
}

static void note(struct uplink *uplink, const struct lease *word)
{
	struct uplink_lease *lease = &uplink->lease;
	uint64_t now = clock_boot_ns();

	if (lease->state != word->state) {
		log_notice(
			"the console says that this device is %s", lease_state_name(word->state));
		uplink->ask_ns = 0; /* what follows from it */
	}
	lease->serial = word->serial;
	lease->state = word->state;
	lease->seconds = word->seconds;
	lease->asked_ns = word->asked.asked_ms * MS_NS;
	lease->again_ns = word->state == LEASE_TRUSTED	 ? 0
			  : word->state == LEASE_REVOKED ? now + UNKNOWN_NS
							 : now + UNTRUSTED_NS;
	if (RAND_bytes((unsigned char *)&lease->early, sizeof(lease->early)) != 1)
		lease->early = 0;
}

void lease_take(struct uplink *uplink, const struct exchange_answer *answer)
{
	uint8_t state;
	struct lease word;
	int r = -EBADMSG;

	if (lease_parse(answer->body, answer->size, &word) == 0)
		r = keyring_sign(KEYRING_LEASE_TAKE, 0, answer->body, answer->size, &state, 1);
	if (r == 1)
		r = keep(uplink, answer);
	if (r < 0) {
		log_warning(
			"the console's word of this device is not taken: %s, asking again later",
			r == -EKEYREJECTED ? "keyring refuses it" : strerror(-r));
		uplink->lease.failed_ns = clock_boot_ns() + AGAIN_NS;
		exchange_settle(uplink->exchange, true, 0);
		return;
	}
	exchange_settle(uplink->exchange, true, 0);
	note(uplink, &word);
}

void lease_refused(struct uplink *uplink, const char *code)
{
	bool is_unknown = !strcmp(code, "ROUTE") || !strcmp(code, "METHOD");

	uplink->lease.failed_ns = clock_boot_ns() + (is_unknown ? UNKNOWN_NS : AGAIN_NS);
}
