/* SPDX-License-Identifier: Apache-2.0 */
/* Which refusals a terminal is told, and in what words; this test is in the sensor's place. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "common/clock.h"

static struct engine engine;
static uint8_t told_frame[WIRE_FRAME_MAX];
static struct message_tell told;
static unsigned int told_count;

void link_begin(struct bytes_writer *frame, unsigned int type)
{
	wire_begin(frame, told_frame, sizeof(told_frame), (uint16_t)type);
}

void link_send(struct engine *unused, struct bytes_writer *frame, int fd)
{
	struct bytes_reader payload;
	uint16_t type;

	(void)unused;
	cr_assert_eq(fd, -1);
	cr_assert_eq(wire_open(told_frame, (size_t)wire_end(frame), &type, &payload), 0);
	cr_assert_eq(type, MESSAGE_TELL);
	message_get_tell(&payload, &told);
	cr_assert(bytes_is_done(&payload));
	told_count++;
}

static void start(void)
{
	static struct policy_compiled policy;
	struct policy_label_entry *label = &policy.label[3];

	label->name = (char *)"hr";
	label->title = (char *)"Human Resources";
	label->origins[HF_CHANNEL_OPEN] = (struct policy_origin){.action = POLICY_ACTION_BLOCK,
		.text = (char *)"Stays here.",
		.link = (char *)"https://intranet.example/hr"};
	engine.policy = &policy;
}

static struct record refused(void)
{
	struct record record = {
		.raw = {.header = {.type = HF_RECORD_VERDICT, .ktime_ns = clock_boot_ns()},
			.channel = HF_CHANNEL_OPEN,
			.verdict = HF_VERDICT_BLOCK,
			.decided = UINT64_C(1) << 3,
			.tty = 136 << 20 | 3,
			.tgid = 42,
			.uid = 1000,
			.loginuid = 1001}};

	strcpy(record.comm, "cat");
	strcpy(record.path, "/srv/hr/plan");
	return record;
}

static unsigned int tell(const struct record *record)
{
	unsigned int before = told_count;

	tell_terminal(&engine, record);
	return told_count - before;
}

TestSuite(tell, .init = start);

Test(tell, a_refusal_with_the_rules_own_text_and_link)
{
	struct record record = refused();

	cr_assert_eq(tell(&record), 1u);
	cr_expect_eq(told.tty, record.raw.tty);
	cr_expect_eq(told.uid, 1000u);
	cr_expect_eq(told.loginuid, 1001u);
	cr_expect_str_eq(told.text,
		"holdfast: 'cat' (process 42) was refused when it tried to open /srv/hr/plan "
		"(label: Human Resources).  Stays here.  https://intranet.example/hr  "
		"See: holdfast why");
}

Test(tell, a_warning_says_how_to_go_on)
{
	struct record record = refused();

	record.raw.verdict = HF_VERDICT_WARN;
	cr_assert_eq(tell(&record), 1u);
	cr_expect(strstr(told.text, "holdfast justify"));
}

Test(tell, a_reason_that_is_no_rule)
{
	struct record record = refused();

	record.raw.reason = HF_REASON_TOO_DEEP;
	cr_assert_eq(tell(&record), 1u);
	cr_expect(strstr(told.text, failure_row(HF_REASON_TOO_DEEP)->text));
	cr_expect_not(strstr(told.text, "https://"));
}

Test(tell, the_longest_fits)
{
	struct record record = refused();

	memset(record.path, 'x', sizeof(record.path) - 1);
	cr_assert_eq(tell(&record), 1u);
	cr_expect(strstr(told.text, "Stays here."));
	cr_expect(strstr(told.text, "See: holdfast why"));
}

Test(tell, nobody_is_told_what_is_none_of_theirs)
{
	struct record record = refused();

	record.raw.tty = 0;
	cr_expect_eq(tell(&record), 0u, "no terminal");
	record = refused();
	record.raw.verdict = HF_VERDICT_AUDIT;
	cr_expect_eq(tell(&record), 0u, "allowed");
	record = refused();
	record.raw.header.type = HF_RECORD_FILE;
	cr_expect_eq(tell(&record), 0u, "no verdict");
	record = refused();
	record.raw.header.ktime_ns -= 11 * CLOCK_SECOND_NS;
	cr_expect_eq(tell(&record), 0u, "old");
}
