/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that a console will take and certificates that a device takes. The keyring's part is
 * played by a key of this test's; the certificates are made by OpenSSL's own tool, as any CA would.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/uplink/certificate.h"
#include "agent/uplink/keyring_client.h"

#define DEVICE "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

static EVP_PKEY *device_key;
static char directory[64];

int keyring_sign(enum keyring_verb verb, enum keyring_which which, const void *bytes, size_t size,
	void *ret_signature, size_t signature_size)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t used = signature_size;
	int r;

	cr_assert_eq(verb, KEYRING_REQUEST);
	cr_assert_eq(which, KEYRING_CURRENT);
	r = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, device_key) == 1 &&
			    EVP_DigestSign(context, ret_signature, &used, bytes, size) == 1
		    ? (int)used
		    : -EIO;
	EVP_MD_CTX_free(context);
	return r;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[2048], arguments[1024];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(arguments, sizeof(arguments), format, list);
	va_end(list);
	(void)snprintf(
		command, sizeof(command), "cd %s && { %s; } >/dev/null 2>&1", directory, arguments);
	cr_assert_eq(system(command), 0, "%s", arguments);
}

static char *file_text(const char *name)
{
	static char text[65536];
	char path[128];
	FILE *file;
	size_t size;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	cr_assert(file, "%s", path);
	size = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file); /* read only */
	text[size] = '\0';
	return text;
}

/* Frees body. */
static void write_request(char *body)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/request.b64", directory);
	file = fopen(path, "w");
	cr_assert(file);
	(void)fputs(body, file);
	(void)fclose(file); /* written */
	free(body);
}

static void make_request(void)
{
	const struct certificate_wish wish = {
		.public_key = device_key, .which = KEYRING_CURRENT, .common_name = "pc 17"};
	char *body = NULL;

	cr_assert_eq(certificate_request(&wish, &body), 0);
	write_request(body);
}

static void start(void)
{
	device_key = EVP_EC_gen("P-256");
	cr_assert(device_key);
	(void)snprintf(directory, sizeof(directory), "/tmp/hf-certificate-XXXXXX");
	cr_assert(mkdtemp(directory));
	make_request();
	run("openssl base64 -d -in request.b64 -out request.der");
	run("for ca in ours other; do openssl req -x509 -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 "
	    "-nodes -keyout $ca.key -subj /CN=$ca -out $ca.crt -days 40; done");
	run("openssl req -inform DER -in request.der -out request.pem");
}

static void stop(void)
{
	char command[128];

	EVP_PKEY_free(device_key);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	cr_assert_eq(system(command), 0);
}

/* The subject is the console's choice. */
static void issue(const char *subject, const char *ca)
{
	run("printf 'extendedKeyUsage=clientAuth\\n' >extensions; "
	    "openssl req -in request.pem -noout -pubkey >device.pub; "
	    "openssl req -new -key %s.key -subj '/CN=%s' -out named.csr; "
	    "openssl x509 -req -in named.csr -force_pubkey device.pub -CA %s.crt -CAkey %s.key "
	    "-CAcreateserial -days 30 -extfile extensions -out device.crt",
		ca, subject, ca, ca);
	run("openssl crl2pkcs7 -nocrl -certfile device.crt -certfile %s.crt -outform DER -out "
	    "chain.der; "
	    "openssl base64 -in chain.der -out chain.b64; openssl base64 -A -in chain.der -out "
	    "line.b64",
		ca);
}

static int parse(const char *name, X509 *ret_certificates[CERTIFICATE_CHAIN_MAX])
{
	const char *text = file_text(name);

	return certificate_parse(text, strlen(text), ret_certificates);
}

static void release(X509 **certificates, int count)
{
	for (int i = 0; i < count; i++)
		X509_free(certificates[i]);
}

TestSuite(certificate, .init = start, .fini = stop);

Test(certificate, request_is_what_openssl_takes)
{
	run("openssl req -inform DER -in request.der -noout -verify -subject | grep 'CN = pc 17'");
	run("openssl req -inform DER -in request.der -noout -verify 2>&1 | grep -i 'verify OK'");
}

Test(certificate, chain_is_parsed_in_lines_and_in_one)
{
	static const char *const names[] = {"chain.b64", "line.b64"};

	issue(DEVICE, "ours");
	for (size_t i = 0; i < 2; i++) {
		X509 *certificates[CERTIFICATE_CHAIN_MAX];
		uint8_t uid[16];
		int count = parse(names[i], certificates), own = 0;

		cr_assert_eq(count, 2, "%s: %d", names[i], count);
		if (!certificate_is_for(certificates[0], device_key))
			own = 1;
		cr_expect(certificate_is_for(certificates[own], device_key));
		cr_expect_not(certificate_is_for(certificates[!own], device_key));
		cr_assert_eq(certificate_device(certificates[own], uid), 0);
		cr_expect_eq(uid[0], 0x0f);
		cr_expect_eq(uid[15], 0xf0);
		cr_expect_gt(certificate_seconds_left(certificates[own]), 29 * 86400);
		cr_expect_lt(certificate_seconds_left(certificates[own]), 31 * 86400);
		release(certificates, count);
	}
}

Test(certificate, a_renewal_asks_for_the_same_subject)
{
	X509 *certificates[CERTIFICATE_CHAIN_MAX];
	struct certificate_wish wish = {.public_key = device_key, .common_name = "pc 17"};
	char *body = NULL;
	int count, own;

	issue(DEVICE, "ours");
	count = parse("chain.b64", certificates);
	cr_assert_eq(count, 2);
	own = !certificate_is_for(certificates[0], device_key);
	wish.like = certificates[own];
	cr_assert_eq(certificate_request(&wish, &body), 0);
	write_request(body);
	run("openssl base64 -d -in request.b64 | openssl req -inform DER -noout -verify -subject | "
	    "grep 'CN = " DEVICE "'");
	release(certificates, count);
}

Test(certificate, a_name_that_is_no_device_is_none)
{
	static const char *const names[] = {"pc 17", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f",
		"0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"};

	for (size_t i = 0; i < 3; i++) {
		X509 *certificates[CERTIFICATE_CHAIN_MAX];
		uint8_t uid[16];
		int count, own;

		issue(names[i], "ours");
		count = parse("chain.b64", certificates);
		cr_assert_eq(count, 2);
		own = !certificate_is_for(certificates[0], device_key);
		cr_expect_eq(certificate_device(certificates[own], uid), -EBADMSG, "%s", names[i]);
		release(certificates, count);
	}
}

Test(certificate, what_is_no_answer_is_refused)
{
	X509 *certificates[CERTIFICATE_CHAIN_MAX];

	cr_expect_eq(certificate_parse("", 0, certificates), -EBADMSG);
	cr_expect_eq(certificate_parse("nonsense", 8, certificates), -EBADMSG);
	issue(DEVICE, "ours");
	run("head -c 300 chain.b64 >cut.b64");
	cr_expect_eq(parse("cut.b64", certificates), -EBADMSG);
	run("for i in 1 2 3 4 5 6 7 8 9; do cat ours.crt; done >many.pem; "
	    "openssl crl2pkcs7 -nocrl -certfile many.pem -outform DER | openssl base64 -out "
	    "many.b64");
	cr_expect_eq(parse("many.b64", certificates), -EBADMSG);
}
