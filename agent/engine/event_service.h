/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts that are not about labels: a service was tried to reach from outside of its zones. */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_SERVICE_H
#define HOLDFAST_AGENT_ENGINE_EVENT_SERVICE_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/sensor/record.h"
#include "policy/zone.h"

#define EVENT_SERVICE_SIZE 1024

/* Whether it is one; decided is then of services, and there are no labels. */
bool event_is_service(const struct record *record);
/* Which, the first of them. NULL: none of this policy's, or the record is of another one. policy may be NULL. */
const struct policy_service *event_service(
	const struct policy_compiled *policy, const struct record *record);
/* "Mail is reachable only from the office or the VPN."; of no service known, in general words. */
void event_service_text(const struct policy_compiled *policy, const struct record *record,
	char ret_text[EVENT_SERVICE_SIZE]);
/* Its place in the policy and its words, as of a rule. NULL when it is not known; caller puts. */
struct json_object *event_service_rule(
	const struct policy_compiled *policy, const struct record *record);

#endif
