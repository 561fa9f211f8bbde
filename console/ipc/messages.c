/* SPDX-License-Identifier: Apache-2.0 */
/* Each message's put and get, side by side: the same members in the same order. */
#include "console/ipc/messages.h"

static uint16_t get_refusal(struct bytes_reader *payload)
{
	uint16_t refusal = bytes_get_u16(payload);

	if (refusal >= REFUSAL_MAX)
		payload->is_bad = true;
	return refusal;
}

/* The size, then so many bytes. */
static void put_sized(struct bytes_writer *frame, const uint8_t *bytes, uint16_t size)
{
	bytes_put_u16(frame, size);
	bytes_put_blob(frame, bytes, size);
}

static uint16_t get_sized(struct bytes_reader *payload, uint8_t *ret_bytes, size_t min, size_t max)
{
	uint16_t size = bytes_get_u16(payload);

	if (size < min || size > max) {
		payload->is_bad = true;
		return 0;
	}
	bytes_get_blob(payload, ret_bytes, size);
	return size;
}

void console_put_enrol(struct bytes_writer *frame, const struct console_enrol *enrol)
{
	bytes_put_u64(frame, enrol->id);
	bytes_put_blob(frame, enrol->certificate, sizeof(enrol->certificate));
	bytes_put_blob(frame, enrol->key, sizeof(enrol->key));
	bytes_put_string(frame, enrol->token);
	bytes_put_string(frame, enrol->host);
	bytes_put_string(frame, enrol->address);
}

void console_get_enrol(struct bytes_reader *payload, struct console_enrol *ret_enrol)
{
	ret_enrol->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_enrol->certificate, sizeof(ret_enrol->certificate));
	bytes_get_blob(payload, ret_enrol->key, sizeof(ret_enrol->key));
	bytes_get_string(payload, ret_enrol->token, sizeof(ret_enrol->token));
	bytes_get_string(payload, ret_enrol->host, sizeof(ret_enrol->host));
	bytes_get_string(payload, ret_enrol->address, sizeof(ret_enrol->address));
}

void console_put_certified(struct bytes_writer *frame, const struct console_certified *certified)
{
	bytes_put_u64(frame, certified->id);
	bytes_put_blob(frame, certified->device, sizeof(certified->device));
	put_sized(frame, certified->certificate, certified->size);
}

void console_get_certified(struct bytes_reader *payload, struct console_certified *ret_certified)
{
	ret_certified->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_certified->device, sizeof(ret_certified->device));
	ret_certified->size = get_sized(
		payload, ret_certified->certificate, 1, sizeof(ret_certified->certificate));
}

void console_put_who(struct bytes_writer *frame, const struct console_who *who)
{
	bytes_put_u64(frame, who->id);
	bytes_put_blob(frame, who->certificate, sizeof(who->certificate));
	bytes_put_string(frame, who->address);
	bytes_put_u8(frame, who->is_after_loss);
}

void console_get_who(struct bytes_reader *payload, struct console_who *ret_who)
{
	ret_who->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_who->certificate, sizeof(ret_who->certificate));
	bytes_get_string(payload, ret_who->address, sizeof(ret_who->address));
	ret_who->is_after_loss = bytes_get_u8(payload);
	if (ret_who->is_after_loss > 1)
		payload->is_bad = true;
}

void console_put_device(struct bytes_writer *frame, const struct console_device *device)
{
	bytes_put_u64(frame, device->id);
	bytes_put_u16(frame, device->refusal);
	bytes_put_u8(frame, device->state);
	bytes_put_blob(frame, device->device, sizeof(device->device));
	bytes_put_string(frame, device->tenant);
	bytes_put_u64(frame, device->ack);
	bytes_put_blob(frame, device->link, sizeof(device->link));
	bytes_put_blob(frame, device->seal_key, sizeof(device->seal_key));
	bytes_put_blob(frame, device->challenge, sizeof(device->challenge));
}

void console_get_device(struct bytes_reader *payload, struct console_device *ret_device)
{
	ret_device->id = bytes_get_u64(payload);
	ret_device->refusal = get_refusal(payload);
	ret_device->state = bytes_get_u8(payload);
	if (ret_device->state > DEVICE_REVOKED)
		payload->is_bad = true;
	bytes_get_blob(payload, ret_device->device, sizeof(ret_device->device));
	bytes_get_string(payload, ret_device->tenant, sizeof(ret_device->tenant));
	ret_device->ack = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_device->link, sizeof(ret_device->link));
	bytes_get_blob(payload, ret_device->seal_key, sizeof(ret_device->seal_key));
	bytes_get_blob(payload, ret_device->challenge, sizeof(ret_device->challenge));
}

