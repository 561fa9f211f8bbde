/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which labels are wanted, which keys are here and until when. The bytes lie in one piece of secret memory,
 * all else here is no secret. A key goes from HPKE's cipher straight into that piece.
 */
#include "agent/keyring/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mark_id.h"
#include "common/uuid.h"
#include "watermark/key.h"

#define BOOT_ID	   "/proc/sys/kernel/random/boot_id"
#define ANSWER_MS  20000 /* so long a question waits for its answer, until another is made */
#define REFUSED_MS 30000 /* until the console is asked again what it refused */
#define SECOND_MS  1000

/* In secret memory. */
struct secrets {
	uint8_t ephemeral[HPKE_KEY_SIZE]; /* of the question under way */
	uint8_t text[KEY_SEALED_MAX];	  /* of a grant, while it is taken in */
	uint8_t keys[KEYS_MAX][LABEL_KEY_SIZE];
};

struct entry {
	uint8_t label[KEY_WORDS_ID_SIZE];
	uint32_t generation; /* 0 = free */
	bool is_newest;
};

struct wanted {
	uint8_t label[KEY_WORDS_ID_SIZE];
	bool is_of_policy, is_used;  /* one of both: a verb has asked for it */
	uint64_t asked_ms, until_ms; /* of what is here; 0 = nothing is */
	uint64_t again_ms;	     /* not asked for before */
	enum keyring_drop drop;
};

struct keys {
	struct secret_memory memory;
	struct secrets *secrets;
	struct entry entries[KEYS_MAX]; /* of secrets->keys */
	struct wanted wanted[KEYRING_LABELS_MAX];
	unsigned int wanted_count;
	bool is_shut, is_asleep, is_verified;
	enum keyring_drop shut_by;
	uint8_t boot[KEY_WORDS_ID_SIZE];
	/* the question under way */
	uint64_t question_ms; /* when it was made; 0 = none is */
	uint8_t question_hash[KEY_WORDS_HASH_SIZE];
	uint8_t device_hash[KEY_WORDS_HASH_SIZE];
	struct key_question question;
	uint32_t granted, refused;
	char code[KEYRING_CODE_SIZE];
	void (*drop)(const uint8_t *label, void *userdata);
	void *userdata;
};

static uint64_t now_ms(void)
{
	return clock_boot_ns() / 1000000;
}

static int boot_read(uint8_t ret_boot[KEY_WORDS_ID_SIZE])
{
	auto_close int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	char text[UUID_TEXT_SIZE] = "";

	if (fd < 0 || read(fd, text, UUID_TEXT_SIZE - 1) != UUID_TEXT_SIZE - 1)
		return fd < 0 ? -errno : -EIO;
	return uuid_parse(text, ret_boot);
}

int keys_new(enum secret_wish wish, struct keys **ret_keys)
{
	auto_call(keys_freep) struct keys *keys = calloc(1, sizeof(*keys));
	int r;

	if (!keys)
		return -ENOMEM;
	r = boot_read(keys->boot);
	if (r == 0)
		r = secret_memory_open(sizeof(*keys->secrets), wish, &keys->memory);
	if (r < 0)
		return r;
	keys->secrets = keys->memory.start;
	*ret_keys = take_ptr(keys);
	return 0;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	secret_memory_close(&keys->memory);
	free(keys);
}

void keys_on_drop(
	struct keys *keys, void (*drop)(const uint8_t *label, void *userdata), void *userdata)
{
	keys->drop = drop;
	keys->userdata = userdata;
}

static bool is_same(const uint8_t *one, const uint8_t *other)
{
	return !memcmp(one, other, KEY_WORDS_ID_SIZE);
}

/* Whether that is what was asked for by this id: a label's key, or a part of a pen. */
static bool is_of(const uint8_t *item, const uint8_t *asked)
{
	uint8_t id[KEY_WORDS_ID_SIZE];

	mark_id_asked(item, id);
	return is_same(id, asked);
}

