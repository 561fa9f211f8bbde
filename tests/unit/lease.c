/* SPDX-License-Identifier: Apache-2.0 */
/* Trust as a lease: what is taken, and each reason for which a word is not. */
#include "tests/unit/anchors_fixture.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "console/authority/certificate.h"

#define DAY 86400

static struct ca_pair root, issuing, trust, other_root, other_issuing, other_trust;
static EVP_PKEY *device_key;
static X509_STORE *anchors;
static time_t now;

static const struct lease_request asked = {
	.device = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	.boot = {0xb0, 0x07},
	.asked_ms = 81234567,
	.nonce = {0xff, 0xee},
	.seconds = 604800,
	.seen = 3,
};

static void make_all(void)
{
	now = time(NULL);
	cr_assert_eq(ca_root_new(TENANT, now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_trust_new(&issuing, now, &trust), 0);
	cr_assert_eq(ca_root_new(TENANT, now, &other_root), 0);
	cr_assert_eq(ca_issuing_new(&other_root, NULL, now, &other_issuing), 0);
	cr_assert_eq(ca_trust_new(&other_issuing, now, &other_trust), 0);
	device_key = certificate_key_new("P-256");
	anchors = anchors_of(&root);
	cr_assert(device_key && anchors);
}

static void free_all(void)
{
	ca_pair_done(&root);
	ca_pair_done(&issuing);
	ca_pair_done(&trust);
	ca_pair_done(&other_root);
	ca_pair_done(&other_issuing);
	ca_pair_done(&other_trust);
	EVP_PKEY_free(device_key);
	X509_STORE_free(anchors);
}

TestSuite(lease, .init = make_all, .fini = free_all);

static struct lease word(void)
{
	struct lease lease = {.tenant = TENANT,
		.asked = asked,
		.state = LEASE_TRUSTED,
		.seconds = 604800,
		.serial = 4,
		.time_s = (uint64_t)now};

	lease.asked.seconds = 0;
	lease.asked.seen = 0;
	cr_assert_eq(lease_key_hash(device_key, lease.key), 0);
	return lease;
}

static int write_by(const struct lease *lease, const struct ca_pair *signer,
	const struct ca_pair *issuer, char ret_text[LEASE_WORD_MAX])
{
	return lease_write(lease,
		&(const struct lease_signer){signer->key, signer->certificate, issuer->certificate},
		ret_text);
}

/* Asked for a second ago. */
static struct lease_terms terms(void)
{
	return (struct lease_terms){.anchors = anchors,
		.boot_ms = asked.asked_ms + 1000,
		.now_s = now,
		.tenant = TENANT,
		.device = asked.device,
		.boot = asked.boot,
		.nonce = asked.nonce,
		.seen = 4};
}

static enum lease_verdict verdict_of(const struct lease *lease, const struct lease_terms *held)
{
	char text[LEASE_WORD_MAX];
	struct lease read;
	int size = write_by(lease, &trust, &issuing, text);

	cr_assert(size > 0, "%d", size);
	return lease_verify(text, (size_t)size, held, &read);
}

Test(lease, a_request_is_read_as_it_was_written)
{
	char text[LEASE_REQUEST_MAX];
	struct lease_request read;
	uint8_t signature[128];
	size_t signature_size = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int size = lease_request_write(&asked, text);

	cr_assert(size > 0);
	cr_assert(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, device_key, NULL) > 0);
	cr_assert(EVP_DigestSign(context, signature, &signature_size, (const uint8_t *)text,
			  (size_t)size) > 0);
	EVP_MD_CTX_free(context);
	size = lease_add_signature(text, (size_t)size, sizeof(text), signature, signature_size);
	cr_assert(size > 0, "%d", size);
	cr_assert_eq(lease_request_parse(text, (size_t)size, &read), 0);
	cr_expect_eq(memcmp(&read, &asked, sizeof(read)), 0);
	cr_expect(lease_is_signed(text, (size_t)size, device_key));
	cr_expect_not(lease_is_signed(text, (size_t)size, trust.key));
	cr_expect_not(lease_is_signed(text, 20, device_key));
	for (int i = 0; i < size; i++) { /* no byte of it may be another one */
		text[i] ^= 1;
		cr_expect(lease_request_parse(text, (size_t)size, &read) < 0 ||
				  !lease_is_signed(text, (size_t)size, device_key),
			"byte %d", i);
		text[i] ^= 1;
	}
	for (int i = 0; i < size; i++)
		cr_expect_eq(lease_request_parse(text, (size_t)i, &read), -EBADMSG);
}

