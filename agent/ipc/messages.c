/* SPDX-License-Identifier: Apache-2.0 */
/* Each message's put and get, side by side: the same members in the same order. */
#include "agent/ipc/messages.h"

void message_put_program(struct bytes_writer *frame, const struct message_program *program)
{
	bytes_put_u32(frame, program->app);
	bytes_put_string(frame, program->pattern);
}

void message_get_program(struct bytes_reader *payload, struct message_program *ret_program)
{
	ret_program->app = bytes_get_u32(payload);
	bytes_get_string(payload, ret_program->pattern, sizeof(ret_program->pattern));
}

void message_put_label(struct bytes_writer *frame, const struct message_label *label)
{
	bytes_put_u8(frame, label->bit);
	bytes_put_blob(frame, label->uuid, sizeof(label->uuid));
	bytes_put_string(frame, label->name);
}

void message_get_label(struct bytes_reader *payload, struct message_label *ret_label)
{
	ret_label->bit = bytes_get_u8(payload);
	if (ret_label->bit >= HF_LABEL_MAX)
		payload->is_bad = true;
	bytes_get_blob(payload, ret_label->uuid, sizeof(ret_label->uuid));
	bytes_get_string(payload, ret_label->name, sizeof(ret_label->name));
}

void message_put_place(struct bytes_writer *frame, const struct message_place *place)
{
	bytes_put_u64(frame, place->labels);
	bytes_put_string(frame, place->pattern);
}

void message_get_place(struct bytes_reader *payload, struct message_place *ret_place)
{
	ret_place->labels = bytes_get_u64(payload);
	bytes_get_string(payload, ret_place->pattern, sizeof(ret_place->pattern));
}

void message_put_exempt(struct bytes_writer *frame, const struct message_exempt *exempt)
{
	bytes_put_u32(frame, exempt->app);
	bytes_put_u32(frame, exempt->kind);
	bytes_put_u64(frame, exempt->labels);
	bytes_put_string(frame, exempt->pattern);
}

void message_get_exempt(struct bytes_reader *payload, struct message_exempt *ret_exempt)
{
	ret_exempt->app = bytes_get_u32(payload);
	ret_exempt->kind = bytes_get_u32(payload);
	if (ret_exempt->app >= HF_APP_MAX)
		payload->is_bad = true;
	ret_exempt->labels = bytes_get_u64(payload);
	bytes_get_string(payload, ret_exempt->pattern, sizeof(ret_exempt->pattern));
}

void message_put_matcher(struct bytes_writer *frame, const struct message_matcher *matcher)
{
	bytes_put_string(frame, matcher->vendor);
	bytes_put_string(frame, matcher->product);
	bytes_put_string(frame, matcher->serial);
	bytes_put_u64(frame, matcher->allow);
	bytes_put_u64(frame, matcher->allow_raw);
}

void message_get_matcher(struct bytes_reader *payload, struct message_matcher *ret_matcher)
{
	bytes_get_string(payload, ret_matcher->vendor, sizeof(ret_matcher->vendor));
	bytes_get_string(payload, ret_matcher->product, sizeof(ret_matcher->product));
	bytes_get_string(payload, ret_matcher->serial, sizeof(ret_matcher->serial));
	ret_matcher->allow = bytes_get_u64(payload);
	ret_matcher->allow_raw = bytes_get_u64(payload);
}

void message_put_tell(struct bytes_writer *frame, const struct message_tell *tell)
{
	bytes_put_u32(frame, tell->tty);
	bytes_put_u32(frame, tell->uid);
	bytes_put_u32(frame, tell->loginuid);
	bytes_put_string(frame, tell->text);
}

void message_get_tell(struct bytes_reader *payload, struct message_tell *ret_tell)
{
	ret_tell->tty = bytes_get_u32(payload);
	ret_tell->uid = bytes_get_u32(payload);
	ret_tell->loginuid = bytes_get_u32(payload);
	bytes_get_string(payload, ret_tell->text, sizeof(ret_tell->text));
}

