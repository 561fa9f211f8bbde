/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While the agent runs: what may be unlocked is, what is not to be is locked, and files that are held
 * are named until they are let go. Before the machine sleeps, keyring drops its keys and all is locked. holdfastd starts
 * it; descriptor 3 ends with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/vault/asleep.h"
#include "agent/vault/cipher.h"
#include "agent/vault/holders.h"
#include "agent/vault/image.h"
#include "agent/vault/keys.h"
#include "agent/vault/vault.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"

#define PARENT_FD 3
#define TICK_MS	  1000
#define LOST_NS \
	(20 * CLOCK_SECOND_NS) /* without a keyring; holdfastd starts another sooner, as a rule */
#define UNSEEN_NS (60 * CLOCK_SECOND_NS) /* a machine that starts has logind later */
#define TELL_NS	  (60 * CLOCK_SECOND_NS) /* how often the same holders are named */

struct watched {
	char name[RECORD_NAME_SIZE];
	uint64_t told_ns; /* when what is wrong was last told; 0 = nothing is */
};

struct watch {
	struct watched items[RECORD_MAX];
	int count;
	int state_fd;
	int keyring_fd;
	uint64_t lost_ns; /* since when there is no keyring; 0 = there is */
	struct asleep asleep;
	bool was_asleep, is_told; /* so it was last; keyring knows how it is */
	bool is_unseen_told;
};

static struct watched *watched_of(struct watch *watch, const char *name)
{
	for (int i = 0; i < watch->count; i++)
		if (!strcmp(watch->items[i].name, name))
			return &watch->items[i];
	if (watch->count == RECORD_MAX)
		watch->count = 0; /* of vaults that are no more: all are learned anew */
	watch->items[watch->count] = (struct watched){0};
	(void)snprintf(watch->items[watch->count].name, RECORD_NAME_SIZE, "%s", name);
	return &watch->items[watch->count++];
}

static void say(const struct record *record, enum local_vault_event what, const char *words)
{
	log_notice("vault %s: %s", record->name, words);
	wish_tell(record, what, words);
}

static void complain(struct watched *watched, const struct record *record, const char *what, int r)
{
	uint64_t now = clock_boot_ns();
	char words[200];

	if (watched->told_ns && now - watched->told_ns < TELL_NS)
		return;
	watched->told_ns = now;
	(void)snprintf(words, sizeof(words), "%s: %s, trying again", what, strerror(-r));
	log_error("vault %s %s", record->name, words);
	wish_tell(record, LOCAL_VAULT_BROKEN, words);
}

static void name_holders(const struct record *record)
{
	static struct holder holders[HOLDERS_MAX];
	auto_close int fd = place_anchor(record);
	struct stat status;
	char words[400];
	int count;

	if (fd < 0 || fstat(fd, &status) < 0)
		return;
	count = holders_find(vault_held_path(record), status.st_dev, holders);
	for (int i = 0; i < count; i++) {
		(void)snprintf(words, sizeof(words),
			"the key is gone, and %.60s (process %d) holds %.200s: tried again",
			holders[i].program, (int)holders[i].process, holders[i].path);
		say(record, LOCAL_VAULT_HELD, words);
	}
	if (count <= 0)
		say(record, LOCAL_VAULT_HELD,
			"the key is gone, and the kernel holds files of it: tried again");
}

static void lock(struct watch *watch, struct watched *watched, const struct record *record)
{
	uint64_t now = clock_boot_ns();
	int r = vault_take_key(watch->keyring_fd, record);

	if (r == 0) {
		say(record, LOCAL_VAULT_LOCKED, "locked");
		watched->told_ns = 0;
	} else if (r < 0) {
		complain(watched, record, "cannot be locked", r);
	} else if (!watched->told_ns || now - watched->told_ns >= TELL_NS) {
		watched->told_ns = now;
		name_holders(record);
	}
}

static void unlock(struct watch *watch, struct watched *watched, const struct record *record)
{
	int r = vault_give_key(watch->keyring_fd, record);

	if (r == 0) {
		say(record, LOCAL_VAULT_UNLOCKED, "unlocked");
		watched->told_ns = 0;
	} else if (r != -ENOKEY && r != -ECONNREFUSED) {
		complain(watched, record, "cannot be unlocked", r);
	}
}

