/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the text, by RFC 8259 and nothing looser; no memory is taken and no tree is built:
 * json-c, which did this first, took five times as long for an event as storing it does. Which
 * members are wanted is a table; of two with the same name the later one counts.
 */
#include "console/store/event_fields.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "common/text.h"
#include "console/store/store.h"

#define TEXT_MAX 512 /* bytes of a text that are looked at: it is cut to less */

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
	size_t size; /* of the name */
	enum node node;
	enum field field;
};

#define MEMBERS_MAX 16 /* wanted of one object, and an end */
#define NODE(name, node)                                 \
	{                                                \
		name, sizeof(name) - 1, node, FIELD_NONE \
	}
#define FIELD(name, field)                               \
	{                                                \
		name, sizeof(name) - 1, NODE_NONE, field \
	}

static const struct member members[][MEMBERS_MAX] =
	{
		[NODE_ROOT] =
			{
				FIELD("time", FIELD_TIME),
				FIELD("class_uid", FIELD_CLASS),
				FIELD("category_uid", FIELD_CATEGORY),
				FIELD("activity_id", FIELD_ACTIVITY),
				FIELD("type_uid", FIELD_TYPE),
				FIELD("severity_id", FIELD_SEVERITY),
				FIELD("action_id", FIELD_ACTION),
				FIELD("disposition_id", FIELD_DISPOSITION),
				FIELD("status_code", FIELD_STATUS),
				NODE("entity", NODE_ENTITY),
				NODE("actor", NODE_ACTOR),
				NODE("device", NODE_DEVICE),
				NODE("metadata", NODE_METADATA),
				NODE("unmapped", NODE_UNMAPPED),
			},
		[NODE_METADATA] = {FIELD("version", FIELD_VERSION), NODE("product", NODE_PRODUCT)},
		[NODE_ACTOR] = {NODE("user", NODE_USER)},
		[NODE_USER] = {FIELD("name", FIELD_USER), FIELD("uid", FIELD_USER_UID)},
		[NODE_DEVICE] = {FIELD("hostname", FIELD_HOST), NODE("os", NODE_OS)},
		[NODE_OS] = {FIELD("name", FIELD_OS)},
		[NODE_ENTITY] = {FIELD("name", FIELD_ENTITY)},
		[NODE_UNMAPPED] = {NODE("holdfast", NODE_OWN)},
		[NODE_OWN] = {FIELD("coalesced", FIELD_COALESCED), NODE("bundle", NODE_BUNDLE)},
		[NODE_BUNDLE] =
			{
				FIELD("version", FIELD_BUNDLE_VERSION),
				FIELD("digest", FIELD_DIGEST),
				FIELD("mode", FIELD_MODE),
			},
};

struct scan {
	const char *at, *end;
	uint64_t numbers[FIELD_NUMBERS];
	uint32_t seen; /* bits of those above */
	struct event_fields *fields;
};

/* Between the quotes. */
struct span {
	const char *start;
	size_t size;
	bool is_escaped;
};

