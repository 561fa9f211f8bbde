/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frontend's requests. All that wait are worked off in one transaction, so that a sync is paid
 * once for many; nobody is answered before it is over, so a transaction that another console's has
 * undone is done again. What can't be understood is a broken peer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "console/store/export_server.h"
#include "console/store/identify.h"
#include "console/store/repeat.h"
#include "console/store/request.h"
#include "console/store/service.h"
#include "console/store/word.h"

struct request {
	uint16_t type;
	struct bytes_reader payload; /* in packets */
};

static uint8_t packets[SERVICE_GROUP_SIZE];
static struct request requests[SERVICE_GROUP_MAX];
static struct request_answer answers[SERVICE_GROUP_MAX];
static struct log_limit limit_failure = {.burst = 6};

static void put_policy(struct service *service, const struct request_answer *answer,
	struct bytes_writer *frame, int *ret_fd)
{
	static uint8_t buffer[64];
	struct console_policy policy = {.id = answer->device.id,
		.refusal = answer->device.refusal,
		.word = answer->device.refusal == REFUSAL_NONE ? answer->word : 0};
	int r = 0;

	if (policy.refusal == REFUSAL_NONE && answer->version) {
		r = distribution_file(
			&service->bundles, service->reader, answer->version, ret_fd, &policy.size);
		policy.version = r == 0 ? answer->version : 0;
		policy.refusal = r == 0 ? REFUSAL_NONE : REFUSAL_INTERNAL;
	}
	if (r < 0)
		failure_note(&service->failures, CONSOLE_FAILURE_POLICY, "version %llu: %s",
			(unsigned long long)answer->version, strerror(-r));
	if (r < 0 && log_allowed(&limit_failure))
		log_error("cannot hand out the policy of version %llu: %s, refusing it",
			(unsigned long long)answer->version, strerror(-r));
	wire_begin(frame, buffer, sizeof(buffer), CONSOLE_POLICY_IS);
	console_put_policy(frame, &policy);
}

/* Who waits for word of this device is to ask anew. */
static void tell_changed(struct service *service, const struct console_device *device)
{
	struct console_device told = *device;
	static uint8_t buffer[1024];
	struct bytes_writer frame;
	int r;

	told.id = 0;
	told.refusal = REFUSAL_NONE;
	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_CHANGED);
	console_put_device(&frame, &told);
	r = channel_send(&service->frontend, &frame, -1);
	if (r < 0)
		fatal("cannot tell the frontend of a device: %s, stopping", strerror(-r));
}

static void send_answer(struct service *service, struct request_answer *answer)
{
	static uint8_t buffer[2048];
	struct bytes_writer frame;
	int fd = -1, r;

	failure_note(&service->failures, failure_of_refusal(answer->device.refusal), "%s",
		refusal_row(answer->device.refusal)->text);
	if (answer->type == CONSOLE_LEASE_IS) {
		if (answer->device.refusal == REFUSAL_NONE)
			word_ask(service, &answer->wish);
		else
			word_refuse(service, CONSOLE_LEASE_IS, answer->device.id,
				answer->device.refusal);
		return;
	}
	if (answer->type == CONSOLE_KEYS_ARE) {
		if (answer->device.refusal == REFUSAL_NONE)
			word_ask_release(service, answer->release);
		else
			word_refuse(service, CONSOLE_KEYS_ARE, answer->device.id,
				answer->device.refusal);
		free(take_ptr(answer->release));
		return;
	}
	if (answer->type == CONSOLE_POLICY_IS) {
		put_policy(service, answer, &frame, &fd);
	} else if (answer->type == CONSOLE_CHECKED) {
		answer->checked.id = answer->device.id; /* also when the store failed */
		answer->checked.refusal = answer->device.refusal;
		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_CHECKED);
		console_put_checked(&frame, &answer->checked);
	} else if (answer->type == CONSOLE_DONE) {
		struct console_done done = {answer->device.id, answer->device.refusal};

		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_DONE);
		console_put_done(&frame, &done);
	} else {
		memcpy(answer->device.seal_key, ingest_public_key(service->ingest),
			sizeof(answer->device.seal_key));
		wire_begin(&frame, buffer, sizeof(buffer), answer->type);
		console_put_device(&frame, &answer->device);
	}
	r = channel_send(&service->frontend, &frame, fd);
	if (r < 0)
		fatal("cannot answer the frontend: %s, stopping", strerror(-r));
	if (answer->is_changed &&
		(answer->type == CONSOLE_DEVICE_IS || answer->type == CONSOLE_DONE))
		tell_changed(service, &answer->device);
}

