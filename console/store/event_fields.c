/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the text, by RFC 8259 and nothing looser; no memory is taken and no tree is built:
 * json-c, which did this first, took five times as long for an event as storing it does. Which
 * members are wanted is a table; of two with the same name the later one counts.
 */
#include "console/store/event_fields.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "console/store/json_string.h"
#include "console/store/store.h"

/* Objects on the way to what is wanted. */
enum node {
	NODE_NONE,
	NODE_ROOT,
	NODE_ACTOR,
	NODE_USER,
	NODE_DEVICE,
	NODE_OS,
	NODE_ENTITY,
	NODE_METADATA,
	NODE_PRODUCT,
	NODE_UNMAPPED,
	NODE_OWN,
	NODE_BUNDLE
};

enum field {
	FIELD_NONE,
	FIELD_TIME,
	FIELD_CLASS,
	FIELD_CATEGORY,
	FIELD_TYPE,
	FIELD_ACTIVITY,
	FIELD_SEVERITY,
	FIELD_ACTION,
	FIELD_DISPOSITION,
	FIELD_COALESCED,
	FIELD_BUNDLE_VERSION,
	FIELD_NUMBERS, /* behind them: texts */
	FIELD_USER,
	FIELD_USER_UID,
	FIELD_HOST,
	FIELD_OS,
	FIELD_ENTITY,
	FIELD_STATUS,
	FIELD_DIGEST,
	FIELD_MODE,
	FIELD_VERSION,
};

struct member {
	const char *name;
	enum node node;
	enum field field;
};

#define NAME_SIZES  16 /* the longest name that is wanted, and 1 */
#define NAMES_ALIKE 4  /* in size, of one object; and an end */
#define NODE(name, node)               \
	{                              \
		name, node, FIELD_NONE \
	}
#define FIELD(name, field)             \
	{                              \
		name, NODE_NONE, field \
	}

/* What is wanted of each object, by the size of the name. */
static const struct member members[][NAME_SIZES][NAMES_ALIKE] =
	{
		[NODE_ROOT] =
			{
				[4] = {FIELD("time", FIELD_TIME)},
				[5] = {NODE("actor", NODE_ACTOR)},
				[6] = {NODE("device", NODE_DEVICE), NODE("entity", NODE_ENTITY)},
				[8] = {FIELD("type_uid", FIELD_TYPE),
					NODE("metadata", NODE_METADATA),
					NODE("unmapped", NODE_UNMAPPED)},
				[9] = {FIELD("class_uid", FIELD_CLASS), FIELD("action_id",
										FIELD_ACTION)},
				[11] =
					{FIELD("activity_id", FIELD_ACTIVITY),
						FIELD("severity_id", FIELD_SEVERITY),
						FIELD("status_code", FIELD_STATUS)},
				[12] = {FIELD("category_uid", FIELD_CATEGORY)},
				[14] = {FIELD("disposition_id", FIELD_DISPOSITION)},
			},
		[NODE_METADATA] = {[7] = {FIELD("version", FIELD_VERSION),
					   NODE("product", NODE_PRODUCT)}},
		[NODE_ACTOR] = {[4] = {NODE("user", NODE_USER)}},
		[NODE_USER] =
			{[3] = {FIELD("uid", FIELD_USER_UID)}, [4] = {FIELD("name", FIELD_USER)}},
		[NODE_DEVICE] =
			{[2] = {NODE("os", NODE_OS)}, [8] = {FIELD("hostname", FIELD_HOST)}},
		[NODE_OS] = {[4] = {FIELD("name", FIELD_OS)}},
		[NODE_ENTITY] = {[4] = {FIELD("name", FIELD_ENTITY)}},
		[NODE_UNMAPPED] = {[8] = {NODE("holdfast", NODE_OWN)}},
		[NODE_OWN] = {[6] = {NODE("bundle", NODE_BUNDLE)},
			[9] = {FIELD("coalesced", FIELD_COALESCED)}},
		[NODE_BUNDLE] =
			{
				[4] = {FIELD("mode", FIELD_MODE)},
				[6] = {FIELD("digest", FIELD_DIGEST)},
				[7] = {FIELD("version", FIELD_BUNDLE_VERSION)},
			},
};

