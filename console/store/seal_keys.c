/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/seal_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "console/store/audit.h"
#include "console/store/seal_share.h"
#include "console/store/service.h"

#define VALUE	  "seal-keys" /* in the database: a line each, ID MADE REPLACED */
#define LINE_SIZE 96
#define ID_TEXT	  (2 * HPKE_KEY_ID_SIZE + 1)
#define NAME_SIZE 64
#define PREFIX	  "seal-"
#define SUFFIX	  ".key"

void seal_key_id_format(const uint8_t id[HPKE_KEY_ID_SIZE], char ret_text[ID_TEXT])
{
	for (unsigned int i = 0; i < HPKE_KEY_ID_SIZE; i++)
		(void)sprintf(ret_text + 2 * i, "%02x", id[i]); /* fits */
}

static void name_of(const uint8_t id[HPKE_KEY_ID_SIZE], char ret_name[NAME_SIZE])
{
	char text[ID_TEXT];

	seal_key_id_format(id, text);
	(void)snprintf(ret_name, NAME_SIZE, PREFIX "%s" SUFFIX, text);
}

static int id_of(const uint8_t private_key[HPKE_KEY_SIZE], uint8_t ret_id[HPKE_KEY_ID_SIZE])
{
	uint8_t public_key[HPKE_KEY_SIZE];
	int r = hpke_key_public(private_key, public_key);

	return r < 0 ? r : hpke_key_id(public_key, ret_id);
}

static int key_read(int directory, const char *name, uint8_t ret_key[HPKE_KEY_SIZE])
{
	auto_close int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t bytes[HPKE_KEY_SIZE + 1];
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = read(fd, bytes, sizeof(bytes));
	if (size == HPKE_KEY_SIZE)
		memcpy(ret_key, bytes, HPKE_KEY_SIZE);
	explicit_bzero(bytes, sizeof(bytes));
	return size == HPKE_KEY_SIZE ? 0 : size < 0 ? -errno : -EBADMSG;
}

static int key_write(int directory, const char *name, const uint8_t key[HPKE_KEY_SIZE])
{
	const struct file_content content = {
		.bytes = key, .size = HPKE_KEY_SIZE, .mode = 0600, .group = FILE_GROUP_NONE};

	return file_replace(directory, name, &content);
}

/* What it held goes first, as far as the disk writes over it in place. */
static int key_remove(int directory, const char *name)
{
	static const uint8_t zeros[HPKE_KEY_SIZE];
	auto_close int fd = openat(directory, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (pwrite(fd, zeros, sizeof(zeros), 0) < 0 || fsync(fd) < 0 ||
		unlinkat(directory, name, 0) < 0 || fsync(directory) < 0)
		return -errno;
	return 0;
}

static int directory_open(const struct seal_keys *keys)
{
	int fd = open(keys->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int find(const struct seal_keys *keys, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	for (unsigned int i = 0; i < keys->count; i++)
		if (!memcmp(keys->keys[i].id, id, HPKE_KEY_ID_SIZE))
			return (int)i;
	return -ENOENT;
}

static void remove_at(struct seal_keys *keys, unsigned int at)
{
	keys->count--;
	memmove(&keys->keys[at], &keys->keys[at + 1], (keys->count - at) * sizeof(keys->keys[0]));
}

static int write_down(const struct seal_keys *keys, struct store *store)
{
	char text[SEAL_KEYS_MAX * LINE_SIZE], id[ID_TEXT];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < keys->count; i++) {
		const struct seal_key *key = &keys->keys[i];

		seal_key_id_format(key->id, id);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %lld %lld\n", id,
			(long long)key->made_ms, (long long)key->replaced_ms);
	}
	return store_set(store, VALUE, text);
}

static bool id_parse(const char *text, uint8_t ret_id[HPKE_KEY_ID_SIZE])
{
	for (unsigned int i = 0; i < HPKE_KEY_ID_SIZE; i++) {
		unsigned int byte;

		if (strspn(text + 2 * i, "0123456789abcdef") < 2 ||
			sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		ret_id[i] = (uint8_t)byte;
	}
	return true;
}

/* What the database knows; none is no failure. */
static int read_down(struct store *store, struct seal_keys *ret_known)
{
	char text[SEAL_KEYS_MAX * LINE_SIZE], *rest = NULL;
	int r;

	r = store_get(store, VALUE, text, sizeof(text));
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &rest); line && ret_known->count < SEAL_KEYS_MAX;
		line = strtok_r(NULL, "\n", &rest)) {
		struct seal_key *key = &ret_known->keys[ret_known->count];
		long long made_ms, replaced_ms;

		if (strlen(line) <= ID_TEXT || !id_parse(line, key->id) ||
			sscanf(line + ID_TEXT, "%lld %lld", &made_ms, &replaced_ms) != 2)
			return -EBADMSG;
		key->made_ms = made_ms;
		key->replaced_ms = replaced_ms;
		ret_known->count++;
	}
	return 0;
}

