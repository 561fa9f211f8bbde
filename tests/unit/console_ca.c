/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's certificates: who is believed as what, what a request may be, and the files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "console/authority/ca_files.h"
#include "console/authority/csr.h"

#define DAY    86400
#define DEVICE "0f0e0d0c-0b0a-4908-8706-050403020100"
#define TENANT "11111111-2222-4333-8444-555555555555"

static struct ca_pair root, issuing, server;
static time_t now;

static void make_all(void)
{
	static const char *const names[] = {"console.example", "192.0.2.7", "2001:db8::1"};

	now = time(NULL);
	cr_assert_eq(ca_root_new(TENANT, now, &root), 0);
	cr_assert_eq(ca_issuing_new(&root, NULL, now, &issuing), 0);
	cr_assert_eq(ca_server_new(&issuing, names, 3, now, &server), 0);
}

static void free_all(void)
{
	ca_pair_done(&server);
	ca_pair_done(&issuing);
	ca_pair_done(&root);
}

TestSuite(console_ca, .init = make_all, .fini = free_all);

/* A request of that key for "CN=name"; DER in bytes, its size. */
static size_t csr_new(EVP_PKEY *key, const EVP_MD *digest, const char *name, uint8_t *bytes)
{
	X509_REQ *request = X509_REQ_new();
	uint8_t *at = bytes;
	int size;

	cr_assert(request && X509_REQ_set_pubkey(request, key));
	if (name)
		cr_assert(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN",
			MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0));
	cr_assert(X509_REQ_sign(request, key, digest) > 0);
	size = i2d_X509_REQ(request, NULL);
	cr_assert(size > 0 && size < CONSOLE_CSR_MAX);
	(void)i2d_X509_REQ(request, &at);
	X509_REQ_free(request);
	return (size_t)size;
}

static X509 *certificate_of(const uint8_t *der, size_t size)
{
	X509 *certificate = d2i_X509(NULL, &der, (long)size);

	cr_assert(certificate);
	return certificate;
}

static X509 *device_new(time_t when)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t csr[CONSOLE_CSR_MAX], *der;
	const struct ca_subject subject = {DEVICE, TENANT};
	X509 *certificate;
	size_t size = csr_new(key, EVP_sha256(), "ws-1", csr);

	cr_assert_eq(ca_device_sign(&issuing, csr, size, &subject, when, &der, &size), 0);
	cr_expect_leq(size, CONSOLE_CERTIFICATE_MAX);
	certificate = certificate_of(der, size);
	cr_expect_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), key), 1);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return certificate;
}

/* X509_V_OK or why not, as a peer that trusts the root alone and got the issuing one. */
static int verify(X509 *certificate, int purpose, time_t when)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *others = sk_X509_new_null();
	int error;

	cr_assert(store && context && others && sk_X509_push(others, issuing.certificate));
	cr_assert(X509_STORE_add_cert(store, root.certificate));
	cr_assert(X509_STORE_CTX_init(context, store, certificate, others));
	cr_assert(X509_STORE_CTX_set_purpose(context, purpose));
	X509_STORE_CTX_set_time(context, 0, when);
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
	error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(others);
	return error;
}

Test(console_ca, each_is_believed_as_what_it_is)
{
	X509 *device = device_new(now);

	cr_expect_eq(verify(device, X509_PURPOSE_SSL_CLIENT, now), X509_V_OK);
	cr_expect_eq(verify(device, X509_PURPOSE_SSL_SERVER, now), X509_V_ERR_INVALID_PURPOSE);
	cr_expect_eq(verify(server.certificate, X509_PURPOSE_SSL_SERVER, now), X509_V_OK);
	cr_expect_eq(verify(server.certificate, X509_PURPOSE_SSL_CLIENT, now),
		X509_V_ERR_INVALID_PURPOSE);
	cr_expect_eq(X509_check_host(server.certificate, "console.example", 0, 0, NULL), 1);
	cr_expect_eq(X509_check_ip_asc(server.certificate, "192.0.2.7", 0), 1);
	cr_expect_eq(X509_check_ip_asc(server.certificate, "2001:db8::1", 0), 1);
	cr_expect_eq(X509_check_host(server.certificate, "other.example", 0, 0, NULL), 0);
	cr_expect_eq(X509_get_pathlen(issuing.certificate), 0);
	X509_free(device);
}

