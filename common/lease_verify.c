/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a word is the console's, and for this very question: each way in which it may not be has
 * a verdict of its own. The order: who says it, to whom, and when.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/lease_private.h"
#include "common/signing.h"

#define NUMBER_SIZE 32
#define ANCHORS_MAX (SIGNING_KEY_MAX * 4)

static const struct {
	const char *code, *text;
} verdicts[LEASE_VERDICT_MAX] = {
	[LEASE_GOOD] = {"GOOD", "it is good"},
	[LEASE_NO_LEASE] = {"INVALID", "it is none, byte for byte"},
	[LEASE_OTHER_AUTHORITY] = {"OTHER_AUTHORITY",
		"who signed it is not certified by this organisation's authority"},
	[LEASE_CERTIFICATE_EXPIRED] = {"CERTIFICATE_EXPIRED",
		"by this device's clock, the certificate that it was signed with is not valid"},
	[LEASE_CERTIFICATE_OF_OTHER] = {"OTHER_CERTIFICATE",
		"it was signed with a certificate that is not for leases"},
	[LEASE_BAD_SIGNATURE] = {"BAD_SIGNATURE", "its signature is wrong"},
	[LEASE_OTHER_TENANT] = {"OTHER_TENANT", "it is of another organisation"},
	[LEASE_OTHER_DEVICE] = {"OTHER_DEVICE", "it is another device's"},
	[LEASE_OTHER_KEY] = {"OTHER_KEY", "it is for another device key"},
	[LEASE_OTHER_BOOT] = {"OTHER_BOOT", "it was given before this machine was started"},
	[LEASE_OTHER_QUESTION] = {"OTHER_QUESTION", "it answers another question"},
	[LEASE_FROM_AHEAD] = {"FROM_AHEAD", "it was asked for later than now"},
	[LEASE_OLDER] = {"OLDER", "a later word of the console is known"},
	[LEASE_OVER] = {"OVER", "it is over"},
	[LEASE_OTHER_CLOCK] = {"OTHER_CLOCK",
		"what is shown here as boot id or boot clock is not the kernel's own"},
};

const char *lease_verdict_code(enum lease_verdict verdict)
{
	return verdict < LEASE_VERDICT_MAX ? verdicts[verdict].code : "INVALID";
}

const char *lease_verdict_text(enum lease_verdict verdict)
{
	return verdict < LEASE_VERDICT_MAX ? verdicts[verdict].text : "it is none";
}

int lease_key_hash(EVP_PKEY *key, uint8_t ret_hash[LEASE_HASH_SIZE])
{
	uint8_t *der = NULL;
	int size = i2d_PUBKEY(key, &der), done;

	done = size > 0 && EVP_Digest(der, (size_t)size, ret_hash, NULL, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
	return done ? 0 : -EIO;
}

X509_STORE *lease_anchors(const void *pem, size_t size)
{
	BIO *memory = size && size <= ANCHORS_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;
	X509_STORE *store = memory ? X509_STORE_new() : NULL;
	unsigned int count = 0;
	X509 *certificate;

	while (store && (certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL))) {
		count += X509_STORE_add_cert(store, certificate) == 1;
		X509_free(certificate); /* the store has its own reference */
	}
	BIO_free(memory);
	ERR_clear_error(); /* of the file's end */
	if (count)
		return store;
	X509_STORE_free(store);
	return NULL;
}

X509_STORE *lease_anchors_of_root(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	auto_free char *text = NULL;
	struct stat status;
	size_t size;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 ||
		(status.st_mode & (S_IWGRP | S_IWOTH)))
		return NULL;
	return file_read_all(fd, ANCHORS_MAX, &text, &size) < 0 ? NULL : lease_anchors(text, size);
}

/* DER's numbers of a signature that was read as raw. Bytes; NULL without memory. */
static int der_of(const uint8_t raw[SIGNING_SIGNATURE], uint8_t **ret_der)
{
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, NUMBER_SIZE, NULL);
	BIGNUM *s = BN_bin2bn(raw + NUMBER_SIZE, NUMBER_SIZE, NULL);
	int size = -1;

	if (numbers && r && s && ECDSA_SIG_set0(numbers, r, s) == 1) {
		size = i2d_ECDSA_SIG(numbers, ret_der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(numbers);
	return size;
}

/* The last line is "signature ", 88 letters and a line's end. */
bool lease_is_signed(const void *bytes, size_t size, EVP_PKEY *key)
{
	const size_t line = SIGNING_SIGNATURE_LINE - 1;
	struct signing_reader reader = {.left = line};
	uint8_t raw[SIGNING_SIGNATURE], *der = NULL;
	EVP_MD_CTX *context;
	bool is_good = false;
	int der_size;

	if (size < line)
		return false;
	reader.at = (const char *)bytes + size - line;
	if (signing_signature(&reader, raw) < 0 || reader.left ||
		EVP_PKEY_get_id(key) != EVP_PKEY_EC || EVP_PKEY_get_bits(key) != 256)
		return false;
	der_size = der_of(raw, &der);
	context = EVP_MD_CTX_new();
	if (der_size > 0 && context)
		is_good = EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) >
				  0 &&
			  EVP_DigestVerify(context, der, (size_t)der_size, bytes, size - line) > 0;
	EVP_MD_CTX_free(context);
	OPENSSL_free(der);
	ERR_clear_error(); /* of a wrong one */
	return is_good;
}

