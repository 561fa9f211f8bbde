/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the beginning of a print request. What must hold: texts end, hold no control
 * characters, and a request that is cut says nothing that the whole one would not.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "agent/engine/print_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char text[PRINT_JOB_TEXT_SIZE])
{
	assert(memchr(text, '\0', PRINT_JOB_TEXT_SIZE));
	for (; *text; text++)
		assert((unsigned char)*text >= ' ' && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct print_job job, untouched, cut;
	int r;

	memset(&job, 0x5a, sizeof(job));
	memcpy(&untouched, &job, sizeof(job));
	r = print_job_parse(data, size, &job);
	assert(r == 0 || r == -EBADMSG);
	if (r < 0) {
		assert(!memcmp(&job, &untouched, sizeof(job)));
		return 0;
	}
	check_text(job.printer);
	check_text(job.name);
	check_text(job.document);
	check_text(job.user);
	check_text(job.format);
	if (size > 16 && print_job_parse(data, size - 1, &cut) == 0)
		assert(!cut.name[0] || !strcmp(cut.name, job.name));
	return 0;
}
