/* SPDX-License-Identifier: Apache-2.0 */
/* The second witness: which requests capture, how captures are added up, and when two agree. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/engine/reconcile.h"
#include "agent/session/bus_watch.h"
#include "agent/session/teller.h"
#include "agent/session/x_requests.h"
#include "agent/ipc/capture.h"

static const struct x_opcodes opcodes = {.major = {130, 142, 149, 146, 132}};

static void put_request(uint8_t *at, uint8_t major, uint8_t minor, uint16_t words, bool is_swapped)
{
	at[0] = major;
	at[1] = minor;
	if (is_swapped)
		words = __builtin_bswap16(words);
	memcpy(at + 2, &words, sizeof(words));
}

Test(witness, requests_that_capture_have_their_method)
{
	static const struct {
		uint8_t major, minor;
		unsigned int method;
	} rows[] = {
		{73, 2, CAPTURE_X11_GETIMAGE},
		{130, 4, CAPTURE_X11_SHM},
		{142, 6, CAPTURE_X11_COMPOSITE},
		{149, 3, CAPTURE_X11_DRI3},
		{149, 8, CAPTURE_X11_DRI3},
		{146, 5, CAPTURE_X11_RECORD},
		{132, 2, CAPTURE_X11_XTEST},
		{130, 3, CAPTURE_NONE}, /* ShmPutImage */
		{149, 4, CAPTURE_NONE}, /* FenceFromFD: between the two */
		{72, 2, CAPTURE_NONE},	/* PutImage */
		{0, 4, CAPTURE_NONE},
	};
	const struct x_opcodes none = {{0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(x_request_method(&opcodes, rows[i].major, rows[i].minor),
			rows[i].method, "%u.%u", rows[i].major, rows[i].minor);
	cr_expect_eq(
		x_request_method(&none, 130, 4), CAPTURE_NONE, "a server without the extension");
	cr_expect_eq(x_request_method(&none, 0, 4), CAPTURE_NONE);
}

Test(witness, several_requests_follow_each_other_in_either_byte_order)
{
	for (unsigned int swapped = 0; swapped < 2; swapped++) {
		uint8_t data[20 + 32 + 3] = {0};
		size_t used;
		unsigned int method;

		put_request(data, 73, 2, 5, swapped);
		put_request(data + 20, 130, 4, 8, swapped);
		used = x_requests_next(&opcodes, data, sizeof(data), swapped, &method);
		cr_assert_eq(used, 20);
		cr_expect_eq(method, CAPTURE_X11_GETIMAGE);
		used = x_requests_next(&opcodes, data + 20, sizeof(data) - 20, swapped, &method);
		cr_assert_eq(used, 32);
		cr_expect_eq(method, CAPTURE_X11_SHM);
		cr_expect_eq(x_requests_next(&opcodes, data + 52, 3, swapped, &method), 0);
	}
}

Test(witness, a_request_may_say_its_size_in_32_bits)
{
	uint8_t data[24] = {0};
	uint32_t words = 6;
	unsigned int method = CAPTURE_NONE;

	put_request(data, 73, 2, 0, false);
	memcpy(data + 4, &words, sizeof(words));
	cr_expect_eq(x_requests_next(&opcodes, data, sizeof(data), false, &method), sizeof(data));
	cr_expect_eq(method, CAPTURE_X11_GETIMAGE);
	cr_expect_eq(x_requests_next(&opcodes, data, 20, false, &method), 0, "cut");
	words = 0;
	memcpy(data + 4, &words, sizeof(words));
	cr_expect_eq(x_requests_next(&opcodes, data, sizeof(data), false, &method), 0,
		"no request has no bytes");
}

Test(witness, calls_that_ask_for_the_screen_have_their_method)
{
	cr_expect_eq(bus_call_method("org.freedesktop.portal.Screenshot", "Screenshot"),
		CAPTURE_PORTAL_SCREENSHOT);
	cr_expect_eq(bus_call_method("org.freedesktop.portal.ScreenCast", "Start"),
		CAPTURE_PORTAL_SCREENCAST);
	cr_expect_eq(bus_call_method("org.freedesktop.portal.ScreenCast", "CreateSession"),
		CAPTURE_NONE, "nothing is shown before it starts");
	cr_expect_eq(bus_call_method("org.gnome.Shell.Screenshot", "ScreenshotArea"),
		CAPTURE_GNOME_SHELL);
	cr_expect_eq(
		bus_call_method("org.kde.KWin.ScreenShot2", "CaptureActiveWindow"), CAPTURE_KWIN);
	cr_expect_eq(
		bus_call_method("org.freedesktop.portal.FileChooser", "Screenshot"), CAPTURE_NONE);
	cr_expect_eq(bus_call_method(NULL, "Screenshot"), CAPTURE_NONE);
}

Test(witness, captures_of_a_process_are_added_up)
{
	static struct teller teller;
	struct capture capture = {.pid = 7, .method = CAPTURE_X11_SHM, .program = "ffmpeg"};

	teller_init(&teller, "/nowhere", ":0");
	for (unsigned int i = 0; i < 25; i++)
		teller_add(&teller, &capture, 1000 + i);
	cr_assert_eq(teller.count, 1);
	cr_expect_eq(teller.waiting[0].count, 25);
	cr_expect_eq(teller.since_ms, 1000);
	for (unsigned int i = 0; i < TELLER_CAPTURES_MAX + 9; i++) {
		capture.pid = 100 + i;
		teller_add(&teller, &capture, 2000);
	}
	cr_expect_eq(teller.count, TELLER_CAPTURES_MAX);
	cr_expect_eq(teller.waiting[TELLER_CAPTURES_MAX - 1].capture.pid, 0,
		"of more than fit it is not known who they are");
	cr_expect_eq(teller.waiting[TELLER_CAPTURES_MAX - 1].count, 11, "and all are counted");
}

Test(witness, every_method_that_is_told_has_a_name)
{
	cr_expect_null(capture_method_name(CAPTURE_NONE));
	cr_expect_null(capture_method_name(CAPTURE_METHOD_MAX));
	cr_expect_str_eq(capture_method_name(CAPTURE_X11_SHM), "x11-shm");
	cr_expect_str_eq(capture_method_name(CAPTURE_KWIN), "kwin");
}

static const struct reconcile_report seen = {
	.uid = 1000, .pid = 42, .method = CAPTURE_X11_SHM, .count = 1, .at_ms = 100000};
static const struct reconcile_record let = {
	.tgid = 42, .method = CAPTURE_X11_GETIMAGE, .at_ms = 99000};

static enum reconcile_verdict verdict_of(
	const struct reconcile_record *record, const struct reconcile_report *report)
{
	static struct reconcile reconcile;
	struct reconcile_report told;
	enum reconcile_verdict verdict;

	memset(&reconcile, 0, sizeof(reconcile));
	cr_assert(reconcile_report(&reconcile, report));
	if (record)
		reconcile_record(&reconcile, record);
	cr_assert_not(reconcile_next(
			      &reconcile, report->at_ms + RECONCILE_SETTLE_MS - 1, &told, &verdict),
		"the kernel's record may still come");
	cr_assert(reconcile_next(&reconcile, report->at_ms + RECONCILE_SETTLE_MS, &told, &verdict));
	cr_expect_eq(told.pid, report->pid);
	cr_expect_not(reconcile_next(&reconcile, UINT64_MAX, &told, &verdict), "told once");
	return verdict;
}

Test(witness, what_both_saw_agrees)
{
	struct reconcile_report nobodys = seen;

	nobodys.pid = 0;
	cr_expect_eq(verdict_of(&let, &seen), RECONCILE_AGREES);
	cr_expect_eq(verdict_of(&let, &nobodys), RECONCILE_AGREES);
}

Test(witness, what_the_kernel_part_did_not_see_got_through)
{
	struct reconcile_record other = let;

	cr_expect_eq(verdict_of(NULL, &seen), RECONCILE_UNSEEN);
	other.tgid = 43;
	cr_expect_eq(verdict_of(&other, &seen), RECONCILE_UNSEEN, "another process");
	other = let;
	other.method = CAPTURE_PORTAL_SCREENSHOT;
	cr_expect_eq(verdict_of(&other, &seen), RECONCILE_UNSEEN, "another way");
	other = let;
	other.at_ms = seen.at_ms - RECONCILE_WINDOW_MS - 1;
	cr_expect_eq(verdict_of(&other, &seen), RECONCILE_UNSEEN, "long before");
}

Test(witness, what_was_refused_and_done_got_through)
{
	struct reconcile_record refused = let;
	struct reconcile_report call = seen;

	refused.is_refused = true;
	cr_expect_eq(verdict_of(&refused, &seen), RECONCILE_REFUSED);
	refused.method = CAPTURE_PORTAL_SCREENSHOT;
	call.method = CAPTURE_PORTAL_SCREENCAST;
	cr_expect_eq(verdict_of(&refused, &call), RECONCILE_AGREES,
		"a call is heard before it is refused");
}

Test(witness, many_reports_do_not_wait)
{
	static struct reconcile reconcile;
	struct reconcile_report told;
	enum reconcile_verdict verdict;

	for (unsigned int i = 0; i < RECONCILE_REPORTS_MAX; i++)
		cr_assert(reconcile_report(&reconcile, &seen));
	cr_expect_not(reconcile_report(&reconcile, &seen));
	cr_expect(reconcile_next(&reconcile, seen.at_ms, &told, &verdict));
	cr_expect_not(reconcile_next(&reconcile, seen.at_ms, &told, &verdict));
	cr_expect(reconcile_report(&reconcile, &seen));
}
