/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel record says, in words. */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_WORDS_H
#define HOLDFAST_AGENT_ENGINE_EVENT_WORDS_H

#include <json-c/json_object.h>

#include "agent/engine/event.h"
#include "agent/engine/print_job.h"
#include "agent/sensor/record.h"
#include "policy/evaluate.h"

#define EVENT_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */

/* Names of the labels of a set, as an array; caller puts. */
struct json_object *event_label_names(const struct policy_compiled *policy, uint64_t labels);
/* NULL for a number that is none. */
const char *event_operation_name(unsigned int operation);
/* How labels came to a process; NULL when it is no such number. */
const char *event_hop_name(unsigned int hop);
/* What the record says of a print job; false when it says nothing. */
bool event_print_job(const struct record *record, struct print_job *ret_job);
/* Where the act was to go, as a number; false when the record has no address. */
bool event_address_text(const struct record *record, char ret_text[EVENT_ADDRESS_SIZE]);
/* The plain sentence: who may not do what with which file. policy may be NULL. */
void event_sentence(const struct policy_compiled *policy, const struct record *record,
	char ret_text[EVENT_TEXT_MAX]);

#endif