static void look_at(struct watch *watch, const struct record *record)
{
	struct watched *watched = watched_of(watch, record->name);
	struct record asked = *record;
	auto_close int fd = -EBADF;
	enum cipher_key key;
	int r;

	if (record->phase < RECORD_DISCARDING) /* add has it in hand, or was broken off */
		return;
	fd = place_anchor(record);
	r = fd < 0 ? fd : cipher_key(fd, record->identifier, &key);
	if (r < 0) {
		complain(watched, record, "is not at its place", r);
	} else if (record->is_held) {
		if (key != CIPHER_KEY_GONE)
			lock(watch, watched, record);
	} else if (key == CIPHER_KEY_GONE) {
		unlock(watch, watched, record);
	} else if (keys_add(watch->keyring_fd, fd, &asked) == -ENOKEY) {
		/* keyring has none any more, or was started anew and could not take it back */
		lock(watch, watched, record);
	}
}

/* Nobody knows whether the key may still be there: then it may not. */
static void lock_without(const struct record *record)
{
	auto_close int fd = place_anchor(record);
	enum cipher_key key;

	if (fd < 0 || cipher_key(fd, record->identifier, &key) < 0 || key == CIPHER_KEY_GONE)
		return;
	(void)place_hide(record); /* what shows is told below */
	(void)syncfs(fd);	  /* likewise */
	if (cipher_take(fd, record->identifier) == 0)
		say(record, LOCAL_VAULT_LOCKED, "locked, as there is no keyring");
	else if (key == CIPHER_KEY_THERE)
		say(record, LOCAL_VAULT_HELD,
			"there is no keyring: the key is gone, and files of it are held");
}

/* Whether there is one to ask. */
static bool has_keyring(struct watch *watch)
{
	if (watch->keyring_fd < 0)
		watch->keyring_fd = keys_connect(vault_options.runtime_directory);
	if (watch->keyring_fd >= 0)
		watch->lost_ns = 0;
	else if (!watch->lost_ns)
		watch->lost_ns = clock_boot_ns();
	return watch->keyring_fd >= 0;
}

/* First of all: what keyring has would be in a hibernation image. One that was started since knows nothing of it. */
static void tell_keyring(struct watch *watch)
{
	if (watch->was_asleep != watch->asleep.is_asleep) {
		watch->was_asleep = watch->asleep.is_asleep;
		watch->is_told = false;
	}
	if (!watch->is_told && has_keyring(watch))
		watch->is_told = keys_sleep(watch->keyring_fd, watch->was_asleep) == 0;
}

/* Whether there is nobody who waits for us: the machine may sleep with keys in memory. */
static void tell_unseen(struct watch *watch)
{
	bool is_unseen = watch->asleep.unseen_ns &&
			 clock_boot_ns() - watch->asleep.unseen_ns >= UNSEEN_NS;

	if (is_unseen && !watch->is_unseen_told)
		wish_tell(NULL, LOCAL_VAULT_UNSEEN,
			"systemd-logind does not wait for keys to be dropped before the machine "
			"sleeps");
	watch->is_unseen_told = is_unseen;
}

static void tick(struct watch *watch)
{
	char names[RECORD_MAX][RECORD_NAME_SIZE];
	struct record record;
	int count = record_list(watch->state_fd, names);
	bool is_there = count > 0 && has_keyring(watch);

	if (count > 0)
		tell_unseen(watch);
	if (!is_there && !watch->was_asleep &&
		(!watch->lost_ns || clock_boot_ns() - watch->lost_ns < LOST_NS))
		return;
	for (int i = 0; i < count; i++) {
		if (record_read(watch->state_fd, names[i], &record) < 0)
			continue;
		if (is_there)
			look_at(watch, &record);
		else
			lock_without(&record);
	}
}

/* A keyring that was asked and is gone shows by its socket. */
static void check_keyring(struct watch *watch)
{
	struct pollfd socket = {.fd = watch->keyring_fd, .events = 0};

	if (watch->keyring_fd < 0 || poll(&socket, 1, 0) <= 0)
		return;
	(void)close(watch->keyring_fd); /* the other end is */
	watch->keyring_fd = -EBADF;
	watch->is_told = false;
}

int vault_watch(void)
{
	static struct watch watch = {.keyring_fd = -EBADF};
	struct pollfd polls[2] = {{.fd = PARENT_FD, .events = POLLIN}};

	log_open("holdfast-vault", false);
	watch.state_fd = record_directory(vault_options.state_directory);
	if (watch.state_fd < 0)
		fatal("cannot open '%s': %s, stopping", vault_options.state_directory,
			strerror(-watch.state_fd));
	asleep_init(&watch.asleep);
	while (!polls[0].revents) {
		asleep_tick(&watch.asleep);
		check_keyring(&watch);
		tell_keyring(&watch);
		tick(&watch);
		if (watch.was_asleep) /* all that can be done is; it is tried again when files are held */
			sleep_let(&watch.asleep.sleep);
		polls[1] = asleep_poll(&watch.asleep);
		if (poll(polls, 2, TICK_MS) < 0)
			break;
	}
	return VAULT_DONE;
}
