/* SPDX-License-Identifier: Apache-2.0 */
/* The console's line of each event that the agent makes, made by the agent's own code. */
#include "tests/unit/policy_fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/engine/failure_table.h"
#include "console/cli/event_line.h"
#include "tests/unit/fixtures/ocsf_schema.h"

static char text_of[8192];

/* What is printed of it. Takes ownership of the event. */
static const char *printed(struct json_object *event, void (*print)(struct json_object *line))
{
	struct json_object *line = json_object_new_object();
	int kept = dup(STDOUT_FILENO), file = memfd_create("line", MFD_CLOEXEC);
	ssize_t size;

	(void)json_object_object_add(line, "id", json_object_new_int64(4711));
	(void)json_object_object_add(line, "host", json_object_new_string("pc-17"));
	(void)json_object_object_add(line, "device", json_object_new_string("a-uid"));
	(void)json_object_object_add(line, "event", event);
	(void)fflush(stdout);
	cr_assert(kept >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
	print(line);
	(void)fflush(stdout);
	(void)dup2(kept, STDOUT_FILENO);
	size = pread(file, text_of, sizeof(text_of) - 1, 0);
	cr_assert_gt(size, 0);
	text_of[size] = '\0';
	(void)close(kept);
	(void)close(file);
	(void)json_object_put(line); /* freed */
	if (getenv("SHOW_LINES"))
		(void)fputs(text_of, stderr);
	return text_of;
}

static bool has(const char *line, const char *wanted)
{
	return strstr(line, wanted) != NULL;
}

/* What no line may look like, whatever the event. */
static void check_line(const char *line, const char *what)
{
	cr_expect(strchr(line, '\n') == line + strlen(line) - 1, "one line: %s: %s", what, line);
	cr_expect(has(line, "  pc-17  "), "where: %s: %s", what, line);
	cr_expect(has(line, "  #4711\n"), "its id: %s: %s", what, line);
	cr_expect_not(has(line, "   :") || has(line, "  : ") || has(line, ":   ") ||
			      has(line, "()") || has(line, "(null)") || has(line, "->  "),
		"nothing empty: %s: %s", what, line);
}

static struct record record_of(unsigned int type, unsigned int channel, unsigned int verdict)
{
	struct record record = ocsf_record(type);

	record.raw.channel = (uint8_t)channel;
	record.raw.verdict = (uint8_t)verdict;
	record.raw.operation = HF_OPERATION_WRITE;
	return record;
}

Test(console_event_line, every_record_says_who_did_what)
{
	struct policy_compiled *policy = fixture_compile(GOOD);

	for (unsigned int type = HF_RECORD_VERDICT; type < HF_RECORD_MAX; type++)
		for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
			struct record record = record_of(type, channel, HF_VERDICT_BLOCK);
			const char *line = printed(
				event_of_record(&ocsf_origin, &ocsf_numbers, policy, &record),
				event_line_print);

			check_line(line, event_kind_of(&record) ? "record" : "record of kind 0");
			cr_expect(has(line, "  block  "), "%s", line);
			cr_expect(has(line, "  root: "), "who: %s", line);
			cr_expect(has(line, "vim") || type == HF_RECORD_LABELLED ||
					  type == HF_RECORD_APP_LOST,
				"with what: %s", line);
		}
	policy_compiled_free(policy);
}

static const char *line_of(const struct policy_compiled *policy, const struct record *record)
{
	return printed(
		event_of_record(&ocsf_origin, &ocsf_numbers, policy, record), event_line_print);
}

Test(console_event_line, a_refusal_says_file_destination_and_why)
{
	struct policy_compiled *policy = fixture_compile(GOOD);
	struct record record = record_of(HF_RECORD_VERDICT, HF_CHANNEL_REMOVABLE, HF_VERDICT_BLOCK);
	const char *line = line_of(policy, &record);

	cr_expect(has(line, "  block  removable  root: vim[100]"), "%s", line);
	cr_expect(has(line, " write /srv/finance/report.odt"), "%s", line);
	cr_expect(has(line, "(label finance; rule "), "%s", line);
	record.raw.channel = HF_CHANNEL_NETWORK;
	record.raw.operation = HF_OPERATION_SEND;
	record.path[0] = '\0';
	record.raw.address[15] = 1;
	record.raw.port = 443;
	record.raw.coalesced = 4;
	line = line_of(policy, &record);
	cr_expect(has(line, " send -> ::1 port 443  ("), "%s", line);
	cr_expect(has(line, "  5 times  "), "%s", line);
	record.raw.reason = HF_REASON_RULE + 1;
	line = line_of(policy, &record);
	cr_expect(has(line, failure_row(HF_REASON_RULE + 1)->text), "why: %s", line);
	line = line_of(NULL, &record);
	check_line(line, "of a policy that is not known any more");
	policy_compiled_free(policy);
}

/* The agent's own: a sentence. */
Test(console_event_line, notes_are_sentences)
{
	for (unsigned int kind = 0; kind < EVENT_KIND_MAX; kind++) {
		const struct event_note note = {.kind = kind, .message = "something happened"};
		const char *line;

		if (ocsf_row(kind)->objects & (OCSF_DST | OCSF_SRC | OCSF_PROCESS))
			continue; /* of kernel records only */
		line = printed(event_of_note(&ocsf_origin, &ocsf_numbers, &note), event_line_print);
		check_line(line, ocsf_row(kind)->name);
		cr_expect(has(line, ocsf_row(kind)->name), "%s", line);
		cr_expect(has(line, "  something happened"), "%s", line);
	}
}

/* Nothing of a device moves a cursor, and what is no event of ours does not end the command. */
Test(console_event_line, odd_events)
{
	static const char *const odd[] = {"{}", "{\"time\":1,\"message\":7}",
		"{\"message\":\"a\\u001b[2Jb\\nc\",\"actor\":{\"user\":{\"name\":\"\\n\"}}}",
		"{\"unmapped\":{\"holdfast\":{\"operation\":\"write\",\"decided\":[1,null],"
		"\"lineage\":"
		"{\"origins\":[1,{}]},\"rule\":{\"name\":\"r\"}}},\"file\":{\"path\":\"/"
		"a\\u001bb\"}}"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const char *line = printed(json_tokener_parse(odd[i]), event_line_print);

		cr_expect(strchr(line, '\n') == line + strlen(line) - 1, "%s", line);
		cr_expect_not(has(line, "\033"), "%s", line);
		cr_expect_not(has(printed(json_tokener_parse(odd[i]), event_line_show), "\033"));
	}
}

Test(console_event_line, the_whole_event_has_its_lineage)
{
	struct policy_compiled *policy = fixture_compile(GOOD);
	struct record record = record_of(HF_RECORD_VERDICT, HF_CHANNEL_REMOVABLE, HF_VERDICT_BLOCK);
	const char *text;

	record.raw.origins.count = 1;
	record.raw.origins.keys[0] = (struct hf_inode_key){.dev = 5, .ino = 77};
	record.raw.source.tgid = 4242;
	record.raw.source.hop = HF_HOP_PIPE;
	text = printed(
		event_of_record(&ocsf_origin, &ocsf_numbers, policy, &record), event_line_show);
	cr_expect(has(text, "Event 4711"), "%s", text);
	cr_expect(has(text, "file         /srv/finance/report.odt"), "%s", text);
	cr_expect(has(text, "from process 4242, by pipe"), "%s", text);
	cr_expect(has(text, "from file 77 of device 5"), "%s", text);
	cr_expect(has(text, "class        File System Activity"), "%s", text);
	policy_compiled_free(policy);
}
