/* SPDX-License-Identifier: Apache-2.0 */
/* What a person reads of a refusal, and how few notices many refusals are. */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/session/notices.h"
#include "agent/session/retry.h"
#include "agent/session/words.h"
#include "bpf/decisions.h"
#include "common/text.h"

static const char blocked[] =
	"{\"count\":1,\"actor\":{\"process\":{\"name\":\"cat\"},\"user\":{\"uid\":\"1000\"}},"
	"\"file\":{\"name\":\"plan.txt\",\"path\":\"/srv/hr/plan.txt\"},"
	"\"unmapped\":{\"holdfast\":{\"verdict\":\"block\",\"channel\":\"open\",\"rule\":{"
	"\"label\":\"hr\",\"label_title\":\"Human <Resources>\",\"text\":\"R&D stays <here>.\","
	"\"link\":\"https://intranet.example/hr?a=1&b=2\"}}}}";

static const char warned[] =
	"{\"count\":3,\"actor\":{\"process\":{\"name\":\"curl\"},\"app_name\":\"readers\"},"
	"\"dst_endpoint\":{\"ip\":\"10.0.0.9\",\"port\":443},"
	"\"unmapped\":{\"holdfast\":{\"verdict\":\"warn\",\"channel\":\"network\","
	"\"rule\":{\"label\":\"hr\",\"text\":\"Say why.\"}}}}";

static const char captured[] =
	"{\"count\":1,\"actor\":{\"process\":{\"name\":\"scrot\"}},"
	"\"unmapped\":{\"holdfast\":{\"verdict\":\"block\",\"channel\":\"screen\","
	"\"rule\":{\"label\":\"hr\",\"text\":\"No pictures.\"},\"screen\":{\"method\":\"x11-shm\","
	"\"display\":\":0\",\"shown_by\":[{\"name\":\"evince\",\"pid\":7},{\"name\":\"writer\"}],"
	"\"shown_by_more\":2}}}}";

static const char wiped[] =
	"{\"count\":1,\"message\":\"This computer was wiped: keys of 1 labels\","
	"\"metadata\":{\"event_code\":\"wipe-ended\"},\"unmapped\":{\"holdfast\":{}}}";

static const struct notice_abilities plain = {0};
static const struct notice_abilities all = {true, true, true};

static int parse(const char *json, struct refusal *ret_refusal)
{
	struct json_object *event = json_tokener_parse(json);
	int r;

	cr_assert(event);
	r = refusal_parse(event, ret_refusal);
	(void)json_object_put(event); /* freed */
	return r;
}

static struct refusal refusal_of(const char *json)
{
	struct refusal refusal;

	cr_assert_eq(parse(json, &refusal), 0);
	return refusal;
}

/* One of many, told apart by its file. */
static struct refusal refusal_of_file(unsigned int number)
{
	struct refusal refusal = refusal_of(blocked);

	(void)snprintf(refusal.file, sizeof(refusal.file), "%u", number);
	(void)snprintf(refusal.path, sizeof(refusal.path), "/srv/hr/%u", number);
	return refusal;
}

static struct notice format(
	const struct refusal *refusal, uint64_t count, const struct notice_abilities *abilities)
{
	struct notice_slot slot = {.refusal = *refusal, .count = count, .id = 7};
	struct notice notice;

	notice_format(&slot, false, abilities, &notice);
	return notice;
}

Test(session, a_refusal_in_words)
{
	struct refusal refusal = refusal_of(blocked);
	struct notice notice = format(&refusal, 1, &plain);

	cr_expect_str_eq(notice.summary, "Refused: cat may not open plan.txt");
	cr_expect_str_eq(notice.body, "R&D stays <here>.\n"
				      "Program cat, not a verified application\n"
				      "File /srv/hr/plan.txt (label Human <Resources>)\n"
				      "See: holdfast why\n"
				      "https://intranet.example/hr?a=1&b=2");
	cr_expect_eq(notice.urgency, 2);
	cr_expect_eq(notice.replaces, 7u);
	cr_expect_not(notice.has_link_action);
}

