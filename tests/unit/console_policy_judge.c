/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts judged again from their events: by the same policy the verdict must be what it was, whatever
 * the act; by another one it is that one's.
 */
#include "tests/unit/policy_fixture.h"

#include "console/cli/policy_judge.h"
#include "policy/words.h"
#include "tests/unit/fixtures/ocsf_schema.h"

#define RULES                                                                   \
	"[rule sticks]\nlabel = finance\nchannel = removable\naction = audit\n" \
	"[rule web]\nlabel = finance\nchannel = network\naction = warn\n"       \
	"[rule paste]\nlabel = finance\nchannel = clipboard\naction = allow\n"

static struct json_object *event_of(const struct policy_compiled *policy,
	const struct policy_act *act, enum hf_verdict verdict, uint64_t decided)
{
	struct record record = ocsf_record(HF_RECORD_VERDICT);

	record.raw.channel = (uint8_t)act->channel;
	record.raw.operation = HF_OPERATION_WRITE;
	record.raw.verdict = (uint8_t)verdict;
	record.raw.labels = act->labels;
	record.raw.decided = decided;
	record.raw.app = act->app;
	record.raw.uid = act->uid;
	memcpy(record.raw.address, act->address, sizeof(act->address));
	record.raw.port = act->port;
	return event_of_record(&ocsf_origin, &ocsf_numbers, policy, &record);
}

static struct policy_act act_on(unsigned int channel, uint32_t app, bool has_destination)
{
	struct policy_act act = {.channel = channel, .app = app, .uid = 1000, .labels = 1};

	if (has_destination) {
		act.has_destination = true;
		act.address[10] = act.address[11] = 0xff;
		act.address[12] = 192;
		act.address[15] = 7;
		act.port = 443;
	}
	return act;
}

Test(console_policy_judge, the_same_policy_says_the_same)
{
	struct policy_compiled *policy = fixture_compile(GOOD RULES);
	unsigned int verdicts[HF_VERDICT_MAX] = {0};

	for (unsigned int channel = 0; channel <= HF_CHANNEL_CLIPBOARD; channel++)
		for (uint32_t app = 0; app < 2; app++)
			for (int destination = 0; destination < 2; destination++) {
				struct policy_act act = act_on(channel, app, destination);
				struct policy_decision decision;
				struct judged_act judged;
				struct json_object *event;

				policy_evaluate(policy, &act, &decision);
				event = event_of(policy, &act, decision.verdict, decision.decided);
				cr_assert(policy_judge(policy, event, &judged), "%s",
					policy_channel_name(channel));
				cr_expect_eq(judged.was, decision.verdict);
				cr_expect_eq(judged.is, decision.verdict, "%s, app %u",
					policy_channel_name(channel), app);
				cr_expect_eq(judged.channel, channel);
				cr_expect_eq(judged.count, 1);
				cr_expect_eq(judged.rule != NULL, decision.decided != 0);
				verdicts[decision.verdict]++;
				(void)json_object_put(event); /* freed */
			}
	cr_expect(verdicts[HF_VERDICT_ALLOW] && verdicts[HF_VERDICT_BLOCK], "both were tried");
	policy_compiled_free(policy);
}

Test(console_policy_judge, another_policy_says_its_own)
{
	struct policy_compiled *old = fixture_compile(GOOD), *new = fixture_compile(GOOD RULES);
	struct policy_act act = act_on(HF_CHANNEL_REMOVABLE, 0, false);
	struct policy_decision decision;
	struct judged_act judged;
	struct json_object *event;

	policy_evaluate(old, &act, &decision);
	cr_assert_eq(decision.verdict, HF_VERDICT_BLOCK);
	event = event_of(old, &act, decision.verdict, decision.decided);
	cr_assert(policy_judge(new, event, &judged));
	cr_expect_eq(judged.was, HF_VERDICT_BLOCK);
	cr_expect_eq(judged.is, HF_VERDICT_AUDIT);
	cr_assert_not_null(judged.rule);
	cr_expect_str_eq(judged.label, "finance");
	cr_expect(judged.is_of_device);
	cr_expect_not(judged.has_unknown);
	(void)json_object_put(event); /* freed */
	policy_compiled_free(old);
	policy_compiled_free(new);
}

/* A label that the policy does not have is said; what is no act is none. */
Test(console_policy_judge, what_cannot_be_judged)
{
	static const char *const none[] = {"{}",
		"{\"metadata\":{\"event_code\":\"open\"},\"unmapped\":{\"holdfast\":{\"verdict\":"
		"\"follow\",\"labels\":[\"finance\"]}}}",
		"{\"metadata\":{\"event_code\":\"open\"}}",
		"{\"metadata\":{\"event_code\":\"labelled\"},\"unmapped\":{\"holdfast\":{"
		"\"verdict\":"
		"\"allow\",\"channel\":\"open\",\"labels\":[\"finance\"]}}}",
		"{\"metadata\":{\"event_code\":\"open\"},\"unmapped\":{\"holdfast\":{\"verdict\":"
		"\"block\",\"labels\":[\"secret\"]}}}",
		"{\"metadata\":{\"event_code\":\"open\"},\"unmapped\":{\"holdfast\":{\"verdict\":"
		"\"block\",\"labels\":[7,null,{}]}}}"};
	static const char some[] =
		"{\"metadata\":{\"event_code\":\"open\"},\"count\":5,\"unmapped\":{\"holdfast\":"
		"{\"verdict\":\"block\",\"labels\":[\"secret\",\"finance\"]}}}";
	struct policy_compiled *policy = fixture_compile(GOOD);
	struct json_object *event = json_tokener_parse(some);
	struct judged_act judged;

	cr_assert(policy_judge(policy, event, &judged), "the control");
	cr_expect(judged.has_unknown);
	cr_expect_eq(judged.count, 5);
	(void)json_object_put(event); /* freed */
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		event = json_tokener_parse(none[i]);
		cr_expect_not(policy_judge(policy, event, &judged), "%s", none[i]);
		(void)json_object_put(event); /* freed */
	}
	policy_compiled_free(policy);
}
