/* SPDX-License-Identifier: Apache-2.0 */
/* The device key in a TPM: a simulated one (swtpm), which is stopped, started and exchanged. */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/keyring/device_key.h"
#include "common/digest.h"

static char directory[64], state[2][80], keys[80];
static pid_t machine; /* the TPM of one */
static int fd = -1;
static struct device_key *key;
static const uint8_t digest[32] = {1, 2, 3};

static bool has_swtpm(void)
{
	bool has_it = access("/usr/bin/swtpm", X_OK) == 0;

	if (!has_it)
		cr_log_warn("skipped: swtpm is not installed");
	return has_it;
}

static void power_off(void)
{
	if (machine > 0) {
		(void)kill(machine, SIGKILL);
		(void)waitpid(machine, NULL, 0);
	}
	machine = 0;
	if (fd >= 0)
		(void)close(fd);
	fd = -1;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int i = 0; i < 200; i++) {
		if (connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0)
			return connection;
		(void)poll(NULL, 0, 50);
	}
	cr_assert(false, "swtpm does not answer at %s", path);
	return -1;
}

static void power_on(int which)
{
	char where[128], server[160], path[108];

	(void)snprintf(path, sizeof(path), "%s/socket", state[which]);
	(void)snprintf(where, sizeof(where), "dir=%s", state[which]);
	(void)snprintf(server, sizeof(server), "type=unixio,path=%s", path);
	(void)unlink(path);
	machine = fork();
	if (machine == 0) {
		(void)execl("/usr/bin/swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", where,
			"--server", server, "--flags", "not-need-init,startup-clear", NULL);
		_exit(127);
	}
	fd = connect_to(path);
}

static int open_key(enum key_wish wish)
{
	const struct device_key_plan plan = {.directory = keys, .wish = wish, .tpm_fd = fd};

	return device_key_open(&plan, &key);
}

static void close_key(void)
{
	device_key_free(key);
	key = NULL;
}

static void begin(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* as keyring does */
	(void)setenv("TSS2_LOG", "all+none", 1);
	(void)snprintf(directory, sizeof(directory), "/tmp/hf-tpm-XXXXXX");
	cr_assert(mkdtemp(directory));
	(void)snprintf(keys, sizeof(keys), "%s/keys", directory);
	(void)mkdir(keys, 0700);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(state[i], sizeof(state[i]), "%s/machine-%d", directory, i);
		(void)mkdir(state[i], 0700);
	}
}

static void end(void)
{
	char command[128];

	close_key();
	power_off();
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	cr_assert_eq(system(command), 0);
}

static bool signs(enum keyring_which which)
{
	uint8_t public_key[256], signature[128];
	int size = device_key_public(key, which, public_key, sizeof(public_key));
	int signed_size = device_key_sign(key, which, digest, signature, sizeof(signature));
	const uint8_t *at = public_key;
	EVP_PKEY *known = size > 0 ? d2i_PUBKEY(NULL, &at, size) : NULL;
	EVP_PKEY_CTX *context = known ? EVP_PKEY_CTX_new(known, NULL) : NULL;
	bool is_good = signed_size > 0 && context && EVP_PKEY_verify_init(context) == 1 &&
		       EVP_PKEY_verify(context, signature, (size_t)signed_size, digest, 32) == 1;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(known);
	return is_good;
}

static void check_place(enum keyring_place wanted, const char *trouble)
{
	char text[KEYRING_TROUBLE_SIZE];

	cr_expect_eq(device_key_state(key, text), wanted, "%s", text);
	if (*trouble)
		cr_expect(strstr(text, trouble), "'%s'", text);
	else
		cr_expect_str_empty(text);
}

TestSuite(keyring_tpm, .init = begin, .fini = end);

Test(keyring_tpm, a_key_is_made_in_it_and_is_there_after_a_restart)
{
	uint8_t before[256], after[256];
	int size;

	if (!has_swtpm())
		return;
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	check_place(KEYRING_TPM, "");
	cr_expect(signs(KEYRING_CURRENT));
	size = device_key_public(key, KEYRING_CURRENT, before, sizeof(before));
	close_key();
	power_off();
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_public(key, KEYRING_CURRENT, after, sizeof(after)), size);
	cr_expect_arr_eq(before, after, (size_t)size);
	check_place(KEYRING_TPM, "");
	cr_expect(signs(KEYRING_CURRENT));
}

/* More than a TPM has places for: what is not needed must be taken out again. */
Test(keyring_tpm, renewals_leave_nothing_in_it)
{
	if (!has_swtpm())
		return;
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_TPM), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(device_key_make(key, KEYRING_NEXT), 0, "%d", i);
		cr_expect(signs(KEYRING_CURRENT));
		cr_expect(signs(KEYRING_NEXT));
		cr_assert_eq(device_key_commit(key), 0);
		cr_expect(signs(KEYRING_CURRENT));
	}
	for (int i = 0; i < 5; i++) {
		close_key();
		cr_assert_eq(open_key(KEY_WISH_TPM), 0);
		cr_expect(signs(KEYRING_CURRENT), "opened for time %d", i);
	}
}

Test(keyring_tpm, its_file_is_of_no_use_to_another_machine)
{
	if (!has_swtpm())
		return;
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	cr_expect(signs(KEYRING_CURRENT), "control");
	close_key();
	power_off();
	power_on(1);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	check_place(KEYRING_TPM, "made in another TPM");
	cr_expect_not(signs(KEYRING_CURRENT));
	cr_expect_eq(device_key_make(key, KEYRING_NEXT), 0, "it can enrol as another device");
	cr_expect(signs(KEYRING_NEXT));
}