Test(console_ca, a_device_is_valid_for_90_days_and_a_bit_before)
{
	X509 *device = device_new(now);

	cr_expect_eq(verify(device, X509_PURPOSE_SSL_CLIENT, now - 299), X509_V_OK);
	cr_expect_eq(verify(device, X509_PURPOSE_SSL_CLIENT, now + 90 * DAY - 1), X509_V_OK);
	cr_expect_eq(verify(device, X509_PURPOSE_SSL_CLIENT, now + 90 * DAY + 1),
		X509_V_ERR_CERT_HAS_EXPIRED);
	X509_free(device);
	device = device_new(now + DAY);
	cr_expect_eq(verify(device, X509_PURPOSE_SSL_CLIENT, now), X509_V_ERR_CERT_NOT_YET_VALID);
	X509_free(device);
}

Test(console_ca, nothing_outlives_its_issuer)
{
	X509 *device = device_new(now + (CA_ISSUING_DAYS - 10) * (time_t)DAY);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t csr[CONSOLE_CSR_MAX], *der = NULL;
	size_t size = csr_new(key, EVP_sha256(), NULL, csr);

	cr_expect_eq(ASN1_TIME_compare(
			     X509_get0_notAfter(device), X509_get0_notAfter(issuing.certificate)),
		0);
	cr_expect_eq(ca_device_sign(&issuing, csr, size, &(const struct ca_subject){DEVICE, TENANT},
			     now + (CA_ISSUING_DAYS + 1) * (time_t)DAY, &der, &size),
		-ESTALE);
	cr_expect_null(der);
	X509_free(device);
	EVP_PKEY_free(key);
}

/* Name, purpose and number are the authority's, whatever was asked for. */
Test(console_ca, only_the_key_of_a_request_is_taken)
{
	X509 *first = device_new(now), *second = device_new(now);
	char name[256];

	cr_expect_gt(X509_NAME_get_text_by_NID(
			     X509_get_subject_name(first), NID_commonName, name, sizeof(name)),
		0);
	cr_expect_str_eq(name, DEVICE);
	cr_expect_gt(X509_NAME_get_text_by_NID(X509_get_subject_name(first), NID_organizationName,
			     name, sizeof(name)),
		0);
	cr_expect_str_eq(name, TENANT);
	cr_expect_eq(X509_NAME_entry_count(X509_get_subject_name(first)), 2);
	cr_expect_eq(ASN1_STRING_length(X509_get0_serialNumber(first)), 16);
	cr_expect_neq(
		ASN1_INTEGER_cmp(X509_get0_serialNumber(first), X509_get0_serialNumber(second)), 0);
	cr_expect_geq(X509_get_ext_by_NID(first, NID_authority_key_identifier, -1), 0);
	cr_expect_geq(X509_get_ext_by_NID(first, NID_subject_key_identifier, -1), 0);
	cr_expect_lt(X509_get_ext_by_NID(first, NID_subject_alt_name, -1), 0);
	X509_free(first);
	X509_free(second);
}

static int csr_try(const uint8_t *bytes, size_t size, struct csr_facts *facts)
{
	X509_REQ *request = NULL;
	int r = csr_open(bytes, size, &request, facts);

	cr_expect_eq(r == 0, request != NULL);
	X509_REQ_free(request);
	return r;
}

Test(console_ca, requests_that_are_none)
{
	uint8_t csr[CONSOLE_CSR_MAX + 1] = {0}, hash[32], *spki = NULL;
	EVP_PKEY *key = EVP_EC_gen("P-256"), *large = EVP_EC_gen("P-384");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	struct csr_facts facts;
	size_t size = csr_new(key, EVP_sha256(), "ws-1\x1b[2J", csr);
	int spki_size = i2d_PUBKEY(key, &spki);

	cr_expect_eq(csr_try(csr, size, &facts), 0, "control");
	cr_expect_str_eq(facts.name, "ws-1?[2J");
	(void)SHA256(spki, (size_t)spki_size, hash);
	cr_expect_arr_eq(facts.key, hash, sizeof(hash));
	cr_expect_eq(csr_try(csr, 0, &facts), -EBADMSG, "nothing");
	cr_expect_eq(csr_try(csr, size + 1, &facts), -EBADMSG, "a byte behind it");
	cr_expect_eq(csr_try(csr, sizeof(csr), &facts), -EBADMSG, "too large");
	for (size_t cut = 1; cut < size; cut += 7)
		cr_expect_eq(csr_try(csr, cut, &facts), -EBADMSG, "cut to %zu", cut);
	for (size_t at = 0; at < size; at++) {
		csr[at] ^= 1;
		cr_expect_eq(csr_try(csr, size, &facts), -EBADMSG, "byte %zu is another", at);
		csr[at] ^= 1;
	}
	cr_expect_eq(csr_try(csr, size, &facts), 0, "control");
	size = csr_new(key, EVP_sha1(), "ws-1", csr);
	cr_expect_eq(csr_try(csr, size, &facts), -EBADMSG, "signed with SHA-1");
	size = csr_new(large, EVP_sha256(), "ws-1", csr);
	cr_expect_eq(csr_try(csr, size, &facts), -EBADMSG, "P-384");
	size = csr_new(rsa, EVP_sha256(), "ws-1", csr);
	cr_expect_eq(csr_try(csr, size, &facts), -EBADMSG, "RSA");
	EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed");
	size = csr_new(key, EVP_sha256(), "ws-1", csr);
	cr_expect_eq(csr_try(csr, size, &facts), -EBADMSG, "a compressed point");
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
	EVP_PKEY_free(large);
	EVP_PKEY_free(rsa);
}

