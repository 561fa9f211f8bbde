/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy over what has happened: each act that devices recorded, judged again by the same code that names
 * rules on devices. What events do not say is counted, not guessed.
 */
#ifndef HOLDFAST_CONSOLE_CLI_POLICY_JUDGE_H
#define HOLDFAST_CONSOLE_CLI_POLICY_JUDGE_H

#include <json-c/json_object.h>
#include <stdbool.h>

#include "policy/evaluate.h"

struct judged_act {
	enum hf_verdict was, is;
	unsigned int channel; /* enum hf_channel */
	uint64_t count;	      /* acts that the event stands for */
	bool has_unknown;     /* labels that the policy does not have: judged without them */
	bool is_of_device;    /* to a device of which an event does not say enough: as any other */
	const struct policy_origin *rule; /* NULL = allowed; borrowed from the policy */
	const char *label;		  /* of the rule; likewise */
};

/* False: the event is no act that policies judge, or none of its labels is the policy's. */
bool policy_judge(const struct policy_compiled *policy, struct json_object *event,
	struct judged_act *ret_act);

#endif