Test(session, escaped_and_linked_where_the_server_can)
{
	struct refusal refusal = refusal_of(blocked);
	struct notice notice = format(&refusal, 1, &all);

	cr_expect_str_eq(notice.summary, "Refused: cat may not open plan.txt");
	cr_expect_str_eq(notice.body, "R&amp;D stays &lt;here&gt;.\n"
				      "Program cat, not a verified application\n"
				      "File /srv/hr/plan.txt (label Human &lt;Resources&gt;)\n"
				      "See: holdfast why\n"
				      "<a href=\"https://intranet.example/hr?a=1&amp;b=2\">"
				      "https://intranet.example/hr?a=1&amp;b=2</a>");
	cr_expect(notice.has_link_action);
}

Test(session, a_warning_says_what_to_do)
{
	struct refusal refusal = refusal_of(warned);
	struct notice notice = format(&refusal, refusal.count, &plain);

	cr_expect_str_eq(notice.summary,
		"Stopped: curl may not send to 10.0.0.9 port 443 without a reason (3 times)");
	cr_expect_eq(notice.urgency, 1);
	cr_expect(strstr(notice.body, "application readers"));
	cr_expect(strstr(notice.body, "holdfast justify --reason"));
	cr_expect(strstr(notice.body, "Label hr"));
}

Test(session, every_channel_has_words)
{
	struct refusal refusal = refusal_of(blocked);
	struct notice notice;

	refusal.channel = -ENOENT;
	notice = format(&refusal, 1, &plain);
	cr_expect(strstr(notice.summary, "do this with"));
	for (int channel = HF_CHANNEL_OPEN; channel <= HF_CHANNEL_PRINT; channel++) {
		refusal.channel = channel;
		notice = format(&refusal, 1, &plain);
		cr_expect_not(strstr(notice.summary, "do this with"), "channel %d", channel);
	}
}

Test(session, what_is_no_refusal_is_none)
{
	static const char *const others[] = {"{}", "[]", "7", "\"text\"", "{\"unmapped\":7}",
		"{\"unmapped\":{\"holdfast\":[]}}",
		"{\"unmapped\":{\"holdfast\":{\"verdict\":\"allow\",\"channel\":\"open\"}}}",
		"{\"unmapped\":{\"holdfast\":{\"verdict\":{\"block\":1}}}}"};
	struct refusal refusal, before;

	memset(&refusal, 0x5a, sizeof(refusal));
	before = refusal;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cr_expect_eq(parse(others[i], &refusal), -EBADMSG, "%s", others[i]);
		cr_expect_arr_eq(&refusal, &before, sizeof(before));
	}
}

Test(session, what_is_missing_stays_out)
{
	struct refusal refusal = refusal_of(
		"{\"count\":-3,\"file\":[1],\"actor\":{\"process\":{\"name\":{\"a\":1}}},"
		"\"unmapped\":{\"holdfast\":{\"verdict\":\"block\",\"channel\":\"hologram\"}}}");
	struct notice notice = format(&refusal, refusal.count, &all);

	cr_expect_str_eq(notice.summary, "Refused: a program may not do this with a file");
	cr_expect_not(strstr(notice.body, "href"));
	cr_expect_eq(refusal.count, 1u);
}

static const char *link_of(const char *link)
{
	static struct refusal refusal;
	char json[2048];

	(void)snprintf(json, sizeof(json),
		"{\"unmapped\":{\"holdfast\":{\"verdict\":\"block\",\"rule\":{\"link\":\"%s\"}}}}",
		link);
	refusal = refusal_of(json);
	return refusal.link;
}