/* One of the directory's earlier keys, with what the database knows of it. */
static int take_earlier(struct seal_keys *keys, const struct seal_keys *known, int directory,
	const char *name, int64_t now_ms, struct ingest *ingest)
{
	struct seal_key key = {
		.replaced_ms = now_ms}; /* restored from a backup, when it is not known */
	uint8_t private_key[HPKE_KEY_SIZE];
	unsigned int at = 0;
	int r;

	if (keys->count == SEAL_KEYS_MAX - 1)
		return -EMFILE;
	r = key_read(directory, name, private_key);
	if (r == 0)
		r = id_of(private_key, key.id);
	if (r == 0)
		r = ingest_add_key(ingest, private_key);
	explicit_bzero(private_key, sizeof(private_key));
	if (r < 0)
		return r;
	r = find(known, key.id);
	if (r >= 0)
		key = known->keys[r];
	if (!key.replaced_ms)
		key.replaced_ms = now_ms;
	while (at < keys->count && keys->keys[at].made_ms <= key.made_ms)
		at++;
	memmove(&keys->keys[at + 1], &keys->keys[at], (keys->count - at) * sizeof(key));
	keys->keys[at] = key;
	keys->count++;
	return 0;
}

static int take_directory(struct seal_keys *keys, const struct seal_keys *known, int64_t now_ms,
	struct ingest *ingest)
{
	DIR *directory = opendir(keys->directory);
	struct dirent *entry;
	int r = 0;

	if (!directory)
		return -errno;
	while (r == 0 && (entry = readdir(directory)) != NULL) {
		size_t size = strlen(entry->d_name);

		if (size == strlen(PREFIX SUFFIX) + ID_TEXT - 1 &&
			!strncmp(entry->d_name, PREFIX, strlen(PREFIX)) &&
			!strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX))
			r = take_earlier(
				keys, known, dirfd(directory), entry->d_name, now_ms, ingest);
	}
	(void)closedir(directory); /* was read only */
	return r;
}

static int current_read(const struct seal_keys *keys, uint8_t ret_key[HPKE_KEY_SIZE])
{
	auto_close int fd = directory_open(keys);

	return fd < 0 ? fd : key_read(fd, SERVICE_SEAL_KEY, ret_key);
}

static int earlier_read(
	const struct seal_keys *keys, unsigned int at, uint8_t ret_key[HPKE_KEY_SIZE])
{
	auto_close int fd = directory_open(keys);
	char name[NAME_SIZE];

	name_of(keys->keys[at].id, name);
	return fd < 0 ? fd : key_read(fd, name, ret_key);
}

/* A rotation of which the database knows nothing: cut short, or the database is an older one. */
static int share_again(const struct seal_keys *keys, struct store *store)
{
	uint8_t earlier[HPKE_KEY_SIZE], current[HPKE_KEY_SIZE], other[HPKE_KEY_SIZE];
	int r;

	if (keys->count < 2)
		return 0;
	r = earlier_read(keys, keys->count - 2, earlier);
	if (r == 0)
		r = current_read(keys, current);
	if (r == 0)
		r = seal_share_next(store, earlier, other);
	if (r == -ENOENT)
		r = seal_share_put(store, earlier, current);
	if (r == 0)
		r = store_notice_add(store, STORE_NOTICE_SEAL_KEYS);
	explicit_bzero(earlier, sizeof(earlier));
	explicit_bzero(current, sizeof(current));
	explicit_bzero(other, sizeof(other));
	return r;
}

