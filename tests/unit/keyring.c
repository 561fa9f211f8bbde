/* SPDX-License-Identifier: Apache-2.0 */
/* What uplink and keyring say to each other, and the key that never leaves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/keyring.h"
#include "agent/keyring/device_key.h"

static char directory[64];
static struct device_key *key;
static const struct device_key_plan plan = {.directory = directory, .tpm_fd = -1};

static void make_directory(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/hf-keyring-XXXXXX");
	cr_assert(mkdtemp(directory));
	cr_assert_eq(device_key_open(&plan, &key), 0);
}

static void remove_directory(void)
{
	char command[128];

	device_key_free(key);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	cr_assert_eq(system(command), 0);
}

static void reopen(void)
{
	device_key_free(key);
	key = NULL;
	cr_assert_eq(device_key_open(&plan, &key), 0);
}

static int public_of(enum keyring_which which, uint8_t ret_bytes[256])
{
	memset(ret_bytes, 0, 256);
	return device_key_public(key, which, ret_bytes, 256);
}

static bool verifies(const uint8_t *public_key, int public_size, const uint8_t digest[32],
	const uint8_t *signature, int size)
{
	EVP_PKEY *known = d2i_PUBKEY(NULL, &public_key, public_size);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(known, NULL);
	bool is_good;

	cr_assert(known && context);
	cr_assert_eq(EVP_PKEY_verify_init(context), 1);
	is_good = EVP_PKEY_verify(context, signature, (size_t)size, digest, 32) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(known);
	return is_good;
}

TestSuite(device_key, .init = make_directory, .fini = remove_directory);

Test(device_key, is_made_once_and_signs)
{
	uint8_t public_key[256], again[256], signature[128], digest[32] = {1, 2, 3};
	int size, signature_size;

	cr_expect_eq(public_of(KEYRING_CURRENT, public_key), -ENOKEY);
	cr_expect_eq(device_key_sign(key, KEYRING_CURRENT, digest, signature, sizeof(signature)),
		-ENOKEY);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	size = public_of(KEYRING_CURRENT, public_key);
	cr_assert_gt(size, 0);
	reopen();
	cr_expect_eq(public_of(KEYRING_CURRENT, again), size, "not there after a restart");
	cr_expect_arr_eq(public_key, again, 256);
	signature_size = device_key_sign(
		key, KEYRING_CURRENT, digest, signature, sizeof(signature));
	cr_assert_gt(signature_size, 0);
	cr_expect(verifies(public_key, size, digest, signature, signature_size));
	digest[0] ^= 1;
	cr_expect_not(verifies(public_key, size, digest, signature, signature_size));
}

Test(device_key, lies_where_only_its_user_reads)
{
	struct stat status;
	char path[128];

	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	(void)snprintf(path, sizeof(path), "%s/device.key", directory);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
}

Test(device_key, next_becomes_current)
{
	uint8_t before[256], next[256], after[256];

	cr_expect_eq(device_key_commit(key), -ENOKEY, "there is no next one yet");
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	cr_assert_eq(device_key_make(key, KEYRING_NEXT), 0);
	cr_assert_gt(public_of(KEYRING_CURRENT, before), 0);
	cr_assert_gt(public_of(KEYRING_NEXT, next), 0);
	cr_expect_arr_neq(before, next, 256);
	reopen(); /* a crash before the commit: both are there */
	cr_assert_gt(public_of(KEYRING_NEXT, after), 0);
	cr_expect_arr_eq(next, after, 256);
	cr_assert_eq(device_key_commit(key), 0);
	reopen();
	cr_assert_gt(public_of(KEYRING_CURRENT, after), 0);
	cr_expect_arr_eq(next, after, 256);
	cr_expect_eq(public_of(KEYRING_NEXT, after), -ENOKEY);
}

static void put_file(const char *name, const void *bytes, size_t size)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	(void)close(fd); /* written */
}

Test(device_key, a_damaged_file_is_said_and_stays)
{
	struct device_key *other = NULL;
	char path[128];

	put_file("device.key", "no key at all", 13);
	cr_expect_eq(device_key_open(&plan, &other), -EBADMSG);
	(void)snprintf(path, sizeof(path), "%s/device.key", directory);
	cr_expect_eq(access(path, F_OK), 0, "what can't be read must not be thrown away");
}

Test(device_key, what_a_crash_left_half_written_goes)
{
	char path[128];

	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	put_file("device.key.new", "half", 4);
	reopen();
	(void)snprintf(path, sizeof(path), "%s/device.key.new", directory);
	cr_expect_neq(access(path, F_OK), 0);
}

static size_t frame_of(const struct keyring_request *request, uint8_t packet[KEYRING_FRAME_MAX])
{
	struct bytes_writer frame;
	int r;

	keyring_request_put(&frame, packet, KEYRING_FRAME_MAX, request);
	r = wire_end(&frame);
	cr_assert_gt(r, 0);
	return (size_t)r;
}

Test(keyring_messages, requests_go_and_come)
{
	static struct keyring_request request = {
		.verb = KEYRING_REQUEST, .which = KEYRING_NEXT, .size = 5, .bytes = "hello"};
	static struct keyring_request back;
	uint8_t packet[KEYRING_FRAME_MAX];
	size_t size = frame_of(&request, packet);

	cr_assert_eq(keyring_request_decode(packet, size, &back), 0);
	cr_expect_eq(back.verb, KEYRING_REQUEST);
	cr_expect_eq(back.which, KEYRING_NEXT);
	cr_expect_eq(back.size, 5);
	cr_expect_arr_eq(back.bytes, "hello", 5);
}

Test(keyring_messages, what_is_none_is_refused)
{
	static struct keyring_request request = {.verb = KEYRING_DIGEST, .size = 32};
	static struct keyring_request back;
	uint8_t packet[KEYRING_FRAME_MAX];
	size_t size = frame_of(&request, packet);

	cr_assert_eq(keyring_request_decode(packet, size, &back), 0);
	cr_expect_eq(keyring_request_decode(packet, size - 1, &back), -EBADMSG);
	packet[WIRE_HEADER_SIZE] = 2; /* a third key */
	cr_expect_eq(keyring_request_decode(packet, size, &back), -EBADMSG);
	request.verb = KEYRING_ANSWER;
	size = frame_of(&request, packet);
	cr_expect_eq(keyring_request_decode(packet, size, &back), -EOPNOTSUPP);
	request.verb = 0;
	size = frame_of(&request, packet);
	cr_expect_eq(keyring_request_decode(packet, size, &back), -EOPNOTSUPP);
}

Test(keyring_messages, answers_go_and_come)
{
	static struct keyring_answer answer = {.error = -ENOKEY, .size = 3, .bytes = "abc"}, back;
	uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer frame;
	int size;

	keyring_answer_put(&frame, packet, sizeof(packet), &answer);
	size = wire_end(&frame);
	cr_assert_gt(size, 0);
	cr_assert_eq(keyring_answer_decode(packet, (size_t)size, &back), 0);
	cr_expect_eq(back.error, -ENOKEY);
	cr_expect_arr_eq(back.bytes, "abc", 3);
	cr_expect_eq(keyring_answer_decode(packet, (size_t)size - 1, &back), -EBADMSG);
}