Test(session, a_link_is_https_and_whole_or_none)
{
	char long_link[1024] = "https://x.example/";

	memset(long_link + strlen(long_link), 'a', 900 - strlen(long_link));
	cr_expect_str_eq(link_of("https://x.example/y"), "https://x.example/y");
	cr_expect_str_empty(link_of("http://x.example/y"));
	cr_expect_str_empty(link_of("file:///etc/passwd"));
	cr_expect_str_empty(link_of("javascript:alert(1)"));
	cr_expect_str_empty(link_of("https://"));
	cr_expect_str_empty(link_of("https://x.example/ y"));
	cr_expect_str_empty(link_of("https://x.example/\\\"><b>"));
	cr_expect_str_empty(link_of("https://x.example/\\u202e"));
	cr_expect_str_empty(link_of(long_link));
}

static void expect_clean(const char *text, size_t size, const char *wanted)
{
	char clean[64];

	cr_assert_leq(size, sizeof(clean));
	memset(clean, 0x5a, sizeof(clean));
	(void)text_clean(clean, size, text); /* whether it was cut is seen */
	cr_expect_str_eq(clean, wanted);
}

Test(session, text_of_others_is_cleaned)
{
	expect_clean("budget.txt", 64, "budget.txt");
	expect_clean("B\xc3\xbc"
		     "cher \xf0\x9f\x93\x9a",
		64,
		"B\xc3\xbc"
		"cher \xf0\x9f\x93\x9a");
	expect_clean("a\033[31mb\nc\td\x7f", 64, "a?[31mb?c?d?");
	expect_clean("\xc2\x9b"
		     "31m",
		64, "?31m"); /* CSI of C1 */
	expect_clean("fdp.\xe2\x80\xae"
		     "exe",
		64, "fdp.?exe");
	expect_clean("\xff\xfe", 64, "??");
	expect_clean("\xed\xa0\x80", 64, "???");      /* a surrogate */
	expect_clean("\xc0\xaf", 64, "??");	      /* overlong */
	expect_clean("\xf4\x90\x80\x80", 64, "????"); /* past the last */
	expect_clean("\xe2\x82", 64, "??");	      /* ends within */
	expect_clean("", 64, "");
}

Test(session, text_is_cut_between_characters)
{
	expect_clean("12345678", 9, "12345678");
	expect_clean("123456789", 9, "12345...");
	expect_clean("1234\xc3\xbc"
		     "6789",
		9, "1234...");
	expect_clean("123\xc3\xbc"
		     "6789",
		9,
		"123\xc3\xbc"
		"...");
}

Test(session, markup_is_never_cut)
{
	struct words words;
	char text[12];

	words_begin(&words, text, sizeof(text), true);
	words_add(&words, "a<b");
	cr_expect_str_eq(text, "a&lt;b");
	words_add(&words, "&&"); /* has no room as a whole */
	cr_expect_str_eq(text, "a&lt;b");
	words_add(&words, "&");
	cr_expect_str_eq(text, "a&lt;b&amp;");
	words_add_raw(&words, "<");
	cr_expect_str_eq(text, "a&lt;b&amp;");
}

Test(session, the_longest_of_all_fits)
{
	struct refusal refusal = refusal_of(blocked);
	struct notice notice;

	memset(refusal.program, '&', sizeof(refusal.program) - 1);
	memset(refusal.application, '&', sizeof(refusal.application) - 1);
	memset(refusal.file, '&', sizeof(refusal.file) - 1);
	memset(refusal.text, 'x', sizeof(refusal.text) - 1);
	memset(refusal.path, 'x', sizeof(refusal.path) - 1);
	memset(refusal.reason, 'x', sizeof(refusal.reason) - 1);
	memset(refusal.link + strlen(refusal.link), 'x',
		sizeof(refusal.link) - 1 - strlen(refusal.link));
	notice = format(&refusal, UINT64_MAX, &all);
	cr_expect(strstr(notice.body, "</a>"));
	cr_expect(strstr(notice.summary, "times)"));
}

/* Shows what is due, as a server would. Calls made. */
static unsigned int show(struct notices *notices, uint64_t now_ms)
{
	unsigned int calls = 0;
	int slot;

	while ((slot = notices_next(notices, now_ms)) >= 0) {
		uint32_t id = notices->slots[slot].id;

		notices_shown(notices, slot, id ? id : (uint32_t)slot + 100, now_ms);
		calls++;
	}
	return calls;
}