static int write_first(const struct seal_keys *keys, struct store *store, bool is_known)
{
	int r = store_begin(store);

	if (r == 0)
		r = write_down(keys, store);
	if (r == 0 && !is_known && store_is_shared(store))
		r = share_again(keys, store);
	if (r == 0)
		r = store_commit(store);
	if (r < 0)
		store_rollback(store);
	return r;
}

/* The one in use is the youngest, whatever the clock says. */
static int64_t made_after(const struct seal_keys *keys, int64_t now_ms)
{
	int64_t last_ms = keys->count ? keys->keys[keys->count - 1].made_ms : 0;

	return now_ms > last_ms ? now_ms : last_ms + 1;
}

static int note(struct store *store, const char *who, const char *act, const struct seal_key *key,
	const char *before, const char *after, int64_t now_ms)
{
	char id[ID_TEXT];

	seal_key_id_format(key->id, id);
	return audit_note(store, &(struct audit_act){.who = who,
					 .act = act,
					 .what = id,
					 .before = before,
					 .after = after,
					 .time_ms = now_ms});
}

/* Files first: a key of which nothing else knows does no harm, one that nobody has would. */
static int put_new(struct seal_keys *keys, const uint8_t private_key[HPKE_KEY_SIZE])
{
	auto_close int fd = directory_open(keys);
	uint8_t current[HPKE_KEY_SIZE];
	char name[NAME_SIZE];
	int r;

	if (fd < 0)
		return fd;
	name_of(keys->keys[keys->count - 1].id, name);
	r = key_read(fd, SERVICE_SEAL_KEY, current);
	if (r == 0)
		r = key_write(fd, name, current);
	explicit_bzero(current, sizeof(current));
	return r < 0 ? r : key_write(fd, SERVICE_SEAL_KEY, private_key);
}

/* The key that another console has made after the one in use here. -ENOENT: there is none. */
static int next_read(
	const struct seal_keys *keys, struct store *store, uint8_t ret_key[HPKE_KEY_SIZE])
{
	uint8_t current[HPKE_KEY_SIZE];
	int r = current_read(keys, current);

	if (r == 0)
		r = seal_share_next(store, current, ret_key);
	explicit_bzero(current, sizeof(current));
	return r;
}

/* What the others are to have, and that they look. The act before it keeps their acts away until the commit. */
static int share(
	const struct seal_keys *keys, struct store *store, const uint8_t private_key[HPKE_KEY_SIZE])
{
	uint8_t current[HPKE_KEY_SIZE], other[HPKE_KEY_SIZE];
	int r = current_read(keys, current);

	if (r == 0)
		r = seal_share_next(store, current, other);
	explicit_bzero(other, sizeof(other));
	if (r == 0)
		r = -EAGAIN; /* one of them was faster */
	if (r == -ENOENT)
		r = seal_share_put(store, current, private_key);
	explicit_bzero(current, sizeof(current));
	return r < 0 ? r : store_notice_add(store, STORE_NOTICE_SEAL_KEYS);
}

/*
 * Nobody was told of the new one. Whether its commit is lost nobody knows: if it is not, the key comes by
 * the database, as it does to the others.
 */
static void put_back(const struct seal_keys *keys)
{
	auto_close int fd = directory_open(keys);
	uint8_t key[HPKE_KEY_SIZE];

	if (fd >= 0 && earlier_read(keys, keys->count - 1, key) == 0)
		(void)key_write(fd, SERVICE_SEAL_KEY, key); /* else as above */
	explicit_bzero(key, sizeof(key));
}

static int rotate(struct seal_keys *keys, struct store *store, const char *who, int64_t now_ms,
	const uint8_t private_key[HPKE_KEY_SIZE])
{
	struct seal_key fresh = {.made_ms = made_after(keys, now_ms)};
	struct seal_key *old = &keys->keys[keys->count - 1];
	char before[ID_TEXT];
	int r;

	r = id_of(private_key, fresh.id);
	if (r < 0)
		return r;
	seal_key_id_format(old->id, before);
	r = store_begin(store);
	if (r == 0)
		r = note(store, who, "seal-key rotate", &fresh, before, "in use", now_ms);
	if (r == 0 && store_is_shared(store))
		r = share(keys, store, private_key);
	if (r == 0)
		r = put_new(keys, private_key);
	if (r < 0)
		return r;
	old->replaced_ms = fresh.made_ms;
	keys->keys[keys->count++] = fresh;
	r = write_down(keys, store);
	return r < 0 ? r : store_commit(store);
}

