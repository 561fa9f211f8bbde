/* SPDX-License-Identifier: Apache-2.0 */
/* One form, written and read; the signature is common/lease.h's over text. */
#include "common/wipe_receipt.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/signed_text.h"

#define TITLE	  "holdfast-wipe-receipt 1\n"
#define CHAIN_MAX 4 /* certificates */

CLEANUP_DEFINE(BIO, BIO_free_all)
CLEANUP_DEFINE(X509, X509_free)
CLEANUP_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)

typedef STACK_OF(X509) certificate_stack;

static void chain_free(certificate_stack *chain)
{
	sk_X509_pop_free(chain, X509_free);
}
CLEANUP_DEFINE(certificate_stack, chain_free)

static uint64_t named(uint64_t count, uint64_t most)
{
	return count < most ? count : most;
}

/* In one line, and not empty. */
static bool is_plain(const char *value)
{
	for (const char *at = value; *at; at++)
		if (iscntrl((unsigned char)*at))
			return false;
	return value[0] != '\0';
}

static bool is_receipt(const struct wipe_receipt *receipt)
{
	const uint64_t numbers[] = {receipt->order, receipt->begun_s, receipt->ended_s,
		receipt->label_count, receipt->vault_count, receipt->removed, receipt->overwritten,
		receipt->kept, receipt->failed, receipt->elsewhere, receipt->undelivered,
		receipt->failure_count};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] > LEASE_NUMBER_MAX)
			return false;
	for (uint64_t i = 0; i < named(receipt->vault_count, WIPE_RECEIPT_VAULTS); i++)
		if (!is_plain(receipt->vaults[i].name))
			return false;
	for (uint64_t i = 0; i < named(receipt->failure_count, WIPE_RECEIPT_FAILURES); i++)
		if (!is_plain(receipt->failures[i]))
			return false;
	return is_plain(receipt->tenant) && lease_order_name(receipt->what) &&
	       receipt->begun_s <= receipt->ended_s;
}

/* --- writing --- */

static void put_number(struct signed_text *text, const char *name, uint64_t number)
{
	signed_text_put(text, "%s %llu\n", name, (unsigned long long)number);
}

static void put_vault(struct signed_text *text, const struct wipe_receipt_vault *vault)
{
	signed_text_put(text, "vault %u ", vault->generation);
	for (size_t i = 0; i < sizeof(vault->label); i++)
		signed_text_put(text, "%02x", vault->label[i]);
	signed_text_put(text, " %s\n", vault->name);
}

int wipe_receipt_write(const struct wipe_receipt *receipt, char ret_text[WIPE_RECEIPT_TEXT])
{
	/* room for the signature that others add */
	struct signed_text text = {
		.start = ret_text, .room = WIPE_RECEIPT_TEXT - SIGNING_SIGNATURE_LINE};

	if (!is_receipt(receipt))
		return -EINVAL;
	signed_text_put(&text, TITLE "tenant %s\n", receipt->tenant);
	signed_text_put_hex(&text, "device", receipt->device, sizeof(receipt->device));
	signed_text_put_hex(&text, "key", receipt->key, sizeof(receipt->key));
	put_number(&text, "order", receipt->order);
	signed_text_put(&text, "what %s\n", lease_order_name(receipt->what));
	signed_text_put_hex(&text, "boot", receipt->boot, sizeof(receipt->boot));
	put_number(&text, "begun", receipt->begun_s);
	put_number(&text, "ended", receipt->ended_s);
	put_number(&text, "labels", receipt->label_count);
	for (uint64_t i = 0; i < named(receipt->label_count, WIPE_RECEIPT_LABELS); i++)
		signed_text_put_hex(&text, "label", receipt->labels[i], sizeof(receipt->labels[i]));
	put_number(&text, "vaults", receipt->vault_count);
	for (uint64_t i = 0; i < named(receipt->vault_count, WIPE_RECEIPT_VAULTS); i++)
		put_vault(&text, &receipt->vaults[i]);
	put_number(&text, "removed", receipt->removed);
	put_number(&text, "overwritten", receipt->overwritten);
	put_number(&text, "kept", receipt->kept);
	put_number(&text, "failed", receipt->failed);
	put_number(&text, "elsewhere", receipt->elsewhere);
	signed_text_put(&text, "lineage %s\n", receipt->had_lineage ? "yes" : "no");
	put_number(&text, "undelivered", receipt->undelivered);
	put_number(&text, "failures", receipt->failure_count);
	for (uint64_t i = 0; i < named(receipt->failure_count, WIPE_RECEIPT_FAILURES); i++)
		signed_text_put(&text, "failure %s\n", receipt->failures[i]);
	return text.is_full ? -EMSGSIZE : (int)text.size;
}

