/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: all that can be asked of the frontend.
 *
 *   GET  /.well-known/est/cacerts          200 application/pkcs7-mime, base64
 *   POST /.well-known/est/simpleenroll     HTTP Basic: any user, the enrolment token as password;
 *                                          body PKCS#10 in base64; 200 application/pkcs7-mime;
 *                                          smime-type=certs-only, base64
 *   POST /.well-known/est/simplereenroll   certificate; body as above: the same subject as the
 *                                          certificate's, a new key
 *   GET  /v1/device                        certificate; {"device","state","tenant","ack","link",
 *                                          "seal_key"}: seal_key in base64, link in hexadecimal;
 *                                          200 also while pending or suspended (no seal_key then)
 *   POST /v1/device                        likewise; body: what the device is, as JSON; see
 *                                          console/store/device_record.h
 *   POST /v1/events                        certificate; body: a sealed batch as it is;
 *                                          {"ack":N,"link":"...","retry_ms":0}
 *   POST /v1/events?after=loss             likewise; the device says that it has nothing older, so
 *                                          what the batch does not follow is taken as lost
 *   GET  /v1/policy?have=N&wait=S          certificate; 200 application/octet-stream, a signed bundle
 *                                          of a version above N; 204 when there is none and none
 *                                          came within S seconds. One at a time for a device: an
 *                                          older one is answered with 204
 *   GET  /v1/policy?have=N&wait=S&lease=W  likewise; 205, at once, when the console's word of the
 *                                          device's trust has not the serial W (any more). So a
 *                                          device that is pending or suspended may wait, too
 *   POST /v1/lease                         certificate, of a device in any state; body: a question
 *                                          of common/lease.h; 200 text/plain, the signed word
 *   POST /v1/keys                          certificate; body: a question of common/key_words.h; 200
 *                                          application/octet-stream, a grant that only the process
 *                                          which asked can open
 *   POST /v1/receipt                       certificate, of a device in any state; body: a receipt of
 *                                          common/wipe_receipt.h; 200 {"taken":true} once it is kept,
 *                                          also when it was before
 *   POST /v1/ticket/check                  Authorization: Bearer, a token of "token create --kind
 *                                          check"; {"ticket":"...","nonce":"..."}; 200
 *                                          {"good":BOOL,"verdict":"...","text":"...", ...}, the
 *                                          words of check.c
 *   GET  /v1/health                        "ok"
 *
 * A refusal is {"error":"CODE","text":"..."} with the status of console/ipc/refusal.h; 429 and 503
 * with Retry-After; of BATCH_GAP and BATCH_CHAIN with "ack" and "link" as well.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_ROUTE_H
#define HOLDFAST_CONSOLE_FRONTEND_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "console/frontend/http_server.h"

/* base64 of the largest request, with ends of lines after each 64 characters */
#define ROUTE_CSR_MAX	(CONSOLE_CSR_MAX * 3 / 2)
#define ROUTE_KEYS_MAX	384 /* KEY_QUESTION_MAX */
#define ROUTE_CHECK_MAX 8192
#define ROUTE_LEASE_MAX 512		  /* LEASE_REQUEST_MAX */
#define ROUTE_BODY_MAX	CONSOLE_BATCH_MAX /* the largest of all */

#define ROUTE_POLICY		"/v1/policy?"
#define ROUTE_EVENTS_AFTER_LOSS "/v1/events?after=loss"

struct frontend;

struct route {
	enum http_method method;
	const char *target; /* ending in '?': what follows is its handler's to parse */
	bool needs_certificate;
	size_t body_max; /* 0: none */
	void (*handle)(struct frontend *frontend, struct http_request *request);
};

/* NULL when there is none: *ret_refusal is REFUSAL_ROUTE, or REFUSAL_METHOD with *ret_allow. */
const struct route *route_find(
	enum http_method method, const char *target, uint16_t *ret_refusal, const char **ret_allow);

#endif
