/* SPDX-License-Identifier: Apache-2.0 */
/* What engine and sensor say to each other, on the sensor's side: one handler per message. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/sensor/guard.h"
#include "agent/sensor/marks.h"
#include "agent/sensor/paths.h"
#include "agent/sensor/places.h"
#include "agent/sensor/readers.h"
#include "agent/sensor/sensor.h"
#include "agent/sensor/tree.h"
#include "agent/sensor/tty.h"
#include "agent/sensor/volumes.h"
#include "common/cleanup.h"
#include "common/log.h"

/* One frame at a time is being written; the buffer is too large for the stack. */
static uint8_t frame_buffer[WIRE_FRAME_MAX];

void link_begin(struct bytes_writer *frame, unsigned int type)
{
	wire_begin(frame, frame_buffer, sizeof(frame_buffer), (uint16_t)type);
}

void link_send(struct sensor *sensor, struct bytes_writer *frame)
{
	int r = channel_send(&sensor->engine, frame, -1);

	if (r < 0)
		fatal("cannot send to the engine: %s, stopping", strerror(-r));
}

void link_failure(struct sensor *sensor, enum failure_reason reason, const char *format, ...)
{
	struct message_failure failure = {.reason = (uint16_t)reason};
	struct bytes_writer frame;
	va_list arguments;

	if (sensor->engine.queued_bytes > CHANNEL_QUEUE_MAX / 2)
		return; /* one more of thousands; never the reason to stop */
	va_start(arguments, format);
	(void)vsnprintf(failure.what, sizeof(failure.what), format, arguments);
	va_end(arguments);
	link_begin(&frame, MESSAGE_FAILURE);
	message_put_failure(&frame, &failure);
	link_send(sensor, &frame);
}

void link_hello(struct sensor *sensor)
{
	struct message_hello hello = {
		.has_bpf_lsm = sensor->support.has_bpf_lsm,
		.was_adopted = sensor->support.was_adopted,
		.is_enforcing = sensor->kernel != NULL,
		.counts_id = sensor->support.counts_id,
		.open_channels = sensor->support.open_channels,
	};
	struct bytes_writer frame;

	for (unsigned int i = 0; i < sensor->support.missing_count && i < MESSAGE_MISSING_MAX; i++)
		(void)snprintf(hello.missing[hello.missing_count++], MESSAGE_TEXT_SIZE, "%s",
			sensor->support.missing[i]);
	link_begin(&frame, MESSAGE_HELLO);
	message_put_hello(&frame, &hello);
	link_send(sensor, &frame);
}

static void on_policy_begin(struct sensor *sensor, struct bytes_reader *payload)
{
	uint64_t serial = bytes_get_u64(payload);

	sensor_policy_free(sensor->coming);
	sensor->coming = sensor_policy_new(serial);
	if (!sensor->coming)
		fatal("no memory for a policy, stopping");
}

static void on_policy_end(struct sensor *sensor)
{
	struct bytes_writer frame;
	uint64_t serial;
	int r;

	if (!sensor->coming || !sensor->is_restored)
		fatal("the engine ended a policy that it did not begin, stopping");
	serial = sensor->coming->serial;
	r = sensor_policy_apply(sensor);
	if (r < 0) {
		sensor_policy_free(sensor->coming);
		sensor->coming = NULL;
	}
	link_begin(&frame, MESSAGE_APPLIED);
	bytes_put_u64(&frame, serial);
	bytes_put_u32(&frame, (uint32_t)r);
	link_send(sensor, &frame);
}

static void on_policy_part(struct sensor *sensor, unsigned int type, struct bytes_reader *payload)
{
	int r = sensor->coming ? sensor_policy_add(sensor->coming, type, payload) : -EBADMSG;

	if (r < 0)
		fatal("broken policy message %u from the engine: %s, stopping", type, strerror(-r));
}

static void on_label(struct sensor *sensor, struct bytes_reader *payload)
{
	struct message_label label;
	struct sensor_label *known;

	message_get_label(payload, &label);
	if (payload->is_bad)
		return; /* fatal in link_on_message */
	known = &sensor->labels[label.bit];
	known->is_known = true;
	memcpy(known->uuid, label.uuid, sizeof(known->uuid));
	memcpy(known->name, label.name, sizeof(known->name));
}

static void on_retire(struct sensor *sensor, struct bytes_reader *payload)
{
	static struct message_place place; /* too large for the stack */

	message_get_place(payload, &place);
	if (!payload->is_bad)
		places_retire_path(sensor, place.pattern, place.labels);
}