static struct wanted *wanted_find(struct keys *keys, const uint8_t *label)
{
	for (unsigned int i = 0; i < keys->wanted_count; i++)
		if (is_of(label, keys->wanted[i].label))
			return &keys->wanted[i];
	return NULL;
}

/* NULL when there is no room. */
static struct wanted *wanted_add(struct keys *keys, const uint8_t *label)
{
	struct wanted *wanted = wanted_find(keys, label);

	if (wanted || keys->wanted_count == KEYRING_LABELS_MAX)
		return wanted;
	wanted = &keys->wanted[keys->wanted_count++];
	*wanted = (struct wanted){0};
	memcpy(wanted->label, label, KEY_WORDS_ID_SIZE);
	return wanted;
}

static struct entry *entry_find(struct keys *keys, const uint8_t *label, uint32_t generation)
{
	for (unsigned int i = 0; i < KEYS_MAX; i++) {
		struct entry *entry = &keys->entries[i];

		if (entry->generation && is_same(entry->label, label) &&
			(generation ? entry->generation == generation : entry->is_newest))
			return entry;
	}
	return NULL;
}

const uint8_t *keys_find(struct keys *keys, const uint8_t label[KEY_WORDS_ID_SIZE],
	uint32_t generation, uint32_t *ret_generation)
{
	const struct entry *entry = entry_find(keys, label, generation);
	struct wanted *wanted = wanted_add(keys, label);

	if (wanted)
		wanted->is_used = true;
	if (!entry)
		return NULL;
	*ret_generation = entry->generation;
	return keys->secrets->keys[entry - keys->entries];
}

int keys_pen(
	struct keys *keys, uint32_t uid, struct watermark_pen *ret_pen, uint32_t *ret_generation)
{
	struct watermark_pen pen = {0};
	uint8_t *const parts[MARK_PART_MAX] = {
		[MARK_LATTICE] = pen.lattice, [MARK_CIPHER] = pen.cipher, [MARK_OWN] = pen.own};
	unsigned int found = 0;
	struct mark_id mark;

	for (unsigned int i = 0; i < KEYS_MAX; i++) {
		const struct entry *entry = &keys->entries[i];

		if (!entry->generation || !mark_id_read(entry->label, &mark) || mark.uid != uid ||
			mark.part == MARK_WHOLE)
			continue;
		memcpy(parts[mark.part], keys->secrets->keys[i], LABEL_KEY_SIZE);
		pen.subject = mark.subject;
		pen.epoch = entry->generation % WATERMARK_EPOCHS;
		*ret_generation = entry->generation;
		found |= 1U << mark.part;
	}
	if (found == (1U << MARK_LATTICE | 1U << MARK_CIPHER | 1U << MARK_OWN))
		*ret_pen = pen;
	watermark_pen_wipe(&pen);
	return found == (1U << MARK_LATTICE | 1U << MARK_CIPHER | 1U << MARK_OWN) ? 0 : -ENOKEY;
}

static void entry_wipe(struct keys *keys, struct entry *entry)
{
	explicit_bzero(keys->secrets->keys[entry - keys->entries], LABEL_KEY_SIZE);
	*entry = (struct entry){0};
}

/* Without a word to anybody. */
static void wipe_label(struct keys *keys, const uint8_t *label)
{
	for (unsigned int i = 0; i < KEYS_MAX; i++)
		if (keys->entries[i].generation && is_of(keys->entries[i].label, label))
			entry_wipe(keys, &keys->entries[i]);
}

static void drop_one(struct keys *keys, struct wanted *wanted, enum keyring_drop reason)
{
	if (!wanted->until_ms)
		return;
	if (keys->drop)
		keys->drop(wanted->label, keys->userdata);
	wipe_label(keys, wanted->label);
	wanted->until_ms = 0;
	wanted->drop = reason;
}

/* What was asked is not taken in any more. */
static void forget_question(struct keys *keys)
{
	explicit_bzero(keys->secrets->ephemeral, sizeof(keys->secrets->ephemeral));
	keys->question_ms = 0;
}

