/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the console for a newer policy than the one that is here, by a request that is answered when
 * there is one: so it is here a moment after it was published. What comes is left for the engine,
 * which proves it: this process only makes sure that it is a bundle in form.
 *
 * The same request waits for the console to think otherwise of this device than it last said (lease.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/console_files.h"
#include "agent/uplink/uplink.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/lease.h"
#include "common/log.h"
#include "policy/bundle.h"

#define WAIT_SECONDS   50
#define STATUS_GOOD    200
#define STATUS_NO_NEWS 204
#define STATUS_OTHER   205 /* it does */

void policy_poll_start(struct uplink *uplink)
{
	auto_close int fd = openat(
		uplink->state_fd, BUNDLE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free uint8_t *bytes = NULL;
	struct bundle bundle;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size > BUNDLE_SIZE_MAX)
		return;
	bytes = malloc((size_t)status.st_size + 1);
	if (bytes && read(fd, bytes, (size_t)status.st_size) == status.st_size &&
		bundle_parse(bytes, (size_t)status.st_size, &bundle) == 0)
		uplink->policy_version = bundle.version;
}

/* One that is not trusted has something to wait for as long as that may change. */
static bool has_to_wait(const struct uplink *uplink)
{
	return uplink->standing == STANDING_TRUSTED || uplink->lease.state == LEASE_PENDING ||
	       uplink->lease.state == LEASE_SUSPENDED;
}

void policy_poll_begin(struct uplink *uplink)
{
	struct exchange_request request = {0};
	char path[96];
	int size;

	/* While it asks for the word, the answer to this would be the same at once. */
	if (!uplink->policy_exchange || !has_to_wait(uplink) || uplink->errand == ERRAND_LEASE ||
		lease_is_due(uplink, clock_boot_ns()) ||
		!exchange_is_ready(uplink->policy_exchange))
		return;
	size = snprintf(path, sizeof(path), "/v1/policy?have=%" PRIu64 "&wait=%d",
		uplink->policy_version, WAIT_SECONDS);
	if (uplink->lease.state) /* else the console may not know what that is */
		(void)snprintf(path + size, sizeof(path) - (size_t)size, "&lease=%" PRIu64,
			uplink->lease.serial); /* fits */
	request.path = path;
	if (exchange_begin(uplink->policy_exchange, &request) < 0)
		exchange_settle(uplink->policy_exchange, false, 0);
}

void policy_poll_end(struct uplink *uplink, const struct exchange_answer *answer)
{
	const struct file_content content = {.bytes = answer->body,
		.size = answer->size,
		.mode = 0644,
		.group = FILE_GROUP_NONE};
	struct bundle bundle;
	bool is_new;
	int r;

	if (answer->status == STATUS_NO_NEWS) {
		exchange_settle(uplink->policy_exchange, true, 0);
		return;
	}
	if (answer->status == STATUS_OTHER) {
		is_new = lease_hurry(uplink);
		exchange_settle(uplink->policy_exchange, is_new, 0);
		if (is_new) /* the console is there: no pause from before counts */
			exchange_settle(uplink->exchange, true, 0);
		return;
	}
	if (answer->status != STATUS_GOOD) {
		exchange_settle(uplink->policy_exchange, false, answer->retry_ms);
		return;
	}
	if (bundle_parse(answer->body, answer->size, &bundle) < 0 ||
		bundle.version <= uplink->policy_version) {
		log_warning("'%s' sent what is no newer policy, asking again later",
			exchange_console(uplink->policy_exchange));
		exchange_settle(uplink->policy_exchange, false, 0);
		return;
	}
	r = file_replace(uplink->state_fd, BUNDLE_FILE, &content);
	if (r < 0)
		log_error("cannot keep the policy of version %" PRIu64 ": %s, asking again later",
			bundle.version, strerror(-r));
	else
		uplink->policy_version = bundle.version;
	exchange_settle(uplink->policy_exchange, r == 0, 0);
}
