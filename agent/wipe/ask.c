/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the engine, on its local socket; one connection for many questions. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ipc/request.h"
#include "agent/wipe/wipe.h"
#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"

static int send_request(struct wipe *wipe, const struct local_request *request, int passed_fd)
{
	uint8_t buffer[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	if (wipe->engine_fd < 0)
		wipe->engine_fd = local_connect(wipe->runtime_directory, 0);
	if (wipe->engine_fd < 0)
		return -ECONNREFUSED;
	local_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	return r < 0 ? r : channel_packet(wipe->engine_fd, buffer, frame.used, passed_fd);
}

/* 0 or above: what the engine says in the end. */
static int ask(struct wipe *wipe, const struct local_request *request, int passed_fd,
	struct answer_reading *reading)
{
	int r = send_request(wipe, request, passed_fd);

	if (r == 0)
		r = answer_read(wipe->engine_fd, reading);
	if (r < 0) { /* connected anew the next time */
		cleanup_close(&wipe->engine_fd);
		wipe->engine_fd = -EBADF;
		return -ECONNREFUSED;
	}
	return reading->error;
}

static void on_plan(struct json_object *object, const char *text, void *userdata)
{
	struct wipe_plan *plan = userdata;
	const char *name = json_text(object, "removed");

	(void)text; /* the object is that */
	if (json_text(object, "on_revoke")[0]) {
		plan->on_revoke = (uint8_t)lease_order_of_name(json_text(object, "on_revoke"));
		plan->mark_count = json_number(object, "marks");
	}
	if (name[0] && plan->removed_count < WIPE_LABELS_MAX)
		(void)snprintf(plan->removed[plan->removed_count++], WIPE_LABEL_SIZE, "%s", name);
}

int ask_plan(struct wipe *wipe)
{
	const struct local_request request = {.type = LOCAL_WIPE_PLAN};
	struct answer_reading reading = {.line = on_plan, .userdata = &wipe->plan};

	wipe->plan = (struct wipe_plan){0};
	return ask(wipe, &request, -1, &reading);
}

/* --- marks --- */

struct page {
	struct wipe_marks *marks;
	uint64_t cursor;
	size_t got;
	int error;
};

static int add_mark(struct wipe_marks *marks, uint64_t inode)
{
	if (marks->count == marks->room) {
		size_t room = marks->room ? 2 * marks->room : 4096;
		uint64_t *larger = room > WIPE_MARKS_MAX
					   ? NULL
					   : reallocarray(marks->inodes, room, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		marks->inodes = larger;
		marks->room = room;
	}
	marks->inodes[marks->count++] = inode;
	return 0;
}

static int add_device(struct wipe_marks *marks, uint32_t device)
{
	for (unsigned int i = 0; i < marks->device_count; i++)
		if (marks->devices[i] == device)
			return 0;
	if (marks->device_count == WIPE_DEVICES_MAX)
		return -ENOSPC;
	marks->devices[marks->device_count++] = device;
	return 0;
}

static void on_page(struct json_object *object, const char *text, void *userdata)
{
	struct json_object *inodes = json_at(object, "inodes");
	struct page *page = userdata;

	(void)text; /* the object is that */
	page->cursor = json_number(object, "cursor");
	page->got = inodes ? json_object_array_length(inodes) : 0;
	for (size_t i = 0; i < page->got && page->error == 0; i++)
		page->error = add_mark(
			page->marks, json_object_get_uint64(json_object_array_get_idx(inodes, i)));
	if (page->got && page->error == 0)
		page->error = add_device(page->marks, (uint32_t)json_number(object, "dev"));
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

static int ask_volume(struct wipe *wipe, struct local_request *request)
{
	struct page page = {.marks = &wipe->marks};
	struct answer_reading reading = {.line = on_page, .userdata = &page};
	int r;

	request->after = 0;
	do {
		page.got = 0;
		r = ask(wipe, request, -1, &reading);
		request->after = page.cursor;
	} while (r == 0 && page.error == 0 && page.got);
	return r < 0 ? r : page.error;
}

int ask_marks(struct wipe *wipe)
{
	struct local_request request = {.type = LOCAL_WIPE_MARKS};
	int r = 0;

	wipe->marks.count = wipe->marks.device_count = 0;
	for (request.volume = 0; r == 0; request.volume++)
		r = ask_volume(wipe, &request);
	if (r != -ENOENT)
		return r;
	qsort(wipe->marks.inodes, wipe->marks.count, sizeof(*wipe->marks.inodes), by_number);
	return 0;
}

/* --- labels --- */

struct labels {
	const struct wipe_plan *plan;
	bool is_labelled, is_removed;
};

static void on_labels(struct json_object *object, const char *text, void *userdata)
{
	struct json_object *names = json_at(object, "labels");
	struct labels *labels = userdata;
	size_t count = names ? json_object_array_length(names) : 0;

	(void)text; /* the object is that */
	labels->is_labelled = count > 0;
	for (size_t i = 0; i < count; i++)
		for (unsigned int j = 0; j < labels->plan->removed_count; j++)
			labels->is_removed |= !strcmp(labels->plan->removed[j],
				json_object_get_string(json_object_array_get_idx(names, i)));
}

int ask_labels(struct wipe *wipe, int directory_fd, const char *name, bool *ret_is_labelled,
	bool *ret_is_removed)
{
	struct local_request request = {.type = LOCAL_LABEL_SHOW};
	struct labels labels = {.plan = &wipe->plan};
	struct answer_reading reading = {.line = on_labels, .userdata = &labels};
	int r;

	(void)snprintf(request.name, sizeof(request.name), "%s", name);
	(void)snprintf(request.path, sizeof(request.path), "/%s", name); /* for words alone */
	r = ask(wipe, &request, directory_fd, &reading);
	if (r < 0)
		return r;
	*ret_is_labelled = labels.is_labelled;
	*ret_is_removed = labels.is_labelled &&
			  (labels.is_removed || wipe->journal.receipt.what == LEASE_ORDER_FILES);
	return 0;
}

/* --- the rest --- */

static void no_line(struct json_object *object, const char *text, void *userdata)
{
	(void)object; /* the end says it */
	(void)text;
	(void)userdata;
}

static void on_lineage(struct json_object *object, const char *text, void *userdata)
{
	bool *was_there = userdata;

	(void)text; /* the object is that */
	*was_there = json_object_get_boolean(json_at(object, "lineage"));
}

int ask_lineage(struct wipe *wipe)
{
	const struct local_request request = {.type = LOCAL_WIPE_LINEAGE};
	bool was_there = false;
	struct answer_reading reading = {.line = on_lineage, .userdata = &was_there};
	int r = ask(wipe, &request, -1, &reading);

	return r < 0 ? r : was_there;
}

void ask_tell(struct wipe *wipe, enum wipe_event event, const char *words)
{
	struct local_request request = {.type = LOCAL_WIPE_TELL, .event = event};
	struct answer_reading reading = {.line = no_line};

	if (words[0] && event != WIPE_PROGRESS)
		log_notice("%s", words);
	(void)snprintf(request.reason, sizeof(request.reason), "%s", words);
	(void)ask(wipe, &request, -1, &reading); /* without an agent nobody keeps events */
}
