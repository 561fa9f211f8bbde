/* SPDX-License-Identifier: Apache-2.0 */
/* Codec only; what is believed of whom is the receiver's business. */
#include "agent/ipc/verify.h"

#include <errno.h>

void verify_put_config(struct bytes_writer *frame, const struct verify_config *config)
{
	bytes_put_u8(frame, config->methods);
	bytes_put_u8(frame, config->ends);
	bytes_put_u32(frame, config->idle_s);
	bytes_put_string(frame, config->page_issuer);
	bytes_put_string(frame, config->page_client);
	bytes_put_string(frame, config->page_claim);
	bytes_put_string(frame, config->page_domain);
	bytes_put_string(frame, config->page_ca);
}

void verify_get_config(struct bytes_reader *payload, struct verify_config *ret_config)
{
	ret_config->methods = bytes_get_u8(payload);
	ret_config->ends = bytes_get_u8(payload);
	ret_config->idle_s = bytes_get_u32(payload);
	bytes_get_string(payload, ret_config->page_issuer, sizeof(ret_config->page_issuer));
	bytes_get_string(payload, ret_config->page_client, sizeof(ret_config->page_client));
	bytes_get_string(payload, ret_config->page_claim, sizeof(ret_config->page_claim));
	bytes_get_string(payload, ret_config->page_domain, sizeof(ret_config->page_domain));
	bytes_get_string(payload, ret_config->page_ca, sizeof(ret_config->page_ca));
}

void verify_put_taken(struct bytes_writer *frame, const struct verify_taken *taken)
{
	bytes_put_u64(frame, taken->id);
	bytes_put_u32(frame, (uint32_t)taken->error);
	bytes_put_u64(frame, taken->until_ns);
}

void verify_get_taken(struct bytes_reader *payload, struct verify_taken *ret_taken)
{
	ret_taken->id = bytes_get_u64(payload);
	ret_taken->error = (int32_t)bytes_get_u32(payload);
	ret_taken->until_ns = bytes_get_u64(payload);
}

void verify_put_proof(struct bytes_writer *frame, const struct verify_proof *proof)
{
	bytes_put_u64(frame, proof->id);
	bytes_put_u32(frame, proof->uid);
	bytes_put_u8(frame, proof->method);
	bytes_put_string(frame, proof->why);
}

void verify_get_proof(struct bytes_reader *payload, struct verify_proof *ret_proof)
{
	ret_proof->id = bytes_get_u64(payload);
	ret_proof->uid = bytes_get_u32(payload);
	ret_proof->method = bytes_get_u8(payload);
	bytes_get_string(payload, ret_proof->why, sizeof(ret_proof->why));
	payload->is_bad |= ret_proof->method >= VERIFY_METHOD_MAX;
}

void verify_put_enrolment(struct bytes_writer *frame, const struct verify_enrolment *enrolment)
{
	bytes_put_u32(frame, enrolment->uid);
	bytes_put_u32(frame, enrolment->by_uid);
	bytes_put_u8(frame, enrolment->method);
	bytes_put_u8(frame, enrolment->is_removed);
}

void verify_get_enrolment(struct bytes_reader *payload, struct verify_enrolment *ret_enrolment)
{
	uint8_t is_removed;

	ret_enrolment->uid = bytes_get_u32(payload);
	ret_enrolment->by_uid = bytes_get_u32(payload);
	ret_enrolment->method = bytes_get_u8(payload);
	is_removed = bytes_get_u8(payload);
	ret_enrolment->is_removed = is_removed;
	payload->is_bad |= ret_enrolment->method >= VERIFY_METHOD_MAX || is_removed > 1;
}

void verify_request_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct verify_request *request)
{
	wire_begin(frame, buffer, size, request->verb);
	bytes_put_u8(frame, request->method);
	bytes_put_u32(frame, request->uid);
	bytes_put_string(frame, request->secret);
	for (int i = 0; i < VERIFY_BLOBS; i++) {
		bytes_put_u16(frame, request->blobs[i].size);
		bytes_put_blob(frame, request->blobs[i].bytes, request->blobs[i].size);
	}
}

static void blob_get(struct bytes_reader *payload, struct verify_blob *ret_blob)
{
	ret_blob->size = bytes_get_u16(payload);
	if (ret_blob->size > VERIFY_BLOB_MAX) {
		payload->is_bad = true;
		return;
	}
	bytes_get_blob(payload, ret_blob->bytes, ret_blob->size);
}

int verify_request_decode(const void *packet, size_t size, struct verify_request *ret_request)
{
	struct bytes_reader payload;
	int r;

	if (size > VERIFY_FRAME_MAX)
		return -EBADMSG;
	r = wire_open(packet, size, &ret_request->verb, &payload);
	if (r < 0)
		return r;
	if (ret_request->verb < VERIFY_ASK_SHOW || ret_request->verb > VERIFY_ASK_END)
		return -EOPNOTSUPP;
	ret_request->method = bytes_get_u8(&payload);
	ret_request->uid = bytes_get_u32(&payload);
	bytes_get_string(&payload, ret_request->secret, sizeof(ret_request->secret));
	for (int i = 0; i < VERIFY_BLOBS; i++)
		blob_get(&payload, &ret_request->blobs[i]);
	return bytes_is_done(&payload) && ret_request->method < VERIFY_METHOD_MAX ? 0 : -EBADMSG;
}