struct scan {
	const char *end;
	uint64_t numbers[FIELD_NUMBERS];
	uint32_t seen; /* bits of those above */
	struct event_fields *fields;
};

/* Who scans returns where it came to; NULL: that is no JSON. */

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && *at <= ' ' && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

static bool is_next(const char *at, const char *end, char letter)
{
	return at < end && *at == letter;
}

#define TEXT(member)                                                                \
	{                                                                           \
		offsetof(struct event_fields, member), sizeof(scan->fields->member) \
	}

static void take_text(struct scan *scan, enum field field, const struct json_string *string)
{
	static const struct {
		size_t offset, size;
	} texts[] = {
		[FIELD_USER] = TEXT(user),
		[FIELD_USER_UID] = TEXT(user_uid),
		[FIELD_HOST] = TEXT(host),
		[FIELD_OS] = TEXT(os),
		[FIELD_ENTITY] = TEXT(entity),
		[FIELD_STATUS] = TEXT(status_code),
		[FIELD_DIGEST] = TEXT(bundle_digest),
		[FIELD_MODE] = TEXT(bundle_mode),
		[FIELD_VERSION] = TEXT(version),
	};

	json_string_text(string, (char *)scan->fields + texts[field].offset, texts[field].size);
}

static bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

/* NULL: there is none. */
static const char *skip_digits(const char *at, const char *end)
{
	if (!is_digit(at, end))
		return NULL;
	do
		at++;
	while (is_digit(at, end));
	return at;
}

/* What may stand behind a whole number. */
static const char *skip_fraction(const char *at, const char *end)
{
	if (is_next(at, end, '.'))
		at = skip_digits(at + 1, end);
	if (at && (is_next(at, end, 'e') || is_next(at, end, 'E'))) {
		at++;
		if (is_next(at, end, '+') || is_next(at, end, '-'))
			at++;
		at = skip_digits(at, end);
	}
	return at;
}

/* Only whole numbers are wanted anywhere: any other counts as none. */
static const char *scan_number(struct scan *scan, const char *at, enum field field)
{
	bool is_negative = is_next(at, scan->end, '-');
	const char *start = at + is_negative, *whole;
	uint64_t number = 0;

	for (whole = start; is_digit(whole, scan->end); whole++)
		number = number * 10 + (uint64_t)(*whole - '0'); /* of too many digits: not used */
	if (whole == start || (*start == '0' && whole - start > 1))
		return NULL;
	at = skip_fraction(whole, scan->end);
	if (field == FIELD_NONE || field > FIELD_NUMBERS)
		return at;
	if (is_negative || at != whole || whole - start > 18) /* more may not fit an int64_t */
		number = 0;
	else
		scan->seen |= UINT32_C(1) << field;
	scan->numbers[field] = number;
	return at;
}

static const char *scan_word(const char *at, const char *end, const char *word)
{
	size_t size = strlen(word);

	return (size_t)(end - at) >= size && !memcmp(at, word, size) ? at + size : NULL;
}

static const struct member *member_of(enum node in, const struct json_string *name)
{
	if (name->is_escaped || name->size >= NAME_SIZES)
		return NULL;
	for (const struct member *member = members[in][name->size]; member->name; member++)
		if (!memcmp(member->name, name->start, name->size))
			return member;
	return NULL;
}

static const char *scan_value(
	struct scan *scan, const char *at, unsigned int depth, const struct member *member);

/* at: behind the brace. */
static const char *scan_object(
	struct scan *scan, const char *at, unsigned int depth, enum node node)
{
	const char *end = scan->end;
	struct json_string name;

	at = skip_space(at, end);
	if (is_next(at, end, '}'))
		return at + 1;
	for (;;) {
		if (!is_next(at, end, '"'))
			return NULL;
		at = json_string_scan(at + 1, end, &name);
		if (!at)
			return NULL;
		at = skip_space(at, end);
		if (!is_next(at, end, ':'))
			return NULL;
		at = scan_value(scan, at + 1, depth, member_of(node, &name));
		if (!at || !is_next(at, end, ','))
			break;
		at = skip_space(at + 1, end);
	}
	return at && is_next(at, end, '}') ? at + 1 : NULL;
}

