/* SPDX-License-Identifier: Apache-2.0 */
/* The order is that of "tough" CVE-2025-2888: the version is kept when all else was found good. */
#include "agent/engine/policy_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/key_file.h"
#include "common/clock.h"

#define VERSION_NAME "bundle-version" /* in the database */

static int file_read(int fd, size_t size, uint8_t **ret_bytes)
{
	auto_free uint8_t *bytes = malloc(size + 1);
	size_t used = 0;

	if (!bytes)
		return -ENOMEM;
	while (used < size) {
		ssize_t got = read(fd, bytes + used, size - used);

		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		used += (size_t)got;
	}
	*ret_bytes = take_ptr(bytes);
	return 0;
}

static void note_file(struct engine *engine, const struct stat *status)
{
	engine->bundle_seen = (struct engine_bundle_seen){.inode = status->st_ino,
		.changed_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 +
			      status->st_mtim.tv_nsec,
		.size = status->st_size};
}

bool policy_bundle_has_changed(struct engine *engine)
{
	struct engine_bundle_seen before = engine->bundle_seen, now;
	struct stat status;

	if (!engine->bundle_path || stat(engine->bundle_path, &status) < 0)
		return false; /* none, or none any more: what is in force stays */
	note_file(engine, &status);
	now = engine->bundle_seen;
	engine->bundle_seen = before;
	return now.inode != before.inode || now.changed_ns != before.changed_ns ||
	       now.size != before.size;
}

static int reject(struct engine *engine, const char *code, const char *text)
{
	struct event_note note = {.kind = EVENT_POLICY_REJECTED,
		.is_failure = true,
		.name = "console",
		.status_code = code,
		.message = text};

	log_error("the console's policy is not taken: %s", text);
	failure_note(engine, FAILURE_POLICY_BUNDLE, "%s", text);
	(void)journal_note(engine, &note); /* counted there */
	return -EBADMSG;
}

/* Highest version seen; the database is the engine's own, and guarded. */
static uint64_t version_floor(struct engine *engine)
{
	int64_t version;

	if (!engine->database || database_get(engine->database, VERSION_NAME, &version) < 0)
		return 0;
	return (uint64_t)version;
}

static int verify(struct engine *engine, const struct bundle *bundle, const uint8_t *bytes)
{
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	struct bundle_terms terms = {
		.tenant = "", .version = version_floor(engine), .now_s = clock_day_ms() / 1000};
	enum bundle_verdict verdict;

	if (key_file_read(engine->anchor_path, &key) < 0)
		return reject(engine, "NO_KEY",
			"there is no key beside the console's CA to verify it with");
	terms.key = key;
	verdict = bundle_verify(bundle, bytes, &terms);
	if (verdict != BUNDLE_GOOD)
		return reject(engine, bundle_verdict_code(verdict), bundle_verdict_text(verdict));
	return 0;
}

int policy_bundle_read(
	struct engine *engine, struct policy_files *files, struct engine_managed *ret_managed)
{
	auto_close int fd = -EBADF;
	auto_free uint8_t *bytes = NULL;
	struct bundle bundle;
	struct stat status;
	int r;

	if (!engine->bundle_path)
		return 0;
	fd = open(engine->bundle_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : reject(engine, "UNREADABLE", strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > BUNDLE_SIZE_MAX)
		return reject(engine, "INVALID", "it is no file, or too large");
	note_file(engine, &status);
	r = file_read(fd, (size_t)status.st_size, &bytes);
	if (r < 0)
		return reject(engine, "UNREADABLE", strerror(-r));
	if (bundle_parse(bytes, (size_t)status.st_size, &bundle) < 0)
		return reject(engine, "INVALID", "it is no signed policy");
	r = verify(engine, &bundle, bytes);
	if (r < 0)
		return r;
	if (policy_files_unpack(files, bundle.packed, bundle.packed_size) < 0)
		return reject(engine, "INVALID", "its files do not unpack");
	ret_managed->version = bundle.version;
	memcpy(ret_managed->digest, bundle.digest, sizeof(ret_managed->digest));
	return 1;
}

int policy_bundle_keep(struct engine *engine, const struct engine_managed *managed)
{
	int r = 0;

	engine->managed = *managed;
	if (engine->database && managed->version > version_floor(engine))
		r = database_set(engine->database, VERSION_NAME, (int64_t)managed->version);
	if (engine->database && r == 0)
		r = database_commit(engine->database, true);
	return r;
}