Test(session, the_first_is_shown_at_once)
{
	struct notices notices = {0};
	struct refusal refusal = refusal_of(blocked);

	cr_expect_eq(notices_next(&notices, 1000), -1);
	cr_expect_eq(notices_wait_ms(&notices, 1000), -1);
	notices_add(&notices, &refusal, 1000);
	cr_expect_eq(notices_wait_ms(&notices, 1000), 0);
	cr_expect_eq(show(&notices, 1000), 1u);
	cr_expect_eq(notices_wait_ms(&notices, 1000), -1);
}

Test(session, the_same_again_changes_its_notice)
{
	struct notices notices = {0};
	struct refusal refusal = refusal_of(blocked);

	notices_add(&notices, &refusal, 1000);
	cr_expect_eq(show(&notices, 1000), 1u);
	for (unsigned int i = 0; i < 499; i++)
		notices_add(&notices, &refusal, 1001 + i);
	cr_expect_eq(show(&notices, 1500), 0u);
	cr_expect_eq(notices_wait_ms(&notices, 1500), 1000 + NOTICES_AGAIN_MS - 1500);
	cr_expect_eq(show(&notices, 1000 + NOTICES_AGAIN_MS), 1u);
	cr_expect_eq(notices.slots[0].count, 500u);
	cr_expect_eq(notices.slots[0].id, 100u);
	cr_expect_not(notices.slots[1].is_used);
}

Test(session, a_burst_is_a_few_notices_and_one_counts)
{
	struct notices notices = {0};
	struct notice notice;
	unsigned int calls = 0;

	for (unsigned int i = 0; i < 500; i++) {
		struct refusal refusal = refusal_of_file(i);

		notices_add(&notices, &refusal, 1000 + i * 10);
		calls += show(&notices, 1000 + i * 10);
	}
	calls += show(&notices, 1000 + 5000 + NOTICES_AGAIN_MS);
	cr_expect_leq(calls, 6u, "%u calls", calls);
	cr_expect_eq(notices.slots[NOTICES_REST].count, 500u - NOTICES_KINDS);
	notice_format(&notices.slots[NOTICES_REST], true, &plain, &notice);
	cr_expect_str_eq(notice.summary, "and 497 more refusals");
	cr_expect(strstr(notice.body, "holdfast why"));
	cr_expect(strstr(notice.body, "cat may not open 499"));
}

Test(session, one_more_is_one_refusal)
{
	struct notice_slot slot = {.refusal = refusal_of(blocked), .count = 1};
	struct notice notice;

	notice_format(&slot, true, &plain, &notice);
	cr_expect_str_eq(notice.summary, "and 1 more refusal");
}

Test(session, later_kinds_take_the_place_of_the_oldest)
{
	struct notices notices = {0};
	uint64_t now_ms = 1000;

	for (unsigned int i = 0; i < 10; i++) {
		struct refusal refusal = refusal_of_file(i);

		notices_add(&notices, &refusal, now_ms);
		cr_expect_eq(show(&notices, now_ms), 1u);
		now_ms += NOTICES_HOLD_MS;
	}
	cr_expect_not(notices.slots[NOTICES_REST].is_used);
	for (unsigned int i = 0; i < NOTICES_KINDS; i++)
		cr_expect_eq(notices.slots[i].id, 100 + i);
}

Test(session, counting_starts_over_after_silence)
{
	struct notices notices = {0};
	struct refusal refusal = refusal_of(blocked);

	notices_add(&notices, &refusal, 1000);
	notices_add(&notices, &refusal, 1001);
	cr_expect_eq(notices.slots[0].count, 2u);
	notices_add(&notices, &refusal, 1001 + NOTICES_FORGET_MS);
	cr_expect_eq(notices.slots[0].count, 1u);
}

