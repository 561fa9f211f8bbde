/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of /sys, /proc and /etc, and what becomes of their first lines. */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"
#include "common/text.h"

bool fact_read_fd(int fd, char ret_text[SURVEY_TEXT_SIZE])
{
	char line[SURVEY_TEXT_SIZE];
	char *begin = line, *end;
	ssize_t got = fd < 0 ? -1 : pread(fd, line, sizeof(line) - 1, 0);

	ret_text[0] = '\0';
	if (got <= 0)
		return false;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	begin += strspn(begin, " \t");
	end = begin + strlen(begin);
	while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	(void)text_clean(ret_text, SURVEY_TEXT_SIZE, begin); /* cut */
	return ret_text[0];
}

bool fact_read(int directory_fd, const char *path, char ret_text[SURVEY_TEXT_SIZE])
{
	auto_close int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fact_read_fd(fd, ret_text);
}

void fact_add(const struct survey *survey, const char *name, const char *text)
{
	if (text[0])
		(void)json_object_object_add(survey->facts, name,
			json_object_new_string(text)); /* without memory: null, which is left out */
}

void fact_show(const struct survey *survey, const char *name, const char *text)
{
	fact_add(survey, name, text);
	if (text[0] && survey->posture)
		(void)json_object_object_add(
			survey->posture, name, json_object_new_string(text)); /* likewise */
}

void fact_lines(int directory_fd, const char *path, bool (*visit)(const char *line, void *userdata),
	void *userdata)
{
	int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[1024];

	if (!file) {
		if (fd >= 0)
			(void)close(fd); /* read only */
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!visit(line, userdata))
			break;
	}
	(void)fclose(file); /* read only */
}