void message_put_request(struct bytes_writer *frame, const struct message_request *request)
{
	bytes_put_u64(frame, request->id);
	bytes_put_u8(frame, request->kind);
	bytes_put_u8(frame, request->channel);
	bytes_put_u32(frame, request->uid);
	bytes_put_u32(frame, request->pid);
	bytes_put_u64(frame, request->labels);
	bytes_put_u64(frame, request->until_ktime_ns);
	bytes_put_string(frame, request->name);
	bytes_put_string(frame, request->path);
}

void message_get_request(struct bytes_reader *payload, struct message_request *ret_request)
{
	ret_request->id = bytes_get_u64(payload);
	ret_request->kind = bytes_get_u8(payload);
	ret_request->channel = bytes_get_u8(payload);
	ret_request->uid = bytes_get_u32(payload);
	ret_request->pid = bytes_get_u32(payload);
	ret_request->labels = bytes_get_u64(payload);
	ret_request->until_ktime_ns = bytes_get_u64(payload);
	bytes_get_string(payload, ret_request->name, sizeof(ret_request->name));
	bytes_get_string(payload, ret_request->path, sizeof(ret_request->path));
}

void message_put_marked(struct bytes_writer *frame, const struct message_marked *marked)
{
	bytes_put_blob(frame, &marked->key, sizeof(marked->key));
	bytes_put_blob(frame, &marked->mark, sizeof(marked->mark));
	bytes_put_string(frame, marked->volume);
	bytes_put_string(frame, marked->path);
}

void message_get_marked(struct bytes_reader *payload, struct message_marked *ret_marked)
{
	bytes_get_blob(payload, &ret_marked->key, sizeof(ret_marked->key));
	bytes_get_blob(payload, &ret_marked->mark, sizeof(ret_marked->mark));
	bytes_get_string(payload, ret_marked->volume, sizeof(ret_marked->volume));
	bytes_get_string(payload, ret_marked->path, sizeof(ret_marked->path));
}

void message_put_volume(struct bytes_writer *frame, const struct message_volume *volume)
{
	bytes_put_u32(frame, volume->dev);
	bytes_put_u8(frame, volume->channel);
	bytes_put_u8(frame, volume->is_gone);
	bytes_put_u8(frame, volume->is_device);
	bytes_put_string(frame, volume->identity);
	bytes_put_string(frame, volume->name);
	bytes_put_string(frame, volume->reason);
}

void message_get_volume(struct bytes_reader *payload, struct message_volume *ret_volume)
{
	ret_volume->dev = bytes_get_u32(payload);
	ret_volume->channel = bytes_get_u8(payload);
	ret_volume->is_gone = bytes_get_u8(payload) != 0;
	ret_volume->is_device = bytes_get_u8(payload) != 0;
	bytes_get_string(payload, ret_volume->identity, sizeof(ret_volume->identity));
	bytes_get_string(payload, ret_volume->name, sizeof(ret_volume->name));
	bytes_get_string(payload, ret_volume->reason, sizeof(ret_volume->reason));
}

void message_put_state(struct bytes_writer *frame, const struct message_state *state)
{
	bytes_put_u32(frame, state->app);
	bytes_put_u32(frame, (uint32_t)state->error);
	bytes_put_string(frame, state->path);
	bytes_put_string(frame, state->reason);
}

void message_get_state(struct bytes_reader *payload, struct message_state *ret_state)
{
	ret_state->app = bytes_get_u32(payload);
	ret_state->error = (int32_t)bytes_get_u32(payload);
	bytes_get_string(payload, ret_state->path, sizeof(ret_state->path));
	bytes_get_string(payload, ret_state->reason, sizeof(ret_state->reason));
}

void message_put_failure(struct bytes_writer *frame, const struct message_failure *failure)
{
	bytes_put_u16(frame, failure->reason);
	bytes_put_string(frame, failure->what);
}

