/* SPDX-License-Identifier: Apache-2.0 */
/* The line on the terminal that caused a refusal: the engine has the words, the sensor the way. */
#include <stdio.h>

#include "agent/engine/engine.h"
#include "agent/engine/event_service.h"
#include "agent/engine/event_words.h"
#include "common/clock.h"

#define TELL_FRESH_NS (10 * CLOCK_SECOND_NS) /* later, another may sit at that terminal */

/* The rule's own words, or those of the reason when it was no rule. */
static const char *words_of(
	const struct policy_compiled *policy, const struct record *record, const char **ret_link)
{
	const struct policy_origin *origin = NULL;
	unsigned int bit;

	const struct policy_service *service = event_service(policy, record);

	if (service) { /* the sentence says where from; these are the policy's words */
		*ret_link = service->link;
		return service->text;
	}
	if (record->raw.reason != HF_REASON_RULE)
		return failure_row(record->raw.reason)->text;
	if (policy && record->raw.decided)
		origin = policy_rule_for(policy, record->raw.channel, record->raw.decided, &bit);
	if (!origin)
		return NULL;
	*ret_link = origin->link;
	return origin->text;
}

void tell_terminal(struct engine *engine, const struct record *record)
{
	static struct message_tell tell; /* too large for the stack */
	char sentence[EVENT_TEXT_MAX];
	const char *link = NULL, *text;
	struct bytes_writer frame;

	if (record->raw.header.type != HF_RECORD_VERDICT || record->raw.verdict < HF_VERDICT_WARN ||
		!record->raw.tty || record->raw.header.ktime_ns + TELL_FRESH_NS < clock_boot_ns() ||
		!channel_is_idle(&engine->sensor)) /* it has better things to do */
		return;
	tell.tty = record->raw.tty;
	tell.uid = record->raw.uid;
	tell.loginuid = record->raw.loginuid;
	event_sentence(engine->policy, record, sentence);
	text = words_of(engine->policy, record, &link);
	(void)snprintf(tell.text, sizeof(tell.text), "holdfast: %.900s.%s%.512s%s%.400s  See: %s",
		sentence, text ? "  " : "", text ? text : "", link ? "  " : "", link ? link : "",
		record->raw.verdict == HF_VERDICT_WARN ? "holdfast why, holdfast justify"
						       : "holdfast why");
	link_begin(&frame, MESSAGE_TELL);
	message_put_tell(&frame, &tell);
	link_send(engine, &frame, -1);
}