static void on_restore(struct sensor *sensor, struct bytes_reader *payload)
{
	uint32_t count = bytes_get_u32(payload);

	if (count > MESSAGE_MARK_MAX)
		payload->is_bad = true;
	for (uint32_t i = 0; i < count && !payload->is_bad; i++) {
		struct hf_inode_key key;
		struct hf_mark mark;
		int r;

		bytes_get_blob(payload, &key, sizeof(key));
		bytes_get_blob(payload, &mark, sizeof(mark));
		if (!sensor->kernel || payload->is_bad)
			continue;
		r = kernel_restore_mark(sensor->kernel, &key, &mark);
		if (r < 0)
			link_failure(sensor, r == -ENOSPC ? FAILURE_INDEX_FULL : FAILURE_DATABASE,
				"restoring a mark: %s", strerror(-r));
	}
}

static void on_taken(struct sensor *sensor, struct bytes_reader *payload)
{
	uint32_t count = bytes_get_u32(payload);

	if (!sensor->ring || ring_release(sensor->ring, count) < 0)
		fatal("the engine took %u records that it was not sent, stopping", count);
	records_pump(sensor);
}

/* The object a client means: a name in a directory that the client itself has opened. */
static int object_open(const struct message_request *request, int directory_fd)
{
	struct stat status;

	if (directory_fd < 0 || fstat(directory_fd, &status) < 0)
		return -EBADF;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	if (!strcmp(request->name, ".")) /* the root directory has no other name */
		return paths_open(directory_fd, ".");
	if (!request->name[0] || strchr(request->name, '/') || !strcmp(request->name, ".."))
		return -EINVAL;
	return paths_open(directory_fd, request->name);
}

static int request_mark(struct sensor *sensor, const struct message_request *request,
	int directory_fd, struct message_answer *answer)
{
	auto_close int path_fd = object_open(request, directory_fd);
	struct mark_change change = {.path = request->path};
	struct stat status;
	uint64_t added = 0;
	int r;

	if (path_fd < 0)
		return path_fd;
	if (request->kind == REQUEST_MARK)
		change.add = request->labels;
	else
		change.remove = UINT64_MAX;
	r = marks_change(sensor, path_fd, &change, &added);
	if (r < 0)
		return r;
	answer->own = request->labels;
	if (added && fstat(path_fd, &status) == 0 && S_ISDIR(status.st_mode) &&
		tree_add(sensor->tree, request->path, request->labels) < 0)
		link_failure(sensor, FAILURE_TREE, "%s", request->path);
	return 0;
}

static int request_labels(struct sensor *sensor, const struct message_request *request,
	int directory_fd, struct message_answer *answer)
{
	auto_close int path_fd = object_open(request, directory_fd);
	auto_close int fd = -EBADF;
	struct kernel_inode inode;
	struct stat status;
	int r;

	if (path_fd < 0)
		return path_fd;
	/* Whether a file of others carries a label is not everyone's to know. */
	if (request->uid != 0 &&
		(fstat(path_fd, &status) < 0 ||
			(status.st_uid != request->uid && !(status.st_mode & S_IROTH))))
		return -EACCES;
	fd = paths_reopen(path_fd);
	if (fd < 0)
		return fd;
	r = kernel_inode(sensor->kernel, fd, &inode);
	if (r < 0)
		return r;
	answer->labels = inode.labels;
	answer->own = inode.own.labels;
	answer->key = inode.key;
	return 0;
}

static int request_grant(struct sensor *sensor, const struct message_request *request)
{
	const struct hf_grant_key key = {
		.uid = request->uid, .channel = (uint16_t)request->channel};
	const struct hf_grant grant = {
		.labels = request->labels, .until_ktime_ns = request->until_ktime_ns};

	if (request->channel >= HF_CHANNEL_MAX)
		return -EINVAL;
	return kernel_grant(sensor->kernel, &key, &grant);
}

static int request_door(
	struct sensor *sensor, const struct message_request *request, struct message_answer *answer)
{
	const struct hf_door door = {
		.until_ktime_ns = request->until_ktime_ns, .acts = (uint32_t)request->labels};
	int r;

	if (request->labels & ~(uint64_t)(HF_DOOR_STOP | HF_DOOR_UPGRADE | HF_DOOR_REMOVE))
		return -EINVAL;
	if (!door.until_ktime_ns)
		sensor_guard(sensor); /* before it is shut: what is new has no guard yet */
	r = kernel_set_door(sensor->kernel, &door);
	if (r < 0)
		return r;
	sensor->door = door;
	answer->labels = door.acts;
	answer->own = door.until_ktime_ns;
	return 0;
}

