/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lines.h"

#include <ctype.h>
#include <ini.h>
#include <stdint.h>
#include <string.h>

#define HEADING_MAX 128 /* bytes between the brackets; names are held shorter by their own checks */

/* inih asks us for one line at a time, so the line we gave last is the one its handler is about. */
struct feed {
	const char *text;
	const char *end;
	struct policy_place place; /* line: the one given last */
	struct policy_problems *problems;
	const struct policy_lines *lines;
	bool is_pair_due; /* the line given last has to come back as key = value */
	bool is_continued;
	bool has_key; /* since the heading: an indented line continues its value, as in inih */
};

static size_t utf8_size(const unsigned char *at, size_t left)
{
	unsigned char lead = at[0], low = 0x80, high = 0xbf;
	size_t size;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		size = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		size = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		size = 4;
	else
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (size > left || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return size;
}

bool policy_text_is_utf8(const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t step = utf8_size((const unsigned char *)text + at, size - at);

		if (!step)
			return false;
		at += step;
	}
	return true;
}

static bool has_control(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return true;
	return false;
}

static bool is_readable(struct feed *feed, const char *line, size_t size, size_t room)
{
	if (memchr(line, '\0', size)) {
		policy_problems_add(feed->problems, &feed->place, "save the file as plain text",
			"NUL byte in the line: a policy is UTF-8 text");
		return false;
	}
	if (!policy_text_is_utf8(line, size)) {
		policy_problems_add(feed->problems, &feed->place, "save the file as UTF-8",
			"bytes that are not UTF-8: a policy is UTF-8 text");
		return false;
	}
	if (has_control(line, size)) {
		policy_problems_add(feed->problems, &feed->place, NULL,
			"control character in the line: expected text, spaces and tabs only");
		return false;
	}
	if (size > room) {
		policy_problems_add(feed->problems, &feed->place,
			"go on in the next line, starting it with a space",
			"line of %zu bytes: expected at most %zu", size, room);
		return false;
	}
	return true;
}

/* "[kind name]" and nothing else but a comment. Splits it and hands it on. */
static void heading(struct feed *feed, const char *line, size_t size)
{
	const char *close = memchr(line, ']', size);
	const char *first = line + 1, *rest;
	char text[HEADING_MAX + 1], *name;

	feed->has_key = false;
	if (!close || (size_t)(close - first) > HEADING_MAX) {
		policy_problems_add(feed->problems, &feed->place, "[label finance]",
			close ? "heading too long: expected '[kind name]'"
			      : "heading without ']': expected '[kind name]'");
		feed->lines->lost(feed->lines->userdata);
		return;
	}
	for (rest = close + 1; rest < line + size && isblank((unsigned char)*rest); rest++)
		;
	if (rest < line + size && ((*rest != ';' && *rest != '#') || rest == close + 1)) {
		policy_problems_add(feed->problems, &feed->place, "move it to a line of its own",
			"text after ']': expected nothing behind a heading");
		feed->lines->lost(feed->lines->userdata);
		return;
	}
	while (first < close && isblank((unsigned char)*first))
		first++;
	while (close > first && isblank((unsigned char)close[-1]))
		close--;
	memcpy(text, first, (size_t)(close - first));
	text[close - first] = '\0';
	name = text + strcspn(text, " \t");
	while (isblank((unsigned char)*name))
		*name++ = '\0';
	feed->lines->section(feed->lines->userdata, text, name, feed->place.line);
}

static void settle(struct feed *feed)
{
	if (feed->is_pair_due)
		policy_problems_add(feed->problems, &feed->place,
			"start a comment with ';' or '#', a heading with '['",
			"line without '=': expected 'key = value'");
	feed->is_pair_due = false;
}

/* What inih is given instead of a line it must not see. */
static char *give(char *buffer, const char *line, size_t size)
{
	memcpy(buffer, line, size);
	buffer[size] = '\n';
	buffer[size + 1] = '\0';
	return buffer;
}

/* Without a comment behind a space. inih does the same, but older ones not in continued lines. */
static size_t without_comment(const char *line, size_t size)
{
	for (size_t i = 1; i < size; i++)
		if (line[i] == ';' && isblank((unsigned char)line[i - 1]))
			return i;
	return size;
}

/* An ini_reader: fgets(3) over the text, one whole line per call. */
static char *next_line(char *buffer, int buffer_size, void *stream)
{
	struct feed *feed = stream;
	const char *line = feed->text, *stop, *start;
	size_t size;

	settle(feed);
	if (line >= feed->end)
		return NULL;
	stop = memchr(line, '\n', (size_t)(feed->end - line));
	feed->text = stop ? stop + 1 : feed->end;
	size = (size_t)((stop ? stop : feed->end) - line);
	feed->place.line++;
	if (size && line[size - 1] == '\r')
		size--;
	/* inih drops a line that fills its buffer: newline and NUL, and one byte to tell it did not. */
	if (!is_readable(feed, line, size, (size_t)buffer_size - 3))
		return give(buffer, "", 0);
	for (start = line; start < line + size && isblank((unsigned char)*start); start++)
		;
	if (start == line + size || *start == ';' || *start == '#')
		return give(buffer, "", 0);
	size = without_comment(line, size);
	feed->is_continued = start > line && feed->has_key;
	if (*start == '[' && !feed->is_continued)
		heading(feed, start, (size_t)(line + size - start));
	else
		feed->is_pair_due = true;
	return give(buffer, line, size);
}

/* An ini_handler. */
static int take(void *userdata, const char *section, const char *name, const char *value)
{
	struct feed *feed = userdata;

	(void)section; /* inih cuts it at 49 bytes; heading() has it whole */
	feed->is_pair_due = false;
	if (feed->is_continued) {
		feed->lines->value(feed->lines->userdata, NULL, value, feed->place.line);
		return 1;
	}
	feed->has_key = *name;
	if (!*name)
		policy_problems_add(feed->problems, &feed->place, NULL,
			"nothing before '=': expected 'key = value'");
	else
		feed->lines->value(feed->lines->userdata, name, value, feed->place.line);
	return 1;
}

void policy_lines_read(const char *text, size_t size, const struct policy_place *place,
	struct policy_problems *problems, const struct policy_lines *lines)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct feed feed = {
		.text = text,
		.end = text + size,
		.place = *place,
		.problems = problems,
		.lines = lines,
	};

	feed.place.line = 0;
	if (size >= 3 && !memcmp(text, byte_order_mark, 3))
		feed.text += 3;
	(void)ini_parse_stream(next_line, &feed, take, &feed); /* settle() reports every line */
	settle(&feed);
}