int seal_keys_rotate(struct seal_keys *keys, struct store *store, struct ingest *ingest,
	const char *who, int64_t now_ms)
{
	uint8_t private_key[HPKE_KEY_SIZE], public_key[HPKE_KEY_SIZE];
	const struct seal_keys before = *keys;
	int r;

	if (keys->count == SEAL_KEYS_MAX)
		return -ENOSPC;
	r = hpke_key_generate(private_key, public_key);
	if (r == 0)
		r = rotate(keys, store, who, now_ms, private_key);
	if (r == 0)
		r = ingest_rotate(ingest, private_key);
	explicit_bzero(private_key, sizeof(private_key));
	if (r == 0) {
		ingest_key_made(ingest, keys->keys[keys->count - 1].made_ms);
		return 0;
	}
	store_rollback(store);
	*keys = before; /* the file has the new one: the next start takes it as rotated */
	if (store_is_shared(store))
		put_back(keys);
	return r;
}

/* One that another console made; what is written down of it is in known. */
static int take_next(struct seal_keys *keys, const struct seal_keys *known, struct ingest *ingest,
	const uint8_t private_key[HPKE_KEY_SIZE])
{
	struct seal_key fresh = {
		.made_ms = made_after(keys, keys->keys[keys->count - 1].made_ms + 1)};
	int r, at;

	if (keys->count == SEAL_KEYS_MAX)
		return -ENOSPC;
	r = id_of(private_key, fresh.id);
	if (r == 0)
		r = put_new(keys, private_key);
	if (r == 0)
		r = ingest_rotate(ingest, private_key);
	if (r < 0)
		return r;
	at = find(known, fresh.id);
	if (at >= 0)
		fresh.made_ms = known->keys[at].made_ms;
	keys->keys[keys->count - 1].replaced_ms = fresh.made_ms;
	keys->keys[keys->count++] = fresh;
	ingest_key_made(ingest, fresh.made_ms);
	return 0;
}

/* What others have destroyed is destroyed here. */
static int drop_destroyed(struct seal_keys *keys, struct store *store, struct ingest *ingest)
{
	auto_close int fd = directory_open(keys);

	if (fd < 0)
		return fd;
	for (unsigned int i = 0; i + 1 < keys->count;) {
		const struct seal_key key = keys->keys[i];
		char name[NAME_SIZE];
		int r = seal_share_is_destroyed(store, key.id);

		if (r == 0) {
			i++;
			continue;
		}
		name_of(key.id, name);
		if (r > 0)
			r = key_remove(fd, name);
		if (r < 0)
			return r;
		remove_at(keys, i);
		ingest_drop_key(ingest, key.id);
	}
	return 0;
}

/* Until there is no later one. */
static int take_later(struct seal_keys *keys, const struct seal_keys *known, struct store *store,
	struct ingest *ingest)
{
	uint8_t next[HPKE_KEY_SIZE];
	int r = next_read(keys, store, next);

	for (unsigned int i = 0; r == 0 && i < SEAL_KEYS_MAX; i++) {
		r = take_next(keys, known, ingest, next);
		if (r == 0)
			r = next_read(keys, store, next);
	}
	explicit_bzero(next, sizeof(next));
	return r == -ENOENT ? 0 : r;
}

static int take_others(struct seal_keys *keys, const struct seal_keys *known, struct store *store,
	struct ingest *ingest)
{
	int r;

	if (!store_is_shared(store))
		return 0;
	r = take_later(keys, known, store, ingest);
	return r < 0 ? r : drop_destroyed(keys, store, ingest);
}

int seal_keys_follow(struct seal_keys *keys, struct store *store, struct ingest *ingest)
{
	struct seal_keys known = {0};
	int r = read_down(store, &known);

	return r < 0 ? r : take_others(keys, &known, store, ingest);
}