void keys_drop(struct keys *keys, const uint8_t *label, enum keyring_drop reason)
{
	forget_question(keys);
	for (unsigned int i = 0; i < keys->wanted_count; i++)
		if (!label || is_same(keys->wanted[i].label, label))
			drop_one(keys, &keys->wanted[i], reason);
	if (!label && keys->drop)
		keys->drop(NULL, keys->userdata);
}

void keys_shut(struct keys *keys, enum keyring_drop reason)
{
	keys->is_shut = true;
	keys_drop(keys, NULL, reason);
}

void keys_open(struct keys *keys)
{
	keys->is_shut = false;
}

void keys_sleep(struct keys *keys, bool is_asleep)
{
	keys->is_asleep = is_asleep;
	if (is_asleep)
		keys_drop(keys, NULL, KEYRING_DROP_SUSPEND);
}

static bool is_closed(const struct keys *keys)
{
	return keys->is_shut || keys->is_asleep;
}

void keys_want(struct keys *keys, const struct keyring_want *want)
{
	bool had_verified = keys->is_verified;

	keys->is_verified = want->is_verified;
	for (unsigned int i = 0; i < keys->wanted_count; i++) {
		keys->wanted[i].is_of_policy = false;
		if (keys->is_verified && !had_verified)
			keys->wanted[i].again_ms = 0;
	}
	for (unsigned int i = 0; i < want->count; i++) {
		struct wanted *wanted = wanted_add(keys, want->labels[i]);

		if (wanted)
			wanted->is_of_policy = true;
	}
	for (unsigned int i = keys->wanted_count; i > 0; i--) {
		struct wanted *wanted = &keys->wanted[i - 1];

		if (wanted->is_of_policy)
			continue;
		drop_one(keys, wanted, (enum keyring_drop)want->drop);
		*wanted = keys->wanted[--keys->wanted_count];
	}
}

static bool is_due(const struct wanted *wanted, uint64_t now)
{
	if (now < wanted->again_ms)
		return false;
	return !wanted->until_ms ||
	       now - wanted->asked_ms > (wanted->until_ms - wanted->asked_ms) / 2;
}

/* Labels into the question; how many. */
static unsigned int choose(struct keys *keys, struct key_question *question, uint64_t now)
{
	for (unsigned int i = 0; i < keys->wanted_count; i++)
		if (question->label_count < KEY_LABELS_MAX && is_due(&keys->wanted[i], now))
			memcpy(question->labels[question->label_count++], keys->wanted[i].label,
				KEY_WORDS_ID_SIZE);
	return question->label_count;
}

bool keys_need(const struct keys *keys)
{
	uint64_t now = now_ms();

	if (is_closed(keys) || (keys->question_ms && now - keys->question_ms < ANSWER_MS))
		return false;
	for (unsigned int i = 0; i < keys->wanted_count; i++)
		if (is_due(&keys->wanted[i], now))
			return true;
	return false;
}

