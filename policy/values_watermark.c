/* SPDX-License-Identifier: Apache-2.0 */
/* Values of [watermark]. Part of values.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/values.h"
#include "policy/watermark.h"
#include "policy/words.h"

static const char *const placeholders[] = {"name", "account", "device", "tenant", "time"};

#define PLACEHOLDERS (sizeof(placeholders) / sizeof(placeholders[0]))

static bool is_placeholder(const char *word, size_t size)
{
	for (size_t i = 0; i < PLACEHOLDERS; i++)
		if (strlen(placeholders[i]) == size && !memcmp(placeholders[i], word, size))
			return true;
	return false;
}

/* At the first brace that begins no placeholder. True when there is none. */
static bool has_good_braces(struct build *build, const char *value)
{
	char word[POLICY_NAME_MAX + 1];

	for (const char *at = strpbrk(value, "{}"); at; at = strpbrk(at, "{}")) {
		size_t size = strcspn(at + (*at == '{'), "{}");

		if (*at == '{' && at[1 + size] == '}' && is_placeholder(at + 1, size)) {
			at += size + 2;
			continue;
		}
		(void)snprintf(word, sizeof(word), "%.*s", (int)size, at + (*at == '{'));
		build_problem(build, policy_word_nearest(word, placeholders, PLACEHOLDERS),
			"'%.40s' is no placeholder: expected {name}, {account}, {device}, {tenant} "
			"or {time}",
			at);
		return false;
	}
	return true;
}

void value_watermark_text(struct build *build, void *field, const char *value)
{
	if (has_good_braces(build, value))
		value_text(build, field, value);
}

static bool number_of(const char *value, int least, int most, int8_t *ret_number)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (*end || end == value || strlen(value) > 4 || strchr(" +", *value) || number < least ||
		number > most)
		return false;
	*ret_number = (int8_t)number;
	return true;
}

void value_watermark_angle(struct build *build, void *field, const char *value)
{
	if (!number_of(value, -WATERMARK_ANGLE_MAX, WATERMARK_ANGLE_MAX, field))
		build_problem(build, NULL,
			"angle '%.40s': expected whole degrees from -%d to %d, 0 is level", value,
			WATERMARK_ANGLE_MAX, WATERMARK_ANGLE_MAX);
}

void value_watermark_opacity(struct build *build, void *field, const char *value)
{
	if (!number_of(value, 1, WATERMARK_OPACITY_MAX, field))
		build_problem(build, NULL, "opacity '%.40s': expected percent from 1 to %d", value,
			WATERMARK_OPACITY_MAX);
}

void value_watermark_density(struct build *build, void *field, const char *value)
{
	static const char *const words[WATERMARK_DENSITY_MAX] = {[WATERMARK_NORMAL] = "normal",
		[WATERMARK_SPARSE] = "sparse",
		[WATERMARK_DENSE] = "dense"};
	uint8_t *density = field;

	for (uint8_t i = 0; i < WATERMARK_DENSITY_MAX; i++)
		if (!strcmp(value, words[i])) {
			*density = i;
			return;
		}
	build_problem(build, policy_word_nearest(value, words, WATERMARK_DENSITY_MAX),
		"density '%.40s': expected sparse, normal or dense", value);
}
