/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/overlay_look.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/text.h"
#include "policy/watermark.h"

void overlay_names_fill(struct overlay_names *ret_names)
{
	const struct passwd *user = getpwuid(getuid());
	char host[128] = "";

	*ret_names = (struct overlay_names){0};
	(void)gethostname(host, sizeof(host) - 1); /* empty when it fails, and shown so */
	(void)text_clean(ret_names->device, sizeof(ret_names->device), host); /* cut: fine */
	if (!user)
		return;
	(void)text_clean(ret_names->account, sizeof(ret_names->account), user->pw_name); /* too */
	(void)text_clean(ret_names->name, sizeof(ret_names->name), user->pw_gecos);	 /* too */
	ret_names->name[strcspn(ret_names->name, ",")] = '\0'; /* behind it: rooms and telephones */
	if (!ret_names->name[0])
		memcpy(ret_names->name, ret_names->account, sizeof(ret_names->name));
}

static const char *find(
	const struct overlay_names *names, const char *when, const char *word, size_t size)
{
	const struct {
		const char *word, *value;
	} known[] = {{"name", names->name}, {"account", names->account}, {"device", names->device},
		{"tenant", names->tenant}, {"time", when}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].word) == size && !memcmp(known[i].word, word, size))
			return known[i].value;
	return NULL;
}

void overlay_text_fill(const char *text, const struct overlay_names *names, time_t now,
	char ret_text[OVERLAY_TEXT_SIZE])
{
	char filled[2 * OVERLAY_TEXT_SIZE], when[32] = "";
	size_t used = 0;
	struct tm local;

	if (localtime_r(&now, &local))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &local);
	while (*text && used < sizeof(filled) - 1) {
		size_t size = *text == '{' ? strcspn(text, "}") : 0;
		const char *value = size ? find(names, when, text + 1, size - 1) : NULL;
		int more = snprintf(filled + used, sizeof(filled) - used, "%.*s",
			value ? (int)strlen(value) : 1, value ? value : text);

		used += (size_t)more;
		text += value ? size + (text[size] == '}') : 1;
	}
	filled[used < sizeof(filled) ? used : sizeof(filled) - 1] = '\0';
	(void)text_clean(ret_text, OVERLAY_TEXT_SIZE, filled); /* cut: fine */
}

/* A digit for each level. */
static bool tile_parse(const char *digits, unsigned int strength, uint8_t *ret_tile)
{
	if (strlen(digits) != WATERMARK_TILE * WATERMARK_TILE)
		return false;
	for (size_t i = 0; i < WATERMARK_TILE * WATERMARK_TILE; i++) {
		if (digits[i] < '0' || (unsigned int)(digits[i] - '0') > strength)
			return false;
		ret_tile[i] = (uint8_t)(digits[i] - '0');
	}
	return true;
}

static bool take_tile(struct overlay_look *look, struct json_object *answer)
{
	uint64_t strength = json_number(answer, "strength");

	if (!strength || strength > WATERMARK_STRENGTH_MAX ||
		!tile_parse(json_text(answer, "tile"), (unsigned int)strength, look->tile))
		return false;
	look->strength = (uint8_t)strength;
	look->minute = json_number(answer, "minute");
	look->has_tile = true;
	return true;
}

int overlay_look_take(struct overlay_look *look, struct json_object *answer,
	struct overlay_names *names, time_t now)
{
	static struct overlay_look next; /* too large for the stack */

	next = *look;
	next.is_wanted = json_true(answer, "wanted");
	next.angle = (int)json_object_get_int(json_at(answer, "angle"));
	next.opacity = (unsigned int)json_number(answer, "opacity");
	next.density = (unsigned int)json_number(answer, "density");
	next.is_blind = json_true(answer, "blind");
	if (!next.is_blind)
		next.has_tile = false;
	if (next.angle < -WATERMARK_ANGLE_MAX || next.angle > WATERMARK_ANGLE_MAX ||
		next.opacity > WATERMARK_OPACITY_MAX || next.density >= WATERMARK_DENSITY_MAX)
		return -EBADMSG;
	if (json_at(answer, "tile") && !take_tile(&next, answer))
		return -EBADMSG;
	(void)text_clean(names->tenant, sizeof(names->tenant), json_text(answer, "tenant"));
	overlay_text_fill(json_text(answer, "text"), names, now, next.text);
	*look = next;
	return 0;
}

bool overlay_look_is_same(const struct overlay_look *one, const struct overlay_look *other)
{
	return !strcmp(one->text, other->text) && one->angle == other->angle &&
	       one->opacity == other->opacity && one->density == other->density &&
	       one->is_wanted == other->is_wanted && one->has_tile == other->has_tile &&
	       one->strength == other->strength &&
	       (!one->has_tile || !memcmp(one->tile, other->tile, sizeof(one->tile)));
}
