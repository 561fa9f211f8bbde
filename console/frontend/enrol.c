/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EST, RFC 7030 as RFC 8951 clarifies it: cacerts, simpleenroll, simplereenroll. The store says
 * whether the device may, the authority makes the certificate, the store takes note of it, and only
 * then is it handed out.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "console/authority/ca.h"
#include "console/authority/csr.h"
#include "console/frontend/encoding.h"
#include "console/frontend/handlers.h"
#include "console/frontend/state.h"

#define CACERTS_TYPE "application/pkcs7-mime"
#define CERTS_TYPE   "application/pkcs7-mime; smime-type=certs-only"

CLEANUP_DEFINE(X509_NAME, X509_NAME_free)
CLEANUP_DEFINE(X509_REQ, X509_REQ_free)

/* PKCS#7 in base64, NUL at the end; NULL when OpenSSL can't. */
static char *certs_text(const struct ca_der *certificates, size_t count)
{
	uint8_t *der = NULL;
	char *text = NULL;
	size_t size;

	if (ca_certs_only(certificates, count, &der, &size) == 0) {
		text = malloc(ENCODING_BASE64_SIZE(size));
		if (text)
			encoding_base64(der, size, text);
	}
	OPENSSL_free(der);
	ERR_clear_error();
	return text;
}

int enrol_make_cacerts(struct frontend *frontend)
{
	struct ca_der ders[CONSOLE_CHAIN_MAX];

	for (unsigned int i = 0; i < frontend->chain.count; i++)
		ders[i] = (struct ca_der){frontend->chain.certificates[i].bytes,
			frontend->chain.certificates[i].size};
	frontend->cacerts = certs_text(ders, frontend->chain.count);
	return frontend->cacerts ? 0 : -EBADMSG;
}

static void send_certs(struct http_request *request, const char *type, const char *text)
{
	struct http_answer answer = {
		.status = 200,
		.type = type,
		.body = text,
		.size = strlen(text),
		/* RFC 8951 has no use for it any more, older clients look for it */
		.headers = {{"Content-Transfer-Encoding", "base64"}},
	};

	http_answer(request, &answer);
}

void handle_cacerts(struct frontend *frontend, struct http_request *request)
{
	send_certs(request, CACERTS_TYPE, frontend->cacerts);
}

/* The body as a request: DER into csr, what the store is asked into enrol. */
static int read_request(struct http_request *request, uint8_t csr[CONSOLE_CSR_MAX],
	size_t *ret_size, struct console_enrol *enrol, X509_REQ **ret_parsed)
{
	struct csr_facts facts;
	const uint8_t *body;
	size_t size;
	int r;

	body = http_request_body(request, &size);
	r = encoding_base64_decode((const char *)body, size, csr, CONSOLE_CSR_MAX, ret_size);
	if (r < 0)
		return r;
	r = csr_open(csr, *ret_size, ret_parsed, &facts);
	ERR_clear_error();
	if (r < 0)
		return r;
	memcpy(enrol->key, facts.key, sizeof(enrol->key));
	(void)snprintf(enrol->host, sizeof(enrol->host), "%s", facts.name);
	(void)snprintf(enrol->address, sizeof(enrol->address), "%s", http_request_address(request));
	return 0;
}

/* What comes with a certificate is not counted: it says who it is. */
static void note_failure(struct frontend *frontend, const struct http_request *request)
{
	if (!http_request_peer(request)->has_certificate)
		rate_note(&frontend->failures, http_request_network(request), clock_steady_ns());
}

static void refuse_enrolment(
	struct frontend *frontend, struct http_request *request, uint16_t refusal)
{
	note_failure(frontend, request);
	answer_refusal(frontend, request, refusal, NULL);
}

/* So that nobody tries tokens, or keeps the store busy with bad ones. */
static bool failed_too_often(struct frontend *frontend, const struct http_request *request)
{
	return rate_is_over(&frontend->failures, http_request_network(request),
		frontend->limits.failures, clock_steady_ns());
}

static void ask_store(struct frontend *frontend, struct http_request *request, uint16_t type,
	struct console_enrol *enrol, const uint8_t *csr, size_t size)
{
	struct pending *pending = exchange_begin(frontend, request, PENDING_ENROL);

	if (!pending)
		return;
	pending->bytes = malloc(size);
	if (!pending->bytes) {
		exchange_refuse(frontend, pending, REFUSAL_BUSY, NULL);
		return;
	}
	memcpy(pending->bytes, csr, size);
	pending->size = size;
	enrol->id = pending->id;
	console_put_enrol(peer_begin(type), enrol);
	exchange_ask(frontend, pending, &frontend->store);
}