static int hash(const void *bytes, size_t size, uint8_t ret_hash[KEY_WORDS_HASH_SIZE])
{
	return EVP_Digest(bytes, size, ret_hash, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

/* With the device key. Bytes in all. */
static int sign(struct device_key *device, uint8_t bytes[KEY_QUESTION_MAX], size_t size)
{
	uint8_t digest[32], signature[KEY_SIGNATURE_MAX];
	int r;

	r = hash(bytes, size, digest);
	if (r == 0)
		r = device_key_sign(device, KEYRING_CURRENT, digest, signature, sizeof(signature));
	return r < 0 ? r : key_question_add_signature(bytes, size, signature, (size_t)r);
}

static int device_hash(struct keys *keys, struct device_key *device)
{
	uint8_t public_key[512];
	int size = device_key_public(device, KEYRING_CURRENT, public_key, sizeof(public_key));

	return size < 0 ? size : hash(public_key, (size_t)size, keys->device_hash);
}

int keys_ask(struct keys *keys, struct device_key *device, const uint8_t uid[KEY_WORDS_ID_SIZE],
	uint8_t ret_bytes[KEY_QUESTION_MAX])
{
	uint64_t now = now_ms();
	struct key_question question = {.asked_ms = now, .is_verified = keys->is_verified};
	int r;

	if (is_closed(keys) || (keys->question_ms && now - keys->question_ms < ANSWER_MS) ||
		!choose(keys, &question, now))
		return -ENODATA;
	memcpy(question.device, uid, sizeof(question.device));
	memcpy(question.boot, keys->boot, sizeof(question.boot));
	r = device_hash(keys, device);
	if (r == 0)
		r = RAND_bytes(question.nonce, sizeof(question.nonce)) == 1 ? 0 : -EIO;
	if (r == 0)
		r = hpke_key_generate(keys->secrets->ephemeral, question.ephemeral);
	if (r == 0)
		r = key_question_write(&question, ret_bytes);
	if (r > 0)
		r = sign(device, ret_bytes, (size_t)r);
	if (r > 0 && hash(ret_bytes, (size_t)r, keys->question_hash) < 0)
		r = -EIO;
	if (r < 0) {
		forget_question(keys);
		return r;
	}
	keys->question = question;
	keys->question_ms = now;
	return r;
}

static bool was_asked(const struct keys *keys, const uint8_t *label)
{
	for (unsigned int i = 0; i < keys->question.label_count; i++)
		if (is_of(label, keys->question.labels[i]))
			return true;
	return false;
}

static struct entry *entry_free(struct keys *keys)
{
	for (unsigned int i = 0; i < KEYS_MAX; i++)
		if (!keys->entries[i].generation)
			return &keys->entries[i];
	return NULL;
}

/* The items lie in secrets->text. What is here of these labels is replaced as a whole. */
static int take_items(struct keys *keys, const struct key_item *items, int count, uint64_t until_ms)
{
	for (int i = 0; i < count; i++) /* all or none */
		if (!was_asked(keys, items[i].label))
			return -EBADMSG;
	for (unsigned int i = 0; i < keys->question.label_count; i++)
		wipe_label(keys, keys->question.labels[i]);
	for (int i = 0; i < count; i++) {
		struct wanted *wanted = wanted_find(keys, items[i].label);
		struct entry *entry = entry_free(keys);

		if (!wanted) /* not any more */
			continue;
		if (!entry)
			return -ENOSPC;
		memcpy(entry->label, items[i].label, sizeof(entry->label));
		entry->generation = items[i].generation;
		entry->is_newest = items[i].is_newest;
		memcpy(keys->secrets->keys[entry - keys->entries], items[i].key, LABEL_KEY_SIZE);
		wanted->asked_ms = keys->question.asked_ms;
		wanted->until_ms = until_ms;
		wanted->drop = KEYRING_DROP_NONE;
	}
	return count;
}

/* Opened with the ephemeral key, which is of no use to anybody then. */
static int open_grant(struct keys *keys, const struct key_grant *grant)
{
	const struct hpke_message sealed = {.text = grant->sealed, .text_size = grant->sealed_size};
	auto_call(hpke_freep) struct hpke *hpke = NULL;
	uint8_t info[KEY_INFO_SIZE];
	int r;

	key_info(keys->question.device, keys->device_hash, keys->question_hash, info);
	r = hpke_open_begin(keys->secrets->ephemeral, grant->enc, info, sizeof(info), &hpke);
	return r < 0 ? r : hpke_open_at(hpke, 0, &sealed, keys->secrets->text);
}

int keys_grant(struct keys *keys, const void *bytes, size_t size, X509_STORE *anchors)
{
	struct key_item items[KEY_GRANT_KEYS_MAX];
	struct key_grant grant;
	uint64_t until_ms;
	int r;

	if (!keys->question_ms || is_closed(keys))
		return -ESTALE;
	r = key_grant_open(bytes, size, anchors, (int64_t)(clock_day_ms() / 1000), &grant);
	if (r < 0)
		return r;
	if (memcmp(grant.question, keys->question_hash, sizeof(grant.question)) != 0)
		return -ESTALE;
	until_ms = keys->question.asked_ms + grant.seconds * UINT64_C(1000);
	if (until_ms <= now_ms())
		return -ETIME;
	r = open_grant(keys, &grant);
	if (r == 0)
		r = key_text_parse(keys->secrets->text, grant.sealed_size - HPKE_TAG_SIZE, items);
	if (r > 0)
		r = take_items(keys, items, r, until_ms);
	explicit_bzero(keys->secrets->text, sizeof(keys->secrets->text));
	forget_question(keys);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < keys->question.label_count; i++) {
		struct wanted *wanted = wanted_find(keys, keys->question.labels[i]);

		/* what did not come along is not asked for at once again */
		if (wanted && wanted->asked_ms != keys->question.asked_ms)
			wanted->again_ms = now_ms() + REFUSED_MS;
	}
	keys->granted++;
	keys->code[0] = '\0';
	return r;
}

void keys_refused(struct keys *keys, const char *code)
{
	if (!keys->question_ms)
		return;
	forget_question(keys);
	if (!strcmp(code, "DEVICE_REVOKED") || !strcmp(code, "DEVICE_SUSPENDED"))
		keys_drop(keys, NULL, KEYRING_DROP_LEASE);
	keys->refused++;
	(void)snprintf(keys->code, sizeof(keys->code), "%s", code);
	for (unsigned int i = 0; i < keys->question.label_count; i++) {
		struct wanted *wanted = wanted_find(keys, keys->question.labels[i]);

		if (wanted)
			wanted->again_ms = now_ms() + REFUSED_MS;
	}
}

int keys_tick(struct keys *keys)
{
	uint64_t now = now_ms(), next = UINT64_MAX;

	if (keys->question_ms && now - keys->question_ms >= ANSWER_MS)
		forget_question(keys);
	for (unsigned int i = 0; i < keys->wanted_count; i++) {
		struct wanted *wanted = &keys->wanted[i];

		if (wanted->until_ms && wanted->until_ms <= now)
			drop_one(keys, wanted, KEYRING_DROP_TIME);
		if (wanted->until_ms && wanted->until_ms < next)
			next = wanted->until_ms;
	}
	if (keys->question_ms && keys->question_ms + ANSWER_MS < next)
		next = keys->question_ms + ANSWER_MS;
	if (next == UINT64_MAX)
		return -1;
	/* poll(2) does not count the time in suspend: looked at again soon */
	return next - now < 60 * SECOND_MS ? (int)(next - now) + 1 : 60 * SECOND_MS;
}

static void state_of(
	const struct keys *keys, const struct wanted *wanted, struct keyring_label *ret_label)
{
	memcpy(ret_label->label, wanted->label, sizeof(ret_label->label));
	ret_label->until_ms = wanted->until_ms;
	ret_label->drop = (uint8_t)wanted->drop;
	for (unsigned int i = 0; i < KEYS_MAX; i++) {
		const struct entry *entry = &keys->entries[i];

		if (!entry->generation || !is_of(entry->label, wanted->label))
			continue;
		ret_label->generations++;
		if (entry->generation > ret_label->generation)
			ret_label->generation = entry->generation;
	}
}

void keys_state(const struct keys *keys, struct keyring_keys *ret_state)
{
	*ret_state = (struct keyring_keys){.place = (uint8_t)keys->memory.place,
		.is_shut = is_closed(keys),
		.granted = keys->granted,
		.refused = keys->refused,
		.count = (uint16_t)keys->wanted_count};
	memcpy(ret_state->code, keys->code, sizeof(ret_state->code));
	for (unsigned int i = 0; i < keys->wanted_count; i++)
		state_of(keys, &keys->wanted[i], &ret_state->labels[i]);
}
