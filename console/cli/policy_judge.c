/* SPDX-License-Identifier: Apache-2.0 */
#include "console/cli/policy_judge.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <string.h>

#include "common/json.h"
#include "policy/words.h"

#define OWN "unmapped.holdfast."

/* The kinds of records that are verdicts have the names of channels, but for this one. */
static int channel_of(struct json_object *event)
{
	const char *code = json_text(event, "metadata.event_code");

	return policy_channel_parse(strcmp(code, "rawdisk") ? code : "raw-disk");
}

static uint64_t labels_of(
	const struct policy_compiled *policy, struct json_object *event, bool *ret_has_unknown)
{
	struct json_object *names = json_at(event, OWN "labels");
	size_t count = json_object_is_type(names, json_type_array) ? json_object_array_length(names)
								   : 0;
	uint64_t labels = 0;

	*ret_has_unknown = false;
	for (size_t i = 0; i < count; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));
		int bit = name ? policy_label_of_name(policy, name) : -1;

		if (bit >= 0)
			labels |= UINT64_C(1) << bit;
		else
			*ret_has_unknown = true;
	}
	return labels;
}

static void add_destination(struct json_object *event, struct policy_act *act)
{
	const char *ip = json_text(event, "dst_endpoint.ip");

	if (inet_pton(AF_INET, ip, act->address + 12) == 1)
		act->address[10] = act->address[11] = 0xff;
	else if (inet_pton(AF_INET6, ip, act->address) != 1)
		return;
	act->has_destination = true;
	act->port = (uint16_t)json_number(event, "dst_endpoint.port");
}

bool policy_judge(
	const struct policy_compiled *policy, struct json_object *event, struct judged_act *ret_act)
{
	struct policy_act act = {.uid = (uint32_t)json_number(event, OWN "uid"),
		.app = policy_app_of_name(policy, json_text(event, "actor.app_name"))};
	struct policy_decision decision;
	int channel = channel_of(event), was = policy_action_parse(json_text(event, OWN "verdict"));
	unsigned int bit = 0;

	if (channel < 0 || was < 0 || was >= HF_VERDICT_MAX)
		return false;
	*ret_act = (struct judged_act){.was = (enum hf_verdict)was,
		.channel = (unsigned int)channel,
		.count = json_number(event, "count") ? json_number(event, "count") : 1};
	act.channel = (unsigned int)channel;
	act.labels = labels_of(policy, event, &ret_act->has_unknown);
	if (channel ==
		HF_CHANNEL_OPEN) /* what the policy labels by place, it may not have before */
		act.labels |= policy_labels_of_path(policy, json_text(event, "file.path"));
	if (!act.labels)
		return false;
	add_destination(event, &act);
	ret_act->is_of_device = channel == HF_CHANNEL_REMOVABLE || channel == HF_CHANNEL_RAWDISK;
	policy_evaluate(policy, &act, &decision);
	ret_act->is = decision.verdict;
	if (decision.decided)
		ret_act->rule = policy_rule_for(
			policy, (unsigned int)channel, decision.decided, &bit);
	if (ret_act->rule)
		ret_act->label = policy->label[bit].name;
	return true;
}
