/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/browser/settings.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define DEPTH_MAX    32
#define LIST_SIZE    (BROWSER_DOMAIN_MAX * BROWSER_DOMAIN_SIZE)
#define PATTERN_SIZE (BROWSER_DOMAIN_MAX * 2 * BROWSER_DOMAIN_SIZE + 8)

#define DOMAINS	 "AllowedDomainsForApps"
#define PATTERN	 "RestrictSigninToPattern"
#define ACCOUNTS "DisableFirefoxAccounts"

const char *const *settings_names(enum browser browser)
{
	static const char *const of_chromium[] = {DOMAINS, PATTERN, NULL};
	static const char *const of_firefox[] = {DOMAINS, ACCOUNTS, NULL};

	return browser == BROWSER_FIREFOX ? of_firefox : of_chromium;
}

static void list_domains(const struct browser_want *want, char ret_list[LIST_SIZE])
{
	size_t used = 0;

	*ret_list = '\0';
	for (size_t i = 0; i < want->domain_count; i++)
		used += (size_t)snprintf(
			ret_list + used, LIST_SIZE - used, "%s%s", i ? "," : "", want->domains[i]);
}

/* A regular expression for whole addresses; dots are the only characters of a domain that mean more there. */
static void pattern_of(const struct browser_want *want, char ret_pattern[PATTERN_SIZE])
{
	char *at = ret_pattern + sprintf(ret_pattern, ".*@(");

	for (size_t i = 0; i < want->domain_count; i++) {
		if (i)
			*at++ = '|';
		for (const char *from = want->domains[i]; *from; from++) {
			if (*from == '.')
				*at++ = '\\';
			*at++ = *from;
		}
	}
	at[0] = ')';
	at[1] = '\0';
}

static bool add(struct json_object *object, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(object, name, value) == 0)
		return true;
	(void)json_object_put(value); /* freed */
	return false;
}

struct json_object *settings_object(enum browser browser, const struct browser_want *want)
{
	struct json_object *object = json_object_new_object();
	char list[LIST_SIZE], pattern[PATTERN_SIZE];
	bool is_whole;

	if (!object)
		return NULL;
	list_domains(want, list);
	pattern_of(want, pattern);
	is_whole = add(object, DOMAINS, json_object_new_string(list));
	if (browser == BROWSER_FIREFOX)
		is_whole = is_whole && add(object, ACCOUNTS, json_object_new_boolean(true));
	else
		is_whole = is_whole && add(object, PATTERN, json_object_new_string(pattern));
	if (is_whole)
		return object;
	(void)json_object_put(object); /* freed */
	return NULL;
}

struct json_object *settings_parse(const struct text *text)
{
	struct json_tokener *tokener;
	struct json_object *object;
	bool is_whole;

	if (!text->bytes || text->size > SETTINGS_FILE_MAX)
		return NULL;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, text->bytes, (int)text->size + 1);
	is_whole = json_tokener_get_error(tokener) == json_tokener_success;
	for (size_t at = json_tokener_get_parse_end(tokener); is_whole && at < text->size; at++)
		is_whole = strchr(" \t\r\n", text->bytes[at]) != NULL && text->bytes[at];
	json_tokener_free(tokener);
	if (is_whole && json_object_is_type(object, json_type_object))
		return object;
	(void)json_object_put(object); /* freed */
	return NULL;
}

int settings_format(struct json_object *object, struct text *ret_text)
{
	const char *string = json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	struct text text = {0};
	int size;

	if (!string)
		return -ENOMEM;
	size = asprintf(&text.bytes, "%s\n", string);
	if (size < 0)
		return -ENOMEM;
	text.size = (size_t)size;
	*ret_text = text;
	return 0;
}

bool text_is_equal(const struct text *a, const struct text *b)
{
	if (!a->bytes || !b->bytes)
		return !a->bytes && !b->bytes;
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

int text_copy(const struct text *from, struct text *ret_copy)
{
	struct text copy = {.size = from->size};

	if (from->bytes) {
		copy.bytes = malloc(from->size + 1);
		if (!copy.bytes)
			return -ENOMEM;
		memcpy(copy.bytes, from->bytes, from->size);
		copy.bytes[from->size] = '\0';
	}
	*ret_copy = copy;
	return 0;
}

void text_done(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}
