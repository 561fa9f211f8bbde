/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of witnesses: any user may make some up, so they are told of as that user's word. */
#include "agent/engine/witness.h"

#include <json-c/json.h>
#include <stdio.h>

#include "agent/engine/json.h"
#include "agent/engine/engine.h"
#include "agent/ipc/capture.h"
#include "common/clock.h"

#define MS_NS		(CLOCK_SECOND_NS / 1000)
#define EVENTS_A_MINUTE 60 /* of all witnesses; what they leave out the next one counts */

void witness_on_record(struct engine *engine, const struct record *record)
{
	if (record->raw.operation != HF_OPERATION_CAPTURE)
		return;
	reconcile_record(
		&engine->reconcile, &(struct reconcile_record){.tgid = record->raw.tgid,
					    .method = record->raw.port,
					    .is_refused = record->raw.verdict >= HF_VERDICT_WARN,
					    .at_ms = record->raw.header.ktime_ns / MS_NS});
}

/* Where the kernel part looks, and records whatever is captured, what it has not recorded got through. */
static bool is_all_recorded(const struct engine *engine)
{
	return engine->is_policy_applied &&
	       !(engine->hello.open_channels & (1U << HF_CHANNEL_SCREEN)) &&
	       (engine->policy->bank.screen & HF_SCREEN_RECORD_ALL);
}

static const char *kernel_words(enum reconcile_verdict verdict)
{
	return verdict == RECONCILE_REFUSED ? "; the kernel part had refused it"
					    : "; the kernel part has no record of it";
}

static void tell(struct engine *engine, const struct reconcile_report *report,
	enum reconcile_verdict verdict, uint64_t left_out)
{
	bool is_through = verdict == RECONCILE_REFUSED || is_all_recorded(engine);
	struct json_object *details = json_object_new_object();
	char text[EVENT_TEXT_MAX];
	struct event_note note = {.kind = is_through ? EVENT_CAPTURE_UNSEEN : EVENT_CAPTURED,
		.message = text,
		.uid = report->uid,
		.has_uid = true,
		.pid = report->pid,
		.comm = report->program[0] ? report->program : "unknown",
		.count = (int64_t)report->count,
		.details = details};

	(void)snprintf(text, sizeof(text),
		"%s (process %u) captured the screen (%s) by %s, %llu times, as the session's "
		"witness saw%s",
		note.comm, report->pid, report->display, capture_method_name(report->method),
		(unsigned long long)report->count, is_through ? kernel_words(verdict) : "");
	json_add_text(details, "method", capture_method_name(report->method));
	json_add_text(details, "display", report->display);
	json_add_text(details, "witness", "holdfast-session");
	json_add_text(details, "kernel", verdict == RECONCILE_REFUSED ? "refused" : "none");
	if (left_out)
		json_add_number(details, "left_out", left_out);
	if (is_through)
		failure_count(engine, FAILURE_SCREEN_UNSEEN, text);
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
}

void witness_tick(struct engine *engine)
{
	static struct log_limit limit = {.burst = EVENTS_A_MINUTE};
	static uint64_t left_out;
	struct reconcile_report report;
	enum reconcile_verdict verdict;

	while (reconcile_next(&engine->reconcile, clock_boot_ns() / MS_NS, &report, &verdict)) {
		if (verdict == RECONCILE_AGREES)
			continue; /* the kernel's record says more */
		if (!log_allowed(&limit)) {
			left_out += report.count;
			continue;
		}
		tell(engine, &report, verdict, left_out);
		left_out = 0;
	}
}

void witness_take(struct engine *engine, const struct reconcile_report *report)
{
	if (reconcile_report(&engine->reconcile, report))
		return;
	witness_tick(engine); /* makes room: a full one does not wait */
	(void)reconcile_report(&engine->reconcile, report);
}
