/* SPDX-License-Identifier: Apache-2.0 */
/* Local request of holdfast-session's witnesses. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "agent/engine/json.h"
#include "agent/engine/server.h"
#include "agent/engine/witness.h"
#include "agent/ipc/capture.h"
#include "common/clock.h"

#define CAPTURES_AT_ONCE 1000000

static bool is_clipboard_judged(const struct engine *engine)
{
	const struct hf_channel_masks *masks;

	if (!engine->policy)
		return false;
	masks = &engine->policy->bank.channels[HF_CHANNEL_CLIPBOARD];
	return masks->block || masks->warn || masks->follow;
}

static void take(struct engine *engine, const struct client *client)
{
	const struct local_request *request = &client->request;
	struct reconcile_report report = {.uid = client->uid,
		.pid = request->pid,
		.method = (uint16_t)request->method,
		.count = request->after,
		.at_ms = clock_boot_ns() / (CLOCK_SECOND_NS / 1000)};

	(void)snprintf(report.program, sizeof(report.program), "%.*s",
		(int)sizeof(report.program) - 1, request->program);
	(void)snprintf(report.display, sizeof(report.display), "%s", request->display);
	witness_take(engine, &report);
}

void verb_witness(struct engine *engine, struct client *client, int fd)
{
	const struct local_request *request = &client->request;
	struct json_object *line;

	(void)fd; /* none is asked for */
	if (request->method && (!capture_method_name(request->method) || !request->after ||
				       request->after > CAPTURES_AT_ONCE)) {
		client_end(client, -EINVAL, "nobody captures a screen like that");
		return;
	}
	client->is_witness = true;
	(void)snprintf(client->display, sizeof(client->display), "%s", request->display);
	if (request->method)
		take(engine, client);
	line = json_object_new_object();
	json_add_bool(line, "watch", engine->is_policy_applied);
	json_add_bool(line, "clear_on_lock", is_clipboard_judged(engine));
	client_line(client, line);
	client_end(client, 0, "%s", "");
}
