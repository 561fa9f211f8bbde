/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's decision in user space, each exception with its control, and the rule behind it. */
#include "tests/unit/policy_fixture.h"

#include "policy/evaluate.h"

#define FINANCE UINT64_C(1)
#define HR	UINT64_C(2)
#define ANNA	1001
#define BEN	1002
#define VIM	1
#define LESS	2
#define FSCK	3

#define BOTH                                                                          \
	GOOD "[label hr]\ntenant = acme\nopen-with = vim, less\ntext = Ask people.\n" \
	     "[app less]\npath = /usr/bin/less\n"                                     \
	     "[app fsck]\npath = /usr/sbin/e2fsck\nraw-disk = yes\n"

static enum hf_verdict judge(
	const struct policy_compiled *compiled, struct policy_act act, uint64_t decided)
{
	struct policy_decision decision;

	policy_evaluate(compiled, &act, &decision);
	cr_expect_eq(decision.decided, decided, "decided %lx", (unsigned long)decision.decided);
	return decision.verdict;
}

#define JUDGE(compiled, decided, ...) judge(compiled, (struct policy_act){__VA_ARGS__}, decided)

Test(policy_evaluate, open_with)
{
	struct policy_compiled *compiled = fixture_compile(BOTH);

	cr_expect_eq(JUDGE(compiled, 0, .labels = FINANCE, .app = VIM), HF_VERDICT_ALLOW);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .app = LESS), HF_VERDICT_BLOCK);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE), HF_VERDICT_BLOCK);
	cr_expect_eq(
		JUDGE(compiled, FINANCE, .labels = FINANCE | HR, .app = LESS), HF_VERDICT_BLOCK);
	cr_expect_eq(JUDGE(compiled, 0, .labels = 0), HF_VERDICT_ALLOW);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, descriptors_follow_open_with)
{
	struct policy_compiled *compiled = fixture_compile(BOTH);

	cr_expect_eq(
		JUDGE(compiled, 0, .labels = FINANCE, .app = VIM, .channel = HF_CHANNEL_DESCRIPTOR),
		HF_VERDICT_ALLOW);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .app = LESS,
			     .channel = HF_CHANNEL_DESCRIPTOR),
		HF_VERDICT_BLOCK);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, strictest_wins)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[rule a]\nlabel = finance\nchannel = network\naction = warn\n"
		     "[rule b]\nlabel = hr\nchannel = network\naction = audit\n");

	cr_expect_eq(
		JUDGE(compiled, FINANCE, .labels = FINANCE | HR, .channel = HF_CHANNEL_NETWORK),
		HF_VERDICT_WARN);
	cr_expect_eq(
		JUDGE(compiled, HR, .labels = HR, .channel = HF_CHANNEL_NETWORK), HF_VERDICT_AUDIT);
	cr_expect_eq(JUDGE(compiled, UINT64_C(1) << 40, .labels = HR | UINT64_C(1) << 40,
			     .channel = HF_CHANNEL_NETWORK),
		HF_VERDICT_BLOCK, "a label of an earlier policy");
	policy_compiled_free(compiled);
}

/* Only the labels that made the verdict are named in the record. */
Test(policy_evaluate, decided_leaves_allowed_labels_out)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[rule a]\nlabel = finance\nchannel = network\naction = audit\n"
		     "[rule b]\nlabel = hr\nchannel = network\naction = allow\n");

	cr_expect_eq(
		JUDGE(compiled, FINANCE, .labels = FINANCE | HR, .channel = HF_CHANNEL_NETWORK),
		HF_VERDICT_AUDIT);
	cr_expect_eq(
		JUDGE(compiled, 0, .labels = HR, .channel = HF_CHANNEL_NETWORK), HF_VERDICT_ALLOW);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, except_app_and_raw_disk)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[rule a]\nlabel = finance\nchannel = removable\naction = block\nexcept-app = "
		     "vim\n");

	cr_expect_eq(
		JUDGE(compiled, 0, .labels = FINANCE, .app = VIM, .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_ALLOW);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .app = LESS,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_BLOCK);
	cr_expect_eq(JUDGE(compiled, HR, .labels = FINANCE | HR, .app = VIM,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_BLOCK, "the exception is for one label");
	cr_expect_eq(
		JUDGE(compiled, 0, .labels = FINANCE, .app = FSCK, .channel = HF_CHANNEL_RAWDISK),
		HF_VERDICT_ALLOW);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .app = VIM,
			     .channel = HF_CHANNEL_RAWDISK),
		HF_VERDICT_BLOCK);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, except_user_leaves_a_record)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[rule a]\nlabel = finance\nchannel = removable\naction = block\nexcept-user "
		     "= anna\n");

	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .uid = ANNA,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_AUDIT);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .uid = BEN,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_BLOCK);
	cr_expect_eq(JUDGE(compiled, HR, .labels = FINANCE | HR, .uid = ANNA,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_BLOCK);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .uid = ANNA,
			     .channel = HF_CHANNEL_NETWORK),
		HF_VERDICT_BLOCK, "the exception is for one channel");
	policy_compiled_free(compiled);
}