void console_put_poll(struct bytes_writer *frame, const struct console_poll *poll)
{
	bytes_put_u64(frame, poll->id);
	bytes_put_blob(frame, poll->certificate, sizeof(poll->certificate));
	bytes_put_string(frame, poll->address);
	bytes_put_u64(frame, poll->have);
	bytes_put_u64(frame, poll->word);
}

void console_get_poll(struct bytes_reader *payload, struct console_poll *ret_poll)
{
	ret_poll->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_poll->certificate, sizeof(ret_poll->certificate));
	bytes_get_string(payload, ret_poll->address, sizeof(ret_poll->address));
	ret_poll->have = bytes_get_u64(payload);
	ret_poll->word = bytes_get_u64(payload);
	if (ret_poll->have > INT64_MAX || ret_poll->word > INT64_MAX)
		payload->is_bad = true;
}

void console_put_policy(struct bytes_writer *frame, const struct console_policy *policy)
{
	bytes_put_u64(frame, policy->id);
	bytes_put_u16(frame, policy->refusal);
	bytes_put_u64(frame, policy->version);
	bytes_put_u32(frame, policy->size);
	bytes_put_u64(frame, policy->word);
}

void console_get_policy(struct bytes_reader *payload, struct console_policy *ret_policy)
{
	ret_policy->id = bytes_get_u64(payload);
	ret_policy->refusal = get_refusal(payload);
	ret_policy->version = bytes_get_u64(payload);
	ret_policy->size = bytes_get_u32(payload);
	ret_policy->word = bytes_get_u64(payload);
	if (!ret_policy->version != !ret_policy->size || ret_policy->size > CONSOLE_POLICY_MAX ||
		(ret_policy->refusal != REFUSAL_NONE && ret_policy->version))
		payload->is_bad = true;
}

void console_put_wish(struct bytes_writer *frame, const struct console_wish *wish)
{
	bytes_put_u64(frame, wish->id);
	bytes_put_blob(frame, wish->device, sizeof(wish->device));
	bytes_put_blob(frame, wish->key, sizeof(wish->key));
	bytes_put_blob(frame, wish->boot, sizeof(wish->boot));
	bytes_put_u64(frame, wish->asked_ms);
	bytes_put_blob(frame, wish->nonce, sizeof(wish->nonce));
	bytes_put_u8(frame, wish->state);
	bytes_put_u32(frame, wish->seconds);
	bytes_put_u64(frame, wish->serial);
	bytes_put_u64(frame, wish->order_number);
	bytes_put_u8(frame, wish->order);
}

void console_get_wish(struct bytes_reader *payload, struct console_wish *ret_wish)
{
	ret_wish->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_wish->device, sizeof(ret_wish->device));
	bytes_get_blob(payload, ret_wish->key, sizeof(ret_wish->key));
	bytes_get_blob(payload, ret_wish->boot, sizeof(ret_wish->boot));
	ret_wish->asked_ms = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_wish->nonce, sizeof(ret_wish->nonce));
	ret_wish->state = bytes_get_u8(payload);
	ret_wish->seconds = bytes_get_u32(payload);
	ret_wish->serial = bytes_get_u64(payload);
	ret_wish->order_number = bytes_get_u64(payload);
	ret_wish->order = bytes_get_u8(payload);
	if (ret_wish->state < DEVICE_PENDING || ret_wish->state > DEVICE_UNFIT ||
		(ret_wish->state == DEVICE_TRUSTED) != (ret_wish->seconds > 0) ||
		!ret_wish->serial || (ret_wish->order_number > 0) != (ret_wish->order > 0) ||
		(ret_wish->order && ret_wish->state == DEVICE_TRUSTED))
		payload->is_bad = true;
}

void console_put_word(struct bytes_writer *frame, const struct console_word *word)
{
	bytes_put_u64(frame, word->id);
	bytes_put_u16(frame, word->refusal);
	put_sized(frame, word->text, word->size);
}

void console_get_word(struct bytes_reader *payload, struct console_word *ret_word)
{
	ret_word->id = bytes_get_u64(payload);
	ret_word->refusal = get_refusal(payload);
	ret_word->size = get_sized(payload, ret_word->text, 0, sizeof(ret_word->text));
	if ((ret_word->refusal == REFUSAL_NONE) != (ret_word->size > 0))
		payload->is_bad = true;
}

void console_put_sign(struct bytes_writer *frame, const struct console_sign *sign)
{
	bytes_put_u64(frame, sign->id);
	bytes_put_blob(frame, sign->device, sizeof(sign->device));
	bytes_put_string(frame, sign->tenant);
	put_sized(frame, sign->csr, sign->size);
}

