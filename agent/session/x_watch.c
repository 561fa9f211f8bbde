/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RECORD 1.13: the server hands over the requests that it carries out, when it does, so that what a
 * client changed in the meantime is seen as it was. Only those that capture are asked for, none of
 * their answers.
 */
#include "agent/session/x_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/record.h>
#include <xcb/xcbext.h>

/* RECORD protocol, category of RecordEnableContext's answers. */
enum record_category {
	RECORD_FROM_SERVER = 0,
	RECORD_FROM_CLIENT = 1,
	RECORD_CLIENT_STARTED = 2,
	RECORD_CLIENT_DIED = 3,
	RECORD_START_OF_DATA = 4,
	RECORD_END_OF_DATA = 5,
};

static bool is_of_this_machine(const char *display)
{
	return display && (display[0] == ':' || !strncmp(display, "unix:", strlen("unix:")));
}

static uint8_t opcode_of(xcb_connection_t *connection, const char *name)
{
	xcb_query_extension_reply_t *reply = xcb_query_extension_reply(
		connection, xcb_query_extension(connection, (uint16_t)strlen(name), name), NULL);
	uint8_t major = reply && reply->present ? reply->major_opcode : 0;

	free(reply);
	return major;
}

static void learn_opcodes(struct x_watch *watch)
{
	for (enum x_extension i = 0; i < X_EXTENSION_MAX; i++)
		watch->opcodes.major[i] = opcode_of(watch->control, x_extension_row(i)->name);
}

/* One range for core requests and clients, one for each extension that is there. */
static int create(struct x_watch *watch, xcb_record_context_t context)
{
	const xcb_record_client_spec_t all = XCB_RECORD_CS_ALL_CLIENTS;
	xcb_record_range_t ranges[1 + X_EXTENSION_MAX] = {0};
	uint32_t count = 1;
	xcb_generic_error_t *error;

	ranges[0].core_requests = (xcb_record_range_8_t){
		X_REQUESTS_GET_IMAGE, X_REQUESTS_GET_IMAGE};
	ranges[0].client_started = 1;
	ranges[0].client_died = 1;
	for (enum x_extension i = 0; i < X_EXTENSION_MAX; i++) {
		const struct x_extension_row *row = x_extension_row(i);
		uint8_t major = watch->opcodes.major[i];

		if (!major)
			continue;
		ranges[count].ext_requests.major = (xcb_record_range_8_t){major, major};
		ranges[count].ext_requests.minor = (xcb_record_range_16_t){row->first, row->last};
		count++;
	}
	error = xcb_request_check(watch->control, xcb_record_create_context_checked(watch->control,
							  context, 0, 1, count, &all, ranges));
	free(error);
	if (error)
		return -EPERM;
	return xcb_connection_has_error(watch->control) ? -EPERM : 0;
}

static int begin(struct x_watch *watch)
{
	xcb_record_context_t context;
	int r;

	learn_opcodes(watch);
	if (!watch->opcodes.major[X_EXTENSION_RECORD])
		return -EOPNOTSUPP;
	context = xcb_generate_id(watch->control);
	r = create(watch, context);
	if (r < 0)
		return r;
	x_clients_learn(&watch->clients, watch->control, 0);
	watch->sequence = xcb_record_enable_context(watch->data, context).sequence;
	if (xcb_flush(watch->data) <= 0)
		return -EPERM;
	return 0;
}

int x_watch_begin(struct x_watch *watch)
{
	int r = -ECONNREFUSED;

	*watch = (struct x_watch){0};
	if (!is_of_this_machine(getenv("DISPLAY")))
		return -ENODEV;
	watch->control = xcb_connect(NULL, NULL);
	watch->data = xcb_connect(NULL, NULL);
	if (!xcb_connection_has_error(watch->control) && !xcb_connection_has_error(watch->data))
		r = begin(watch);
	if (r < 0)
		x_watch_end(watch);
	return r;
}

void x_watch_end(struct x_watch *watch)
{
	if (watch->data)
		xcb_disconnect(watch->data);
	if (watch->control)
		xcb_disconnect(watch->control);
	watch->data = watch->control = NULL;
}

struct pollfd x_watch_poll(const struct x_watch *watch)
{
	return (struct pollfd){xcb_get_file_descriptor(watch->data), POLLIN, 0};
}

/* Our own asking is no capture. */
static bool is_ours(const struct x_watch *watch, uint32_t base)
{
	return base == xcb_get_setup(watch->control)->resource_id_base ||
	       base == xcb_get_setup(watch->data)->resource_id_base;
}

static void on_requests(struct x_watch *watch, xcb_record_enable_context_reply_t *reply,
	struct teller *teller, uint64_t now_ms)
{
	const uint8_t *data = xcb_record_enable_context_data(reply);
	size_t left = (size_t)xcb_record_enable_context_data_length(reply), used;
	unsigned int method;
	struct capture capture;

	if (is_ours(watch, reply->xid_base))
		return;
	while ((used = x_requests_next(
			&watch->opcodes, data, left, reply->client_swapped, &method)) > 0) {
		data += used;
		left -= used;
		if (!method)
			continue;
		capture = *x_clients_find(&watch->clients, watch->control, reply->xid_base);
		capture.method = method;
		teller_add(teller, &capture, now_ms);
	}
}

static void on_reply(struct x_watch *watch, xcb_record_enable_context_reply_t *reply,
	struct teller *teller, uint64_t now_ms)
{
	switch (reply->category) {
	case RECORD_FROM_CLIENT:
		on_requests(watch, reply, teller, now_ms);
		break;
	case RECORD_CLIENT_STARTED:
		x_clients_learn(&watch->clients, watch->control, reply->xid_base);
		break;
	case RECORD_CLIENT_DIED:
		x_clients_forget(&watch->clients, reply->xid_base);
		break;
	case RECORD_FROM_SERVER:
	case RECORD_START_OF_DATA:
	case RECORD_END_OF_DATA:
	default:
		break;
	}
}

int x_watch_read(struct x_watch *watch, struct teller *teller, uint64_t now_ms)
{
	void *reply = NULL;
	xcb_generic_error_t *error = NULL;

	while (xcb_poll_for_reply(watch->data, watch->sequence, &reply, &error)) {
		if (!reply) { /* the request has ended, or there was an error */
			free(error);
			return -ECONNRESET;
		}
		on_reply(watch, reply, teller, now_ms);
		free(reply);
	}
	return xcb_connection_has_error(watch->data) || xcb_connection_has_error(watch->control)
		       ? -ECONNRESET
		       : 0;
}

void x_watch_clear_clipboard(struct x_watch *watch)
{
	xcb_intern_atom_reply_t *reply;

	static const char name[] = "CLIPBOARD";

	reply = xcb_intern_atom_reply(watch->control,
		xcb_intern_atom(watch->control, 0, (uint16_t)(sizeof(name) - 1), name), NULL);
	(void)xcb_set_selection_owner(watch->control, XCB_NONE, XCB_ATOM_PRIMARY,
		XCB_CURRENT_TIME); /* a server that is gone is found out by reading */
	if (reply)
		(void)xcb_set_selection_owner(
			watch->control, XCB_NONE, reply->atom, XCB_CURRENT_TIME); /* likewise */
	free(reply);
	(void)xcb_flush(watch->control); /* likewise */
}
