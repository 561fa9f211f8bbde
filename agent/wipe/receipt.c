/* SPDX-License-Identifier: Apache-2.0 */
/* What was destroyed, signed by keyring and left to uplink, which removes it once the console has taken it. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/ipc/console_files.h"
#include "agent/wipe/wipe.h"
#include "common/boot.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"

/* Events that a console which does not take them from this device will never have. */
static uint64_t undelivered(const struct wipe *wipe)
{
	char path[PATH_MAX], text[CONSOLE_STATUS_MAX + 1];
	auto_close int fd = -EBADF;
	struct json_object *status;
	uint64_t waiting = 0;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "%s/" CONSOLE_STATUS_DIRECTORY "/" CONSOLE_STATUS_NAME,
		wipe->runtime_directory);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	status = json_tokener_parse(text);
	if (status && strcmp(json_text(status, "standing"), "trusted") != 0)
		waiting = json_number(status, "waiting");
	(void)json_object_put(status); /* freed */
	return waiting;
}

int receipt_leave(struct wipe *wipe)
{
	struct wipe_receipt *receipt = &wipe->journal.receipt;
	char text[WIPE_RECEIPT_TEXT];
	struct file_content content = {.bytes = text, .mode = 0644, .group = FILE_GROUP_NONE};
	int r;

	r = keys_own(wipe, receipt->key);
	if (r == 0)
		r = boot_id_read(receipt->boot);
	if (r < 0)
		return r;
	receipt->ended_s = clock_day_ms() / 1000;
	if (receipt->ended_s < receipt->begun_s)
		receipt->ended_s = receipt->begun_s; /* the clock was set back */
	receipt->undelivered = undelivered(wipe);
	r = wipe_receipt_write(receipt, text);
	if (r > 0)
		r = keys_sign(wipe, text, (size_t)r);
	if (r < 0)
		return r;
	content.size = (size_t)r;
	return file_replace(wipe->uplink_fd, WIPE_RECEIPT, &content);
}

bool receipt_is_delivered(const struct wipe *wipe)
{
	struct stat status;

	return fstatat(wipe->uplink_fd, WIPE_RECEIPT, &status, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}