/* at: behind the bracket. */
static const char *scan_array(struct scan *scan, const char *at, unsigned int depth)
{
	at = skip_space(at, scan->end);
	if (is_next(at, scan->end, ']'))
		return at + 1;
	for (;;) {
		at = scan_value(scan, at, depth, NULL);
		if (!at || !is_next(at, scan->end, ','))
			break;
		at++;
	}
	return at && is_next(at, scan->end, ']') ? at + 1 : NULL;
}

static const char *scan_text(struct scan *scan, const char *at, enum field field)
{
	struct json_string text;

	at = json_string_scan(at, scan->end, &text);
	if (at && field > FIELD_NUMBERS)
		take_text(scan, field, &text);
	return at;
}

/* With the space around it. member: what is wanted of it, NULL = nothing. */
static const char *scan_value(
	struct scan *scan, const char *at, unsigned int depth, const struct member *member)
{
	enum field field = member ? member->field : FIELD_NONE;
	enum node node = member ? member->node : NODE_NONE;

	at = skip_space(at, scan->end);
	if (at == scan->end)
		return NULL;
	switch (*at) {
	case '"':
		at = scan_text(scan, at + 1, field);
		break;
	case '{':
		scan->fields->has_product |= node == NODE_PRODUCT;
		at = depth ? scan_object(scan, at + 1, depth - 1, node) : NULL;
		break;
	case '[':
		at = depth ? scan_array(scan, at + 1, depth - 1) : NULL;
		break;
	case 't':
		at = scan_word(at, scan->end, "true");
		break;
	case 'f':
		at = scan_word(at, scan->end, "false");
		break;
	case 'n':
		at = scan_word(at, scan->end, "null");
		break;
	default:
		at = scan_number(scan, at, field);
	}
	return at ? skip_space(at, scan->end) : NULL;
}

/* OCSF 1.8.0: disposition_id, else action_id. */
static uint8_t verdict_of(uint64_t disposition, uint64_t action)
{
	switch (disposition) {
	case 1: /* Allowed */
		return STORE_ALLOW;
	case 15: /* Detected */
	case 17: /* Logged */
	case 19: /* Alert */
		return STORE_AUDIT;
	case 23: /* Challenge */
		return STORE_WARN;
	case 2: /* Blocked */
		return STORE_BLOCK;
	default:
		return action == 2 ? STORE_BLOCK : STORE_NO_VERDICT;
	}
}

static uint32_t small(uint64_t number)
{
	return number <= INT32_MAX ? (uint32_t)number : 0;
}

int event_fields_read(const char *json, size_t size, struct event_fields *ret_fields)
{
	static const struct member root = NODE("", NODE_ROOT);
	struct event_fields fields;
	struct scan scan = {.end = json + size, .fields = &fields};

	if (size < 2 || size > EVENT_FIELDS_SIZE || json[0] != '{')
		return -EBADMSG;
	fields.user[0] = fields.user_uid[0] = fields.host[0] = fields.os[0] = '\0';
	fields.entity[0] = fields.status_code[0] = '\0';
	fields.bundle_digest[0] = fields.bundle_mode[0] = fields.version[0] = '\0';
	fields.has_product = false;
	if (scan_value(&scan, json, EVENT_FIELDS_DEPTH, &root) != scan.end)
		return -EBADMSG;
	fields.time_ms = (int64_t)scan.numbers[FIELD_TIME];
	fields.class_uid = small(scan.numbers[FIELD_CLASS]);
	if (!fields.time_ms || !fields.class_uid)
		return -EBADMSG;
	fields.activity_id = small(scan.numbers[FIELD_ACTIVITY]);
	fields.severity_id = small(scan.numbers[FIELD_SEVERITY]);
	fields.category_uid = small(scan.numbers[FIELD_CATEGORY]);
	fields.type_uid = scan.numbers[FIELD_TYPE];
	fields.has_activity = scan.seen & UINT32_C(1) << FIELD_ACTIVITY;
	fields.has_severity = scan.seen & UINT32_C(1) << FIELD_SEVERITY;
	fields.bundle_version = scan.numbers[FIELD_BUNDLE_VERSION];
	fields.coalesced = small(scan.numbers[FIELD_COALESCED]);
	fields.verdict = verdict_of(scan.numbers[FIELD_DISPOSITION], scan.numbers[FIELD_ACTION]);
	*ret_fields = fields;
	return 0;
}
