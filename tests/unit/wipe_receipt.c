/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts of wiping: read as they were written, by the device of a root and nobody else. */
#include "tests/unit/anchors_fixture.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/wipe_receipt.h"
#include "console/authority/certificate.h"

static struct ca_pair root, issuing, other_root;
static EVP_PKEY *device_key;
static X509 *certificate;
static time_t now;

static struct wipe_receipt receipt = {
	.tenant = TENANT,
	.device = {1, 2, 3},
	.order = 7,
	.what = LEASE_ORDER_WIPE,
	.boot = {0xb0},
	.label_count = 2,
	.labels = {{1}, {2}},
	.vault_count = 1,
	.vaults = {{3, {1}, "books"}},
	.removed = 120,
	.overwritten = 118,
	.kept = 5,
	.failed = 1,
	.had_lineage = true,
	.undelivered = 12,
	.failure_count = 1,
	.failures = {"/srv/a: Read-only file system"},
};

/* As the authority makes a device's, as far as this is about: of that key, by the issuing authority. */
static X509 *certify(EVP_PKEY *key, const struct ca_pair *issuer)
{
	X509 *made = X509_new();

	cr_assert(made && X509_set_version(made, X509_VERSION_3));
	(void)ASN1_INTEGER_set(X509_get_serialNumber(made), 77);
	(void)X509_gmtime_adj(X509_getm_notBefore(made), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(made), 3600);
	(void)X509_set_issuer_name(made, X509_get_subject_name(issuer->certificate));
	(void)X509_set_pubkey(made, key);
	cr_assert_gt(X509_sign(made, issuer->key, EVP_sha256()), 0);
	return made;
}

static void make_all(void)
{
	now = time(NULL);
	cr_assert_eq(ca_root_new(TENANT, now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_root_new(TENANT, now, &other_root), 0);
	device_key = certificate_key_new("P-256");
	certificate = certify(device_key, &issuing);
	receipt.begun_s = (uint64_t)now - 60;
	receipt.ended_s = (uint64_t)now;
	cr_assert_eq(lease_key_hash(device_key, receipt.key), 0);
}

static void free_all(void)
{
	ca_pair_done(&root);
	ca_pair_done(&issuing);
	ca_pair_done(&other_root);
	EVP_PKEY_free(device_key);
	X509_free(certificate);
}

TestSuite(wipe_receipt, .init = make_all, .fini = free_all);

/* Signed, and with certificates behind it. Bytes. */
static size_t make(
	const struct wipe_receipt *of, EVP_PKEY *key, X509 *first, char ret_text[WIPE_RECEIPT_MAX])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	BIO *pem = BIO_new(BIO_s_mem());
	uint8_t signature[128];
	size_t signature_size = sizeof(signature);
	char *certificates;
	long pem_size;
	int size = wipe_receipt_write(of, ret_text);

	cr_assert(size > 0, "%d", size);
	cr_assert(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0);
	cr_assert(EVP_DigestSign(context, signature, &signature_size, (const uint8_t *)ret_text,
			  (size_t)size) > 0);
	EVP_MD_CTX_free(context);
	size = lease_add_signature(
		ret_text, (size_t)size, WIPE_RECEIPT_TEXT, signature, signature_size);
	cr_assert(size > 0, "%d", size);
	cr_assert(PEM_write_bio_X509(pem, first) && PEM_write_bio_X509(pem, issuing.certificate));
	pem_size = BIO_get_mem_data(pem, &certificates);
	memcpy(ret_text + size, certificates, (size_t)pem_size);
	BIO_free(pem);
	return (size_t)size + (size_t)pem_size;
}

static int verify(const char *text, size_t size, const struct ca_pair *anchor)
{
	X509_STORE *anchors = anchors_of(anchor);
	struct wipe_receipt read;
	X509 *found = NULL;
	int r = wipe_receipt_verify(text, size, anchors, &read, &found);

	X509_STORE_free(anchors);
	if (r == 0) {
		cr_expect_eq(memcmp(&read, &receipt, sizeof(read)), 0);
		cr_expect_eq(X509_cmp(found, certificate), 0);
		X509_free(found);
	}
	return r;
}