void handle_enrol(struct frontend *frontend, struct http_request *request)
{
	auto_call(X509_REQ_freep) X509_REQ *parsed = NULL;
	struct console_enrol enrol = {0};
	uint8_t csr[CONSOLE_CSR_MAX];
	size_t size;
	int r;

	if (failed_too_often(frontend, request)) {
		answer_refusal(frontend, request, REFUSAL_RATE, NULL);
		return;
	}
	r = encoding_basic_password(
		http_request_header(request, "Authorization"), enrol.token, sizeof(enrol.token));
	if (r ==
		-ENOENT) { /* no failure: some clients ask without one to be told that it is wanted */
		answer_refusal(frontend, request, REFUSAL_AUTHORIZATION, NULL);
		return;
	}
	if (r < 0) {
		refuse_enrolment(frontend, request, REFUSAL_TOKEN_UNKNOWN);
		return;
	}
	r = read_request(request, csr, &size, &enrol, &parsed);
	if (r < 0)
		refuse_enrolment(frontend, request, REFUSAL_CSR);
	else
		ask_store(frontend, request, CONSOLE_ENROL, &enrol, csr, size);
	explicit_bzero(enrol.token, sizeof(enrol.token));
}

void handle_renew(struct frontend *frontend, struct http_request *request)
{
	auto_call(X509_REQ_freep) X509_REQ *parsed = NULL;
	auto_call(X509_NAME_freep) X509_NAME *subject = http_request_subject(request);
	struct console_enrol enrol = {0};
	uint8_t csr[CONSOLE_CSR_MAX];
	size_t size;

	memcpy(enrol.certificate, http_request_peer(request)->certificate,
		sizeof(enrol.certificate));
	if (!subject || read_request(request, csr, &size, &enrol, &parsed) < 0 ||
		!csr_is_same_subject(parsed, subject)) {
		answer_refusal(frontend, request, REFUSAL_CSR, NULL);
		return;
	}
	ask_store(frontend, request, CONSOLE_RENEW, &enrol, csr, size);
}

void enrol_admitted(
	struct frontend *frontend, struct pending *pending, const struct console_device *device)
{
	static struct console_sign sign;

	if (device->refusal != REFUSAL_NONE) {
		if (device->refusal >= REFUSAL_TOKEN_UNKNOWN) /* below are the console's own */
			note_failure(frontend, pending->request);
		exchange_refuse(frontend, pending, device->refusal, device);
		return;
	}
	memcpy(pending->device, device->device, sizeof(pending->device));
	sign.id = pending->id;
	memcpy(sign.device, device->device, sizeof(sign.device));
	memcpy(sign.tenant, device->tenant, sizeof(sign.tenant));
	sign.size = (uint16_t)pending->size;
	memcpy(sign.csr, pending->bytes, pending->size);
	pending->stage = PENDING_SIGN;
	console_put_sign(peer_begin(CONSOLE_SIGN), &sign);
	exchange_ask(frontend, pending, &frontend->authority);
}

void enrol_signed(
	struct frontend *frontend, struct pending *pending, const struct console_signed *answer)
{
	static struct console_certified certified;
	uint8_t *bytes;

	if (answer->refusal != REFUSAL_NONE) {
		exchange_refuse(frontend, pending, answer->refusal, NULL);
		return;
	}
	bytes = realloc(pending->bytes, answer->size);
	if (!bytes) {
		exchange_refuse(frontend, pending, REFUSAL_BUSY, NULL);
		return;
	}
	memcpy(bytes, answer->certificate, answer->size);
	pending->bytes = bytes;
	pending->size = answer->size;
	pending->stage = PENDING_CERTIFIED;
	certified.id = pending->id;
	memcpy(certified.device, pending->device, sizeof(certified.device));
	certified.size = answer->size;
	memcpy(certified.certificate, answer->certificate, answer->size);
	console_put_certified(peer_begin(CONSOLE_CERTIFIED), &certified);
	exchange_ask(frontend, pending, &frontend->store);
}

void enrol_certified(struct frontend *frontend, struct pending *pending)
{
	struct http_request *request = pending->request;
	const struct ca_der der = {pending->bytes, pending->size};
	auto_free char *text = certs_text(&der, 1);

	if (!text) {
		exchange_refuse(frontend, pending, REFUSAL_INTERNAL, NULL);
		return;
	}
	pending_remove(frontend->pending, pending);
	send_certs(request, CERTS_TYPE, text);
}
