/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority's side of keys of labels: root key, slots, wrapped keys, releases and receipts, with a real
 * authority's certificates and a device's real questions.
 */
#include "tests/unit/anchors_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/uuid.h"
#include "console/authority/certificate.h"
#include "console/authority/key_receipt.h"
#include "console/authority/key_service.h"
#include "console/authority/label_key.h"

#define DEVICE "0f0e0d0c-0b0a-4908-8706-050403020100"

static char directory[] = "/tmp/console-keys-XXXXXX";
static int directory_fd;
static struct ca_pair root, issuing, other_root, other_issuing;
static struct trust trust;
static struct key_service service;
static X509_STORE *anchors, *other_anchors;
static EVP_PKEY *device_key;
static uint8_t private_key[HPKE_KEY_SIZE];
static const uint8_t label[CONSOLE_UID_SIZE] = {0xaa, 1}, other_label[CONSOLE_UID_SIZE] = {0xbb};

static void make_all(void)
{
	time_t now = time(NULL);

	log_open("test", false);
	cr_assert(mkdtemp(directory));
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(ca_root_new(TENANT, now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_root_new(TENANT, now, &other_root), 0);
	cr_assert_eq(ca_issuing_new(&other_root, NULL, now, &other_issuing), 0);
	cr_assert_eq(trust_refresh(&trust, &issuing, now), 0);
	anchors = anchors_of(&root);
	other_anchors = anchors_of(&other_root);
	device_key = certificate_key_new("P-256");
	service.trust = &trust;
	service.issuing = &issuing;
	key_service_open(&service, directory);
	cr_assert(key_service_is_open(&service));
}

static void free_all(void)
{
	char command[64];

	key_service_close(&service);
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(console_keys, .init = make_all, .fini = free_all);

static void reopen(void)
{
	key_service_close(&service);
	key_service_open(&service, directory);
}

static struct console_key make(uint32_t generation)
{
	struct console_make wish = {.id = 7, .key = {.generation = generation, .is_newest = 1}};
	struct console_made made;

	memcpy(wish.key.label, label, sizeof(label));
	key_service_make(&service, &wish, &made);
	cr_assert_eq(made.refusal, REFUSAL_NONE);
	return made.key;
}

static int open_key(const struct console_key *key, uint8_t *ret_key)
{
	return label_key_open(&service.tenant, key, ret_key);
}

Test(console_keys, a_key_comes_back_after_a_restart)
{
	uint8_t first[KEY_WRAP_SIZE], again[KEY_WRAP_SIZE], second[KEY_WRAP_SIZE];
	struct console_key one = make(1), two = make(2);

	cr_assert_eq(open_key(&one, first), 0);
	cr_assert_eq(open_key(&two, second), 0);
	cr_expect_arr_neq(first, second, sizeof(first));
	reopen();
	cr_assert_eq(open_key(&one, again), 0);
	cr_expect_arr_eq(first, again, sizeof(first));
}

Test(console_keys, a_wrapped_key_is_of_its_label_and_generation)
{
	uint8_t key[KEY_WRAP_SIZE];
	struct console_key one = make(1), wrong;

	wrong = one;
	wrong.label[0] ^= 1;
	cr_expect_eq(open_key(&wrong, key), -EBADMSG);
	wrong = one;
	wrong.generation = 2;
	cr_expect_eq(open_key(&wrong, key), -EBADMSG);
	wrong = one;
	wrong.wrapped[5] ^= 1;
	cr_expect_eq(open_key(&wrong, key), -EBADMSG);
	wrong = one;
	wrong.home[0] ^= 1;
	cr_expect_eq(open_key(&wrong, key), -EREMOTE);
	cr_expect_eq(open_key(&one, key), 0, "control");
}

static bool files_have(const uint8_t *bytes, size_t size)
{
	static uint8_t whole[KEY_SLOTS_MAX * KEY_SLOT_SIZE];
	static const char *const names[] = {KEY_SLOTS_FILE, TENANT_KEY_FILE, TENANT_KEY_PASSPHRASE};

	for (size_t i = 0; i < 3; i++) {
		int fd = openat(directory_fd, names[i], O_RDONLY);
		ssize_t got = read(fd, whole, sizeof(whole));

		(void)close(fd);
		cr_assert_gt(got, 0);
		if (memmem(whole, (size_t)got, bytes, size))
			return true;
	}
	return false;
}

/* A database of before, and the root key and its passphrase, all in the hands of one. */
Test(console_keys, what_is_destroyed_is_so_in_every_backup_of_the_database)
{
	struct console_key one = make(1), two = make(2);
	struct console_destroy destroy = {
		.key = one, .name = "acme/finance", .who = "root", .made_ms = 1000};
	static struct console_word word;
	uint8_t key[KEY_WRAP_SIZE], slot[KEY_SLOT_SIZE];
	int fd;

	fd = openat(directory_fd, KEY_SLOTS_FILE, O_RDONLY);
	cr_assert_eq(pread(fd, slot, sizeof(slot), (off_t)one.slot * KEY_SLOT_SIZE), sizeof(slot));
	(void)close(fd);
	cr_expect(files_have(slot, sizeof(slot)), "control");
	key_service_destroy(&service, &destroy, time(NULL), &word);
	cr_assert_eq(word.refusal, REFUSAL_NONE);
	cr_expect_not(files_have(slot, sizeof(slot)));
	cr_expect_not(files_have(slot + 12, 16), "nor a part");
	reopen();
	cr_expect_eq(open_key(&one, key), -ENOENT);
	cr_expect_eq(open_key(&two, key), 0, "control: the other one lives");
	for (uint32_t i = 3; i < 20; i++)
		cr_expect_neq(make(i).slot, one.slot, "its place is not used again");
	cr_expect_eq(open_key(&one, key), -ENOENT);
	key_service_destroy(&service, &destroy, time(NULL), &word);
	cr_expect_eq(word.refusal, REFUSAL_NONE, "again: after a crash before it was written down");
}

Test(console_keys, without_the_passphrase_it_is_sealed)
{
	struct console_key one = make(1);
	struct console_make wish = {.key = one};
	struct console_made made;
	uint8_t key[KEY_WRAP_SIZE];
	char elsewhere[64], text[128] = "";
	FILE *file;
	int fd;

	fd = openat(directory_fd, TENANT_KEY_PASSPHRASE, O_RDONLY);
	cr_assert_gt(read(fd, text, sizeof(text) - 1), 60);
	(void)close(fd);
	cr_assert_eq(unlinkat(directory_fd, TENANT_KEY_PASSPHRASE, 0), 0);
	reopen();
	cr_expect_not(key_service_is_open(&service));
	key_service_make(&service, &wish, &made);
	cr_expect_eq(made.refusal, REFUSAL_KEYS_SEALED);
	/* as systemd hands it over */
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/credentials", directory);
	cr_assert_eq(mkdir(elsewhere, 0700), 0);
	cr_assert_eq(setenv("CREDENTIALS_DIRECTORY", elsewhere, 1), 0);
	(void)snprintf(
		elsewhere, sizeof(elsewhere), "%s/credentials/" TENANT_KEY_CREDENTIAL, directory);
	(void)umask(077);
	file = fopen(elsewhere, "w");
	(void)fputs("another passphrase, and as long\n", file);
	(void)fclose(file);
	reopen();
	cr_expect_not(key_service_is_open(&service), "a wrong one");
	file = fopen(elsewhere, "w");
	(void)fputs(text, file);
	(void)fclose(file);
	reopen();
	cr_expect(key_service_is_open(&service));
	cr_expect_eq(open_key(&one, key), 0);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

Test(console_keys, files_that_others_may_read_are_not_used)
{
	cr_assert_eq(fchmodat(directory_fd, TENANT_KEY_FILE, 0640, 0), 0);
	reopen();
	cr_expect_not(key_service_is_open(&service));
	cr_assert_eq(fchmodat(directory_fd, TENANT_KEY_FILE, 0600, 0), 0);
	cr_assert_eq(fchmodat(directory_fd, KEY_SLOTS_FILE, 0604, 0), 0);
	reopen();
	cr_expect_not(key_service_is_open(&service));
	cr_assert_eq(fchmodat(directory_fd, KEY_SLOTS_FILE, 0600, 0), 0);
	reopen();
	cr_expect(key_service_is_open(&service));
}

/* --- releases --- */

static void certify(const struct ca_pair *by, EVP_PKEY *key, const char *device,
	struct console_release *release)
{
	X509_REQ *request = X509_REQ_new();
	uint8_t *csr = NULL, *der = NULL;
	size_t size;
	int csr_size;

	cr_assert(X509_REQ_set_pubkey(request, key) && X509_REQ_sign(request, key, EVP_sha256()));
	csr_size = i2d_X509_REQ(request, &csr);
	cr_assert_eq(
		ca_device_sign(by, csr, (size_t)csr_size,
			&(const struct ca_subject){device, TENANT}, time(NULL) - 10, &der, &size),
		0);
	memcpy(release->certificate, der, size);
	release->certificate_size = (uint16_t)size;
	OPENSSL_free(csr);
	OPENSSL_free(der);
	X509_REQ_free(request);
}

static void ask(EVP_PKEY *key, struct console_release *release)
{
	struct key_question question = {.asked_ms = 5, .label_count = 1};
	uint8_t signature[128];
	size_t size = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r;

	cr_assert_eq(uuid_parse(DEVICE, question.device), 0);
	memcpy(question.labels[0], label, sizeof(label));
	cr_assert_eq(hpke_key_generate(private_key, question.ephemeral), 0);
	r = key_question_write(&question, release->question);
	cr_assert_gt(r, 0);
	cr_assert(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		  EVP_DigestSign(context, signature, &size, release->question, (size_t)r) > 0);
	EVP_MD_CTX_free(context);
	r = key_question_add_signature(release->question, (size_t)r, signature, size);
	cr_assert_gt(r, 0);
	release->question_size = (uint16_t)r;
}

/* All good. */
static struct console_release *good(void)
{
	static struct console_release release;

	release = (struct console_release){.id = 9, .seconds = 3600, .count = 2};
	cr_assert_eq(uuid_parse(DEVICE, release.device), 0);
	certify(&issuing, device_key, DEVICE, &release);
	ask(device_key, &release);
	release.keys[0] = make(2);
	release.keys[1] = make(1);
	release.keys[1].is_newest = 0;
	return &release;
}

static uint16_t refusal_to(const struct console_release *release)
{
	static struct console_word word;

	key_service_release(&service, release, time(NULL), &word);
	cr_expect_eq(word.id, release->id);
	cr_expect_eq(word.size == 0, word.refusal != REFUSAL_NONE);
	return word.refusal;
}

Test(console_keys, a_release_opens_for_who_asked_only)
{
	struct console_release *release = good();
	static struct console_word word;
	static struct key_grant grant;
	struct key_item items[KEY_GRANT_KEYS_MAX];
	struct hpke *hpke;
	uint8_t info[KEY_INFO_SIZE], hash[32], key_hash[32], text[KEY_SEALED_MAX],
		own[KEY_WRAP_SIZE];
	struct hpke_message sealed;

	key_service_release(&service, release, time(NULL), &word);
	cr_assert_eq(word.refusal, REFUSAL_NONE);
	cr_expect_eq(key_grant_open(word.text, word.size, other_anchors, time(NULL), &grant),
		-EKEYREJECTED);
	cr_assert_eq(key_grant_open(word.text, word.size, anchors, time(NULL), &grant), 0);
	cr_expect_eq(grant.seconds, 3600);
	cr_assert(EVP_Digest(
		release->question, release->question_size, hash, NULL, EVP_sha256(), NULL));
	cr_assert_eq(lease_key_hash(device_key, key_hash), 0);
	key_info(release->device, key_hash, hash, info);
	sealed = (struct hpke_message){.text = grant.sealed, .text_size = grant.sealed_size};
	cr_assert_eq(hpke_open_begin(private_key, grant.enc, info, sizeof(info), &hpke), 0);
	cr_assert_eq(hpke_open_at(hpke, 0, &sealed, text), 0);
	hpke_free(hpke);
	cr_assert_eq(key_text_parse(text, grant.sealed_size - HPKE_TAG_SIZE, items), 2);
	cr_expect_eq(items[0].generation, 2);
	cr_assert_eq(open_key(&release->keys[0], own), 0);
	cr_expect_arr_eq(items[0].key, own, sizeof(own));
	cr_expect_null(memmem(word.text, word.size, own, sizeof(own)), "in the open");
	private_key[3] ^= 1;
	cr_assert_eq(hpke_open_begin(private_key, grant.enc, info, sizeof(info), &hpke), 0);
	cr_expect_eq(hpke_open_at(hpke, 0, &sealed, text), -EBADMSG);
	hpke_free(hpke);
}

Test(console_keys, what_the_store_says_is_proven_again)
{
	EVP_PKEY *other_key = certificate_key_new("P-256");
	struct console_release *release;

	cr_expect_eq(refusal_to(good()), REFUSAL_NONE, "control");
	release = good();
	release->device[0] ^= 1;
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_QUESTION, "of another device");
	release = good();
	certify(&other_issuing, device_key, DEVICE, release);
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_QUESTION, "certified by another authority");
	release = good();
	certify(&issuing, device_key, "0f0e0d0c-0b0a-4908-8706-0504030201ff", release);
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_QUESTION, "certified as another");
	release = good();
	ask(other_key, release);
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_QUESTION, "signed by another");
	release = good();
	release->question[60] ^= 1;
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_QUESTION, "changed on the way");
	release = good();
	memcpy(release->keys[0].label, other_label, sizeof(other_label));
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_QUESTION, "not asked for");
	release = good();
	release->keys[0].home[0] ^= 1;
	cr_expect_eq(refusal_to(release), REFUSAL_KEYS_ELSEWHERE);
	release = good();
	cr_assert_eq(label_key_destroy(&service.tenant, &release->keys[1]), 0);
	cr_expect_eq(refusal_to(release), REFUSAL_KEY_DESTROYED);
	EVP_PKEY_free(other_key);
}