Test(lease, a_good_word_is_good)
{
	const struct lease lease = word();
	const struct lease_terms held = terms();
	char text[LEASE_WORD_MAX];
	struct lease read;
	int size = write_by(&lease, &trust, &issuing, text);

	cr_assert(size > 0 && size < LEASE_WORD_MAX, "%d", size);
	cr_assert_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_GOOD);
	cr_expect_eq(memcmp(&read, &lease, sizeof(read)), 0);
	cr_expect_eq(lease_end_ms(&read), asked.asked_ms + UINT64_C(604800000));
	cr_expect_eq(lease_parse(text, (size_t)size, &read), 0);
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD);
}

Test(lease, the_issuer_itself_may_be_the_anchor)
{
	const struct lease lease = word();
	struct lease_terms held = terms();

	held.anchors = anchors_of(&issuing);
	cr_assert(held.anchors);
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD);
	X509_STORE_free(held.anchors);
}

Test(lease, no_byte_may_be_another_one)
{
	const struct lease lease = word();
	const struct lease_terms held = terms();
	char text[LEASE_WORD_MAX];
	struct lease read;
	int size = write_by(&lease, &trust, &issuing, text);

	for (int i = 0; i < size; i++) {
		text[i] ^= 1;
		cr_expect_neq(
			lease_verify(text, (size_t)size, &held, &read), LEASE_GOOD, "byte %d", i);
		text[i] ^= 1;
	}
	for (int i = 0; i < size; i++)
		cr_expect_eq(lease_parse(text, (size_t)i, &read), -EBADMSG);
	text[size] = '\n';
	cr_expect_eq(lease_parse(text, (size_t)size + 1, &read), -EBADMSG);
}

Test(lease, who_signs)
{
	const struct lease lease = word();
	struct lease_terms held = terms();
	static const char *const names[] = {"console.example"};
	struct ca_pair server = {0};
	char text[LEASE_WORD_MAX];
	struct lease read;
	int size;

	size = write_by(&lease, &other_trust, &other_issuing, text);
	cr_assert(size > 0);
	cr_expect_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_OTHER_AUTHORITY);
	/* our issuer's certificate beside a stranger's signer */
	size = write_by(&lease, &other_trust, &issuing, text);
	cr_assert(size > 0);
	cr_expect_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_OTHER_AUTHORITY);
	/* our certificate, another key */
	size = lease_write(&lease,
		&(const struct lease_signer){
			other_trust.key, trust.certificate, issuing.certificate},
		text);
	cr_assert(size > 0);
	cr_expect_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_BAD_SIGNATURE);
	/* the server's certificate is ours, and not for this; nor is the issuer's own */
	cr_assert_eq(ca_server_new(&issuing, names, 1, now, &server), 0);
	size = write_by(&lease, &server, &issuing, text);
	cr_assert(size > 0);
	cr_expect_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_CERTIFICATE_OF_OTHER);
	ca_pair_done(&server);
	size = write_by(&lease, &issuing, &root, text);
	cr_assert(size > 0);
	cr_expect_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_CERTIFICATE_OF_OTHER);
	held.now_s = now + (CA_TRUST_DAYS + 1) * DAY;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_CERTIFICATE_EXPIRED);
	held.now_s = now - DAY;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_CERTIFICATE_EXPIRED);
	held.now_s = 0; /* it was taken while they were good */
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD);
}

Test(lease, to_whom_it_is_said)
{
	struct lease_terms held = terms();
	struct lease lease = word();

	(void)strcpy(lease.tenant, "another");
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OTHER_TENANT);
	lease = word();
	lease.asked.device[15] ^= 1;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OTHER_DEVICE);
	lease = word();
	lease.key[0] ^= 1;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD, "the key is not among the terms");
	held.key = word().key;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OTHER_KEY);
	held.key = NULL;
	lease = word();
	lease.asked.boot[0] ^= 1;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OTHER_BOOT);
	lease = word();
	lease.asked.nonce[0] ^= 1;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OTHER_QUESTION);
	held.nonce = NULL;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD);
}

Test(lease, when)
{
	struct lease_terms held = terms();
	struct lease lease = word();

	held.boot_ms = asked.asked_ms - 1;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_FROM_AHEAD);
	held.boot_ms = lease_end_ms(&lease) - 1;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD);
	held.boot_ms = lease_end_ms(&lease);
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OVER);
	held = terms();
	held.seen = 5;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_OLDER);
	held.seen = 4;
	lease.state = LEASE_REVOKED; /* has no end */
	lease.seconds = 0;
	held.boot_ms = LEASE_NUMBER_MAX;
	cr_expect_eq(verdict_of(&lease, &held), LEASE_GOOD);
}