Test(policy_evaluate, except_network)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[network office]\naddress = 10.0.0.0/8\nport = 443\n"
		     "[rule a]\nlabel = finance\nchannel = network\naction = block\nexcept-network "
		     "= office\n");
	struct policy_act act = {
		.labels = FINANCE,
		.channel = HF_CHANNEL_NETWORK,
		.has_destination = true,
		.address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
		.port = 443,
	};

	cr_expect_eq(judge(compiled, act, 0), HF_VERDICT_ALLOW);
	act.port = 444;
	cr_expect_eq(judge(compiled, act, FINANCE), HF_VERDICT_BLOCK);
	act.port = 443;
	act.address[12] = 11;
	cr_expect_eq(judge(compiled, act, FINANCE), HF_VERDICT_BLOCK);
	act.address[12] = 10;
	act.has_destination = false;
	cr_expect_eq(judge(compiled, act, FINANCE), HF_VERDICT_BLOCK, "another address family");
	policy_compiled_free(compiled);
}

Test(policy_evaluate, except_device)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[device d]\nvendor = 0951\nproduct = 1666\n"
		     "[rule a]\nlabel = finance\nchannel = removable\naction = "
		     "block\nexcept-device = d\n");
	uint64_t allow = policy_device_allow(compiled, HF_CHANNEL_REMOVABLE, "0951", "1666", "X");

	cr_expect_eq(JUDGE(compiled, 0, .labels = FINANCE, .allow = allow,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_ALLOW);
	cr_expect_eq(JUDGE(compiled, HR, .labels = FINANCE | HR, .allow = allow,
			     .channel = HF_CHANNEL_REMOVABLE),
		HF_VERDICT_BLOCK);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, rehearsal)
{
	struct policy_compiled *compiled = fixture_compile(
		HEAD TENANT APP "[label finance]\ntenant = acme\nopen-with = vim\nmode = rehearse\n"
				"[label hr]\ntenant = acme\nopen-with = vim\n");
	struct policy_act act = {.labels = FINANCE, .channel = HF_CHANNEL_NETWORK};
	struct policy_decision decision;

	policy_evaluate(compiled, &act, &decision);
	cr_expect_eq(decision.verdict, HF_VERDICT_AUDIT);
	cr_expect_eq(decision.rehearsed, FINANCE);
	act.labels = FINANCE | HR;
	policy_evaluate(compiled, &act, &decision);
	cr_expect_eq(decision.verdict, HF_VERDICT_BLOCK);
	cr_expect_eq(decision.decided, HR);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, local_files_inherit)
{
	struct policy_compiled *compiled = fixture_compile(BOTH
		"[rule a]\nlabel = hr\nchannel = local-file\naction = warn\nexcept-user = anna\n");
	struct policy_act act = {.labels = FINANCE, .channel = HF_CHANNEL_LOCAL_FILE};
	struct policy_decision decision;

	policy_evaluate(compiled, &act, &decision);
	cr_expect_eq(decision.verdict, HF_VERDICT_ALLOW);
	cr_expect_eq(decision.follow, FINANCE);
	act.labels = HR;
	policy_evaluate(compiled, &act, &decision);
	cr_expect_eq(decision.verdict, HF_VERDICT_WARN);
	cr_expect_eq(decision.follow, 0, "nothing is written");
	act.uid = ANNA;
	policy_evaluate(compiled, &act, &decision);
	cr_expect_eq(decision.verdict, HF_VERDICT_AUDIT);
	cr_expect_eq(decision.follow, HR, "an exception does not shed the label");
	policy_compiled_free(compiled);
}

Test(policy_evaluate, out_of_range_is_closed)
{
	struct policy_compiled *compiled = fixture_compile(GOOD);

	cr_expect_eq(
		JUDGE(compiled, FINANCE, .labels = FINANCE, .app = HF_APP_MAX), HF_VERDICT_BLOCK);
	cr_expect_eq(JUDGE(compiled, FINANCE, .labels = FINANCE, .channel = HF_CHANNEL_MAX),
		HF_VERDICT_BLOCK);
	policy_compiled_free(compiled);
}

Test(policy_evaluate, rule_behind_it)
{
	struct policy_compiled *compiled = fixture_compile(
		BOTH "[rule a]\nlabel = finance\nchannel = network\naction = audit\n"
		     "[rule b]\nlabel = hr\nchannel = network\naction = warn\n");
	const struct policy_origin *origin;
	unsigned int bit = 99;

	origin = policy_rule_for(compiled, HF_CHANNEL_NETWORK, FINANCE | HR, &bit);
	cr_assert(origin);
	cr_expect_str_eq(origin->rule, "b", "the strictest");
	cr_expect_eq(bit, 1);
	cr_expect_str_eq(origin->text, "Ask people.", "the label's, when the rule has none");
	origin = policy_rule_for(compiled, HF_CHANNEL_MOUNT, FINANCE, &bit);
	cr_assert(origin);
	cr_expect(origin->is_default);
	cr_expect_null(origin->rule);
	cr_expect_eq(origin->place.line, 6);
	cr_expect_null(policy_rule_for(compiled, HF_CHANNEL_MOUNT, UINT64_C(1) << 40, &bit));
	origin = policy_rule_for(compiled, HF_CHANNEL_OPEN, FINANCE, &bit);
	cr_expect_eq(origin->place.line, 9, "open-with");
	policy_compiled_free(compiled);
}
