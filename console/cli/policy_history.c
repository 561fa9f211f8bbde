/* SPDX-License-Identifier: Apache-2.0 */
#include "console/cli/policy_history.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"
#include "console/cli/event_line.h"
#include "console/cli/policy_judge.h"
#include "policy/words.h"

#define RULES_MAX   256 /* that are told apart */
#define SAMPLES_MAX 3	/* events shown of a rule that would be stricter */

struct tally {
	const struct policy_origin *rule;
	unsigned int channel;
	const char *label;
	enum hf_verdict is;
	uint64_t acts, stricter;
	unsigned int sample_count;
	struct json_object *samples[SAMPLES_MAX]; /* own */
};

struct history {
	const struct policy_compiled *policy;
	struct tally tallies[RULES_MAX];
	unsigned int tally_count;
	uint64_t events, judged, acts, unknown, of_device;
	uint64_t was[HF_VERDICT_MAX], is[HF_VERDICT_MAX], stricter, softer;
};

static struct tally *tally_of(struct history *history, const struct judged_act *act)
{
	for (unsigned int i = 0; i < history->tally_count; i++) {
		struct tally *tally = &history->tallies[i];

		if (tally->rule == act->rule && tally->channel == act->channel &&
			tally->is == act->is)
			return tally;
	}
	if (history->tally_count == RULES_MAX)
		return NULL;
	history->tallies[history->tally_count] = (struct tally){
		.rule = act->rule, .channel = act->channel, .label = act->label, .is = act->is};
	return &history->tallies[history->tally_count++];
}

static void count(struct history *history, const struct judged_act *act, struct json_object *line)
{
	struct tally *tally = act->rule ? tally_of(history, act) : NULL;

	history->judged++;
	history->acts += act->count;
	history->was[act->was] += act->count;
	history->is[act->is] += act->count;
	history->unknown += act->has_unknown;
	history->of_device += act->is_of_device;
	if (act->is > act->was)
		history->stricter += act->count;
	if (act->is < act->was)
		history->softer += act->count;
	if (!tally)
		return;
	tally->acts += act->count;
	if (act->is <= act->was)
		return;
	tally->stricter += act->count;
	if (tally->sample_count < SAMPLES_MAX)
		tally->samples[tally->sample_count++] = json_object_get(line);
}

static void on_line(struct json_object *line, const char *text, void *userdata)
{
	struct history *history = userdata;
	struct json_object *event = json_at(line, "event");
	struct judged_act act;

	(void)text;
	if (!event)
		return;
	history->events++;
	if (policy_judge(history->policy, event, &act))
		count(history, &act, line);
}

static void show_tally(struct tally *tally)
{
	const char *verdict = policy_action_name(tally->is);
	const struct policy_origin *rule = tally->rule;

	(void)printf("  label %s, %s: %s by ", tally->label, policy_channel_name(tally->channel),
		verdict ? verdict : "?");
	print_clean(rule->rule ? rule->rule : "default");
	if (rule->place.file)
		(void)printf(" (%s:%u)", rule->place.file, rule->place.line);
	(void)printf(": %llu", (unsigned long long)tally->acts);
	if (tally->stricter)
		print_styled(PRINT_WARN, ", stricter than it was for %llu",
			(unsigned long long)tally->stricter);
	(void)putchar('\n');
	for (unsigned int i = 0; i < tally->sample_count; i++) {
		(void)fputs("    ", stdout);
		event_line_print(tally->samples[i]);
		(void)json_object_put(tally->samples[i]); /* freed */
	}
}

static void show_limits(const struct history *history)
{
	print_styled(PRINT_BOLD, "What events can't tell\n");
	(void)printf("  what a new label would catch: files without a label leave no events\n");
	if (history->unknown)
		(void)printf("  %llu events have labels that this policy does not: judged without "
			     "them\n",
			(unsigned long long)history->unknown);
	if (history->of_device)
		(void)printf("  %llu events are of removable or raw devices, and do not say which: "
			     "judged as one that no [device] names\n",
			(unsigned long long)history->of_device);
	(void)printf("  users' exceptions count by the numbers that users have on this machine\n");
}

int history_show(const struct policy_compiled *policy, uint64_t since_ms)
{
	const struct admin_request request = {.type = ADMIN_EVENTS, .since_ms = since_ms};
	static struct history history;
	char when[CLOCK_TEXT_SIZE];
	int r;

	history = (struct history){.policy = policy};
	r = client_ask(&request, on_line, &history);
	if (r != CLI_DONE)
		return r;
	clock_format(since_ms, when);
	print_styled(PRINT_BOLD, "Acts since %s, judged again\n", when);
	(void)printf("  %llu events, of which %llu are acts that this policy judges: %llu acts\n",
		(unsigned long long)history.events, (unsigned long long)history.judged,
		(unsigned long long)history.acts);
	for (unsigned int i = 0; i < HF_VERDICT_MAX; i++)
		if (history.was[i] || history.is[i])
			(void)printf("  %-6s %llu, was %llu\n", policy_action_name(i),
				(unsigned long long)history.is[i],
				(unsigned long long)history.was[i]);
	print_styled(history.stricter ? PRINT_WARN : PRINT_GOOD,
		"  stricter than it was: %llu, laxer: %llu\n", (unsigned long long)history.stricter,
		(unsigned long long)history.softer);
	if (history.tally_count)
		print_styled(PRINT_BOLD, "By rule\n");
	for (unsigned int i = 0; i < history.tally_count; i++)
		show_tally(&history.tallies[i]);
	show_limits(&history);
	return CLI_DONE;
}