Test(console_ca, a_renewal_names_the_same_device)
{
	X509 *device = device_new(now);
	X509_REQ *request = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *extensions = NULL;

	cr_assert(X509_REQ_set_subject_name(request, X509_get_subject_name(device)));
	cr_expect(csr_is_same_subject(request, X509_get_subject_name(device)));
	cr_assert(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN",
		MBSTRING_UTF8, (const uint8_t *)"b", -1, -1, 0));
	cr_expect_not(csr_is_same_subject(request, X509_get_subject_name(device)));
	cr_assert(X509_REQ_set_subject_name(request, X509_get_subject_name(device)));
	cr_assert(X509V3_add1_i2d(&extensions, NID_subject_alt_name, GENERAL_NAMES_new(), 0, 0));
	cr_assert(X509_REQ_add_extensions(request, extensions));
	cr_expect_not(csr_is_same_subject(request, X509_get_subject_name(device)));
	X509_REQ_free(request);
	X509_free(device);
}

Test(console_ca, names_of_servers)
{
	static const char *const bad[] = {"", "-a", ".a", "a,DNS:b", "a b", "\xc3\xa4", "*"};
	struct ca_pair pair;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(
			ca_server_new(&issuing, &bad[i], 1, now, &pair), -EINVAL, "%s", bad[i]);
	cr_expect_eq(ca_server_new(&issuing, bad, 0, now, &pair), -EINVAL);
	cr_expect_eq(ca_root_new("", now, &pair), -EINVAL);
	cr_expect_eq(
		ca_root_new("01234567890123456789012345678901234567890123456789012345678901234",
			now, &pair),
		-EINVAL);
}

Test(console_ca, certs_only)
{
	uint8_t *one = NULL, *two = NULL, *box = NULL;
	struct ca_der ders[2] = {
		{NULL, (size_t)i2d_X509(issuing.certificate, &one)},
		{NULL, (size_t)i2d_X509(root.certificate, &two)},
	};
	const uint8_t *at;
	size_t size;
	PKCS7 *back;

	ders[0].bytes = one;
	ders[1].bytes = two;
	cr_assert_eq(ca_certs_only(ders, 2, &box, &size), 0);
	at = box;
	back = d2i_PKCS7(NULL, &at, (long)size);
	cr_assert(back && PKCS7_type_is_signed(back));
	cr_expect_eq(sk_X509_num(back->d.sign->cert), 2);
	cr_expect_eq(X509_cmp(sk_X509_value(back->d.sign->cert, 0), issuing.certificate), 0);
	cr_expect_eq(sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(back)), 0);
	cr_expect(PKCS7_get_detached(back));
	PKCS7_free(back);
	OPENSSL_free(box);
	ders[1].size--;
	cr_expect_eq(ca_certs_only(ders, 2, &box, &size), -EBADMSG);
	OPENSSL_free(one);
	OPENSSL_free(two);
}

static int directory_new(char path[32])
{
	int fd;

	strcpy(path, "/tmp/holdfast-ca-XXXXXX");
	cr_assert(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0);
	return fd;
}