/* --- reading --- */

static int get_number(struct signing_reader *reader, const char *name, uint64_t *ret_number)
{
	return signed_text_number(reader, name, LEASE_NUMBER_MAX, ret_number);
}

static int get_word(
	struct signing_reader *reader, const char *name, const char *const *words, size_t *ret_word)
{
	char value[16];

	if (signing_line(reader, name, value, sizeof(value)) < 0)
		return -EBADMSG;
	for (*ret_word = 0; words[*ret_word]; (*ret_word)++)
		if (!strcmp(words[*ret_word], value))
			return 0;
	return -EBADMSG;
}

/* Its three words are read as the lines that they would be. */
static int get_vault(struct signing_reader *reader, struct wipe_receipt_vault *ret_vault)
{
	char value[WIPE_RECEIPT_VAULT_NAME + 2 * LEASE_ID_SIZE + 16], line[sizeof(value) + 16];
	struct signing_reader word = {line, 0};
	char *label, *name;
	uint64_t generation;

	if (signing_line(reader, "vault", value, sizeof(value)) < 0)
		return -EBADMSG;
	label = strchr(value, ' ');
	name = label ? strchr(label + 1, ' ') : NULL;
	if (!name || strlen(name + 1) >= sizeof(ret_vault->name))
		return -EBADMSG;
	*label++ = '\0';
	*name++ = '\0';
	word.left = (size_t)snprintf(line, sizeof(line), "g %s\nl %s\n", value, label);
	if (signed_text_number(&word, "g", UINT32_MAX, &generation) < 0 ||
		signed_text_hex(&word, "l", ret_vault->label, sizeof(ret_vault->label)) < 0)
		return -EBADMSG;
	ret_vault->generation = (uint32_t)generation;
	(void)strcpy(ret_vault->name, name); /* fits, as was looked at */
	return 0;
}

static int get_head(struct signing_reader *reader, struct wipe_receipt *receipt)
{
	char what[16];

	if (signed_text_title(reader, TITLE) < 0 ||
		signing_line(reader, "tenant", receipt->tenant, sizeof(receipt->tenant)) < 0 ||
		signed_text_hex(reader, "device", receipt->device, sizeof(receipt->device)) < 0 ||
		signed_text_hex(reader, "key", receipt->key, sizeof(receipt->key)) < 0 ||
		get_number(reader, "order", &receipt->order) < 0 ||
		signing_line(reader, "what", what, sizeof(what)) < 0 ||
		signed_text_hex(reader, "boot", receipt->boot, sizeof(receipt->boot)) < 0 ||
		get_number(reader, "begun", &receipt->begun_s) < 0 ||
		get_number(reader, "ended", &receipt->ended_s) < 0)
		return -EBADMSG;
	receipt->what = (uint8_t)lease_order_of_name(what);
	return 0;
}

static int get_lists(struct signing_reader *reader, struct wipe_receipt *receipt)
{
	int r;

	r = get_number(reader, "labels", &receipt->label_count);
	for (uint64_t i = 0; r == 0 && i < named(receipt->label_count, WIPE_RECEIPT_LABELS); i++)
		r = signed_text_hex(
			reader, "label", receipt->labels[i], sizeof(receipt->labels[i]));
	if (r == 0)
		r = get_number(reader, "vaults", &receipt->vault_count);
	for (uint64_t i = 0; r == 0 && i < named(receipt->vault_count, WIPE_RECEIPT_VAULTS); i++)
		r = get_vault(reader, &receipt->vaults[i]);
	return r;
}

static int get_counts(struct signing_reader *reader, struct wipe_receipt *receipt)
{
	static const char *const answers[] = {"no", "yes", NULL};
	size_t answer;

	if (get_number(reader, "removed", &receipt->removed) < 0 ||
		get_number(reader, "overwritten", &receipt->overwritten) < 0 ||
		get_number(reader, "kept", &receipt->kept) < 0 ||
		get_number(reader, "failed", &receipt->failed) < 0 ||
		get_number(reader, "elsewhere", &receipt->elsewhere) < 0 ||
		get_word(reader, "lineage", answers, &answer) < 0 ||
		get_number(reader, "undelivered", &receipt->undelivered) < 0 ||
		get_number(reader, "failures", &receipt->failure_count) < 0)
		return -EBADMSG;
	receipt->had_lineage = answer == 1;
	for (uint64_t i = 0; i < named(receipt->failure_count, WIPE_RECEIPT_FAILURES); i++)
		if (signing_line(reader, "failure", receipt->failures[i],
			    sizeof(receipt->failures[i])) < 0)
			return -EBADMSG;
	return 0;
}

