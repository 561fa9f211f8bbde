/* SPDX-License-Identifier: Apache-2.0 */
/* Outside bytes, up to where they are cut. Pure: fuzzed by tests/fuzz/print_job.c. */
#include "agent/engine/print_job.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/text.h"

#define IPP_HEADER_SIZE 8    /* version, operation, request number */
#define IPP_TAG_END	0x03 /* RFC 8010, section 3.5.1 */
#define IPP_TAG_GROUPS	0x10 /* below: a group of attributes begins */
#define IPP_TAG_INTEGER 0x21

/* What is left to read. */
struct input {
	const uint8_t *at;
	size_t left;
};

static void input_skip(struct input *input, size_t size)
{
	input->at += size;
	input->left -= size;
}

static uint32_t big_endian(const uint8_t *at, size_t size)
{
	uint32_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[i];
	return value;
}

/* The first value said stays. */
static void text_take(char ret_text[PRINT_JOB_TEXT_SIZE], const uint8_t *at, size_t size)
{
	char copy[1024];

	if (ret_text[0])
		return;
	if (size >= sizeof(copy))
		size = sizeof(copy) - 1;
	memcpy(copy, at, size);
	copy[size] = '\0';				       /* a NUL inside ends it earlier */
	(void)text_clean(ret_text, PRINT_JOB_TEXT_SIZE, copy); /* cut: fine */
}

/* "/printers/NAME", "ipp://host/printers/NAME": the name. */
static void printer_take(struct print_job *job, const uint8_t *at, size_t size)
{
	static const char *const places[] = {"/printers/", "/classes/"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const uint8_t *found = memmem(at, size, places[i], strlen(places[i]));

		if (!found)
			continue;
		found += strlen(places[i]);
		job->printer[0] = '\0'; /* better than what a path said */
		text_take(job->printer, found, size - (size_t)(found - at));
		return;
	}
	if (size > 1) /* "/": the service itself is asked */
		text_take(job->printer, at, size);
}

/* RFC 8011, table 18; CUPS's own: cups/ipp.h. */
static const char *operation_name(uint32_t operation)
{
	switch (operation) {
	case 0x0002:
		return "Print-Job";
	case 0x0003:
		return "Print-URI";
	case 0x0004:
		return "Validate-Job";
	case 0x0005:
		return "Create-Job";
	case 0x0006:
		return "Send-Document";
	case 0x0007:
		return "Send-URI";
	case 0x0009:
		return "Get-Job-Attributes";
	case 0x000a:
		return "Get-Jobs";
	case 0x000b:
		return "Get-Printer-Attributes";
	case 0x4001:
		return "CUPS-Get-Default";
	case 0x4002:
		return "CUPS-Get-Printers";
	default:
		return NULL;
	}
}

static bool is_named(const struct input *name, const char *word)
{
	return name->left == strlen(word) && !memcmp(name->at, word, name->left);
}

static void attribute_take(
	struct print_job *job, uint8_t tag, const struct input *name, const struct input *value)
{
	const struct {
		const char *name;
		char *text;
	} texts[] = {
		{"job-name", job->name},
		{"document-name", job->document},
		{"requesting-user-name", job->user},
		{"document-format", job->format},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (is_named(name, texts[i].name))
			text_take(texts[i].text, value->at, value->left);
	if (is_named(name, "printer-uri"))
		printer_take(job, value->at, value->left);
	if (tag != IPP_TAG_INTEGER || value->left != 4)
		return;
	if (is_named(name, "copies"))
		job->copies = big_endian(value->at, 4);
	else if (is_named(name, "job-id"))
		job->id = big_endian(value->at, 4);
}

/* A length and as many bytes; false when they are not all there. */
static bool field_take(struct input *input, struct input *ret_field)
{
	size_t size;

	if (input->left < 2)
		return false;
	size = big_endian(input->at, 2);
	input_skip(input, 2);
	if (size > input->left)
		return false;
	*ret_field = (struct input){input->at, size};
	input_skip(input, size);
	return true;
}

static void ipp_read(struct input input, struct print_job *job)
{
	job->operation = operation_name(big_endian(input.at + 2, 2));
	input_skip(&input, IPP_HEADER_SIZE);
	while (input.left) {
		struct input name, value;
		uint8_t tag = *input.at;

		input_skip(&input, 1);
		if (tag == IPP_TAG_END)
			return;
		if (tag < IPP_TAG_GROUPS)
			continue;
		if (!field_take(&input, &name) || !field_take(&input, &value))
			return; /* cut: what was said before counts */
		attribute_take(job, tag, &name, &value);
	}
}

static bool is_ipp(const struct input *input)
{
	return input->left >= IPP_HEADER_SIZE && (input->at[0] == 1 || input->at[0] == 2) &&
	       input->at[1] <= 2;
}

/* Behind "POST " and the like: what is asked for, up to the next space. */
static void request_line_take(struct input *input, struct print_job *job)
{
	const uint8_t *end;

	input_skip(input,
		(size_t)((const uint8_t *)memchr(input->at, ' ', input->left) - input->at) + 1);
	end = memchr(input->at, ' ', input->left);
	printer_take(job, input->at, end ? (size_t)(end - input->at) : input->left);
}

/* Past the header, and past the size of a first chunk. False when the bytes end before. */
static bool body_find(struct input *input)
{
	const uint8_t *body = memmem(input->at, input->left, "\r\n\r\n", 4), *line;

	if (!body)
		return false;
	input_skip(input, (size_t)(body - input->at) + 4);
	if (is_ipp(input))
		return true;
	line = memmem(input->at, input->left, "\r\n", 2);
	if (!line)
		return false;
	input_skip(input, (size_t)(line - input->at) + 2);
	return is_ipp(input);
}

static bool is_http(const struct input *input)
{
	return input->left >= 5 &&
	       (!memcmp(input->at, "POST ", 5) || !memcmp(input->at, "PUT ", 4));
}

int print_job_parse(const void *bytes, size_t size, struct print_job *ret_job)
{
	struct input input = {bytes, size};
	struct print_job job = {0};

	if (is_http(&input)) {
		request_line_take(&input, &job);
		if (body_find(&input))
			ipp_read(input, &job);
	} else if (is_ipp(&input)) {
		ipp_read(input, &job);
	} else {
		return -EBADMSG;
	}
	*ret_job = job;
	return 0;
}
