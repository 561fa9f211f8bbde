/* SPDX-License-Identifier: Apache-2.0 */
/* Each message's put and get, side by side: the same members in the same order. */
#include "console/ipc/export.h"

#define SEVERITY_OTHER	 99
#define SEVERITY_UNKNOWN 1 /* as what is merely told */

static uint64_t get_position(struct bytes_reader *payload)
{
	uint64_t position = bytes_get_u64(payload);

	if (position > INT64_MAX)
		payload->is_bad = true;
	return position;
}

static uint8_t get_flag(struct bytes_reader *payload)
{
	uint8_t flag = bytes_get_u8(payload);

	if (flag > 1)
		payload->is_bad = true;
	return flag;
}

/* Text that people see: nothing that moves a cursor. */
static void get_text(struct bytes_reader *payload, char *ret_text, size_t size)
{
	bytes_get_string(payload, ret_text, size);
	for (; *ret_text; ret_text++)
		if ((unsigned char)*ret_text < ' ' || *ret_text == 0x7f)
			payload->is_bad = true;
}

static void put_filter(struct bytes_writer *frame, const struct export_filter *filter)
{
	bytes_put_u8(frame, filter->severity_min);
	bytes_put_u8(frame, filter->verdict_min);
	bytes_put_u8(frame, filter->verdict_max);
	bytes_put_u8(frame, filter->class_count);
	for (unsigned int i = 0; i < filter->class_count; i++)
		bytes_put_u32(frame, filter->classes[i]);
}

static void get_filter(struct bytes_reader *payload, struct export_filter *ret_filter)
{
	ret_filter->severity_min = bytes_get_u8(payload);
	ret_filter->verdict_min = bytes_get_u8(payload);
	ret_filter->verdict_max = bytes_get_u8(payload);
	ret_filter->class_count = bytes_get_u8(payload);
	if (ret_filter->class_count > EXPORT_CLASS_MAX) {
		ret_filter->class_count = 0;
		payload->is_bad = true;
	}
	for (unsigned int i = 0; i < ret_filter->class_count; i++)
		ret_filter->classes[i] = bytes_get_u32(payload);
}

void export_put_open(struct bytes_writer *frame, const struct export_open *open)
{
	bytes_put_string(frame, open->name);
	put_filter(frame, &open->filter);
	bytes_put_u8(frame, open->is_from_first);
	bytes_put_u8(frame, open->last_count);
	for (unsigned int i = 0; i < open->last_count; i++) {
		bytes_put_u64(frame, open->last[i].id);
		bytes_put_u64(frame, open->last[i].sequence);
		bytes_put_blob(frame, open->last[i].device, sizeof(open->last[i].device));
	}
}

void export_get_open(struct bytes_reader *payload, struct export_open *ret_open)
{
	get_text(payload, ret_open->name, sizeof(ret_open->name));
	if (!ret_open->name[0])
		payload->is_bad = true;
	get_filter(payload, &ret_open->filter);
	ret_open->is_from_first = get_flag(payload);
	ret_open->last_count = bytes_get_u8(payload);
	if (ret_open->last_count > EXPORT_LAST_MAX) {
		ret_open->last_count = 0;
		payload->is_bad = true;
	}
	for (unsigned int i = 0; i < ret_open->last_count; i++) {
		ret_open->last[i].id = get_position(payload);
		ret_open->last[i].sequence = get_position(payload);
		bytes_get_blob(payload, ret_open->last[i].device, sizeof(ret_open->last[i].device));
	}
}

void export_put_opened(struct bytes_writer *frame, const struct export_opened *opened)
{
	bytes_put_u8(frame, opened->is_rewound);
	bytes_put_string(frame, opened->tenant);
}

void export_get_opened(struct bytes_reader *payload, struct export_opened *ret_opened)
{
	ret_opened->is_rewound = get_flag(payload);
	get_text(payload, ret_opened->tenant, sizeof(ret_opened->tenant));
}

void export_put_next(struct bytes_writer *frame, const struct export_next *next)
{
	bytes_put_u64(frame, next->done);
	bytes_put_u32(frame, next->count);
	bytes_put_u32(frame, next->round);
	bytes_put_u8(frame, next->is_wanted);
	bytes_put_u8(frame, next->is_again);
	bytes_put_string(frame, next->error);
}

void export_get_next(struct bytes_reader *payload, struct export_next *ret_next)
{
	ret_next->done = get_position(payload);
	ret_next->count = bytes_get_u32(payload);
	ret_next->round = bytes_get_u32(payload);
	ret_next->is_wanted = get_flag(payload);
	ret_next->is_again = get_flag(payload);
	get_text(payload, ret_next->error, sizeof(ret_next->error));
}

void export_put_events(struct bytes_writer *frame, const struct export_events *events)
{
	bytes_put_u32(frame, events->round);
	bytes_put_u64(frame, events->position);
	bytes_put_u16(frame, events->count);
}

void export_get_events(struct bytes_reader *payload, struct export_events *ret_events)
{
	ret_events->round = bytes_get_u32(payload);
	ret_events->position = get_position(payload);
	ret_events->count = bytes_get_u16(payload);
}

void export_put_event(struct bytes_writer *frame, const struct export_event *event)
{
	bytes_put_u64(frame, event->id);
	bytes_put_u64(frame, event->sequence);
	bytes_put_blob(frame, event->device, sizeof(event->device));
	bytes_put_u64(frame, event->time_ms);
	bytes_put_u32(frame, event->class_uid);
	bytes_put_u32(frame, event->activity_id);
	bytes_put_u8(frame, event->severity_id);
	bytes_put_u8(frame, event->verdict);
	bytes_put_string(frame, event->host);
	bytes_put_u32(frame, event->size);
	bytes_put_blob(frame, event->json, event->size);
}

void export_get_event(struct bytes_reader *payload, struct export_event *ret_event)
{
	ret_event->id = get_position(payload);
	ret_event->sequence = get_position(payload);
	bytes_get_blob(payload, ret_event->device, sizeof(ret_event->device));
	ret_event->time_ms = get_position(payload);
	ret_event->class_uid = bytes_get_u32(payload);
	ret_event->activity_id = bytes_get_u32(payload);
	ret_event->severity_id = bytes_get_u8(payload);
	ret_event->verdict = bytes_get_u8(payload);
	bytes_get_string(payload, ret_event->host, sizeof(ret_event->host));
	ret_event->size = bytes_get_u32(payload);
	ret_event->json = (const char *)payload->at;
	if (payload->is_bad || ret_event->size > EXPORT_JSON_MAX ||
		ret_event->size > payload->left) {
		ret_event->size = 0;
		payload->is_bad = true;
		return;
	}
	payload->at += ret_event->size;
	payload->left -= ret_event->size;
}

bool export_filter_fits(const struct export_filter *filter, uint32_t class_uid,
	uint32_t severity_id, uint8_t verdict)
{
	bool is_class = filter->class_count == 0;

	for (unsigned int i = 0; i < filter->class_count; i++)
		is_class |= filter->classes[i] == class_uid;
	if (severity_id == SEVERITY_OTHER)
		severity_id = SEVERITY_UNKNOWN;
	if (filter->verdict_max && (verdict < filter->verdict_min || verdict > filter->verdict_max))
		return false;
	return is_class && severity_id >= filter->severity_min;
}