Test(wipe_receipt, is_read_as_it_was_written)
{
	char text[WIPE_RECEIPT_TEXT], again[WIPE_RECEIPT_TEXT];
	struct wipe_receipt read;
	size_t read_size;
	int size = wipe_receipt_write(&receipt, text);

	cr_assert(size > 0, "%d", size);
	cr_assert_eq(wipe_receipt_parse(text, (size_t)size, false, &read, &read_size), 0);
	cr_expect_eq(read_size, (size_t)size);
	cr_expect_eq(memcmp(&read, &receipt, sizeof(read)), 0);
	cr_expect_eq(wipe_receipt_write(&read, again), size);
	cr_expect_str_eq(again, text);
	for (int i = 0; i < size; i++)
		cr_expect_lt(wipe_receipt_parse(text, (size_t)i, false, &read, &read_size), 0,
			"cut off at %d", i);
}

Test(wipe_receipt, more_than_can_be_named_is_counted)
{
	char text[WIPE_RECEIPT_TEXT];
	struct wipe_receipt many = receipt, read;
	size_t read_size;
	int size;

	many.label_count = many.vault_count = many.failure_count = 64;
	for (unsigned int i = 0; i < WIPE_RECEIPT_VAULTS; i++)
		(void)memset(many.vaults[i].name, 'v', sizeof(many.vaults[i].name) - 1);
	for (unsigned int i = 0; i < WIPE_RECEIPT_FAILURES; i++)
		(void)memset(many.failures[i], 'f', sizeof(many.failures[i]) - 1);
	size = wipe_receipt_write(&many, text);
	cr_assert(size > 0, "the most that it can say fits: %d", size);
	cr_assert_eq(wipe_receipt_parse(text, (size_t)size, false, &read, &read_size), 0);
	cr_expect_eq(read.label_count, 64);
}

Test(wipe_receipt, says_nothing_that_breaks_its_form)
{
	struct wipe_receipt wrong = receipt;
	char text[WIPE_RECEIPT_TEXT];

	(void)strcpy(wrong.failures[0], "a\nremoved 7");
	cr_expect_eq(wipe_receipt_write(&wrong, text), -EINVAL);
	wrong = receipt;
	(void)strcpy(wrong.vaults[0].name, "");
	cr_expect_eq(wipe_receipt_write(&wrong, text), -EINVAL);
	wrong = receipt;
	wrong.what = LEASE_ORDER_NONE;
	cr_expect_eq(wipe_receipt_write(&wrong, text), -EINVAL);
	wrong = receipt;
	wrong.ended_s = wrong.begun_s - 1;
	cr_expect_eq(wipe_receipt_write(&wrong, text), -EINVAL);
	cr_expect_gt(wipe_receipt_write(&receipt, text), 0, "control");
}

Test(wipe_receipt, is_proven_by_the_root_alone)
{
	static char text[WIPE_RECEIPT_MAX];
	size_t size = make(&receipt, device_key, certificate, text);

	cr_expect_eq(verify(text, size, &root), 0);
	cr_expect_eq(verify(text, size, &other_root), -EKEYREJECTED);
	for (size_t i = 0; i < size; i += 7) {
		text[i] ^= 1;
		cr_expect_lt(verify(text, size, &root), 0, "byte %zu", i);
		text[i] ^= 1;
	}
	cr_expect_eq(verify(text, size, &root), 0, "control");
}

Test(wipe_receipt, of_another_key_is_none)
{
	static char text[WIPE_RECEIPT_MAX];
	EVP_PKEY *other_key = certificate_key_new("P-256");
	X509 *other = certify(other_key, &issuing);
	struct wipe_receipt its = receipt;
	size_t size;

	size = make(&receipt, other_key, certificate, text);
	cr_expect_eq(verify(text, size, &root), -EKEYREJECTED, "signed by another");
	size = make(&receipt, other_key, other, text);
	cr_expect_eq(verify(text, size, &root), -EKEYREJECTED, "another device's, in its name");
	cr_assert_eq(lease_key_hash(other_key, its.key), 0);
	size = make(&its, other_key, certificate, text);
	cr_expect_eq(verify(text, size, &root), -EKEYREJECTED, "with a foreign certificate");
	size = make(&receipt, device_key, certificate, text);
	cr_expect_eq(verify(text, size, &root), 0, "control");
	X509_free(other);
	EVP_PKEY_free(other_key);
}