void message_get_failure(struct bytes_reader *payload, struct message_failure *ret_failure)
{
	ret_failure->reason = bytes_get_u16(payload);
	bytes_get_string(payload, ret_failure->what, sizeof(ret_failure->what));
}

void message_put_answer(struct bytes_writer *frame, const struct message_answer *answer)
{
	bytes_put_u64(frame, answer->id);
	bytes_put_u32(frame, (uint32_t)answer->error);
	bytes_put_u32(frame, answer->app);
	bytes_put_u64(frame, answer->labels);
	bytes_put_u64(frame, answer->own);
	bytes_put_blob(frame, &answer->key, sizeof(answer->key));
	bytes_put_u32(frame, answer->unsent);
	for (unsigned int i = 0; i < HF_COUNTER_MAX; i++)
		bytes_put_u64(frame, answer->counters[i]);
}

void message_get_answer(struct bytes_reader *payload, struct message_answer *ret_answer)
{
	ret_answer->id = bytes_get_u64(payload);
	ret_answer->error = (int32_t)bytes_get_u32(payload);
	ret_answer->app = bytes_get_u32(payload);
	ret_answer->labels = bytes_get_u64(payload);
	ret_answer->own = bytes_get_u64(payload);
	bytes_get_blob(payload, &ret_answer->key, sizeof(ret_answer->key));
	ret_answer->unsent = bytes_get_u32(payload);
	for (unsigned int i = 0; i < HF_COUNTER_MAX; i++)
		ret_answer->counters[i] = bytes_get_u64(payload);
}

void message_put_hello(struct bytes_writer *frame, const struct message_hello *hello)
{
	bytes_put_u8(frame, hello->has_bpf_lsm);
	bytes_put_u8(frame, hello->was_adopted);
	bytes_put_u8(frame, hello->is_enforcing);
	bytes_put_u32(frame, hello->counts_id);
	bytes_put_u32(frame, hello->open_channels);
	bytes_put_u8(frame, (uint8_t)hello->missing_count);
	for (unsigned int i = 0; i < hello->missing_count; i++)
		bytes_put_string(frame, hello->missing[i]);
}

void message_get_hello(struct bytes_reader *payload, struct message_hello *ret_hello)
{
	ret_hello->has_bpf_lsm = bytes_get_u8(payload) != 0;
	ret_hello->was_adopted = bytes_get_u8(payload) != 0;
	ret_hello->is_enforcing = bytes_get_u8(payload) != 0;
	ret_hello->counts_id = bytes_get_u32(payload);
	ret_hello->open_channels = bytes_get_u32(payload);
	ret_hello->missing_count = bytes_get_u8(payload);
	if (ret_hello->missing_count > MESSAGE_MISSING_MAX) {
		ret_hello->missing_count = 0;
		payload->is_bad = true;
	}
	for (unsigned int i = 0; i < ret_hello->missing_count; i++)
		bytes_get_string(payload, ret_hello->missing[i], sizeof(ret_hello->missing[i]));
}

void message_put_readers(struct bytes_writer *frame, const struct message_readers *readers)
{
	bytes_put_u64(frame, readers->id);
	bytes_put_u16(frame, readers->count);
	for (unsigned int i = 0; i < readers->count; i++)
		bytes_put_blob(frame, &readers->readers[i], sizeof(readers->readers[i]));
}

void message_get_readers(struct bytes_reader *payload, struct message_readers *ret_readers)
{
	ret_readers->id = bytes_get_u64(payload);
	ret_readers->count = bytes_get_u16(payload);
	if (ret_readers->count > MESSAGE_READER_MAX) {
		ret_readers->count = 0;
		payload->is_bad = true;
	}
	for (unsigned int i = 0; i < ret_readers->count; i++) {
		struct hf_reader *reader = &ret_readers->readers[i];

		bytes_get_blob(payload, reader, sizeof(*reader));
		if (reader->origins.count > HF_ORIGIN_MAX || reader->source.hop >= HF_HOP_MAX)
			payload->is_bad = true;
	}
}