static void skip_spaces(struct scan *scan)
{
	const char *at = scan->at;

	while (at < scan->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	scan->at = at;
}

static inline void skip_space(struct scan *scan)
{
	if (scan->at < scan->end && *scan->at <= ' ') /* hardly ever: devices write none */
		skip_spaces(scan);
}

static bool take(struct scan *scan, char letter)
{
	if (scan->at == scan->end || *scan->at != letter)
		return false;
	scan->at++;
	return true;
}

static int hex_digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	letter |= 0x20;
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Four hexadecimal digits; -1. */
static int hex_number(const char *at, const char *end)
{
	int number = 0;

	if (end - at < 4)
		return -1;
	for (unsigned int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		number = number << 4 | digit;
	}
	return number;
}

/* Behind the backslash. */
static bool skip_escape(struct scan *scan)
{
	if (scan->at == scan->end)
		return false;
	if (*scan->at == 'u') {
		if (hex_number(scan->at + 1, scan->end) < 0)
			return false;
		scan->at += 5;
		return true;
	}
	return strchr("\"\\/bfnrt", *scan->at++) != NULL;
}

#ifdef __SSE2__
/* Of the 16 bytes at `at` those that are a quote, a backslash or below 0x20, a bit for each. */
static unsigned int special_bytes(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);

	return (unsigned int)_mm_movemask_epi8(
		_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
}
#endif

/*
 * Where a run of letters that mean themselves ends: sixteen at a time, or eight. In `found` a byte's
 * top bit says that it is a quote, a backslash or below 0x20; above the first such byte a bit may be
 * false.
 */
static const char *skip_plain(const char *at, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		unsigned int special = special_bytes(at);

		if (special)
			return at + __builtin_ctz(special);
	}
#endif

	for (uint64_t word; end - at >= 8; at += 8) {
		uint64_t quotes, slashes, found;

		memcpy(&word, at, sizeof(word));
		word = le64toh(word);
		quotes = word ^ ones * '"';
		slashes = word ^ ones * '\\';
		found = (((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes) |
				((word - ones * 0x20) & ~word)) &
			ones << 7;
		if (found)
			return at + __builtin_ctzll(found) / 8;
	}
	while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
}

static bool scan_string(struct scan *scan, struct span *ret_span)
{
	if (!take(scan, '"'))
		return false;
	*ret_span = (struct span){.start = scan->at};
	while ((scan->at = skip_plain(scan->at, scan->end)) < scan->end) {
		char letter = *scan->at++;

		if (letter == '"') {
			ret_span->size = (size_t)(scan->at - 1 - ret_span->start);
			return true;
		}
		if (letter != '\\')
			return false;
		ret_span->is_escaped = true;
		if (!skip_escape(scan))
			return false;
	}
	return false;
}

static size_t put_character(char *to, uint32_t number)
{
	if (number < 0x80) {
		to[0] = (char)number;
		return 1;
	}
	if (number < 0x800) {
		to[0] = (char)(0xc0 | number >> 6);
		to[1] = (char)(0x80 | (number & 0x3f));
		return 2;
	}
	if (number < 0x10000) {
		to[0] = (char)(0xe0 | number >> 12);
		to[1] = (char)(0x80 | (number >> 6 & 0x3f));
		to[2] = (char)(0x80 | (number & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | number >> 18);
	to[1] = (char)(0x80 | (number >> 12 & 0x3f));
	to[2] = (char)(0x80 | (number >> 6 & 0x3f));
	to[3] = (char)(0x80 | (number & 0x3f));
	return 4;
}

/* One escape of a string that was scanned, into at most four bytes; the bytes it took. */
static size_t unescape(const char *at, const char *end, char *to, size_t *ret_put)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	uint32_t number;
	int low;

	if (at[1] != 'u') {
		to[0] = into[strchr(from, at[1]) - from];
		*ret_put = 1;
		return 2;
	}
	number = (uint32_t)hex_number(at + 2, end);
	if (number >= 0xd800 && number < 0xdc00 && end - at >= 12 && at[6] == '\\' &&
		at[7] == 'u') {
		low = hex_number(at + 8, end);
		if (low >= 0xdc00 && low < 0xe000) {
			*ret_put = put_character(
				to, 0x10000 + ((number - 0xd800) << 10) + ((uint32_t)low - 0xdc00));
			return 12;
		}
	}
	*ret_put = put_character(to, number ? number : '?'); /* no NUL in the middle */
	return 6;
}

/* The text as it is shown; lone surrogates and the like become '?' in text_clean(). */
static void read_text(const struct span *span, char *ret_text, size_t size)
{
	const char *at = span->start, *end = span->start + span->size;
	char plain[TEXT_MAX + 4];
	size_t used = 0;

	if (!span->is_escaped) {
		used = span->size < TEXT_MAX ? span->size : TEXT_MAX;
		memcpy(plain, at, used);
		at = end;
	}
	while (at < end && used < TEXT_MAX) {
		size_t put = 1;

		if (*at == '\\') {
			at += unescape(at, end, plain + used, &put);
		} else {
			plain[used] = *at++;
		}
		used += put;
	}
	plain[used] = '\0';
	(void)text_clean(ret_text, size, plain); /* cut */
}

#define TEXT(member)                                                                \
	{                                                                           \
		offsetof(struct event_fields, member), sizeof(scan->fields->member) \
	}

static void take_text(struct scan *scan, enum field field, const struct span *span)
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

	read_text(span, (char *)scan->fields + texts[field].offset, texts[field].size);
}

static bool skip_digits(struct scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > start;
}

/* Only whole numbers are wanted anywhere: any other counts as none. */
static bool scan_number(struct scan *scan, enum field field)
{
	bool is_negative = take(scan, '-'), is_whole = true;
	const char *start = scan->at;
	uint64_t number = 0;

	if (!skip_digits(scan) || (*start == '0' && scan->at - start > 1))
		return false;
	if (scan->at - start > 18) /* fits no int64_t for certain, or barely */
		is_whole = false;
	if (is_whole && field != FIELD_NONE)
		for (const char *at = start; at < scan->at; at++)
			number = number * 10 + (uint64_t)(*at - '0');
	if (take(scan, '.')) {
		is_whole = false;
		if (!skip_digits(scan))
			return false;
	}
	if (take(scan, 'e') || take(scan, 'E')) {
		is_whole = false;
		if (!take(scan, '+'))
			(void)take(scan, '-'); /* either, or none */
		if (!skip_digits(scan))
			return false;
	}
	if (field != FIELD_NONE && field < FIELD_NUMBERS) {
		scan->numbers[field] = is_whole && !is_negative ? number : 0;
		scan->seen |= is_whole && !is_negative ? UINT32_C(1) << field : 0;
	}
	return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
	size_t size = strlen(word);

	if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0)
		return false;
	scan->at += size;
	return true;
}

