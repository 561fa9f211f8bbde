/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the schema that more than one kind of event has. The caller puts what it is given. */
#ifndef HOLDFAST_AGENT_ENGINE_EVENT_OBJECTS_H
#define HOLDFAST_AGENT_ENGINE_EVENT_OBJECTS_H

#include "agent/engine/event.h"

struct json_object *event_user(uint32_t uid);
/* path "" = not known. */
struct json_object *event_file(const char *path);
/* name may be NULL. */
struct json_object *event_process(uint32_t pid, const char *name);
/* This machine, as an end of a connection and as the device that reports. */
struct json_object *event_endpoint(const struct event_origin *origin);
struct json_object *event_device(const struct event_origin *origin);
/* Below unmapped.holdfast: which record of the kernel's, and the totals with it; journal.c reads it back. */
struct json_object *event_kernel(
	const struct event_origin *origin, const struct event_numbers *numbers, uint64_t sequence);
/* Holdfast itself. */
struct json_object *event_product(void);

#endif
