/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/fleet_device.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/segment.h"
#include "tests/bench/event_line.h"

#define SEGMENT_BATCHES 1500 /* then a new one, as the agent's of 4 MiB */

static char *base64(const void *bytes, size_t size)
{
	char *text = malloc(4 * ((size + 2) / 3) + 1);

	if (text)
		(void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)size); /* has room */
	return text;
}

static X509_REQ *make_csr(struct device *device)
{
	X509_REQ *csr = X509_REQ_new();
	char host[32];

	(void)snprintf(host, sizeof(host), "pc-%u", device->index);
	if (csr && (X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr), "CN", MBSTRING_ASC,
			    (const unsigned char *)host, -1, -1, 0) != 1 ||
			   X509_REQ_set_pubkey(csr, device->key) != 1 ||
			   X509_REQ_sign(csr, device->key, EVP_sha256()) <= 0)) {
		X509_REQ_free(csr);
		return NULL;
	}
	return csr;
}

char *device_enrol_request(struct device *device, const char *token, size_t *ret_size)
{
	auto_free char *body = NULL, *secret = NULL;
	unsigned char *der = NULL;
	char password[256], *request = NULL;
	X509_REQ *csr;
	int size;

	if (!device->key)
		device->key = EVP_EC_gen("P-256");
	csr = device->key ? make_csr(device) : NULL;
	size = csr ? i2d_X509_REQ(csr, &der) : -1;
	X509_REQ_free(csr);
	if (size < 0)
		return NULL;
	body = base64(der, (size_t)size);
	OPENSSL_free(der);
	(void)snprintf(password, sizeof(password), "token:%s", token); /* it is shorter */
	secret = base64(password, strlen(password));
	size = body && secret ? asprintf(&request,
					"POST /.well-known/est/simpleenroll HTTP/1.1\r\n"
					"Host: localhost\r\nAuthorization: Basic %s\r\n"
					"Content-Type: application/pkcs10\r\n"
					"Content-Length: %zu\r\n\r\n%s",
					secret, strlen(body), body)
			      : -1;
	if (size < 0)
		return NULL;
	*ret_size = (size_t)size;
	return request;
}

static PKCS7 *parse_chain(const struct link_answer *answer)
{
	EVP_ENCODE_CTX *decoder = EVP_ENCODE_CTX_new();
	auto_free unsigned char *der = malloc(answer->size);
	const unsigned char *at = der;
	int size = 0, rest = 0;
	PKCS7 *chain = NULL;

	EVP_DecodeInit(decoder);
	if (der &&
		EVP_DecodeUpdate(decoder, der, &size, (const unsigned char *)answer->body,
			(int)answer->size) >= 0 &&
		EVP_DecodeFinal(decoder, der + size, &rest) == 1)
		chain = d2i_PKCS7(NULL, &at, size + rest);
	EVP_ENCODE_CTX_free(decoder);
	return chain && PKCS7_type_is_signed(chain) ? chain : NULL;
}

int device_enrolled(struct device *device, const struct link_answer *answer)
{
	PKCS7 *chain = parse_chain(answer);
	STACK_OF(X509) *list = chain ? chain->d.sign->cert : NULL;
	char name[UUID_TEXT_SIZE];

	for (int i = 0; list && i < sk_X509_num(list); i++) {
		X509 *one = sk_X509_value(list, i);

		if (X509_check_private_key(one, device->key) != 1)
			continue;
		if (X509_NAME_get_text_by_NID(X509_get_subject_name(one), NID_commonName, name,
			    sizeof(name)) != UUID_TEXT_SIZE - 1 ||
			uuid_parse(name, device->uid) < 0)
			break;
		(void)X509_up_ref(one); /* can't fail: it is there */
		device->certificate = one;
		break;
	}
	PKCS7_free(chain);
	return device->certificate ? 0 : -EBADMSG;
}

static int sign(
	const void *bytes, size_t size, uint8_t *ret_signature, size_t *ret_size, void *userdata)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good;

	*ret_size = SEGMENT_SIGNATURE_MAX;
	is_good = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, userdata) == 1 &&
		  EVP_DigestSign(context, ret_signature, ret_size, bytes, size) == 1;
	EVP_MD_CTX_free(context);
	return is_good ? 0 : -EIO;
}