void console_get_sign(struct bytes_reader *payload, struct console_sign *ret_sign)
{
	ret_sign->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_sign->device, sizeof(ret_sign->device));
	bytes_get_string(payload, ret_sign->tenant, sizeof(ret_sign->tenant));
	ret_sign->size = get_sized(payload, ret_sign->csr, 1, sizeof(ret_sign->csr));
}

void console_put_signed(struct bytes_writer *frame, const struct console_signed *answer)
{
	bytes_put_u64(frame, answer->id);
	bytes_put_u16(frame, answer->refusal);
	put_sized(frame, answer->certificate, answer->size);
}

void console_get_signed(struct bytes_reader *payload, struct console_signed *ret_answer)
{
	ret_answer->id = bytes_get_u64(payload);
	ret_answer->refusal = get_refusal(payload);
	ret_answer->size = get_sized(
		payload, ret_answer->certificate, 0, sizeof(ret_answer->certificate));
	if ((ret_answer->refusal == REFUSAL_NONE) != (ret_answer->size > 0))
		payload->is_bad = true;
}

void console_put_check(struct bytes_writer *frame, const struct console_check *check)
{
	bytes_put_u64(frame, check->id);
	bytes_put_string(frame, check->token);
	bytes_put_string(frame, check->address);
	bytes_put_string(frame, check->nonce);
}

void console_get_check(struct bytes_reader *payload, struct console_check *ret_check)
{
	ret_check->id = bytes_get_u64(payload);
	bytes_get_string(payload, ret_check->token, sizeof(ret_check->token));
	bytes_get_string(payload, ret_check->address, sizeof(ret_check->address));
	bytes_get_string(payload, ret_check->nonce, sizeof(ret_check->nonce));
}

void console_put_checked(struct bytes_writer *frame, const struct console_checked *checked)
{
	bytes_put_u64(frame, checked->id);
	bytes_put_u16(frame, checked->refusal);
	bytes_put_u8(frame, checked->verdict);
	bytes_put_u8(frame, checked->state);
	bytes_put_blob(frame, checked->device, sizeof(checked->device));
	bytes_put_u64(frame, checked->expires_s);
	bytes_put_string(frame, checked->account);
	bytes_put_string(frame, checked->tenant);
	bytes_put_string(frame, checked->app);
	bytes_put_string(frame, checked->trust);
}

void console_get_checked(struct bytes_reader *payload, struct console_checked *ret_checked)
{
	ret_checked->id = bytes_get_u64(payload);
	ret_checked->refusal = bytes_get_u16(payload);
	ret_checked->verdict = bytes_get_u8(payload);
	ret_checked->state = bytes_get_u8(payload);
	bytes_get_blob(payload, ret_checked->device, sizeof(ret_checked->device));
	ret_checked->expires_s = bytes_get_u64(payload);
	bytes_get_string(payload, ret_checked->account, sizeof(ret_checked->account));
	bytes_get_string(payload, ret_checked->tenant, sizeof(ret_checked->tenant));
	bytes_get_string(payload, ret_checked->app, sizeof(ret_checked->app));
	bytes_get_string(payload, ret_checked->trust, sizeof(ret_checked->trust));
	if (ret_checked->verdict >= TICKET_VERDICT_MAX || ret_checked->state > DEVICE_REVOKED)
		payload->is_bad = true;
}

void console_put_done(struct bytes_writer *frame, const struct console_done *done)
{
	bytes_put_u64(frame, done->id);
	bytes_put_u16(frame, done->refusal);
}

void console_get_done(struct bytes_reader *payload, struct console_done *ret_done)
{
	ret_done->id = bytes_get_u64(payload);
	ret_done->refusal = get_refusal(payload);
}

void console_put_chain(struct bytes_writer *frame, const struct console_chain *chain)
{
	bytes_put_u16(frame, chain->count);
	for (unsigned int i = 0; i < chain->count; i++)
		put_sized(frame, chain->certificates[i].bytes, chain->certificates[i].size);
}

void console_get_chain(struct bytes_reader *payload, struct console_chain *ret_chain)
{
	ret_chain->count = bytes_get_u16(payload);
	if (ret_chain->count < 1 || ret_chain->count > CONSOLE_CHAIN_MAX) {
		ret_chain->count = 0;
		payload->is_bad = true;
	}
	for (unsigned int i = 0; i < ret_chain->count; i++)
		ret_chain->certificates[i].size = get_sized(payload,
			ret_chain->certificates[i].bytes, 1,
			sizeof(ret_chain->certificates[i].bytes));
}