/* The store failed: none of the group is in it, whatever was said of each. */
static void fail_group(struct service *service, unsigned int count, int r)
{
	static const uint16_t refusals[] = {[CONSOLE_FAILURE_FULL] = REFUSAL_STORE_FULL,
		[CONSOLE_FAILURE_AWAY] = REFUSAL_BUSY,
		[CONSOLE_FAILURE_CONFLICT] = REFUSAL_BUSY,
		[CONSOLE_FAILURE_DATABASE] = REFUSAL_INTERNAL};
	enum console_failure failure = failure_of_error(r);

	store_rollback(service->writer);
	if (!service->trouble)
		service->trouble_ms = (int64_t)clock_day_ms();
	service->trouble = r;
	failure_note(&service->failures, failure, "%u requests: %s", count, store_error(r));
	if (log_allowed(&limit_failure))
		log_error("cannot store what %u requests brought: %s, refusing them; devices will "
			  "send again",
			count, store_error(r));
	for (unsigned int i = 0; i < count; i++) {
		answers[i].device = (struct console_device){
			.id = answers[i].device.id, .refusal = refusals[failure]};
		answers[i].is_changed = false;
	}
}

/* One request, if one waits; it stays in packets until the group is answered. */
static bool receive(struct service *service, size_t *used, struct request *ret_request)
{
	auto_close int fd = -EBADF;
	int size, r;

	if (sizeof(packets) - *used < WIRE_FRAME_MAX)
		return false;
	size = channel_receive(&service->frontend, packets + *used, WIRE_FRAME_MAX, &fd);
	if (size == -EAGAIN)
		return false;
	if (size <= 0)
		fatal("the frontend is gone, stopping");
	r = wire_open(packets + *used, (size_t)size, &ret_request->type, &ret_request->payload);
	if (r < 0)
		fatal("broken frame from the frontend: %s, stopping", strerror(-r));
	*used += (size_t)size;
	return true;
}

static int work(
	struct service *service, const struct request *request, struct request_answer *answer)
{
	struct bytes_reader payload = request->payload;
	int r = store_is_writing(service->writer) ? 0 : store_begin(service->writer);

	request_answer_begin(request->type, &payload, answer);
	return r < 0 ? r : request_take(service, request->type, &payload, answer);
}

static int commit(struct service *service)
{
	int r = export_server_write(service);

	if (r == 0)
		r = store_commit(service->writer);
	export_server_written(service, r == 0);
	return r;
}

static int work_again(struct service *service, unsigned int count)
{
	int r = 0;

	for (unsigned int i = 0; i < count; i++)
		free(take_ptr(answers[i].release));
	for (unsigned int i = 0; i < count && r == 0; i++)
		r = work(service, &requests[i], &answers[i]);
	return r == 0 ? commit(service) : r;
}

static void take_group(struct service *service)
{
	unsigned int count = 0, tries = 0;
	size_t used = 0;
	int r = 0;

	while (count < SERVICE_GROUP_MAX && r == 0 && receive(service, &used, &requests[count])) {
		r = work(service, &requests[count], &answers[count]);
		count++;
	}
	if (!count)
		return;
	if (r == 0)
		r = commit(service);
	while (repeat_is_due(service, &tries, "requests of devices", r))
		r = work_again(service, count);
	if (r < 0)
		fail_group(service, count, r);
	else
		service->trouble = 0;
	for (unsigned int i = 0; i < count; i++)
		send_answer(
			service, &answers[i]); /* the frontend says what is refused, and to whom */
}

void peer_on_poll(struct service *service, short events)
{
	if ((events & POLLOUT) && channel_flush(&service->frontend) < 0)
		fatal("the frontend is gone: %m, stopping");
	if (events & (POLLIN | POLLHUP | POLLERR))
		take_group(service);
}

void peer_tell_changed(struct service *service, const struct store_device *device)
{
	struct request_answer answer = {.type = CONSOLE_CHANGED};

	identify_answer(device, 0, &answer.device);
	send_answer(service, &answer);
}

void peer_tell_policies(struct service *service)
{
	uint8_t buffer[WIRE_HEADER_SIZE];
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_POLICIES_CHANGED);
	r = channel_send(&service->frontend, &frame, -1);
	if (r < 0)
		fatal("cannot tell the frontend of policies: %s, stopping", strerror(-r));
}

bool peer_hear_others(struct service *service)
{
	int64_t devices[STORE_NOTICES_MAX];
	struct store_device device;
	bool is_policies = false, is_keys = false;
	int count;

	do { /* when it can't be looked now, nothing is missed: the place is kept */
		count = store_notices(service->writer, devices);
		for (int i = 0; i < count; i++)
			if (devices[i] == STORE_NOTICE_SEAL_KEYS)
				is_keys = true;
			else if (devices[i] == 0)
				is_policies = true;
			else if (store_device_by_id(service->reader, devices[i], &device) == 0)
				peer_tell_changed(service, &device);
	} while (count == STORE_NOTICES_MAX);
	if (is_policies)
		peer_tell_policies(service);
	return is_policies || is_keys; /* of one that was missed, it is not known which it was */
}
