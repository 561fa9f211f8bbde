/* SPDX-License-Identifier: Apache-2.0 */
/* keyring's own view of the lease: its questions, the words that it takes, and when both are over. */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/keyring/keyring.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/log.h"
#include "console/authority/ca.h"

#define MS_NS UINT64_C(1000000)

static char directory[] = "/tmp/holdfast-keyring-lease-XXXXXX";
static char config_path[96], ca_path[96];
static struct keyring keyring;
static struct ca_pair root, issuing, signer;
static struct keyring_request request;
static struct keyring_answer answer;
static const uint8_t device[LEASE_ID_SIZE] = {1, 2, 3};

static void start(void)
{
	struct device_key_plan plan = {.directory = directory, .tpm_fd = -EBADF};
	time_t now = time(NULL);
	FILE *file;

	log_open("test", false);
	cr_assert(mkdtemp(directory));
	(void)snprintf(config_path, sizeof(config_path), "%s/console.ini", directory);
	(void)snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", directory);
	cr_assert_eq(ca_root_new("acme", now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_trust_new(&issuing, now, &signer), 0);
	file = fopen(ca_path, "we");
	cr_assert(file && PEM_write_X509(file, root.certificate) && fclose(file) == 0);
	file = fopen(config_path, "we");
	cr_assert(file && fprintf(file, "[console]\nca = %s\n", ca_path) > 0 && fclose(file) == 0);
	keyring.config = config_path;
	cr_assert_eq(device_key_open(&plan, &keyring.device), 0);
	cr_assert_eq(device_key_make(keyring.device, KEYRING_CURRENT), 0);
	cr_assert_eq(keys_new(SECRET_WISH_LOCKED, &keyring.keys), 0);
}

static void stop(void)
{
	char command[96];

	keys_free(keyring.keys);
	device_key_free(keyring.device);
	ca_pair_done(&root);
	ca_pair_done(&issuing);
	ca_pair_done(&signer);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", directory);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(keyring_lease, .init = start, .fini = stop);

/* The question, which is checked to be as it should. */
static struct lease_request ask(uint32_t seconds, uint64_t seen)
{
	struct bytes_writer writer;
	struct lease_request asked = {0};
	uint8_t der[512], boot[LEASE_ID_SIZE];
	const uint8_t *at = der;
	EVP_PKEY *key;
	int size, der_size;

	bytes_writer_init(&writer, request.bytes, sizeof(request.bytes));
	bytes_put_blob(&writer, device, sizeof(device));
	bytes_put_u32(&writer, seconds);
	bytes_put_u64(&writer, seen);
	request.size = (uint16_t)writer.used;
	size = keyring_lease_ask(&keyring, &request, -EBADF, &answer);
	cr_assert_gt(size, 0, "%d", size);
	cr_assert_eq(lease_request_parse(answer.bytes, (size_t)size, &asked), 0);
	der_size = device_key_public(keyring.device, KEYRING_CURRENT, der, sizeof(der));
	key = d2i_PUBKEY(NULL, &at, der_size);
	cr_assert(key);
	cr_expect(lease_is_signed(answer.bytes, (size_t)size, key));
	EVP_PKEY_free(key);
	cr_assert_eq(boot_id_read(boot), 0);
	cr_expect_arr_eq(asked.boot, boot, sizeof(boot));
	cr_expect_arr_eq(asked.device, device, sizeof(device));
	cr_expect_leq(asked.asked_ms, clock_boot_ns() / MS_NS);
	cr_expect_geq(asked.asked_ms + 2000, clock_boot_ns() / MS_NS);
	return asked;
}

static struct lease word_for(const struct lease_request *asked, uint8_t state, uint64_t serial)
{
	struct lease word = {.tenant = "acme",
		.asked = *asked,
		.state = state,
		.seconds = state == LEASE_TRUSTED ? asked->seconds : 0,
		.serial = serial,
		.time_s = (uint64_t)time(NULL)};

	cr_assert_eq(keyring_lease_key(&keyring, &request, -EBADF, &answer), LEASE_HASH_SIZE);
	memcpy(word.key, answer.bytes, sizeof(word.key));
	word.asked.seconds = 0;
	word.asked.seen = 0;
	return word;
}

static int take(const struct lease *word)
{
	int size = lease_write(word,
		&(const struct lease_signer){signer.key, signer.certificate, issuing.certificate},
		(char *)request.bytes);

	cr_assert_gt(size, 0);
	request.size = (uint16_t)size;
	return keyring_lease_take(&keyring, &request, -EBADF, &answer);
}

static int take_for(const struct lease_request *asked, uint8_t state, uint64_t serial)
{
	const struct lease word = word_for(asked, state, serial);

	return take(&word);
}

Test(keyring_lease, a_word_is_taken_once)
{
	struct lease_request asked = ask(600, 0);

	cr_expect_not(keyring_lease_is_good(&keyring), "not before");
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 1), 1);
	cr_expect_eq(answer.bytes[0], LEASE_TRUSTED);
	cr_expect(keyring_lease_is_good(&keyring));
	cr_expect_eq(keyring_lease_until_ns(&keyring), (asked.asked_ms + 600000) * MS_NS);
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 1), -EINVAL, "nothing is asked any more");
}

