/* SPDX-License-Identifier: Apache-2.0 */
/* Codec only. */
#include "agent/ipc/scout.h"

/* How many items follow; more than there is room for is a broken peer. */
static size_t count_get(struct bytes_reader *payload, size_t most)
{
	size_t count = bytes_get_u16(payload);

	if (count > most)
		payload->is_bad = true;
	return payload->is_bad ? 0 : count;
}

static bool flag_get(struct bytes_reader *payload)
{
	uint8_t flag = bytes_get_u8(payload);

	if (flag > 1)
		payload->is_bad = true;
	return flag;
}

void scout_put_want(struct bytes_writer *frame, const struct scout_want *want)
{
	bytes_put_u8(frame, want->wants_mac);
	bytes_put_u16(frame, (uint16_t)want->name_count);
	for (size_t i = 0; i < want->name_count; i++)
		bytes_put_string(frame, want->names[i]);
}

void scout_get_want(struct bytes_reader *payload, struct scout_want *ret_want)
{
	ret_want->wants_mac = flag_get(payload);
	ret_want->name_count = count_get(payload, SCOUT_NAME_MAX);
	for (size_t i = 0; i < ret_want->name_count; i++)
		bytes_get_string(payload, ret_want->names[i], sizeof(ret_want->names[i]));
}

void scout_put_ask(struct bytes_writer *frame, const struct scout_ask *ask)
{
	bytes_put_blob(frame, ask->address, sizeof(ask->address));
	bytes_put_u16(frame, ask->port);
	bytes_put_blob(frame, ask->question, sizeof(ask->question));
}

void scout_get_ask(struct bytes_reader *payload, struct scout_ask *ret_ask)
{
	bytes_get_blob(payload, ret_ask->address, sizeof(ret_ask->address));
	ret_ask->port = bytes_get_u16(payload);
	bytes_get_blob(payload, ret_ask->question, sizeof(ret_ask->question));
}

void scout_put_network(struct bytes_writer *frame, const struct scout_network *network)
{
	bytes_put_u16(frame, (uint16_t)network->address_count);
	for (size_t i = 0; i < network->address_count; i++)
		bytes_put_blob(frame, network->addresses[i], sizeof(network->addresses[i]));
	bytes_put_u16(frame, (uint16_t)network->gateway_count);
	for (size_t i = 0; i < network->gateway_count; i++) {
		const struct zone_gateway *gateway = &network->gateways[i];

		bytes_put_blob(frame, gateway->address, sizeof(gateway->address));
		bytes_put_u8(frame, gateway->has_mac);
		bytes_put_blob(frame, gateway->mac, sizeof(gateway->mac));
	}
	bytes_put_u16(frame, (uint16_t)network->link_count);
	for (size_t i = 0; i < network->link_count; i++) {
		bytes_put_string(frame, network->links[i].name);
		bytes_put_string(frame, network->links[i].kind);
	}
}

void scout_get_network(struct bytes_reader *payload, struct scout_network *ret_network)
{
	ret_network->address_count = count_get(payload, ZONE_ADDRESS_MAX);
	for (size_t i = 0; i < ret_network->address_count; i++)
		bytes_get_blob(
			payload, ret_network->addresses[i], sizeof(ret_network->addresses[i]));
	ret_network->gateway_count = count_get(payload, ZONE_GATEWAY_MAX);
	for (size_t i = 0; i < ret_network->gateway_count; i++) {
		struct zone_gateway *gateway = &ret_network->gateways[i];

		bytes_get_blob(payload, gateway->address, sizeof(gateway->address));
		gateway->has_mac = flag_get(payload);
		bytes_get_blob(payload, gateway->mac, sizeof(gateway->mac));
	}
	ret_network->link_count = count_get(payload, ZONE_LINK_MAX);
	for (size_t i = 0; i < ret_network->link_count; i++) {
		struct zone_link *link = &ret_network->links[i];

		bytes_get_string(payload, link->name, sizeof(link->name));
		bytes_get_string(payload, link->kind, sizeof(link->kind));
	}
}

void scout_put_suffixes(struct bytes_writer *frame, const struct scout_suffixes *suffixes)
{
	bytes_put_u16(frame, (uint16_t)suffixes->count);
	for (size_t i = 0; i < suffixes->count; i++)
		bytes_put_string(frame, suffixes->suffixes[i]);
}

void scout_get_suffixes(struct bytes_reader *payload, struct scout_suffixes *ret_suffixes)
{
	ret_suffixes->count = count_get(payload, ZONE_SUFFIX_MAX);
	for (size_t i = 0; i < ret_suffixes->count; i++)
		bytes_get_string(
			payload, ret_suffixes->suffixes[i], sizeof(ret_suffixes->suffixes[i]));
}

void scout_put_name(struct bytes_writer *frame, const struct scout_name *name)
{
	bytes_put_string(frame, name->name);
	bytes_put_u8(frame, name->is_known);
	bytes_put_u16(frame, (uint16_t)name->count);
	for (size_t i = 0; i < name->count; i++)
		bytes_put_blob(frame, name->addresses[i], sizeof(name->addresses[i]));
}

void scout_get_name(struct bytes_reader *payload, struct scout_name *ret_name)
{
	bytes_get_string(payload, ret_name->name, sizeof(ret_name->name));
	ret_name->is_known = flag_get(payload);
	ret_name->count = count_get(payload, SCOUT_RESOLVED_MAX);
	for (size_t i = 0; i < ret_name->count; i++)
		bytes_get_blob(payload, ret_name->addresses[i], sizeof(ret_name->addresses[i]));
}

void scout_put_answer(struct bytes_writer *frame, const struct beacon_answer *answer)
{
	bytes_put_blob(frame, answer->nonce, sizeof(answer->nonce));
	bytes_put_blob(frame, answer->signature, sizeof(answer->signature));
}

void scout_get_answer(struct bytes_reader *payload, struct beacon_answer *ret_answer)
{
	bytes_get_blob(payload, ret_answer->nonce, sizeof(ret_answer->nonce));
	bytes_get_blob(payload, ret_answer->signature, sizeof(ret_answer->signature));
}
