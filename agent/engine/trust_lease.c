/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's word as uplink left it: proven here by root's copy of the console's certificate, for
 * this device's key and this boot, before anything is made of it. What is not good leaves what was
 * known in force, which has an end of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/uplink_files.h"
#include "agent/ipc/console_files.h"
#include "common/boot.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/file.h"

#define AGAIN_NS (CLOCK_SECOND_NS / 2)
#define MS_NS	 UINT64_C(1000000)

/* In the database: the highest serial, of which device, and which word it was. */
#define SERIAL_NAME "lease-serial"
#define DEVICE_NAME "lease-device"
#define WORD_NAME   "lease-word"

static int64_t number_of(const uint8_t *bytes)
{
	int64_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

void trust_start(struct engine *engine)
{
	int64_t serial;

	if (engine->database && database_get(engine->database, SERIAL_NAME, &serial) == 0)
		engine->trust.serial = (uint64_t)serial;
}

/* Another device's serials begin anew: this machine was enrolled again. */
static uint64_t floor_of(const struct engine *engine, const struct lease *word)
{
	int64_t device;

	if (!engine->database || database_get(engine->database, DEVICE_NAME, &device) < 0 ||
		device != number_of(word->asked.device))
		return memcmp(engine->trust.device, word->asked.device, LEASE_ID_SIZE)
			       ? 0
			       : engine->trust.serial;
	return engine->trust.serial;
}

/* This very word was proven before, by an engine that ended since: its signer may be out of date. */
static bool was_taken(const struct engine *engine, const uint8_t digest[DIGEST_SIZE])
{
	int64_t taken;

	return engine->database && database_get(engine->database, WORD_NAME, &taken) == 0 &&
	       taken == number_of(digest);
}

static void keep(struct engine *engine, const struct lease *word, const uint8_t digest[DIGEST_SIZE])
{
	struct trust *trust = &engine->trust;
	int r = 0;

	trust->word = *word;
	trust->serial = word->serial;
	memcpy(trust->device, word->asked.device, sizeof(trust->device));
	if (!engine->database)
		return;
	r = database_set(engine->database, SERIAL_NAME, (int64_t)word->serial);
	if (r == 0)
		r = database_set(engine->database, DEVICE_NAME, number_of(word->asked.device));
	if (r == 0)
		r = database_set(engine->database, WORD_NAME, number_of(digest));
	if (r == 0)
		r = database_commit(engine->database, true);
	if (r < 0)
		failure_note(engine, FAILURE_DATABASE, "the console's word: %s", strerror(-r));
}

static bool reject(struct engine *engine, enum lease_verdict verdict)
{
	failure_note(engine, FAILURE_LEASE, "%s: %s", lease_verdict_code(verdict),
		lease_verdict_text(verdict));
	return false;
}

/* A word that is over is none; the highest serial counts all the same. */
static bool judge(struct engine *engine, const char *text, size_t size)
{
	uint8_t key[LEASE_HASH_SIZE], boot[LEASE_ID_SIZE], digest[DIGEST_SIZE];
	const struct digest_piece whole = {text, size};
	struct lease_terms terms = {.key = key, .boot = boot, .boot_ms = clock_boot_ns() / MS_NS};
	enum lease_verdict verdict;
	struct lease word;

	if (lease_parse(text, size, &word) < 0)
		return reject(engine, LEASE_NO_LEASE);
	if (boot_id_read(boot) < 0 || boot_clock_check() < 0)
		return reject(engine, LEASE_OTHER_CLOCK);
	if (digest_of(&whole, 1, digest) < 0)
		return reject(engine, LEASE_NO_LEASE);
	if (memcmp(boot, word.asked.boot, sizeof(boot)) != 0)
		return false; /* what was left when the machine was last shut down */
	if (trust_key_hash(engine, key) < 0) { /* keyring is being started, too */
		engine->trust.again_ns = clock_boot_ns() + AGAIN_NS;
		return false;
	}
	terms.anchors = lease_anchors_of_root(engine->anchor_path);
	if (!terms.anchors)
		return reject(engine, LEASE_OTHER_AUTHORITY);
	terms.now_s = was_taken(engine, digest) ? 0 : (int64_t)(clock_day_ms() / 1000);
	terms.seen = floor_of(engine, &word);
	verdict = lease_verify(text, size, &terms, &word);
	X509_STORE_free(terms.anchors);
	if (verdict != LEASE_GOOD && verdict != LEASE_OVER)
		return reject(engine, verdict);
	keep(engine, &word, digest);
	return true;
}

static bool is_seen(const struct trust *trust, const struct stat *status)
{
	return trust->file.inode == status->st_ino && trust->file.size == status->st_size &&
	       trust->file.changed_ns ==
		       (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

bool trust_lease_read(struct engine *engine)
{
	struct trust *trust = &engine->trust;
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	char path[PATH_MAX];
	struct stat status;
	size_t size;
	int r;

	if (!uplink_path(engine, LEASE_FILE, path) || stat(path, &status) < 0)
		return false;
	if (is_seen(trust, &status) && (!trust->again_ns || clock_boot_ns() < trust->again_ns))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	trust->again_ns = 0;
	trust->file = (struct trust_seen){.inode = status.st_ino,
		.size = status.st_size,
		.changed_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec};
	r = file_read_all(fd, LEASE_WORD_MAX, &text, &size);
	return r < 0 ? reject(engine, LEASE_NO_LEASE) : judge(engine, text, size);
}