/* Made for leases, and for nothing besides. */
static bool is_for_leases(X509 *certificate)
{
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	char text[sizeof(LEASE_EXTENDED_USAGE) + 1] = "";
	bool is_for = false;

	if (usage && sk_ASN1_OBJECT_num(usage) == 1)
		is_for = OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(usage, 0), 1) > 0 &&
			 !strcmp(text, LEASE_EXTENDED_USAGE);
	EXTENDED_KEY_USAGE_free(usage);
	return is_for && X509_check_ca(certificate) == 0;
}

static enum lease_verdict verify_chain(
	const struct lease_certificates *certificates, X509_STORE *anchors, int64_t now_s)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	enum lease_verdict verdict = LEASE_OTHER_AUTHORITY;
	X509_VERIFY_PARAM *wanted;
	int error;

	if (context && between && sk_X509_push(between, certificates->issuer) > 0 &&
		X509_STORE_CTX_init(context, anchors, certificates->signer, between) == 1) {
		wanted = X509_STORE_CTX_get0_param(context);
		(void)X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_PARTIAL_CHAIN); /* known */
		if (now_s)
			X509_VERIFY_PARAM_set_time(wanted, (time_t)now_s);
		else
			(void)X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_NO_CHECK_TIME);
		if (X509_verify_cert(context) == 1)
			verdict = LEASE_GOOD;
		error = X509_STORE_CTX_get_error(context);
		if (verdict != LEASE_GOOD && (error == X509_V_ERR_CERT_HAS_EXPIRED ||
						     error == X509_V_ERR_CERT_NOT_YET_VALID))
			verdict = LEASE_CERTIFICATE_EXPIRED;
	}
	sk_X509_free(between); /* the certificates are the caller's */
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return verdict;
}

enum lease_verdict lease_verify_signer(
	X509 *signer, X509 *issuer, X509_STORE *anchors, int64_t now_s)
{
	const struct lease_certificates certificates = {.signer = signer, .issuer = issuer};
	enum lease_verdict verdict = verify_chain(&certificates, anchors, now_s);

	return verdict == LEASE_GOOD && !is_for_leases(signer) ? LEASE_CERTIFICATE_OF_OTHER
							       : verdict;
}

static bool differs(const uint8_t *wanted, const uint8_t *got, size_t size)
{
	return wanted && memcmp(wanted, got, size) != 0;
}

static enum lease_verdict judge(const struct lease *lease, const struct lease_terms *terms)
{
	const struct lease_request *asked = &lease->asked;

	if (terms->tenant && strcmp(terms->tenant, lease->tenant) != 0)
		return LEASE_OTHER_TENANT;
	if (differs(terms->device, asked->device, LEASE_ID_SIZE))
		return LEASE_OTHER_DEVICE;
	if (differs(terms->key, lease->key, LEASE_HASH_SIZE))
		return LEASE_OTHER_KEY;
	if (differs(terms->boot, asked->boot, LEASE_ID_SIZE))
		return LEASE_OTHER_BOOT;
	if (differs(terms->nonce, asked->nonce, LEASE_ID_SIZE))
		return LEASE_OTHER_QUESTION;
	if (asked->asked_ms > terms->boot_ms)
		return LEASE_FROM_AHEAD;
	if (lease->serial < terms->seen)
		return LEASE_OLDER;
	if (lease->state == LEASE_TRUSTED && lease_end_ms(lease) <= terms->boot_ms)
		return LEASE_OVER;
	return LEASE_GOOD;
}

enum lease_verdict lease_verify(
	const void *bytes, size_t size, const struct lease_terms *terms, struct lease *ret_lease)
{
	struct lease_certificates certificates;
	enum lease_verdict verdict;
	struct lease lease;

	if (lease_parse_whole(bytes, size, &lease, &certificates) < 0)
		return LEASE_NO_LEASE;
	verdict = lease_verify_signer(
		certificates.signer, certificates.issuer, terms->anchors, terms->now_s);
	if (verdict == LEASE_GOOD &&
		!lease_is_signed(bytes, size, X509_get0_pubkey(certificates.signer)))
		verdict = LEASE_BAD_SIGNATURE;
	if (verdict == LEASE_GOOD)
		verdict = judge(&lease, terms);
	lease_certificates_done(&certificates);
	if (verdict == LEASE_GOOD || verdict == LEASE_OVER || verdict == LEASE_OLDER)
		*ret_lease = lease;
	return verdict;
}