static const struct member *member_of(enum node in, const struct span *name)
{
	if (name->is_escaped)
		return NULL;
	for (const struct member *member = members[in]; member->name; member++)
		if (member->size == name->size && !memcmp(member->name, name->start, name->size))
			return member;
	return NULL;
}

static bool scan_value(struct scan *scan, unsigned int depth, const struct member *member);

static bool scan_object(struct scan *scan, unsigned int depth, enum node node)
{
	struct span name;

	skip_space(scan);
	if (take(scan, '}'))
		return true;
	do {
		skip_space(scan);
		if (!scan_string(scan, &name))
			return false;
		skip_space(scan);
		if (!take(scan, ':') || !scan_value(scan, depth, member_of(node, &name)))
			return false;
	} while (take(scan, ','));
	return take(scan, '}');
}

static bool scan_array(struct scan *scan, unsigned int depth)
{
	skip_space(scan);
	if (take(scan, ']'))
		return true;
	do
		if (!scan_value(scan, depth, NULL))
			return false;
	while (take(scan, ','));
	return take(scan, ']');
}

/* With the space around it. member: what is wanted of it, NULL = nothing. */
static bool scan_value(struct scan *scan, unsigned int depth, const struct member *member)
{
	enum field field = member ? member->field : FIELD_NONE;
	struct span text;
	bool is_good;

	skip_space(scan);
	if (scan->at == scan->end)
		return false;
	switch (*scan->at) {
	case '{':
		scan->at++;
		scan->fields->has_product |= member && member->node == NODE_PRODUCT;
		is_good = depth > 0 &&
			  scan_object(scan, depth - 1, member ? member->node : NODE_NONE);
		break;
	case '[':
		scan->at++;
		is_good = depth > 0 && scan_array(scan, depth - 1);
		break;
	case '"':
		is_good = scan_string(scan, &text);
		if (is_good && field > FIELD_NUMBERS)
			take_text(scan, field, &text);
		break;
	case 't':
		is_good = scan_word(scan, "true");
		break;
	case 'f':
		is_good = scan_word(scan, "false");
		break;
	case 'n':
		is_good = scan_word(scan, "null");
		break;
	default:
		is_good = scan_number(scan, field);
	}
	skip_space(scan);
	return is_good;
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
	struct scan scan = {.at = json, .end = json + size, .fields = &fields};

	if (size < 2 || size > EVENT_FIELDS_SIZE || json[0] != '{')
		return -EBADMSG;
	fields.user[0] = fields.user_uid[0] = fields.host[0] = fields.os[0] = '\0';
	fields.entity[0] = fields.status_code[0] = '\0';
	fields.bundle_digest[0] = fields.bundle_mode[0] = fields.version[0] = '\0';
	fields.has_product = false;
	if (!scan_value(&scan, EVENT_FIELDS_DEPTH, &root) || scan.at != scan.end)
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
