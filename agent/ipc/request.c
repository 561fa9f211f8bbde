/* SPDX-License-Identifier: Apache-2.0 */
/* Codec of local requests and answers; and the way to where they go. */
#include "agent/ipc/request.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/local_socket.h"

void local_request_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct local_request *request)
{
	wire_begin(frame, buffer, size, request->type);
	bytes_put_u32(frame, request->pid);
	bytes_put_u32(frame, request->minutes);
	bytes_put_u64(frame, request->after);
	bytes_put_string(frame, request->reason);
	bytes_put_string(frame, request->label);
	bytes_put_string(frame, request->name);
	bytes_put_string(frame, request->path);
	if (request->type != LOCAL_LOGIN)
		return;
	bytes_put_u32(frame, request->group_count);
	for (uint32_t i = 0; i < request->group_count && i < LOCAL_GROUP_MAX; i++)
		bytes_put_u32(frame, request->groups[i]);
}

/* Text that goes into logs and events: nothing that moves a cursor or breaks a line. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool has_object(uint16_t type)
{
	return type == LOCAL_LABEL_SET || type == LOCAL_LABEL_CLEAR || type == LOCAL_LABEL_SHOW;
}

/* False when there are more than fit. */
static bool groups_get(struct bytes_reader *payload, struct local_request *request)
{
	request->group_count = bytes_get_u32(payload);
	if (request->group_count > LOCAL_GROUP_MAX)
		return false;
	for (uint32_t i = 0; i < request->group_count; i++)
		request->groups[i] = bytes_get_u32(payload);
	return true;
}

static bool is_login(const struct local_request *request)
{
	return request->account[0] && request->service[0] && is_printable(request->account) &&
	       is_printable(request->terminal) && request->stage >= LOCAL_STAGE_AUTH &&
	       request->stage <= LOCAL_STAGE_CLOSE;
}

int local_request_decode(const void *packet, size_t size, struct local_request *ret_request)
{
	struct local_request request = {0};
	struct bytes_reader payload;
	int r;

	if (size > LOCAL_REQUEST_MAX)
		return -EBADMSG;
	r = wire_open(packet, size, &request.type, &payload);
	if (r < 0)
		return r;
	if (request.type < LOCAL_STATUS || request.type >= LOCAL_TYPE_MAX)
		return -EOPNOTSUPP;
	request.pid = bytes_get_u32(&payload);
	request.minutes = bytes_get_u32(&payload);
	request.after = bytes_get_u64(&payload);
	bytes_get_string(&payload, request.reason, sizeof(request.reason));
	bytes_get_string(&payload, request.label, sizeof(request.label));
	bytes_get_string(&payload, request.name, sizeof(request.name));
	bytes_get_string(&payload, request.path, sizeof(request.path));
	if (request.type == LOCAL_LOGIN && !groups_get(&payload, &request))
		return -EBADMSG;
	if (!bytes_is_done(&payload))
		return -EBADMSG;
	if (!is_printable(request.reason) || !is_printable(request.label))
		return -EINVAL;
	if (has_object(request.type) &&
		(!request.name[0] || strchr(request.name, '/') || request.path[0] != '/'))
		return -EINVAL;
	if (request.type == LOCAL_LINEAGE && (strchr(request.name, '/') || request.path[0] != '/'))
		return -EINVAL;
	if (request.type == LOCAL_LOGIN && !is_login(&request))
		return -EINVAL;
	if (request.type == LOCAL_TICKET &&
		(!request.audience[0] || !is_printable(request.audience)))
		return -EINVAL;
	*ret_request = request;
	return 0;
}

int local_connect(const char *runtime_directory, int flags)
{
	return local_socket_connect(runtime_directory, LOCAL_SOCKET_NAME, flags);
}
