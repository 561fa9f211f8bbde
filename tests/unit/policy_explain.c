/* SPDX-License-Identifier: Apache-2.0 */
/* `holdfast policy explain`: the verdict and the line that says so. */
#include "tests/unit/policy_fixture.h"

#include "policy/address.h"
#include "policy/explain.h"

#define POLICY                                                                           \
	GOOD "[app less]\npath = /usr/bin/less\n"                                        \
	     "[app fsck]\npath = /usr/sbin/e2fsck\nraw-disk = yes\n"                     \
	     "[network office]\naddress = 10.0.0.0/8\n"                                  \
	     "[device d]\nvendor = 0951\nproduct = 1666\n"                               \
	     "[rule net]\nlabel = finance\nchannel = network\naction = block\n"          \
	     "except-network = office\ntext = Not outside.\nlink = https://a.example/\n" \
	     "[rule usb]\nlabel = finance\nchannel = removable\naction = warn\n"         \
	     "except-device = d\nexcept-user = anna\n"

struct want {
	struct policy_question question;
	enum hf_verdict open;
	enum hf_verdict then;
	const char *lines[4]; /* pieces, each of one line */
};

static const struct want wants[] = {
	{{.path = "/srv/other", .app = "vim", .channel = -1}, HF_VERDICT_ALLOW, HF_VERDICT_ALLOW,
		{"/srv/other is below no label's path"}},
	{{.path = "/srv/finance/q3", .app = "vim", .user = "anna", .channel = -1}, HF_VERDICT_ALLOW,
		HF_VERDICT_ALLOW,
		{"/srv/finance/q3 carries label finance: path = /srv/finance (test.ini:8)",
			"anna, in vim, opens it (channel open): allowed",
			"open-with names vim (test.ini:9)"}},
	{{.path = "/srv/finance/q3", .app = "less", .uid = 5, .channel = -1}, HF_VERDICT_BLOCK,
		HF_VERDICT_ALLOW,
		{"user 5, in less, opens it (channel open): refused, and recorded",
			"open-with does not name less (test.ini:9)",
			"so block is built in (test.ini:6)"}},
	{{.path = "/srv/finance/q3", .app = "/usr/bin/cat", .channel = HF_CHANNEL_NETWORK},
		HF_VERDICT_BLOCK, HF_VERDICT_ALLOW,
		{"in /usr/bin/cat, opens it", "then network: does not come to it"}},
	{{.path = "/srv/finance",
		 .app = "/usr/bin/vim.basic",
		 .channel = HF_CHANNEL_NETWORK,
		 .has_destination = true,
		 .destination = "192.0.2.1",
		 .address = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1},
		 .port = 443},
		HF_VERDICT_ALLOW, HF_VERDICT_BLOCK,
		{"in vim, sends over the network, to 192.0.2.1 (channel network): refused",
			"rule net says block (test.ini:22)",
			"the user reads: Not outside. https://a.example/"}},
	{{.path = "/srv/finance",
		 .app = "vim",
		 .channel = HF_CHANNEL_NETWORK,
		 .has_destination = true,
		 .destination = "10.0.0.1",
		 .address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
		 .port = 443},
		HF_VERDICT_ALLOW, HF_VERDICT_ALLOW,
		{"rule net says block but excepts the destination (test.ini:26)"}},
	{{.path = "/srv/finance", .app = "vim", .channel = HF_CHANNEL_REMOVABLE, .device = "d"},
		HF_VERDICT_ALLOW, HF_VERDICT_ALLOW,
		{"writes to a removable device, to d", "excepts the device (test.ini:33)"}},
	{{.path = "/srv/finance", .app = "vim", .channel = HF_CHANNEL_REMOVABLE, .uid = 1001},
		HF_VERDICT_ALLOW, HF_VERDICT_AUDIT, {"excepts the user (test.ini:34)"}},
	{{.path = "/srv/finance", .app = "vim", .channel = HF_CHANNEL_REMOVABLE, .uid = 7},
		HF_VERDICT_ALLOW, HF_VERDICT_WARN,
		{"refused until the user gives a reason", "rule usb says warn (test.ini:29)"}},
	{{.path = "/srv/finance", .app = "vim", .channel = HF_CHANNEL_LOCAL_FILE}, HF_VERDICT_ALLOW,
		HF_VERDICT_ALLOW,
		{"follow is built in (test.ini:6)", "the written file inherits it"}},
	{{.path = "/srv/finance", .app = "vim", .channel = HF_CHANNEL_CLIPBOARD}, HF_VERDICT_ALLOW,
		HF_VERDICT_ALLOW,
		{"in vim, pastes what was copied from it (channel clipboard): allowed",
			"follow is built in (test.ini:6)", "the receiver inherits it"}},
	{{.path = "/srv/finance", .app = "vim", .channel = HF_CHANNEL_PRINT}, HF_VERDICT_ALLOW,
		HF_VERDICT_BLOCK,
		{"in vim, prints (channel print): refused", "no rule for channel print"}},
	{{.path = "/srv/finance",
		 .app = "vim",
		 .channel = HF_CHANNEL_NETWORK,
		 .has_destination = true,
		 .destination = "10.0.0.1:631",
		 .address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
		 .port = 631},
		HF_VERDICT_ALLOW, HF_VERDICT_BLOCK,
		{"excepts the destination (test.ini:26)",
			"prints, to 10.0.0.1:631 (channel print): refused"}},
	{{.path = "/srv/finance", .app = "fsck", .channel = HF_CHANNEL_RAWDISK}, HF_VERDICT_BLOCK,
		HF_VERDICT_ALLOW, {"fsck may read raw disks (test.ini:14)"}},
};

