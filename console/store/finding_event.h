/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as OCSF 1.8.0 has them: Detection Finding, class 2004; what is ours alone in unmapped.holdfast. */
#ifndef HOLDFAST_CONSOLE_STORE_FINDING_EVENT_H
#define HOLDFAST_CONSOLE_STORE_FINDING_EVENT_H

#include <json-c/json_object.h>

#include "console/store/store.h"

struct finding_kind {
	const char *name, *title;
	uint8_t severity_id; /* OCSF: 2 low, 3 medium, 4 high, 5 critical */
};
/* One that is not in the table is of medium severity, and its own title. */
extern const struct finding_kind finding_kinds[];
extern const size_t finding_kind_count;

/* device: NULL = of none. The caller's to put; NULL without memory. */
struct json_object *finding_event(
	const struct store_finding *finding, const struct store_device *device);

#endif