Test(lease, what_makes_no_sense_is_not_written)
{
	struct lease_request request = asked;
	char text[LEASE_WORD_MAX];
	struct lease lease = word();

	lease.state = LEASE_SUSPENDED;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL, "suspended for a week");
	lease = word();
	lease.seconds = 0;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL, "trusted for no time");
	lease = word();
	lease.serial = 0;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL);
	lease = word();
	lease.seconds = LEASE_SECONDS_MAX + 1;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL);
	request.seconds = 0;
	cr_expect_eq(lease_request_write(&request, text), -EINVAL);
	request = asked;
	request.asked_ms = LEASE_NUMBER_MAX + 1;
	cr_expect_eq(lease_request_write(&request, text), -EINVAL);
}

Test(lease, each_verdict_has_words)
{
	for (unsigned int i = 0; i < LEASE_VERDICT_MAX; i++) {
		cr_expect(lease_verdict_code(i)[0]);
		for (unsigned int j = 0; j < i; j++)
			cr_expect_neq(
				strcmp(lease_verdict_code(i), lease_verdict_code(j)), 0, "%u", i);
	}
	cr_expect_str_eq(lease_state_name(LEASE_SUSPENDED), "suspended");
	cr_expect_null(lease_state_name(0));
	cr_expect_str_eq(lease_state_name(LEASE_UNFIT), "unfit");
	cr_expect_null(lease_state_name(LEASE_UNFIT + 1));
	cr_expect_null(lease_anchors("no PEM", 6));
}

/* --- orders --- */

static struct lease ordered(enum lease_order what)
{
	struct lease lease = word();

	lease.state = LEASE_SUSPENDED;
	lease.seconds = 0;
	lease.order_number = 7;
	lease.order = (uint8_t)what;
	return lease;
}

Test(lease, an_order_is_read_as_it_was_written)
{
	const struct lease_terms held = terms();

	for (unsigned int what = LEASE_ORDER_NONE; what <= LEASE_ORDER_FILES; what++) {
		struct lease lease = ordered((enum lease_order)what), read;
		char text[LEASE_WORD_MAX];
		int size;

		lease.order_number = what ? 7 : 0;
		size = write_by(&lease, &trust, &issuing, text);
		cr_assert(size > 0, "%u: %d", what, size);
		cr_expect_eq(!strstr(text, "\norder 7 "), !what);
		cr_assert_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_GOOD);
		cr_expect_eq(read.order, what);
		cr_expect_eq(read.order_number, lease.order_number);
	}
}

Test(lease, no_word_has_an_order_that_can_not_be)
{
	char text[LEASE_WORD_MAX];
	struct lease lease = ordered(LEASE_ORDER_WIPE);

	cr_expect_gt(write_by(&lease, &trust, &issuing, text), 0, "control");
	lease.order = LEASE_ORDER_FILES + 1;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL);
	lease.order = LEASE_ORDER_NONE;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL, "a number of nothing");
	lease = ordered(LEASE_ORDER_WIPE);
	lease.order_number = 0;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL, "without a number");
	lease = ordered(LEASE_ORDER_WIPE);
	lease.state = LEASE_TRUSTED;
	lease.seconds = 60;
	cr_expect_eq(write_by(&lease, &trust, &issuing, text), -EINVAL, "trusted, and wiped");
}

/* The line can be neither added to a word that was signed without, nor changed, nor taken out. */
Test(lease, an_order_is_forged_by_nobody)
{
	static const char *const lines[][2] = {{"time ", "order 8 wipe\n"}, {"order 7", "order 8"},
		{" wipe\n", " files\n"}, {"order 7 wipe\n", ""}, {"order 7", "order 07"},
		{"order 7 wipe", "order 7  wipe"}, {"order 7 wipe", "order 7"}};
	const struct lease_terms held = terms();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct lease lease = i ? ordered(LEASE_ORDER_WIPE) : word(), read;
		char text[LEASE_WORD_MAX], forged[LEASE_WORD_MAX + 16], *at;
		int size = write_by(&lease, &trust, &issuing, text);
		enum lease_verdict verdict;

		cr_assert_eq(lease_verify(text, (size_t)size, &held, &read), LEASE_GOOD, "control");
		at = strstr(text, lines[i][0]);
		cr_assert(at, "%zu", i);
		if (!i) /* behind that whole line */
			at = strchr(at, '\n') + 1;
		size = snprintf(forged, sizeof(forged), "%.*s%s%s", (int)(at - text), text,
			lines[i][1], at + (i ? strlen(lines[i][0]) : 0));
		verdict = lease_verify(forged, (size_t)size, &held, &read);
		cr_expect(verdict == LEASE_BAD_SIGNATURE || verdict == LEASE_NO_LEASE, "%zu: %d", i,
			verdict);
	}
}
