/* SPDX-License-Identifier: Apache-2.0 */
/* Codec of administrators' requests, and the way to where they go. */
#include "console/ipc/admin.h"

#include <errno.h>
#include <stdbool.h>

#include "common/local_socket.h"
#include "common/wire.h"

void admin_request_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct admin_request *request)
{
	wire_begin(frame, buffer, size, request->type);
	bytes_put_u32(frame, request->flags);
	bytes_put_u32(frame, request->uses);
	bytes_put_u32(frame, request->days);
	bytes_put_u32(frame, request->limit);
	bytes_put_u32(frame, request->class_uid);
	bytes_put_u64(frame, request->number);
	bytes_put_u64(frame, request->since_ms);
	bytes_put_u64(frame, request->until_ms);
	bytes_put_string(frame, request->device);
	bytes_put_string(frame, request->name);
	bytes_put_string(frame, request->verdict);
	bytes_put_string(frame, request->user);
	bytes_put_string(frame, request->text);
	bytes_put_string(frame, request->file);
	bytes_put_string(frame, request->why);
}

static void get_request(struct bytes_reader *payload, struct admin_request *ret_request)
{
	ret_request->flags = bytes_get_u32(payload);
	ret_request->uses = bytes_get_u32(payload);
	ret_request->days = bytes_get_u32(payload);
	ret_request->limit = bytes_get_u32(payload);
	ret_request->class_uid = bytes_get_u32(payload);
	ret_request->number = bytes_get_u64(payload);
	ret_request->since_ms = bytes_get_u64(payload);
	ret_request->until_ms = bytes_get_u64(payload);
	bytes_get_string(payload, ret_request->device, sizeof(ret_request->device));
	bytes_get_string(payload, ret_request->name, sizeof(ret_request->name));
	bytes_get_string(payload, ret_request->verdict, sizeof(ret_request->verdict));
	bytes_get_string(payload, ret_request->user, sizeof(ret_request->user));
	bytes_get_string(payload, ret_request->text, sizeof(ret_request->text));
	bytes_get_string(payload, ret_request->file, sizeof(ret_request->file));
	bytes_get_string(payload, ret_request->why, sizeof(ret_request->why));
}

/* Text that goes into the audit log and onto screens: nothing that moves a cursor. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool is_good(const struct admin_request *request)
{
	return is_printable(request->device) && is_printable(request->name) &&
	       is_printable(request->verdict) && is_printable(request->user) &&
	       is_printable(request->text) && is_printable(request->file) &&
	       is_printable(request->why) && !(request->flags & ~ADMIN_FLAGS) &&
	       request->uses <= ADMIN_USES_MAX && request->days <= ADMIN_DAYS_MAX &&
	       request->limit <= ADMIN_LIMIT_MAX && request->number <= INT64_MAX &&
	       request->since_ms <= INT64_MAX && request->until_ms <= INT64_MAX;
}

int admin_request_decode(const void *packet, size_t size, struct admin_request *ret_request)
{
	struct admin_request request = {0};
	struct bytes_reader payload;
	int r;

	if (size > ADMIN_REQUEST_MAX)
		return -EBADMSG;
	r = wire_open(packet, size, &request.type, &payload);
	if (r < 0)
		return r;
	if (request.type < ADMIN_STATUS || request.type >= ADMIN_TYPE_MAX)
		return -EOPNOTSUPP;
	get_request(&payload, &request);
	if (!bytes_is_done(&payload))
		return -EBADMSG;
	if (!is_good(&request))
		return -EINVAL;
	*ret_request = request;
	return 0;
}

int admin_connect(const char *runtime_directory)
{
	return local_socket_connect(runtime_directory, ADMIN_SOCKET_NAME, 0);
}