/* --- receipts --- */

Test(console_keys, a_receipt_is_proven_by_the_root_alone)
{
	struct console_key one = make(4);
	struct console_destroy destroy = {
		.key = one, .name = "acme/finance", .who = "root", .made_ms = 1795600800000};
	time_t now = time(NULL);
	static struct console_word word;
	struct key_receipt receipt;
	const char *text = (const char *)word.text;
	size_t signed_size;

	key_service_destroy(&service, &destroy, now, &word);
	cr_assert_eq(word.refusal, REFUSAL_NONE);
	cr_assert_eq(key_receipt_verify(text, word.size, anchors, &receipt), 0);
	cr_expect_str_eq(receipt.tenant, TENANT);
	cr_expect_str_eq(receipt.name, "acme/finance");
	cr_expect_str_eq(receipt.by, "root");
	cr_expect_eq(receipt.generation, 4);
	cr_expect_eq(receipt.slot, one.slot);
	cr_expect_eq(receipt.destroyed_s, (uint64_t)now);
	cr_expect_eq(receipt.made_s, 1795600800);
	cr_expect_eq(key_receipt_verify(text, word.size, other_anchors, &receipt), -EKEYREJECTED);
	signed_size = (size_t)((char *)memmem(text, word.size, "-----BEGIN", 10) - text);
	for (size_t i = 0; i < signed_size; i++) {
		word.text[i] ^= 2;
		cr_expect_lt(
			key_receipt_verify(text, word.size, anchors, &receipt), 0, "byte %zu", i);
		word.text[i] ^= 2;
	}
	cr_expect_lt(
		key_receipt_verify(text, signed_size, anchors, &receipt), 0, "no certificates");
	cr_expect_eq(key_receipt_verify(text, word.size, anchors, &receipt), 0, "control");
}