Test(keyring_lease, it_answers_the_last_question)
{
	struct lease_request first = ask(600, 0), second = ask(600, 0);

	cr_expect_neq(memcmp(first.nonce, second.nonce, sizeof(first.nonce)), 0);
	cr_expect_eq(take_for(&first, LEASE_TRUSTED, 1), -EKEYREJECTED);
	cr_expect_not(keyring_lease_is_good(&keyring));
	cr_expect_eq(take_for(&second, LEASE_TRUSTED, 1), 1, "control");
}

Test(keyring_lease, of_this_boot_and_key)
{
	struct lease_request asked = ask(600, 0);
	struct lease word = word_for(&asked, LEASE_TRUSTED, 1);

	word.asked.boot[3] ^= 1;
	cr_expect_eq(take(&word), -EKEYREJECTED);
	word = word_for(&asked, LEASE_TRUSTED, 1);
	word.key[3] ^= 1;
	cr_expect_eq(take(&word), -EKEYREJECTED);
	word = word_for(&asked, LEASE_TRUSTED, 1);
	word.asked.device[3] ^= 1;
	cr_expect_eq(take(&word), -EKEYREJECTED);
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 1), 1, "control");
}

Test(keyring_lease, serials_go_up)
{
	struct lease_request asked = ask(600, 7);

	cr_expect_eq(asked.seen, 7, "as uplink knows it");
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 9), 1);
	asked = ask(600, 7);
	cr_expect_eq(asked.seen, 9, "as it knows itself");
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 8), -EKEYREJECTED);
	cr_expect(keyring_lease_is_good(&keyring), "what was known holds");
	cr_expect_eq(take_for(&asked, LEASE_REVOKED, 10), 1);
	cr_expect_not(keyring_lease_is_good(&keyring));
	cr_expect_eq(keyring_lease_until_ns(&keyring), 0);
}

Test(keyring_lease, keys_go_with_it)
{
	static const struct keyring_want want = {.count = 1, .labels = {{5}}};
	uint8_t text[KEY_QUESTION_MAX];
	struct lease_request asked = ask(1, 0);

	keys_want(keyring.keys, &want);
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 1), 1);
	cr_expect_gt(keys_ask(keyring.keys, keyring.device, device, text), 0, "control");
	cr_expect_gt(keyring_lease_tick(&keyring), 0);
	(void)usleep(1100000);
	cr_expect_eq(keyring_lease_tick(&keyring), -1);
	cr_expect_not(keyring_lease_is_good(&keyring));
	cr_expect_leq(keys_ask(keyring.keys, keyring.device, device, text), 0, "not asked for");
	asked = ask(600, 0);
	cr_expect_eq(take_for(&asked, LEASE_SUSPENDED, 2), 1);
	cr_expect_leq(keys_ask(keyring.keys, keyring.device, device, text), 0);
	asked = ask(600, 0);
	cr_expect_eq(take_for(&asked, LEASE_TRUSTED, 3), 1);
	cr_expect_gt(keys_ask(keyring.keys, keyring.device, device, text), 0, "trusted again");
}

Test(keyring_lease, without_the_consoles_certificate_nothing_is_believed)
{
	struct lease_request asked = ask(600, 0);

	cr_assert_eq(unlink(ca_path), 0);
	cr_expect_lt(take_for(&asked, LEASE_TRUSTED, 1), 0);
	cr_expect_not(keyring_lease_is_good(&keyring));
}

Test(keyring_lease, a_wish_that_is_none)
{
	request.size = 3;
	cr_expect_eq(keyring_lease_ask(&keyring, &request, -EBADF, &answer), -EINVAL);
	memset(request.bytes, 0, sizeof(request.bytes));
	request.size = LEASE_ID_SIZE + 4 + 8; /* for no seconds */
	cr_expect_eq(keyring_lease_ask(&keyring, &request, -EBADF, &answer), -EINVAL);
	cr_expect_eq(take_for(&(const struct lease_request){.seconds = 1}, LEASE_TRUSTED, 1),
		-EINVAL, "nothing was asked");
}
