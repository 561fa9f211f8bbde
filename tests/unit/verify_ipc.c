/* SPDX-License-Identifier: Apache-2.0 */
/* What engine, holdfast-verify, people's commands and workers say: what is put is what is got. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "agent/ipc/verify.h"
#include "agent/ipc/worker.h"

static uint8_t buffer[2 * VERIFY_FRAME_MAX];

static struct verify_request request_whole(void)
{
	struct verify_request request = {
		.verb = VERIFY_ASK_KEY_PROOF, .method = VERIFY_PAGE, .uid = 4000000000};

	memset(request.secret, 'x', sizeof(request.secret) - 1);
	for (int i = 0; i < VERIFY_BLOBS; i++) {
		request.blobs[i].size = (uint16_t)(VERIFY_BLOB_MAX - i);
		memset(request.blobs[i].bytes, i + 1, request.blobs[i].size);
	}
	return request;
}

static size_t put(const struct verify_request *request)
{
	struct bytes_writer frame;
	int size;

	verify_request_put(&frame, buffer, sizeof(buffer), request);
	size = wire_end(&frame);
	cr_assert_gt(size, 0);
	return (size_t)size;
}

Test(verify_ipc, requests)
{
	struct verify_request request = request_whole(), got = {0};
	size_t size = put(&request);

	cr_expect_leq(size, VERIFY_FRAME_MAX);
	cr_assert_eq(verify_request_decode(buffer, size, &got), 0);
	cr_expect_eq(memcmp(&request, &got, sizeof(got)), 0);
	for (size_t cut = 0; cut < size; cut++)
		cr_expect_lt(verify_request_decode(buffer, cut, &got), 0, "%zu bytes", cut);
	request.method = VERIFY_METHOD_MAX;
	cr_expect_eq(verify_request_decode(buffer, put(&request), &got), -EBADMSG);
	request = request_whole();
	request.verb = VERIFY_ASK_END + 1;
	cr_expect_eq(verify_request_decode(buffer, put(&request), &got), -EOPNOTSUPP);
	request.verb = 0;
	cr_expect_eq(verify_request_decode(buffer, put(&request), &got), -EOPNOTSUPP);
}

#define SAME(kind, sample)                                                 \
	do {                                                               \
		struct bytes_writer writer_;                               \
		struct bytes_reader reader_;                               \
		struct verify_##kind got_;                                 \
                                                                           \
		memset(&got_, 0, sizeof(got_));                            \
		bytes_writer_init(&writer_, buffer, sizeof(buffer));       \
		verify_put_##kind(&writer_, &(sample));                    \
		bytes_reader_init(&reader_, buffer, writer_.used);         \
		verify_get_##kind(&reader_, &got_);                        \
		cr_expect(bytes_is_done(&reader_));                        \
		cr_expect_eq(memcmp(&(sample), &got_, sizeof(got_)), 0);   \
		bytes_reader_init(&reader_, buffer, writer_.used - 1);     \
		verify_get_##kind(&reader_, &got_);                        \
		cr_expect_not(bytes_is_done(&reader_), #kind ": cut off"); \
	} while (0)

Test(verify_ipc, messages)
{
	static struct verify_config config = {.methods = 15,
		.ends = 15,
		.idle_s = UINT32_MAX,
		.page_issuer = "https://id.example",
		.page_client = "holdfast",
		.page_claim = "email",
		.page_domain = "acme.example",
		.page_ca = "/etc/ssl/ca.pem"};
	static struct verify_taken taken;
	static struct verify_proof proof;
	static struct verify_enrolment enrolment;

	taken.id = UINT64_MAX;
	taken.error = -ENOENT;
	taken.until_ns = 5;
	proof.id = 7;
	proof.uid = 1000;
	proof.method = VERIFY_PAGE;
	memset(proof.why, 'y', sizeof(proof.why) - 1);
	enrolment.uid = 1000;
	enrolment.method = VERIFY_TOTP;
	enrolment.is_removed = true;
	SAME(config, config);
	SAME(taken, taken);
	SAME(proof, proof);
	SAME(enrolment, enrolment);
}

Test(verify_ipc, workers)
{
	struct worker_answer answer = {.type = WORKER_VERDICT, .error = -EACCES}, got = {0};
	const struct worker_request request = {.kind = WORKER_PAGE, .uid = 1000};
	uint8_t bytes[WORKER_REQUEST_SIZE];
	struct worker_request got_request;
	struct bytes_writer frame;

	memset(answer.words, 'w', sizeof(answer.words) - 1);
	memset(answer.code, 'c', sizeof(answer.code) - 1);
	worker_answer_put(&frame, buffer, sizeof(buffer), &answer);
	cr_assert_gt(wire_end(&frame), 0);
	cr_assert_eq(worker_answer_decode(buffer, frame.used, &got), 0);
	cr_expect_eq(memcmp(&answer, &got, sizeof(got)), 0);
	answer.error = 1;
	worker_answer_put(&frame, buffer, sizeof(buffer), &answer);
	cr_assert_gt(wire_end(&frame), 0);
	cr_expect_eq(worker_answer_decode(buffer, frame.used, &got), -EBADMSG);
	worker_request_put(bytes, &request);
	cr_assert_eq(worker_request_get(bytes, sizeof(bytes), &got_request), 0);
	cr_expect(got_request.kind == request.kind && got_request.uid == request.uid);
	cr_expect_eq(worker_request_get(bytes, sizeof(bytes) - 1, &got_request), -EBADMSG);
}

Test(verify_ipc, words)
{
	for (int i = 0; i < VERIFY_METHOD_MAX; i++)
		cr_expect_eq(verify_method_parse(verify_method_name((unsigned int)i)), i);
	for (int i = 0; i < VERIFY_CAUSE_CHOICE_MAX; i++)
		cr_expect_eq(verify_cause_parse(verify_cause_name((unsigned int)i)), i);
	cr_expect_null(verify_method_name(VERIFY_METHOD_MAX));
	cr_expect_null(verify_cause_name(VERIFY_CAUSE_MAX));
	cr_expect_eq(verify_method_parse("pin"), -ENOENT);
	cr_expect_eq(verify_cause_parse("logout"), -ENOENT);
}