static int request_do(struct sensor *sensor, const struct message_request *request,
	int directory_fd, struct message_answer *answer)
{
	if (!sensor->kernel)
		return -EOPNOTSUPP;
	switch ((enum request_kind)request->kind) {
	case REQUEST_MARK:
	case REQUEST_CLEAR:
		return request_mark(sensor, request, directory_fd, answer);
	case REQUEST_LABELS:
		return request_labels(sensor, request, directory_fd, answer);
	case REQUEST_TAINT:
		return kernel_taint(
			sensor->kernel, (int)request->pid, &answer->labels, &answer->app);
	case REQUEST_GRANT:
		return request_grant(sensor, request);
	case REQUEST_DOOR:
		return request_door(sensor, request, answer);
	case REQUEST_DOOR_SHOW:
		answer->labels = sensor->door.acts;
		answer->own = sensor->door.until_ktime_ns;
		return 0;
	case REQUEST_COUNTERS:
		return kernel_counters(sensor->kernel, answer->counters);
	case REQUEST_READERS:
		return readers_tell(sensor, request, answer);
	}
	return -EINVAL;
}

static void on_request(struct sensor *sensor, struct bytes_reader *payload, int fd)
{
	static struct message_request request; /* too large for the stack */
	struct message_answer answer = {0};
	struct bytes_writer frame;

	message_get_request(payload, &request);
	if (!bytes_is_done(payload))
		return; /* fatal in link_on_message */
	answer.id = request.id;
	answer.error = request_do(sensor, &request, fd, &answer);
	link_begin(&frame, MESSAGE_ANSWER);
	message_put_answer(&frame, &answer);
	link_send(sensor, &frame);
}

static void on_tell(struct bytes_reader *payload)
{
	static struct message_tell tell; /* too large for the stack */

	message_get_tell(payload, &tell);
	if (bytes_is_done(payload)) /* else fatal in link_on_message */
		tty_tell(&tell);
}

/* Before the first policy there are no gates, and all that is labelled is shut anyway. */
static void on_gate_state(struct sensor *sensor, struct bytes_reader *payload)
{
	struct hf_gate_state state;
	int r;

	bytes_get_blob(payload, &state, sizeof(state));
	if (!bytes_is_done(payload) || !sensor->policy)
		return; /* fatal in link_on_message */
	sensor->policy->gates.state = state;
	r = kernel_set_gates(sensor->kernel, &sensor->policy->gates);
	if (r < 0)
		fatal("cannot write the gates: %s, stopping", strerror(-r));
}

static void on_verified(struct sensor *sensor, struct bytes_reader *payload)
{
	uint32_t uid = bytes_get_u32(payload);
	struct hf_verified verified;
	int r;

	bytes_get_blob(payload, &verified, sizeof(verified));
	if (!bytes_is_done(payload) || !sensor->kernel)
		return; /* fatal in link_on_message */
	r = kernel_set_verified(sensor->kernel, uid, &verified);
	if (r == -ENOSPC)
		link_failure(sensor, FAILURE_VERIFIED_FULL, "user id %u", uid);
	else if (r < 0)
		fatal("cannot write who has verified: %s, stopping", strerror(-r));
}

static void on_browsers(struct sensor *sensor, struct bytes_reader *payload)
{
	uint8_t browsers = bytes_get_u8(payload);

	if (!bytes_is_done(payload) || !sensor->guard)
		return; /* fatal in link_on_message */
	guard_set_browsers(sensor->guard, browsers);
	sensor_guard(sensor);
}

void link_on_message(struct sensor *sensor, unsigned int type, struct bytes_reader *payload, int fd)
{
	switch (type) {
	case MESSAGE_POLICY_BEGIN:
		on_policy_begin(sensor, payload);
		break;
	case MESSAGE_POLICY_END:
		on_policy_end(sensor);
		break;
	case MESSAGE_LABEL:
		on_label(sensor, payload);
		break;
	case MESSAGE_RETIRE:
		on_retire(sensor, payload);
		break;
	case MESSAGE_RESTORE:
		on_restore(sensor, payload);
		break;
	case MESSAGE_RESTORE_END:
		sensor->is_restored = true;
		break;
	case MESSAGE_TAKEN:
		on_taken(sensor, payload);
		break;
	case MESSAGE_REQUEST:
		on_request(sensor, payload, fd);
		break;
	case MESSAGE_GATE_STATE:
		on_gate_state(sensor, payload);
		break;
	case MESSAGE_SERVICES:
		services_on_message(sensor, payload);
		break;
	case MESSAGE_SHUT:
		services_on_shut(sensor, payload);
		break;
	case MESSAGE_VERIFIED:
		on_verified(sensor, payload);
		break;
	case MESSAGE_BROWSERS:
		on_browsers(sensor, payload);
		break;
	case MESSAGE_TELL:
		on_tell(payload);
		break;
	default:
		on_policy_part(sensor, type, payload);
	}
	if (!bytes_is_done(payload))
		fatal("message %u from the engine does not fit its type, stopping", type);
}