Test(keyring_tpm, without_it_the_key_stays_what_it_is)
{
	uint8_t public_key[256];

	if (!has_swtpm())
		return;
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	close_key();
	power_off();
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	check_place(KEYRING_TPM, "has none now");
	cr_expect_gt(device_key_public(key, KEYRING_CURRENT, public_key, sizeof(public_key)), 0);
	cr_expect_not(signs(KEYRING_CURRENT));
	cr_expect_eq(device_key_make(key, KEYRING_NEXT), -ENODEV, "not in a file by itself");
	close_key();
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_expect(signs(KEYRING_CURRENT), "it is back");
}

Test(keyring_tpm, one_that_fails_at_a_renewal_does_not_cost_the_key)
{
	if (!has_swtpm())
		return;
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	(void)kill(machine, SIGKILL);
	(void)waitpid(machine, NULL, 0);
	machine = 0;
	cr_expect_eq(device_key_make(key, KEYRING_NEXT), -ENXIO);
	cr_expect_eq(device_key_commit(key), -ENOKEY);
	check_place(KEYRING_TPM, ""); /* it was loaded, and nobody has asked it yet */
	cr_expect_not(signs(KEYRING_CURRENT));
	cr_expect(device_key_is_lost(key));
	close_key();
	power_off();
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_expect(signs(KEYRING_CURRENT));
	cr_expect_eq(device_key_make(key, KEYRING_NEXT), 0);
}

Test(keyring_tpm, none_and_none_asked_for_is_a_file)
{
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	check_place(KEYRING_FILE, "");
	cr_expect(signs(KEYRING_CURRENT));
}

Test(keyring_tpm, none_and_one_asked_for_is_a_refusal)
{
	cr_assert_eq(open_key(KEY_WISH_TPM), 0);
	cr_expect_eq(device_key_make(key, KEYRING_CURRENT), -ENODEV);
	check_place(KEYRING_NOWHERE, "is asked for");
}

/* A machine that had none, or whose administrator changed their mind. */
Test(keyring_tpm, a_renewal_goes_where_the_next_key_is_wanted)
{
	if (!has_swtpm())
		return;
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	close_key();
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	check_place(KEYRING_FILE, "");
	cr_assert_eq(device_key_make(key, KEYRING_NEXT), 0);
	cr_assert_eq(device_key_commit(key), 0);
	check_place(KEYRING_TPM, "");
	close_key();
	cr_assert_eq(open_key(KEY_WISH_FILE), 0);
	cr_expect(signs(KEYRING_CURRENT), "what is there is used");
	cr_assert_eq(device_key_make(key, KEYRING_NEXT), 0);
	cr_assert_eq(device_key_commit(key), 0);
	check_place(KEYRING_FILE, "");
}

/* What the TPM says, proven as the console does it. */
static struct quote attest(const uint8_t challenge[QUOTE_CHALLENGE_SIZE])
{
	uint8_t bytes[QUOTE_MAX], public_key[256], hash[QUOTE_HASH_SIZE], data[QUOTE_HASH_SIZE];
	int size = device_key_quote(key, challenge, bytes);
	struct digest_piece whole = {public_key, 0};
	struct quote quote;

	cr_assert_gt(size, 0, "%d", size);
	cr_assert_eq(quote_prove(bytes, (size_t)size, &quote), 0);
	whole.size = (size_t)device_key_public(
		key, KEYRING_CURRENT, public_key, sizeof(public_key));
	cr_assert_eq(digest_of(&whole, 1, hash), 0);
	cr_assert_eq(quote_qualify(challenge, hash, data), 0);
	cr_expect_arr_eq(quote.data, data, sizeof(data), "of this question and this device");
	for (int i = 0; i < size; i++) {
		struct quote other;

		bytes[i] ^= 1;
		cr_expect_lt(quote_prove(bytes, (size_t)size, &other), 0, "byte %d", i);
		bytes[i] ^= 1;
		cr_expect_lt(quote_prove(bytes, (size_t)i, &other), 0, "cut at %d", i);
	}
	return quote;
}

Test(keyring_tpm, says_what_its_registers_are)
{
	static const uint8_t one[QUOTE_CHALLENGE_SIZE] = {1}, two[QUOTE_CHALLENGE_SIZE] = {2};
	static const uint8_t zeros[8 * 32];
	const struct digest_piece registers = {zeros, sizeof(zeros)};
	uint8_t wanted[32], bytes[QUOTE_MAX];
	struct quote first, second;

	if (!has_swtpm())
		return;
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_expect_eq(device_key_quote(key, one, bytes), -ENOKEY, "of no device");
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	first = attest(one);
	cr_assert_eq(digest_of(&registers, 1, wanted), 0);
	cr_expect_arr_eq(first.registers, wanted, 32, "nothing was measured on this machine");
	second = attest(two);
	cr_expect_arr_eq(first.key, second.key, 32, "the same key each time");
	cr_expect_neq(memcmp(first.data, second.data, 32), 0);
	cr_expect(signs(KEYRING_CURRENT), "and it signs as before");
	close_key();
	power_off();
	power_on(0);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	second = attest(two);
	cr_expect_arr_eq(first.key, second.key, 32, "after a restart, too");
	close_key();
	power_off();
	power_on(1);
	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	second = attest(two);
	cr_expect_neq(memcmp(first.key, second.key, 32), 0, "another machine's is another");
}

Test(keyring_tpm, without_one_nothing_is_attested)
{
	static const uint8_t one[QUOTE_CHALLENGE_SIZE] = {1};
	uint8_t bytes[QUOTE_MAX];

	cr_assert_eq(open_key(KEY_WISH_AUTO), 0);
	cr_assert_eq(device_key_make(key, KEYRING_CURRENT), 0);
	cr_expect_eq(device_key_quote(key, one, bytes), -ENODEV);
}
