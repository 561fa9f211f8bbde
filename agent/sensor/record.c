/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds-checked decoding of what the kernel part sends. Pure: fuzzed by tests/fuzz/record.c. */
#include "agent/sensor/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What is in the path when it is none. */
static bool is_payload_whole(const struct hf_record *raw)
{
	struct hf_screen_shown shown;

	if (raw->path_is_payload != HF_PAYLOAD_SCREEN)
		return raw->path_is_payload < HF_PAYLOAD_MAX;
	memcpy(&shown, raw->path, sizeof(shown));
	return raw->path_size == sizeof(shown) && shown.kind < HF_DISPLAY_MAX;
}

static bool is_type_known(unsigned int type)
{
	return type >= HF_RECORD_VERDICT && type < HF_RECORD_MAX;
}

static bool are_numbers_in_range(const struct hf_record *raw)
{
	return is_type_known(raw->header.type) && raw->channel < HF_CHANNEL_MAX &&
	       raw->verdict < HF_VERDICT_MAX && raw->operation < HF_OPERATION_MAX &&
	       raw->reason < HF_REASON_MAX && raw->path_size <= HF_PATH_SIZE &&
	       raw->source.hop < HF_HOP_MAX && raw->origins.count <= HF_ORIGIN_MAX &&
	       is_payload_whole(raw);
}

/* The kernel wrote names from the file outwards; a person reads them the other way round. */
static int path_turn(const struct hf_record *raw, char ret_path[RECORD_PATH_SIZE])
{
	const char *names = (const char *)raw->path;
	size_t end = raw->path_size;
	size_t used = 0;

	ret_path[0] = '\0';
	if (!end || raw->path_is_payload)
		return 0;
	if (names[end - 1] != '\0')
		return -EBADMSG;
	if (raw->path_is_cut) {
		memcpy(ret_path, "...", 3);
		used = 3;
	}
	while (end) { /* one round per name, each of at least its NUL */
		size_t start = end - 1;

		while (start && names[start - 1] != '\0')
			start--;
		ret_path[used++] = '/';
		memcpy(ret_path + used, names + start, end - 1 - start);
		used += end - 1 - start;
		end = start;
	}
	ret_path[used] = '\0';
	return 0;
}

int record_decode(const void *bytes, size_t size_bytes, struct record *ret_record)
{
	struct record record;
	int r;

	if (size_bytes != sizeof(record.raw))
		return -EBADMSG;
	memcpy(&record.raw, bytes, sizeof(record.raw));
	if (record.raw.header.version != HF_RECORD_VERSION)
		return -EPROTO;
	if (record.raw.header.size != sizeof(record.raw) || !are_numbers_in_range(&record.raw))
		return -EBADMSG;
	memcpy(record.comm, record.raw.comm, HF_COMM_SIZE);
	record.comm[HF_COMM_SIZE] = '\0';
	r = path_turn(&record.raw, record.path);
	if (r < 0)
		return r;
	*ret_record = record;
	return 0;
}

uint64_t record_sequence(const void *bytes, size_t size_bytes)
{
	struct hf_record_header header;

	if (size_bytes != sizeof(struct hf_record))
		return 0;
	memcpy(&header, bytes, sizeof(header));
	if (header.version != HF_RECORD_VERSION || header.size != sizeof(struct hf_record))
		return 0;
	return header.sequence;
}