static bool is_said(const struct policy_answer *answer, const char *piece)
{
	for (size_t i = 0; i < answer->count; i++)
		if (strstr(answer->lines[i], piece))
			return true;
	return false;
}

Test(policy_explain, answers)
{
	struct policy_compiled *compiled = fixture_compile(POLICY);

	for (size_t i = 0; i < sizeof(wants) / sizeof(*wants); i++) {
		const struct want *want = &wants[i];
		struct policy_answer answer;

		cr_assert_eq(policy_explain(compiled, &want->question, &answer), 0);
		cr_expect_eq(answer.open, want->open, "question %zu", i);
		cr_expect_eq(answer.then, want->then, "question %zu", i);
		for (size_t j = 0; j < 4 && want->lines[j]; j++)
			cr_expect(is_said(&answer, want->lines[j]), "question %zu: no '%s'", i,
				want->lines[j]);
		for (size_t j = 0; j < answer.count; j++)
			cr_log_info("%s", answer.lines[j]);
		policy_answer_done(&answer);
	}
	policy_compiled_free(compiled);
}

/* What an application may write, and where: also of labels that it is handed, not opens. */
Test(policy_explain, exempt)
{
	struct policy_compiled *compiled = fixture_compile(
		GOOD "state = /var/lib/vim\ndocuments = /var/lib/vim/undo\n"
		     "[declassify out]\nlabel = finance\napp = vim\npath = /srv/open\n"
		     "text = Published.\n");
	const struct policy_question question = {
		.path = "/srv/finance/q3", .app = "vim", .channel = HF_CHANNEL_LOCAL_FILE};
	struct policy_answer answer;

	cr_assert_eq(policy_explain(compiled, &question, &answer), 0);
	cr_expect(is_said(&answer, "below /var/lib/vim it stays, but vim reads its own settings "
				   "there without becoming a reader of it (test.ini:12)"));
	cr_expect(is_said(&answer, "below /srv/open declassify out takes it away, and records it "
				   "(test.ini:14): Published."));
	cr_expect(is_said(&answer, "but not below /var/lib/vim/undo"));
	policy_answer_done(&answer);
	policy_compiled_free(compiled);
}

/* The words and the verdict come from one decision: they cannot part. */
Test(policy_explain, says_what_is_decided)
{
	struct policy_compiled *compiled = fixture_compile(HEAD TENANT APP
		"[label a]\ntenant = acme\npath = /srv/a\nopen-with = vim\nmode = rehearse\n"
		"[label b]\ntenant = acme\npath = /srv/*\nview-only = yes\n");
	struct policy_question question = {.path = "/srv/a/x", .channel = HF_CHANNEL_LOCAL_FILE};
	struct policy_answer answer;

	cr_assert_eq(policy_explain(compiled, &question, &answer), 0);
	cr_expect_eq(answer.open, HF_VERDICT_AUDIT);
	cr_expect_eq(answer.then, HF_VERDICT_BLOCK);
	cr_expect(is_said(
		&answer, "mode = rehearse, so it is recorded and not refused (test.ini:8)"));
	cr_expect(
		is_said(&answer, "label b: view-only, may be read and nothing else (test.ini:13)"));
	cr_expect(is_said(
		&answer, "label b: no open-with, any application may open it (test.ini:13)"));
	cr_expect(is_said(&answer, "an unknown program"));
	policy_answer_done(&answer);
	policy_compiled_free(compiled);
}

Test(policy_explain, labels_of_its_own)
{
	struct policy_compiled *compiled = fixture_compile(POLICY);
	struct policy_question question = {.path = "/tmp/x", .labels = 1, .channel = -1};
	struct policy_answer answer;

	cr_assert_eq(policy_explain(compiled, &question, &answer), 0);
	cr_expect_eq(answer.open, HF_VERDICT_BLOCK);
	cr_expect(is_said(&answer, "/tmp/x carries label finance by itself"));
	policy_answer_done(&answer);
	policy_compiled_free(compiled);
}

Test(policy_explain, bad_questions)
{
	struct policy_compiled *compiled = fixture_compile(POLICY);
	struct policy_question question = {.path = "srv", .channel = -1};
	struct policy_answer answer;

	cr_expect_eq(policy_explain(compiled, &question, &answer), -EINVAL);
	question.path = "/srv";
	question.app = "emacs";
	cr_expect_eq(policy_explain(compiled, &question, &answer), -ENOENT);
	question.app = NULL;
	question.device = "e";
	cr_expect_eq(policy_explain(compiled, &question, &answer), -ENOENT);
	question.device = NULL;
	question.channel = HF_CHANNEL_MAX - 1;
	cr_expect_eq(policy_explain(compiled, &question, &answer), -EINVAL);
	policy_compiled_free(compiled);
}