static void directory_remove(int fd, const char *path)
{
	static const char *const names[] = {CA_ROOT_CERTIFICATE, CA_ROOT_KEY,
		CA_ISSUING_CERTIFICATE, CA_ISSUING_KEY, "server.crt", "server.key"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(fd, names[i], 0); /* those that are there */
	cr_expect_eq(rmdir(path), 0, "nothing else was left");
	(void)close(fd);
}

static int create(int fd, const char *passphrase)
{
	char words[TOKEN_WORDS_MAX];

	return ca_files_create(fd, &(const struct ca_plan){TENANT, passphrase, NULL}, words);
}

Test(console_ca, files)
{
	static const char *const names[] = {"localhost"};
	char path[32], text[64] = "";
	struct ca_files files;
	struct stat status;
	int fd = directory_new(path), key;

	cr_expect_eq(ca_files_open(fd, &files), -ENOENT);
	cr_expect_eq(create(fd, "short"), -EINVAL);
	cr_assert_eq(create(fd, "correct horse"), 0);
	cr_expect_eq(create(fd, "correct horse"), -EEXIST);
	cr_assert_eq(fstatat(fd, CA_ROOT_KEY, &status, 0), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	key = openat(fd, CA_ROOT_KEY, O_RDONLY | O_CLOEXEC);
	cr_expect_gt(read(key, text, sizeof(text) - 1), 0);
	cr_expect(strstr(text, "BEGIN ENCRYPTED PRIVATE KEY"));
	(void)close(key);
	cr_assert_eq(ca_files_open(fd, &files), 0);
	ca_files_done(&files);
	cr_expect_eq(ca_files_server(fd, fd, names, 1), 0);
	cr_expect_eq(ca_files_server(fd, fd, names, 1), 0, "again, in its place");
	cr_expect_eq(ca_files_renew_issuing(fd, "wrong horse"), -EACCES);
	cr_expect_eq(ca_files_renew_issuing(fd, "correct horse"), 0);
	cr_expect_eq(ca_files_open(fd, &files), 0);
	ca_files_done(&files);
	cr_assert_eq(fchmodat(fd, CA_ISSUING_KEY, 0640, 0), 0);
	cr_expect_eq(ca_files_open(fd, &files), -EACCES, "others may read it");
	cr_assert_eq(fchmodat(fd, CA_ISSUING_KEY, 0600, 0), 0);
	cr_assert_eq(renameat(fd, "server.crt", fd, CA_ISSUING_CERTIFICATE), 0);
	cr_expect_eq(ca_files_open(fd, &files), -EBADMSG, "not its certificate");
	directory_remove(fd, path);
}

Test(console_ca, token_uris)
{
	static const char good[] = "pkcs11:token=My%20HSM;object=issuing;id=%01%ff;type=private"
				   "?module-path=/usr/lib/m.so&pin-source=file:/etc/pin";
	static const char *const bad[] = {"", "pkcs11:", "file:/x", "pkcs11:token=a;object=b",
		"pkcs11:token=a;object=b?module-path=/m", "pkcs11:token=a;object=b?pin-source=/p",
		"pkcs11:object=b?module-path=/m&pin-source=/p",
		"pkcs11:token=a?module-path=/m&pin-source=/p",
		"pkcs11:token=a;token=b;object=b?module-path=/m&pin-source=/p",
		"pkcs11:token=a;object=b?module-path=m&pin-source=/p",
		"pkcs11:token=a;object=b?module-path=/m&pin-source=p",
		"pkcs11:token=a;object=b?module-path=/m&pin-value=1234",
		"pkcs11:token=a;object=b?module-path=/m&pin-source=|ls",
		"pkcs11:token=a%2;object=b?module-path=/m&pin-source=/p",
		"pkcs11:token=a%00;object=b?module-path=/m&pin-source=/p",
		"pkcs11:token=;object=b?module-path=/m&pin-source=/p",
		"pkcs11:token=a;object=b;colour=red?module-path=/m&pin-source=/p",
		"pkcs11:token=a;object=b;type=cert?module-path=/m&pin-source=/p",
		"pkcs11:token=a;object=b?module-path=/m&pin-source=/p&x-holdfast-network=no"};
	struct token_uri uri;
	const char *why;

	cr_assert_eq(token_uri_parse(good, &uri, &why), 0);
	cr_expect_str_eq(uri.token, "My HSM");
	cr_expect_str_eq(uri.object, "issuing");
	cr_expect_str_eq(uri.module, "/usr/lib/m.so");
	cr_expect_str_eq(uri.pin_path, "/etc/pin");
	cr_expect_eq(uri.id_size, 2);
	cr_expect_arr_eq(uri.id, "\x01\xff", 2);
	cr_expect_not(uri.has_network);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		cr_expect_eq(token_uri_parse(bad[i], &uri, &why), -EINVAL, "%s", bad[i]);
		cr_expect(why, "%s", bad[i]);
	}
}