int seal_keys_open(const char *directory, struct store *store, struct seal_keys *ret_keys,
	struct ingest **ret_ingest)
{
	auto_call(ingest_freep) struct ingest *ingest = NULL;
	struct seal_keys known = {0};
	struct seal_key current = {0};
	uint8_t private_key[HPKE_KEY_SIZE];
	auto_close int fd = -EBADF;
	int64_t now_ms = (int64_t)clock_day_ms();
	bool is_known;
	int r;

	*ret_keys = (struct seal_keys){0};
	if ((size_t)snprintf(ret_keys->directory, sizeof(ret_keys->directory), "%s", directory) >=
		sizeof(ret_keys->directory))
		return -ENAMETOOLONG;
	fd = directory_open(ret_keys);
	if (fd < 0)
		return fd;
	r = key_read(fd, SERVICE_SEAL_KEY, private_key);
	if (r == 0)
		r = id_of(private_key, current.id);
	if (r == 0)
		r = ingest_new(private_key, &ingest);
	explicit_bzero(private_key, sizeof(private_key));
	if (r == 0)
		r = read_down(store, &known);
	if (r == 0)
		r = take_directory(ret_keys, &known, now_ms, ingest);
	if (r < 0)
		return r;
	r = find(ret_keys, current.id);
	if (r >= 0) /* a rotation that did not get so far */
		remove_at(ret_keys, (unsigned int)r);
	r = find(&known, current.id);
	current.made_ms = r >= 0	? known.keys[r].made_ms
			  : known.count ? made_after(ret_keys, now_ms)
					: 0;
	ret_keys->keys[ret_keys->count++] = current;
	ingest_key_made(ingest, current.made_ms);
	is_known = !known.count || find(&known, current.id) >= 0;
	r = take_others(ret_keys, &known, store, ingest);
	if (r == 0)
		r = write_first(ret_keys, store, is_known);
	if (r == 0)
		*ret_ingest = take_ptr(ingest);
	return r;
}

int seal_keys_waiting(struct store *store, const struct seal_key *key, int64_t *ret_count)
{
	*ret_count = 0;
	return key->replaced_ms ? store_seal_waiting(store, key->replaced_ms, ret_count) : 0;
}

int seal_keys_destroy(struct seal_keys *keys, struct store *store, struct ingest *ingest,
	const uint8_t id[HPKE_KEY_ID_SIZE], bool is_forced, const char *who, int64_t now_ms,
	int64_t *ret_waiting)
{
	auto_close int fd = directory_open(keys);
	int r = seal_keys_follow(keys, store, ingest); /* what is written down has all there are */
	const struct seal_keys before = *keys;
	int at = find(keys, id);
	char name[NAME_SIZE], text[64];

	if (r < 0)
		return r;
	if (fd < 0 || at < 0)
		return fd < 0 ? fd : at;
	if ((unsigned int)at == keys->count - 1)
		return -EINVAL;
	r = seal_keys_waiting(store, &keys->keys[at], ret_waiting);
	if (r < 0)
		return r;
	if (*ret_waiting && !is_forced)
		return -EBUSY;
	(void)snprintf(
		text, sizeof(text), "%lld devices may have used it", (long long)*ret_waiting);
	r = store_begin(store);
	if (r == 0)
		r = note(
			store, who, "seal-key destroy", &keys->keys[at], text, "destroyed", now_ms);
	remove_at(keys, (unsigned int)at);
	if (r == 0)
		r = write_down(keys, store);
	if (r == 0 && store_is_shared(store))
		r = seal_share_destroy(store, id);
	if (r == 0 && store_is_shared(store))
		r = store_notice_add(store, STORE_NOTICE_SEAL_KEYS);
	name_of(id, name);
	if (r == 0)
		r = key_remove(fd, name);
	if (r == 0)
		r = store_commit(store);
	if (r == 0) {
		ingest_drop_key(ingest, id);
		return 0;
	}
	store_rollback(store);
	*keys = before;
	return r;
}

unsigned int seal_keys_expire(
	struct seal_keys *keys, struct store *store, struct ingest *ingest, int64_t now_ms)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i + 1 < keys->count;) {
		const struct seal_key key = keys->keys[i];
		int64_t waiting;

		if (now_ms - key.replaced_ms >= SEAL_KEYS_REST &&
			seal_keys_destroy(keys, store, ingest, key.id, false, "console", now_ms,
				&waiting) == 0)
			count++;
		else
			i++;
	}
	return count;
}