static int begin_segment(
	struct device *device, const uint8_t *console_key, struct segment_sealer **ret_sealer)
{
	struct segment_plan plan = {.number = ++device->segment,
		.first_sequence = device->next_sequence,
		.made_ms = clock_day_ms(),
		.sign = sign,
		.userdata = device->key};

	memcpy(plan.device_uid, device->uid, sizeof(plan.device_uid));
	memcpy(plan.boot_uid, device->boot, sizeof(plan.boot_uid));
	memcpy(plan.console_key, console_key, sizeof(plan.console_key));
	memcpy(plan.previous, device->link_hash, sizeof(plan.previous));
	segment_sealer_free(*ret_sealer);
	*ret_sealer = NULL;
	return segment_sealer_new(&plan, ret_sealer);
}

static int seal_one(struct device *device, struct segment_sealer *sealer, struct batch *ret_batch)
{
	static char lines[FLEET_BATCH_EVENTS * EVENT_LINE_MAX];
	static uint8_t body[SEGMENT_BATCH_MAX + SEGMENT_RECORD_MAX];
	const struct segment_header *header = segment_sealer_header(sealer);
	struct segment_frame frame = {.first_sequence = device->next_sequence,
		.count = FLEET_BATCH_EVENTS,
		.kind = SEGMENT_NORMAL,
		.lines = lines};
	bool is_first = header->first_sequence == device->next_sequence;
	size_t size = header->size + SEGMENT_HASH_SIZE, record;
	char head[256];
	int used, r;

	frame.size = event_lines(device->next_sequence, FLEET_BATCH_EVENTS, device->index, lines);
	memcpy(body, header->bytes, header->size);
	memcpy(body + header->size, is_first ? header->hash : device->link_hash, SEGMENT_HASH_SIZE);
	r = segment_seal(sealer, &frame, body + size, &record);
	if (r < 0)
		return r;
	size += record;
	memcpy(device->link_hash, body + size - SEGMENT_HASH_SIZE, SEGMENT_HASH_SIZE);
	device->next_sequence += FLEET_BATCH_EVENTS;
	used = snprintf(head, sizeof(head),
		"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
		size);
	ret_batch->request = malloc((size_t)used + size);
	if (!ret_batch->request)
		return -ENOMEM;
	memcpy(ret_batch->request, head, (size_t)used);
	memcpy(ret_batch->request + used, body, size);
	ret_batch->size = (size_t)used + size;
	ret_batch->last = device->next_sequence - 1;
	memcpy(ret_batch->link, device->link_hash, sizeof(ret_batch->link));
	return 0;
}

int device_seal(struct device *device, const char *console_key, unsigned int batches)
{
	auto_call(segment_sealer_freep) struct segment_sealer *sealer = NULL;
	uint8_t key[3 * ((HPKE_KEY_SIZE + 2) / 3)];
	int r = 0;

	if (EVP_DecodeBlock(key, (const unsigned char *)console_key, (int)strlen(console_key)) !=
		(int)sizeof(key))
		return -EBADMSG;
	if (!device->next_sequence) {
		device->next_sequence = 1;
		(void)RAND_bytes(device->boot, sizeof(device->boot)); /* any will do */
	}
	if (device->batch_next) { /* what was sealed behind it never left */
		device->next_sequence = device->batches[device->batch_next - 1].last + 1;
		memcpy(device->link_hash, device->batches[device->batch_next - 1].link,
			sizeof(device->link_hash));
	}
	for (unsigned int i = 0; i < device->batches_made; i++)
		free(device->batches[i].request);
	free(device->batches);
	device->batch_count = 0;
	device->batches = calloc(batches, sizeof(*device->batches));
	if (!device->batches)
		return -ENOMEM;
	device->batch_next = 0;
	device->batch_count = device->batches_made = batches;
	for (unsigned int i = 0; r == 0 && i < batches; i++) {
		if (i % SEGMENT_BATCHES == 0)
			r = begin_segment(device, key, &sealer);
		if (r == 0)
			r = seal_one(device, sealer, &device->batches[i]);
	}
	return r;
}