Test(session, a_closed_notice_is_not_replaced)
{
	struct notices notices = {0};
	struct refusal refusal = refusal_of(blocked);

	notices_add(&notices, &refusal, 1000);
	(void)show(&notices, 1000);
	cr_expect_str_eq(notices_link(&notices, 100), refusal.link);
	cr_expect_null(notices_link(&notices, 101));
	cr_expect_null(notices_link(&notices, 0));
	notices_closed(&notices, 99);
	cr_expect_eq(notices.slots[0].id, 100u);
	notices_closed(&notices, 100);
	cr_expect_eq(notices.slots[0].id, 0u);
}

Test(session, what_failed_is_shown_later_but_not_when_stale)
{
	struct notices notices = {0};
	struct refusal refusal = refusal_of(blocked);
	int slot;

	notices_add(&notices, &refusal, 1000);
	slot = notices_next(&notices, 1000);
	cr_assert_geq(slot, 0);
	cr_expect_eq(notices_next(&notices, 1000), -1, "it is on its way");
	notices_failed(&notices, slot);
	cr_expect_eq(show(&notices, 2000), 1u);
	notices_add(&notices, &refusal, 10000);
	cr_expect_eq(show(&notices, 10000 + NOTICES_STALE_MS), 0u);
	cr_expect_eq(notices_wait_ms(&notices, 10000 + NOTICES_STALE_MS), -1);
}

Test(session, retries_come_later_and_are_told_once)
{
	struct retry retry = {0};

	cr_expect_eq(retry_left_ms(&retry, 1000), 0);
	cr_expect(retry_later(&retry, 1000, 1500));
	cr_expect_eq(retry_left_ms(&retry, 1000), RETRY_FIRST_MS);
	cr_expect_not(retry_later(&retry, 2000, 1500));
	cr_expect_eq(retry_left_ms(&retry, 2000), 2 * RETRY_FIRST_MS);
	cr_expect_not(retry_later(&retry, 4000, 1500));
	cr_expect_eq(retry_left_ms(&retry, 4000), 1500);
	cr_expect(retry_done(&retry));
	cr_expect_not(retry_done(&retry));
	cr_expect(retry_later(&retry, 9000, 1500));
}

Test(session, a_capture_says_by_whom_labels_are_shown)
{
	static struct notices notices;
	static struct refusal refusal;
	static struct notice notice;

	cr_assert_eq(parse(captured, &refusal), 0);
	cr_expect_str_eq(refusal.shown_by, "evince");
	cr_expect_eq(refusal.shown_by_more, 3);
	notices_add(&notices, &refusal, 1);
	notice_format(&notices.slots[0], false, &plain, &notice);
	cr_expect_str_eq(notice.summary, "Refused: scrot may not capture the screen while "
					 "protected content is shown by evince");
	cr_expect(strstr(notice.body, "No pictures."), "%s", notice.body);
	cr_expect(strstr(notice.body, "By x11-shm; 3 more show protected content"), "%s",
		notice.body);
}

Test(session, who_is_wiped_is_told)
{
	struct refusal refusal = refusal_of(wiped), begun;
	struct notice notice = format(&refusal, 1, &plain);

	cr_expect_str_eq(notice.summary, "This computer was wiped");
	cr_expect_str_eq(notice.body,
		"This computer was wiped: keys of 1 labels\n"
		"By order of your organisation its keys are removed, and protected "
		"files where it says so. What is not protected stays. "
		"See: holdfast status");
	cr_expect_eq(notice.urgency, 2);
	begun = refusal_of("{\"message\":\"is being "
			   "destroyed\",\"metadata\":{\"event_code\":\"wipe-begun\"}}");
	notice = format(&begun, 1, &plain);
	cr_expect_str_eq(notice.summary, "This computer is being wiped");
	cr_expect_null(strstr(notice.body, "destroyed"));
	cr_expect_eq(parse("{\"metadata\":{\"event_code\":\"wipe-ordered\"}}", &begun), -EBADMSG);
	cr_expect_eq(parse("{\"metadata\":{\"event_code\":7}}", &begun), -EBADMSG);
}