int wipe_receipt_parse(const void *bytes, size_t size, bool is_signed,
	struct wipe_receipt *ret_receipt, size_t *ret_size)
{
	struct signing_reader reader = {bytes, size};
	uint8_t signature[SIGNING_SIGNATURE];
	struct wipe_receipt receipt = {0};

	if (size > WIPE_RECEIPT_MAX || get_head(&reader, &receipt) < 0 ||
		get_lists(&reader, &receipt) < 0 || get_counts(&reader, &receipt) < 0 ||
		!is_receipt(&receipt))
		return -EBADMSG;
	if (is_signed ? signing_signature(&reader, signature) < 0 : reader.left > 0)
		return -EBADMSG;
	*ret_receipt = receipt;
	*ret_size = size - reader.left;
	return 0;
}

/* --- proving --- */

bool wipe_receipt_is_by(const void *bytes, size_t size, X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	struct wipe_receipt receipt;
	uint8_t hash[LEASE_HASH_SIZE];
	size_t signed_size;

	return key && wipe_receipt_parse(bytes, size, true, &receipt, &signed_size) == 0 &&
	       lease_key_hash(key, hash) == 0 && !memcmp(hash, receipt.key, sizeof(receipt.key)) &&
	       lease_is_signed(bytes, signed_size, key);
}

/* The certificates behind the text; at least one, or NULL. */
static certificate_stack *read_chain(const char *pem, size_t size)
{
	auto_call(BIO_free_allp) BIO *memory = size ? BIO_new_mem_buf(pem, (int)size) : NULL;
	certificate_stack *chain = memory ? sk_X509_new_null() : NULL;

	while (chain && sk_X509_num(chain) < CHAIN_MAX) {
		X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

		if (!certificate)
			break;
		if (sk_X509_push(chain, certificate) <= 0)
			X509_free(certificate);
	}
	ERR_clear_error(); /* of the end */
	if (chain && !sk_X509_num(chain)) {
		chain_free(chain);
		return NULL;
	}
	return chain;
}

/* Nothing that moves a cursor, and no NUL. */
static bool is_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != '\n' && (bytes[i] < ' ' || bytes[i] > '~'))
			return false;
	return true;
}

X509 *wipe_receipt_certificate(const void *bytes, size_t size)
{
	auto_call(chain_freep) certificate_stack *chain = NULL;
	struct wipe_receipt receipt;
	size_t signed_size;

	if (wipe_receipt_parse(bytes, size, true, &receipt, &signed_size) < 0 ||
		!is_text((const char *)bytes + signed_size, size - signed_size))
		return NULL;
	chain = read_chain((const char *)bytes + signed_size, size - signed_size);
	return chain ? sk_X509_shift(chain) : NULL;
}

static bool leads_to(certificate_stack *chain, X509_STORE *anchors, uint64_t time_s)
{
	auto_call(X509_STORE_CTX_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool is_good;

	if (!context || X509_STORE_CTX_init(context, anchors, sk_X509_value(chain, 0), chain) <= 0)
		return false;
	X509_STORE_CTX_set_time(context, 0, (time_t)time_s);
	is_good = X509_verify_cert(context) > 0;
	ERR_clear_error();
	return is_good;
}

int wipe_receipt_verify(const void *bytes, size_t size, X509_STORE *anchors,
	struct wipe_receipt *ret_receipt, X509 **ret_certificate)
{
	auto_call(chain_freep) certificate_stack *chain = NULL;
	struct wipe_receipt receipt;
	size_t signed_size;
	int r;

	r = wipe_receipt_parse(bytes, size, true, &receipt, &signed_size);
	if (r < 0)
		return r;
	chain = read_chain((const char *)bytes + signed_size, size - signed_size);
	if (!chain)
		return -EBADMSG;
	if (!leads_to(chain, anchors, receipt.ended_s) ||
		!wipe_receipt_is_by(bytes, size, sk_X509_value(chain, 0)))
		return -EKEYREJECTED;
	*ret_receipt = receipt;
	*ret_certificate = sk_X509_shift(chain);
	return 0;
}
