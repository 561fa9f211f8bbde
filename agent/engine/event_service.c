/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/event_service.h"

#include <stdio.h>

#include "agent/engine/json.h"

#define ZONES_SIZE 512

bool event_is_service(const struct record *record)
{
	return record->raw.header.type == HF_RECORD_VERDICT &&
	       record->raw.channel == HF_CHANNEL_NETWORK && record->raw.reason == HF_REASON_ZONE;
}

const struct policy_service *event_service(
	const struct policy_compiled *policy, const struct record *record)
{
	if (!policy || record->raw.policy != policy->version || !event_is_service(record))
		return NULL;
	for (size_t i = 0; i < policy->service_count; i++)
		if (record->raw.decided >> i & 1)
			return &policy->services[i];
	return NULL;
}

void event_service_text(const struct policy_compiled *policy, const struct record *record,
	char ret_text[EVENT_SERVICE_SIZE])
{
	const struct policy_service *service = event_service(policy, record);
	char zones[ZONES_SIZE] = "certain networks";
	uint64_t wanted = 0;

	for (size_t i = 0; service && i < service->zones.count; i++)
		wanted |= UINT64_C(1) << service->zones.items[i].index;
	if (service)
		policy_zone_names(policy, wanted, zones, sizeof(zones));
	(void)snprintf(ret_text, EVENT_SERVICE_SIZE, "%s is reachable only from %s.",
		!service	 ? "This service"
		: service->title ? service->title
				 : service->name,
		zones);
}

struct json_object *event_service_rule(
	const struct policy_compiled *policy, const struct record *record)
{
	const struct policy_service *service = event_service(policy, record);
	struct json_object *rule;

	if (!service)
		return NULL;
	rule = json_object_new_object();
	json_add_text(rule, "name", service->name);
	json_add_text(rule, "file", service->place.file);
	json_add_number(rule, "line", service->place.line);
	json_add_text(rule, "text", service->text);
	json_add_text(rule, "link", service->link);
	return rule;
}
