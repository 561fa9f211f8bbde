/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/seal_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/audit.h"
#include "console/store/seal_files.h"
#include "console/store/seal_list.h"
#include "console/store/seal_share.h"

static int id_of(const uint8_t private_key[HPKE_KEY_SIZE], uint8_t ret_id[HPKE_KEY_ID_SIZE])
{
	uint8_t public_key[HPKE_KEY_SIZE];
	int r = hpke_key_public(private_key, public_key);

	return r < 0 ? r : hpke_key_id(public_key, ret_id);
}

struct opening {
	struct seal_keys *keys;
	const struct seal_keys *known;
	struct ingest *ingest;
	int64_t now_ms;
};

/* One of the directory's earlier keys, with what the database knows of it. */
static int take_earlier(const uint8_t private_key[HPKE_KEY_SIZE], void *userdata)
{
	const struct opening *opening = userdata;
	struct seal_key key = {
		.replaced_ms = opening->now_ms}; /* restored from a backup, when it is not known */
	int r;

	if (opening->keys->count == SEAL_KEYS_MAX - 1)
		return -EMFILE;
	r = id_of(private_key, key.id);
	if (r == 0)
		r = ingest_add_key(opening->ingest, private_key);
	if (r < 0)
		return r;
	r = seal_list_find(opening->known, key.id);
	if (r >= 0)
		key = opening->known->keys[r];
	if (!key.replaced_ms)
		key.replaced_ms = opening->now_ms;
	seal_list_add(opening->keys, &key);
	return 0;
}

/* A rotation of which the database knows nothing: cut short, or the database is an older one. */
static int share_again(const struct seal_keys *keys, struct store *store)
{
	uint8_t earlier[HPKE_KEY_SIZE], current[HPKE_KEY_SIZE], other[HPKE_KEY_SIZE];
	int r;

	if (keys->count < 2)
		return 0;
	r = seal_file_earlier(keys->directory, keys->keys[keys->count - 2].id, earlier);
	if (r == 0)
		r = seal_file_current(keys->directory, current);
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
		r = seal_list_write(keys, store);
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
	char id[SEAL_ID_TEXT];

	seal_key_id_format(key->id, id);
	return audit_note(store, &(struct audit_act){.who = who,
					 .act = act,
					 .what = id,
					 .before = before,
					 .after = after,
					 .time_ms = now_ms});
}

/* The key that another console has made after the one in use here. -ENOENT: there is none. */
static int next_read(
	const struct seal_keys *keys, struct store *store, uint8_t ret_key[HPKE_KEY_SIZE])
{
	uint8_t current[HPKE_KEY_SIZE];
	int r = seal_file_current(keys->directory, current);

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
	int r = seal_file_current(keys->directory, current);

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

static int rotate(struct seal_keys *keys, struct store *store, const char *who, int64_t now_ms,
	const uint8_t private_key[HPKE_KEY_SIZE])
{
	struct seal_key fresh = {.made_ms = made_after(keys, now_ms)};
	struct seal_key *old = &keys->keys[keys->count - 1];
	char before[SEAL_ID_TEXT];
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
	if (r < 0)
		return r;
	old->replaced_ms = fresh.made_ms;
	keys->keys[keys->count++] = fresh;
	r = seal_list_write(keys, store);
	if (r == 0) /* last: what the database undoes is not in the file yet */
		r = seal_file_rotate(keys->directory, old->id, private_key);
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
	/*
	 * Nobody was told of it. Whether its commit is lost nobody knows: if it is not, the key comes by the
	 * database, as it does to the others.
	 */
	if (store_is_shared(store))
		(void)seal_file_put_back(
			keys->directory, keys->keys[keys->count - 1].id); /* else as above */
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
		r = seal_file_rotate(keys->directory, keys->keys[keys->count - 1].id, private_key);
	if (r == 0)
		r = ingest_rotate(ingest, private_key);
	if (r < 0)
		return r;
	at = seal_list_find(known, fresh.id);
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
	for (unsigned int i = 0; i + 1 < keys->count;) {
		const struct seal_key key = keys->keys[i];
		int r = seal_share_is_destroyed(store, key.id);

		if (r == 0) {
			i++;
			continue;
		}
		if (r > 0)
			r = seal_file_remove(keys->directory, key.id);
		if (r < 0)
			return r;
		seal_list_remove(keys, i);
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
	int r = seal_list_read(store, &known);

	return r < 0 ? r : take_others(keys, &known, store, ingest);
}

int seal_keys_open(const char *directory, struct store *store, struct seal_keys *ret_keys,
	struct ingest **ret_ingest)
{
	auto_call(ingest_freep) struct ingest *ingest = NULL;
	struct seal_keys known = {0};
	struct seal_key current = {0};
	uint8_t private_key[HPKE_KEY_SIZE];
	struct opening opening = {
		.keys = ret_keys, .known = &known, .now_ms = (int64_t)clock_day_ms()};
	bool is_known;
	int r;

	*ret_keys = (struct seal_keys){0};
	if ((size_t)snprintf(ret_keys->directory, sizeof(ret_keys->directory), "%s", directory) >=
		sizeof(ret_keys->directory))
		return -ENAMETOOLONG;
	r = seal_file_current(directory, private_key);
	if (r == 0)
		r = id_of(private_key, current.id);
	if (r == 0)
		r = ingest_new(private_key, &ingest);
	explicit_bzero(private_key, sizeof(private_key));
	if (r == 0)
		r = seal_list_read(store, &known);
	opening.ingest = ingest;
	if (r == 0)
		r = seal_files_earlier(directory, take_earlier, &opening);
	if (r < 0)
		return r;
	r = seal_list_find(ret_keys, current.id);
	if (r >= 0) /* a rotation that did not get so far */
		seal_list_remove(ret_keys, (unsigned int)r);
	r = seal_list_find(&known, current.id);
	current.made_ms = r >= 0	? known.keys[r].made_ms
			  : known.count ? made_after(ret_keys, opening.now_ms)
					: 0;
	ret_keys->keys[ret_keys->count++] = current;
	ingest_key_made(ingest, current.made_ms);
	is_known = !known.count || seal_list_find(&known, current.id) >= 0;
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
	int r = seal_keys_follow(keys, store, ingest); /* what is written down has all there are */
	const struct seal_keys before = *keys;
	int at = seal_list_find(keys, id);
	char text[64];

	if (r < 0 || at < 0)
		return r < 0 ? r : at;
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
	seal_list_remove(keys, (unsigned int)at);
	if (r == 0)
		r = seal_list_write(keys, store);
	if (r == 0 && store_is_shared(store))
		r = seal_share_destroy(store, id);
	if (r == 0 && store_is_shared(store))
		r = store_notice_add(store, STORE_NOTICE_SEAL_KEYS);
	if (r == 0)
		r = seal_file_remove(keys->directory, id);
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
