/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [screen]. Part of values.h. */
#include <stdio.h>
#include <string.h>

#include "policy/values.h"

#define MINUTES_OF_DAY (24 * 60)

void value_screen_when(struct build *build, void *field, const char *value)
{
	value_choice(build, field, value, "always", "exposed");
}

void value_screen_record(struct build *build, void *field, const char *value)
{
	value_choice(build, field, value, "exposed", "all");
}

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

/* "08:30" in minutes; 24:00 ends a day. -1: it is no time. */
static int minutes_of(const char *text)
{
	int minutes;

	if (!is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' || !is_digit(text[3]) ||
		!is_digit(text[4]))
		return -1;
	if (text[3] > '5')
		return -1;
	minutes = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] -
		  '0';
	return minutes <= MINUTES_OF_DAY ? minutes : -1;
}

void value_screen_hours(struct build *build, void *field, const char *value)
{
	struct policy_screen *screen = field;
	int from = -1, until = -1;

	if (strlen(value) == strlen("08:00-18:00") && value[5] == '-') {
		from = minutes_of(value);
		until = minutes_of(value + 6);
	}
	if (from < 0 || until <= from) {
		build_problem(build, "08:00-18:00",
			"hours '%.40s': expected two times of one day, the earlier one first",
			value);
		return;
	}
	screen->hours_place = build->place;
	screen->from_min = (uint16_t)from;
	screen->until_min = (uint16_t)until;
}
