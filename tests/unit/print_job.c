/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a print job: of HTTP, of IPP, of both, and of either when it is cut anywhere. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "agent/engine/print_job.h"

/* As lp sends it: tag, name and value with their lengths. */
#define CREATE_JOB                                             \
	"\2\0\0\5\0\0\0\4\1"                                   \
	"G\0\22attributes-charset\0\5utf-8"                    \
	"E\0\13printer-uri\0\36ipp://localhost/printers/testq" \
	"B\0\24requesting-user-name\0\4anna"                   \
	"B\0\10job-name\0\10my title\2"                        \
	"!\0\6copies\0\4\0\0\0\2"                              \
	"B\0\12job-sheets\0\4none"                             \
	"B\0\0\0\4none\3"
#define HEADER "POST /printers/other%20one HTTP/1.1\r\nContent-Type: application/ipp\r\n"

static void expect_create_job(const struct print_job *job)
{
	cr_expect_str_eq(job->operation, "Create-Job");
	cr_expect_str_eq(job->printer, "testq");
	cr_expect_str_eq(job->user, "anna");
	cr_expect_str_eq(job->name, "my title");
	cr_expect_eq(job->copies, 2);
	cr_expect_eq(job->id, 0);
}

Test(print_job, ipp)
{
	struct print_job job;

	cr_assert_eq(print_job_parse(CREATE_JOB, sizeof(CREATE_JOB) - 1, &job), 0);
	expect_create_job(&job);
}

Test(print_job, http)
{
	struct print_job job;

	cr_assert_eq(print_job_parse(HEADER "\r\n", sizeof(HEADER "\r\n") - 1, &job), 0);
	cr_expect_str_eq(job.printer, "other%20one");
	cr_expect_null(job.operation);
	cr_expect_str_empty(job.name);
	cr_assert_eq(print_job_parse("POST / HTTP/1.1\r\n", 17, &job), 0);
	cr_expect_str_empty(job.printer, "the service itself");
	cr_assert_eq(print_job_parse("POST /ipp/print HTTP/1.1\r\n", 26, &job), 0);
	cr_expect_str_eq(job.printer, "/ipp/print");
}

/* What IPP says of the printer is what the job goes to. */
Test(print_job, http_with_ipp)
{
	static const char whole[] = HEADER "\r\n" CREATE_JOB;
	static const char chunked[] = HEADER "\r\nfe\r\n" CREATE_JOB;
	struct print_job job;

	cr_assert_eq(print_job_parse(whole, sizeof(whole) - 1, &job), 0);
	expect_create_job(&job);
	cr_assert_eq(print_job_parse(chunked, sizeof(chunked) - 1, &job), 0);
	expect_create_job(&job);
}

Test(print_job, cut_anywhere)
{
	static const char whole[] = HEADER "\r\n" CREATE_JOB;

	for (size_t size = 0; size < sizeof(whole); size++) {
		struct print_job job = {0};
		int r = print_job_parse(whole, size, &job);

		cr_expect_eq(r, size < 5 ? -EBADMSG : 0, "%zu bytes", size);
		cr_expect(!job.name[0] || !strcmp(job.name, "my title"), "%zu bytes", size);
	}
}

Test(print_job, others_are_none)
{
	static const char *const others[] = {
		"", "GET / HTTP/1.1", "%!PS-Adobe", "\033%-12345X", "\2queue\n", "POST"};
	struct print_job job, before;

	memset(&job, 0x5a, sizeof(job));
	before = job;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		cr_expect_eq(print_job_parse(others[i], strlen(others[i]), &job), -EBADMSG, "%s",
			others[i]);
		cr_expect_arr_eq(&job, &before, sizeof(job));
	}
}

Test(print_job, texts_do_not_act)
{
	static const char title[] = "\2\0\0\2\0\0\0\1\1B\0\10job-name\0\10a\033[2J\nb\377";
	struct print_job job;

	cr_assert_eq(print_job_parse(title, sizeof(title) - 1, &job), 0);
	cr_expect_str_eq(job.name, "a?[2J?b?");
}
